import type { V1RuntimeClass } from '@kapell/openapi/types'
import { required } from '@kapell/openapi/meta/field-errors'
import { dns1123Label } from '@kapell/openapi/meta/names'
import { column, defineResource } from '../../registry/definition.ts'
import { ageColumn, nameColumn } from '../common/columns.ts'
import { nameErrors, unchanged } from '../common/validation.ts'

export const runtimeClasses = defineResource<V1RuntimeClass>({
  group: 'node.k8s.io',
  version: 'v1',
  kind: 'RuntimeClass',
  plural: 'runtimeclasses',
  allowCreateOnUpdate: true,
  allowUnconditionalUpdate: false,
  namespaced: false,
  storagePrefix: 'runtimeclasses',
  hasGeneration: false,
  validate: (o, at) =>
    (o.handler ?? '') === ''
      ? [required(at.child('handler'))]
      : nameErrors(at.child('handler'), o.handler, dns1123Label),
  validateUpdate: (next, previous, at) => unchanged(at.child('handler'), next.handler, previous.handler),
  columns: [nameColumn, column('Handler', 'string', (o) => o.handler), ageColumn],
})
