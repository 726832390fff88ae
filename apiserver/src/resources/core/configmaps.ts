import type { V1ConfigMap } from '@kapell/openapi/types'
import { column, defineResource } from '../../registry/definition.ts'
import { ageColumn, nameColumn } from '../common/columns.ts'

const dataCount = (o: V1ConfigMap): number => Object.keys(o.data ?? {}).length + Object.keys(o.binaryData ?? {}).length

export const configMaps = defineResource<V1ConfigMap>({
  group: '',
  version: 'v1',
  kind: 'ConfigMap',
  plural: 'configmaps',
  shortNames: ['cm'],
  namespaced: true,
  storagePrefix: 'configmaps',
  hasGeneration: false,
  columns: [nameColumn, column('Data', 'string', dataCount), ageColumn],
})
