import type { V1ResourceSlice } from '@kapell/openapi/types'
import { column, defineResource } from '../../registry/definition.ts'
import { rfc3339 } from '@kapell/openapi/meta/time'
import { ageColumn, nameColumn } from '../common/columns.ts'
import { dropGatedFields, sliceWarnings, validateSlice, validateSliceUpdate } from './slice-rules.ts'

export const resourceSlices = defineResource<V1ResourceSlice>({
  group: 'resource.k8s.io',
  version: 'v1',
  kind: 'ResourceSlice',
  plural: 'resourceslices',
  namespaced: false,
  storagePrefix: 'resourceslices',
  hasGeneration: true,
  default: (o) => {
    for (const device of o.spec?.devices ?? [])
      for (const taint of device.taints ?? []) taint.timeAdded ??= rfc3339(new Date())
  },
  prepareForCreate: dropGatedFields,
  prepareForUpdate: dropGatedFields,
  validate: validateSlice,
  warnings: sliceWarnings,
  validateUpdate: validateSliceUpdate,
  columns: [
    nameColumn,
    column('Node', 'string', (o) => o.spec?.nodeName ?? '<unset>'),
    column('Driver', 'string', (o) => o.spec?.driver ?? ''),
    column('Pool', 'string', (o) => o.spec?.pool.name ?? ''),
    ageColumn,
  ],
  selectableFields: { 'spec.nodeName': (o) => o.spec?.nodeName ?? '', 'spec.driver': (o) => o.spec?.driver ?? '' },
  unselectable: (field) => `field label not supported for resource.k8s.io/v1, Kind=ResourceSlice: ${field}`,
})
