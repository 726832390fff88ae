import type { V1ReplicationController } from '@kapell/openapi/types'
import { invalid, required, type FieldError, type FieldPath } from '@kapell/openapi/meta/field-errors'
import { validatePodTemplate } from '../common/pod-template.ts'
import { nonNegative } from '../common/validation.ts'
import { defaultPodTemplate } from './pods/defaults.ts'

/** Source: ReplicationController v1 core. */
export function defaultController(controller: V1ReplicationController): void {
  const spec = controller.spec
  if (spec === undefined) return
  spec.replicas ??= 1
  const labels = spec.template?.metadata?.labels
  if (labels !== undefined && Object.keys(labels).length > 0) {
    if (Object.keys(spec.selector ?? {}).length === 0) spec.selector = { ...labels }
    controller.metadata ??= {}
    if (Object.keys(controller.metadata.labels ?? {}).length === 0) controller.metadata.labels = { ...labels }
  }
  defaultPodTemplate(spec.template)
}

export function validateController(controller: V1ReplicationController, root: FieldPath): FieldError[] {
  const spec = controller.spec
  const at = root.child('spec')
  const errors = [
    ...nonNegative(at.child('minReadySeconds'), spec?.minReadySeconds),
    ...(Object.keys(spec?.selector ?? {}).length === 0 ? [required(at.child('selector'))] : []),
    ...nonNegative(at.child('replicas'), spec?.replicas),
  ]
  const template = at.child('template')
  if (spec?.template === undefined) return [...errors, required(template)]
  const labels = spec.template.metadata?.labels ?? {}
  const selector = Object.entries(spec.selector ?? {})
  if (selector.length > 0 && !selector.every(([key, value]) => labels[key] === value)) {
    errors.push(
      invalid(
        template.child('metadata', 'labels'),
        spec.template.metadata?.labels ?? null,
        '`selector` does not match template `labels`',
      ),
    )
  }
  return [
    ...errors,
    ...validatePodTemplate(spec.template, template, {
      restartPolicies: ['Always'],
      noDeadline: 'ReplicationController',
    }),
  ]
}
