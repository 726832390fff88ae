import type { V1ServiceAccount } from '@kapell/openapi/types'
import { defineResource } from '../../registry/definition.ts'
import { ageColumn, nameColumn } from '../common/columns.ts'
import { requestToken } from './serviceaccount-token.ts'

/** Of a Secret that an account may use, nothing but the name is kept. */
function nameSecrets(account: V1ServiceAccount): void {
  if (account.secrets === undefined) return
  account.secrets = account.secrets.map(({ name }) => (name === undefined ? {} : { name }))
}

export const serviceAccounts = defineResource<V1ServiceAccount>({
  group: '',
  version: 'v1',
  kind: 'ServiceAccount',
  plural: 'serviceaccounts',
  shortNames: ['sa'],
  namespaced: true,
  storagePrefix: 'serviceaccounts',
  hasGeneration: false,
  prepareForCreate: nameSecrets,
  prepareForUpdate: nameSecrets,
  columns: [nameColumn, ageColumn],
  subresources: {
    token: {
      type: 'action',
      kind: { group: 'authentication.k8s.io', version: 'v1', kind: 'TokenRequest' },
      create: requestToken,
    },
  },
})
