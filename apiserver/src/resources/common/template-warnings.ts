import type { V1PodTemplateSpec } from '@kapell/openapi/types'
import { FieldPath } from '@kapell/openapi/meta/field-errors'
import type { KubeObject } from '@kapell/openapi/meta/object'
import { podWarnings } from '../core/pods/warnings/index.ts'
import { nameWarnings } from './name-warnings.ts'

/** The warnings that the pods of a template would raise. */
export function templateWarnings(template: V1PodTemplateSpec | undefined, at = 'spec.template'): string[] {
  return podWarnings(undefined, template?.spec, new FieldPath(at).child('spec'))
}

/** What is told besides when an object is made whose name its pods get theirs of. */
export function namedTemplateWarnings(object: WithTemplate, previous: WithTemplate | undefined): string[] {
  const named = previous === undefined ? nameWarnings(object.metadata?.name) : []
  return [...named, ...templateWarningsOnChange(object, previous)]
}

interface WithTemplate extends KubeObject {
  spec?: { template?: V1PodTemplateSpec }
}

/** They are told when the object is made, and with every write that changes what it asks for. */
export function templateWarningsOnChange(object: WithTemplate, previous: WithTemplate | undefined): string[] {
  return isAnotherGeneration(object, previous) ? templateWarnings(object.spec?.template) : []
}

export const isAnotherGeneration = (object: KubeObject, previous: KubeObject | undefined): boolean =>
  previous === undefined || object.metadata?.generation !== previous.metadata?.generation
