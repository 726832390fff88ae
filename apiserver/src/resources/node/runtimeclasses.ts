import type { V1RuntimeClass } from '@kapell/openapi/types'
import { column, defineResource } from '../../registry/definition.ts'
import { ageColumn, nameColumn } from '../common/columns.ts'

export const runtimeClasses = defineResource<V1RuntimeClass>({
  group: 'node.k8s.io',
  version: 'v1',
  kind: 'RuntimeClass',
  plural: 'runtimeclasses',
  namespaced: false,
  storagePrefix: 'runtimeclasses',
  hasGeneration: false,
  columns: [nameColumn, column('Handler', 'string', (o) => o.handler), ageColumn],
})
