import type { V1Secret } from '@kapell/openapi/types'
import { column, defineResource } from '../../registry/definition.ts'
import { ageColumn, nameColumn } from '../common/columns.ts'
import { unchanged } from '../common/validation.ts'
import { immutableData } from './data-rules.ts'
import { secretWarnings } from './secret-warnings.ts'
import { defaultSecret, validateSecret } from './secret-rules.ts'

export const secrets = defineResource<V1Secret>({
  group: '',
  version: 'v1',
  kind: 'Secret',
  plural: 'secrets',
  namespaced: true,
  storagePrefix: 'secrets',
  hasGeneration: false,
  default: defaultSecret,
  validate: validateSecret,
  warnings: secretWarnings,
  validateUpdate: (next, previous, at) => [
    ...unchanged(at.child('type'), next.type, previous.type),
    ...immutableData(next, previous, at, ['data']),
  ],
  prepareForUpdate: (next, previous) => {
    // A client that does not name the type keeps it.
    if ((next.type ?? '') === '' && previous.type !== undefined) next.type = previous.type
  },
  columns: [
    nameColumn,
    column('Type', 'string', (o) => o.type ?? ''),
    column('Data', 'string', (o) => Object.keys(o.data ?? {}).length),
    ageColumn,
  ],
  selectableFields: { type: (o) => o.type ?? '' },
})
