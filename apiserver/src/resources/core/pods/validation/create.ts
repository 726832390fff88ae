import type { V1Pod } from '@kapell/openapi/types'
import { forbidden, type FieldError, type FieldPath } from '@kapell/openapi/meta/field-errors'
import { validatePodAnnotations } from './annotations.ts'

/** What a pod may not have when it is made. */
export function validateNewPod(pod: V1Pod, at: FieldPath): FieldError[] {
  const spec = at.child('spec')
  const errors = validatePodAnnotations(pod, at.child('metadata', 'annotations'))
  if ((pod.spec?.ephemeralContainers ?? []).length > 0) {
    errors.push(forbidden(spec.child('ephemeralContainers'), 'cannot be set on create'))
  }
  if ((pod.spec?.nodeName ?? '') !== '' && (pod.spec?.schedulingGates ?? []).length > 0) {
    errors.push(forbidden(spec.child('nodeName'), 'cannot be set until all schedulingGates have been cleared'))
  }
  return errors
}
