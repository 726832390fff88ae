import type { V1Secret } from '@kapell/openapi/types'
import { column, defineResource } from '../../registry/definition.ts'
import { ageColumn, nameColumn } from '../common/columns.ts'

export const secrets = defineResource<V1Secret>({
  group: '',
  version: 'v1',
  kind: 'Secret',
  plural: 'secrets',
  namespaced: true,
  storagePrefix: 'secrets',
  hasGeneration: false,
  columns: [
    nameColumn,
    column('Type', 'string', (o) => o.type ?? ''),
    column('Data', 'string', (o) => Object.keys(o.data ?? {}).length),
    ageColumn,
  ],
  selectableFields: { type: (o) => o.type ?? '' },
})
