import type { V1ServiceAccount } from '@kapell/openapi/types'
import { defineResource } from '../../registry/definition.ts'
import { ageColumn, nameColumn } from '../common/columns.ts'
import { requestToken } from './serviceaccount-token.ts'

export const serviceAccounts = defineResource<V1ServiceAccount>({
  group: '',
  version: 'v1',
  kind: 'ServiceAccount',
  plural: 'serviceaccounts',
  shortNames: ['sa'],
  namespaced: true,
  storagePrefix: 'serviceaccounts',
  hasGeneration: false,
  columns: [nameColumn, ageColumn],
  subresources: {
    token: {
      type: 'action',
      kind: { group: 'authentication.k8s.io', version: 'v1', kind: 'TokenRequest' },
      create: requestToken,
    },
  },
})
