import type { V1Namespace } from '@kapell/openapi/types'
import { column, defineResource } from '../../registry/definition.ts'
import { ageColumn, nameColumn } from '../common/columns.ts'
import { keepStatus, startStatus, statusView } from '../common/status.ts'

export const namespaces = defineResource<V1Namespace>({
  group: '',
  version: 'v1',
  kind: 'Namespace',
  plural: 'namespaces',
  shortNames: ['ns'],
  namespaced: false,
  verbs: ['create', 'delete', 'get', 'list', 'patch', 'update', 'watch'],
  storagePrefix: 'namespaces',
  hasGeneration: false,
  columns: [nameColumn, column('Status', 'string', (o) => o.status?.phase ?? ''), ageColumn],
  selectableFields: { 'status.phase': (o) => o.status?.phase ?? '' },
  prepareForCreate: (o) => startStatus(o, { phase: 'Active' }),
  prepareForUpdate: keepStatus,
  subresources: { status: statusView() },
})
