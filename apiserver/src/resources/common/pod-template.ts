import type { V1PodTemplateSpec } from '@kapell/openapi/types'
import { forbidden, invalid, required, type FieldError, type FieldPath } from '@kapell/openapi/meta/field-errors'
import { selectorFromLabelSelector } from '@kapell/openapi/meta/labels'
import { validateAnnotations, validateLabels } from '../../registry/metadata-validation.ts'
import { validatePodSpec } from '../core/pods/validation/spec.ts'
import { isNegative, unsupported, validateLabelSelector, type LabelSelectorLike } from './validation.ts'

/** Pod templates: what every workload kind says about the pods it makes. */

export interface TemplateRules {
  /** The restart policies this kind allows; any when absent. */
  restartPolicies?: readonly string[]
  /** activeDeadlineSeconds belongs to the workload, not to its pods. */
  noDeadline?: boolean
}

export function validatePodTemplate(
  template: V1PodTemplateSpec | undefined,
  at: FieldPath,
  rules: TemplateRules = {},
): FieldError[] {
  const spec = template?.spec
  const errors = [
    ...validateLabels(template?.metadata?.labels, at.child('labels').text),
    ...validateAnnotations(template?.metadata?.annotations, at.child('annotations').text),
    ...(spec === undefined ? [] : validatePodSpec(spec, at.child('spec'))),
  ]
  if (rules.restartPolicies !== undefined && !rules.restartPolicies.includes(spec?.restartPolicy ?? '')) {
    errors.push(unsupported(at.child('spec', 'restartPolicy'), spec?.restartPolicy ?? '', rules.restartPolicies))
  }
  if (rules.noDeadline === true && spec?.activeDeadlineSeconds !== undefined) {
    errors.push(
      forbidden(at.child('spec', 'activeDeadlineSeconds'), 'activeDeadlineSeconds in ReplicaSet is not Supported'),
    )
  }
  if ((spec?.ephemeralContainers ?? []).length > 0) {
    errors.push(forbidden(at.child('spec', 'ephemeralContainers'), 'ephemeral containers not allowed in pod template'))
  }
  return errors
}

/** A workload must find the pods it makes: its selector is not empty and matches its template's labels. */
export function validateSelectorAndTemplate(
  spec: { selector?: LabelSelectorLike; template?: V1PodTemplateSpec },
  at: FieldPath,
  rules: TemplateRules & { emptySelector: string; noSelector?: string },
): FieldError[] {
  const errors: FieldError[] = []
  const selectorAt = at.child('selector')
  if (spec.selector === undefined) errors.push(required(selectorAt, rules.noSelector ?? ''))
  else {
    errors.push(...validateLabelSelector(spec.selector, selectorAt))
    const empty =
      Object.keys(spec.selector.matchLabels ?? {}).length + (spec.selector.matchExpressions ?? []).length === 0
    if (empty) errors.push(invalid(selectorAt, spec.selector, rules.emptySelector))
  }
  return errors
}

export function validateTemplateLabels(
  spec: { selector?: LabelSelectorLike; template?: V1PodTemplateSpec },
  at: FieldPath,
): FieldError[] {
  const labels = spec.template?.metadata?.labels ?? {}
  let matches: boolean
  try {
    const selector = selectorFromLabelSelector(spec.selector)
    matches = selector.empty || selector.matches(labels)
  } catch {
    return [invalid(at.child('selector'), spec.selector ?? null, 'invalid label selector')]
  }
  return matches
    ? []
    : [invalid(at.child('template', 'metadata', 'labels'), labels, '`selector` does not match template `labels`')]
}

export const negative = isNegative
