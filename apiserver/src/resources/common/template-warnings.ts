import type { V1PodTemplateSpec } from '@kapell/openapi/types'
import { FieldPath } from '@kapell/openapi/meta/field-errors'
import { podWarnings } from '../core/pods/warnings/index.ts'

/** The warnings that the pods of a template would raise, told when the template is written. */
export function templateWarnings(template: V1PodTemplateSpec | undefined): string[] {
  return podWarnings(undefined, template?.spec, new FieldPath('spec.template.spec'))
}
