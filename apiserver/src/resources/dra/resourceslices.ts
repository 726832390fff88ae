import type { V1ResourceSlice } from '@kapell/openapi/types'
import { column, defineResource } from '../../registry/definition.ts'
import { ageColumn, nameColumn } from '../common/columns.ts'

export const resourceSlices = defineResource<V1ResourceSlice>({
  group: 'resource.k8s.io',
  version: 'v1',
  kind: 'ResourceSlice',
  plural: 'resourceslices',
  namespaced: false,
  storagePrefix: 'resourceslices',
  hasGeneration: true,
  columns: [
    nameColumn,
    column('Node', 'string', (o) => o.spec?.nodeName ?? '<unset>'),
    column('Driver', 'string', (o) => o.spec?.driver ?? ''),
    column('Pool', 'string', (o) => o.spec?.pool.name ?? ''),
    ageColumn,
  ],
  selectableFields: { 'spec.nodeName': (o) => o.spec?.nodeName ?? '', 'spec.driver': (o) => o.spec?.driver ?? '' },
})
