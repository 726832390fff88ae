import type { V1ControllerRevision } from '@kapell/openapi/types'
import { column, defineResource } from '../../registry/definition.ts'
import { ageColumn, formatOwner, nameColumn } from '../common/columns.ts'

export const controllerRevisions = defineResource<V1ControllerRevision>({
  group: 'apps',
  version: 'v1',
  kind: 'ControllerRevision',
  plural: 'controllerrevisions',
  namespaced: true,
  storagePrefix: 'controllerrevisions',
  hasGeneration: false,
  columns: [
    nameColumn,
    column('Controller', 'string', (o) => formatOwner(o.metadata?.ownerReferences?.find((r) => r.controller === true))),
    column('Revision', 'string', (o) => o.revision),
    ageColumn,
  ],
})
