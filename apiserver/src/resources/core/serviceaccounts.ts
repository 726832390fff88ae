import type { V1ServiceAccount } from '@kapell/openapi/types'
import { defineResource } from '../../registry/definition.ts'
import { ageColumn, nameColumn } from '../common/columns.ts'

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
})
