import type { V1PodTemplateSpec } from '@kapell/openapi/types'
import { forbidden, invalid, required, type FieldError, type FieldPath } from '@kapell/openapi/meta/field-errors'
import { selectorFromLabelSelector } from '@kapell/openapi/meta/labels'
import { validateAnnotations, validateLabels } from '../../registry/metadata-validation.ts'
import { validatePodSpec } from '../core/pods/validation/spec.ts'
import { mapView, selectorView } from './internal-view.ts'
import { unsupported, validateLabelSelector, type LabelSelectorLike } from './validation.ts'

/** Pod templates: what every workload kind says about the pods it makes. */

export interface TemplateRules {
  /** The restart policies this kind allows; any when absent. */
  restartPolicies?: readonly string[]
  /** activeDeadlineSeconds belongs to the workload, not to its pods. */
  noDeadline?: 'DaemonSet' | 'ReplicaSet' | 'ReplicationController'
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
  if (rules.noDeadline !== undefined && spec?.activeDeadlineSeconds !== undefined) {
    errors.push(
      forbidden(
        at.child('spec', 'activeDeadlineSeconds'),
        `activeDeadlineSeconds in ${rules.noDeadline} is not Supported`,
      ),
    )
  }
  if ((spec?.ephemeralContainers ?? []).length > 0) {
    errors.push(forbidden(at.child('spec', 'ephemeralContainers'), 'ephemeral containers not allowed in pod template'))
  }
  return errors
}

interface Selecting {
  selector?: LabelSelectorLike
  template?: V1PodTemplateSpec
}

const isEmpty = (selector: LabelSelectorLike): boolean =>
  Object.keys(selector.matchLabels ?? {}).length + (selector.matchExpressions ?? []).length === 0

/** A workload's selector: there, well-formed and not empty. */
export function validateWorkloadSelector(spec: Selecting, kind: string, at: FieldPath): FieldError[] {
  const here = at.child('selector')
  // A selector that was never given arrives as null.
  if (spec.selector == null) return kind === 'daemonset' ? [] : [required(here)]
  const errors = validateLabelSelector(spec.selector, here)
  if (isEmpty(spec.selector)) {
    errors.push(invalid(here, selectorView(spec.selector), `empty selector is invalid for ${kind}`))
  }
  return errors
}

/**
 * A workload finds the pods it makes: the template's labels match the selector. undefined when there is no telling,
 * for want of a selector that can be read.
 */
export function validateTemplateLabels(spec: Selecting, at: FieldPath): FieldError[] | undefined {
  const given = spec.template?.metadata?.labels
  const labels = given ?? {}
  let matches: boolean
  try {
    const selector = selectorFromLabelSelector(spec.selector)
    matches = (spec.selector != null && selector.empty) || selector.matches(labels)
  } catch {
    return undefined
  }
  return matches
    ? []
    : [
        invalid(
          at.child('template', 'metadata', 'labels'),
          mapView(given),
          '`selector` does not match template `labels`',
        ),
      ]
}

/** The same, and the template itself; a selector that cannot be read ends it there. */
export function validateSelectedTemplate(spec: Selecting, at: FieldPath, rules: TemplateRules): FieldError[] {
  const labels = validateTemplateLabels(spec, at)
  if (labels === undefined)
    return [invalid(at.child('selector'), selectorView(spec.selector), 'invalid label selector')]
  return [...labels, ...validatePodTemplate(spec.template, at.child('template'), rules)]
}
