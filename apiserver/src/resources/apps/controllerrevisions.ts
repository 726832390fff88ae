import type { V1ControllerRevision } from '@kapell/openapi/types'
import { required } from '@kapell/openapi/meta/field-errors'
import { column, defineResource } from '../../registry/definition.ts'
import { ageColumn, formatOwner, nameColumn } from '../common/columns.ts'
import { nonNegative, unchanged } from '../common/validation.ts'

export const controllerRevisions = defineResource<V1ControllerRevision>({
  group: 'apps',
  version: 'v1',
  kind: 'ControllerRevision',
  plural: 'controllerrevisions',
  namespaced: true,
  storagePrefix: 'controllerrevisions',
  hasGeneration: false,
  validate: (o, at) => [...nonNegative(at.child('revision'), o.revision)],
  validateCreate: ({ data }, at) => {
    const here = at.child('data')
    if (data == null) return [required(here, 'data is mandatory')]
    return typeof data === 'object' && !Array.isArray(data) ? [] : [required(here, 'data must be a valid JSON object')]
  },
  validateUpdate: (next, previous, at) => unchanged(at.child('data'), next.data, previous.data),
  columns: [
    nameColumn,
    column('Controller', 'string', (o) => formatOwner(o.metadata?.ownerReferences?.find((r) => r.controller === true))),
    column('Revision', 'string', (o) => o.revision),
    ageColumn,
  ],
})
