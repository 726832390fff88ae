import type { V1RuntimeClass } from '@kapell/openapi/types'
import { duplicate, required, type FieldError, type FieldPath } from '@kapell/openapi/meta/field-errors'
import { dns1123Label } from '@kapell/openapi/meta/names'
import { column, defineResource } from '../../registry/definition.ts'
import { ageColumn, nameColumn } from '../common/columns.ts'
import { validateLabels } from '../../registry/metadata-validation.ts'
import { internalView } from '../common/internal-view.ts'
import { nameErrors, sameJson, unchanged } from '../common/validation.ts'
import { validateAmount, validateContainerResourceName } from '../core/pods/validation/resources.ts'
import { validateTolerations } from '../core/pods/validation/scheduling.ts'

type Tolerations = NonNullable<NonNullable<V1RuntimeClass['scheduling']>['tolerations']>

function validateSchedulingTolerations(tolerations: Tolerations, at: FieldPath): FieldError[] {
  const again = tolerations.flatMap((one, i) =>
    tolerations.slice(0, i).some((other) => sameJson(one, other))
      ? [duplicate(at.index(i), internalView('core.v1.Toleration', one))]
      : [],
  )
  return [...validateTolerations(tolerations, at), ...again]
}

function validateOverhead(overhead: Record<string, string> | undefined, at: FieldPath): FieldError[] {
  return Object.entries(overhead ?? {}).flatMap(([name, amount]) => [
    ...validateContainerResourceName(name, at.key(name)),
    ...validateAmount(name, amount, at.key(name)),
  ])
}

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
  validate: (o, at) => [
    ...((o.handler ?? '') === ''
      ? [required(at.child('handler'))]
      : nameErrors(at.child('handler'), o.handler, dns1123Label)),
    ...validateOverhead(o.overhead?.podFixed, at.child('overhead', 'limits')),
    ...validateLabels(o.scheduling?.nodeSelector, at.child('scheduling', 'nodeSelector').text),
    ...validateSchedulingTolerations(o.scheduling?.tolerations ?? [], at.child('scheduling', 'tolerations')),
  ],
  validateUpdate: (next, previous, at) => unchanged(at.child('handler'), next.handler, previous.handler),
  columns: [nameColumn, column('Handler', 'string', (o) => o.handler), ageColumn],
})
