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
  validate: (o, at) => [
    ...(o.data == null ? [required(at.child('data'), 'data is mandatory')] : []),
    ...nonNegative(at.child('revision'), o.revision),
  ],
  validateUpdate: (next, previous, at) => unchanged(at.child('data'), next.data, previous.data),
  columns: [
    nameColumn,
    column('Controller', 'string', (o) => formatOwner(o.metadata?.ownerReferences?.find((r) => r.controller === true))),
    column('Revision', 'string', (o) => o.revision),
    ageColumn,
  ],
})
