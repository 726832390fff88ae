import type {
  V1Affinity,
  V1LabelSelector,
  V1NodeSelector,
  V1NodeSelectorRequirement,
  V1PodAffinityTerm,
  V1PodSpec,
  V1Toleration,
  V1TopologySpreadConstraint,
} from '@kapell/openapi/types'
import {
  duplicate,
  forbidden,
  invalid,
  required,
  type FieldError,
  type FieldPath,
} from '@kapell/openapi/meta/field-errors'
import { dns1123Label, dns1123Subdomain, labelValue, qualifiedName } from '@kapell/openapi/meta/names'
import { inRange, isNegative, nameErrors, unsupported, validateLabelSelector } from '../../../common/validation.ts'

/** Where a pod may run. Source: "Assigning Pods to Nodes", "Taints and Tolerations". */

/** Values that are no labels match nothing: an error where that is required, a warning where it is preferred. */
export function validateNodeRequirement(
  r: V1NodeSelectorRequirement,
  at: FieldPath,
  isPreference = false,
): FieldError[] {
  const errors: FieldError[] = []
  const values = r.values ?? []
  switch (r.operator) {
    case 'In':
    case 'NotIn':
      if (values.length === 0) {
        errors.push(required(at.child('values'), "must be specified when `operator` is 'In' or 'NotIn'"))
      }
      break
    case 'Exists':
    case 'DoesNotExist':
      if (values.length > 0) {
        errors.push(forbidden(at.child('values'), "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"))
      }
      break
    case 'Gt':
    case 'Lt':
      if (values.length !== 1) {
        errors.push(required(at.child('values'), "must be specified single value when `operator` is 'Lt' or 'Gt'"))
      }
      break
    default:
      errors.push(invalid(at.child('operator'), r.operator, 'not a valid selector operator'))
  }
  errors.push(...nameErrors(at.child('key'), r.key, qualifiedName))
  for (const [i, value] of isPreference ? [] : values.entries()) {
    errors.push(...nameErrors(at.child('values').index(i), value, labelValue))
  }
  return errors
}

function validateFieldRequirement(r: V1NodeSelectorRequirement, at: FieldPath): FieldError[] {
  const errors: FieldError[] = []
  if (r.operator !== 'In' && r.operator !== 'NotIn') {
    errors.push(invalid(at.child('operator'), r.operator, 'not a valid selector operator'))
  } else if ((r.values ?? []).length !== 1) {
    errors.push(
      required(at.child('values'), "must be only one value when `operator` is 'In' or 'NotIn' for node field selector"),
    )
  }
  if (r.key !== 'metadata.name') errors.push(invalid(at.child('key'), r.key, 'not a valid field selector key'))
  else {
    for (const [i, value] of (r.values ?? []).entries())
      errors.push(...nameErrors(at.child('values').index(i), value, dns1123Subdomain))
  }
  return errors
}

interface Term {
  matchExpressions?: V1NodeSelectorRequirement[]
  matchFields?: V1NodeSelectorRequirement[]
}

function validateTerm(term: Term, at: FieldPath, isPreference = false): FieldError[] {
  return [
    ...(term.matchExpressions ?? []).flatMap((r, i) =>
      validateNodeRequirement(r, at.child('matchExpressions').index(i), isPreference),
    ),
    ...(term.matchFields ?? []).flatMap((r, i) => validateFieldRequirement(r, at.child('matchFields').index(i))),
  ]
}

export function validateNodeSelector(selector: V1NodeSelector, at: FieldPath): FieldError[] {
  const terms = at.child('nodeSelectorTerms')
  if ((selector.nodeSelectorTerms ?? []).length === 0) {
    return [required(terms, 'must have at least one node selector term')]
  }
  return selector.nodeSelectorTerms.flatMap((term, i) => validateTerm(term, terms.index(i)))
}

const weight = (at: FieldPath, value: number): FieldError[] =>
  value < 1 || value > 100 ? [invalid(at.child('weight'), value, 'must be in the range 1-100')] : []

function validatePodTerm(term: V1PodAffinityTerm, at: FieldPath): FieldError[] {
  const errors = validateLabelSelector(term.labelSelector, at.child('labelSelector'))
  errors.push(...validateLabelSelector(term.namespaceSelector, at.child('namespaceSelector')))
  for (const name of term.namespaces ?? []) errors.push(...nameErrors(at.child('namespace'), name, dns1123Label))
  if (term.topologyKey === '') errors.push(required(at.child('topologyKey'), 'can not be empty'))
  errors.push(...nameErrors(at.child('topologyKey'), term.topologyKey ?? '', qualifiedName))
  for (const field of ['matchLabelKeys', 'mismatchLabelKeys'] as const) {
    for (const [i, key] of (term[field] ?? []).entries())
      errors.push(...nameErrors(at.child(field).index(i), key, qualifiedName))
  }
  errors.push(...validateTermKeys(term, at))
  return errors
}

/** Keys that pick labels of the pod itself: only beside a selector, and of two sorts apart. */
function validateTermKeys(term: V1PodAffinityTerm, at: FieldPath): FieldError[] {
  const errors: FieldError[] = []
  const { matchLabelKeys = [], mismatchLabelKeys = [], labelSelector } = term
  for (const field of ['matchLabelKeys', 'mismatchLabelKeys'] as const) {
    if (labelSelector === undefined && (term[field] ?? []).length > 0) {
      errors.push(forbidden(at.child(field), 'must not be specified when labelSelector is not set'))
    }
  }
  errors.push(...selectedTwice([...new Set(matchLabelKeys)], labelSelector, at))
  for (const [i, key] of matchLabelKeys.entries()) {
    if (mismatchLabelKeys.includes(key)) {
      errors.push(
        invalid(at.child('matchLabelKeys').index(i), key, 'exists in both matchLabelKeys and mismatchLabelKeys'),
      )
    }
  }
  return errors
}

/**
 * Each key has become one requirement of the selector already (see prepare.ts): more than that is the client's own.
 */
function selectedTwice(keys: readonly string[], selector: V1LabelSelector | undefined, at: FieldPath): FieldError[] {
  if (keys.length === 0 || selector === undefined) return []
  const counts = new Map<string, number>()
  const count = (key: string): void => void counts.set(key, (counts.get(key) ?? 0) + 1)
  Object.keys(selector.matchLabels ?? {}).forEach(count)
  for (const { key } of selector.matchExpressions ?? []) count(key)
  return keys.flatMap((key, i) => {
    const own = keys.filter((other) => other === key).length
    const isTwice = keys.indexOf(key) < i || (counts.get(key) ?? 0) > own
    return isTwice ? [invalid(at.index(i), key, 'exists in both matchLabelKeys and labelSelector')] : []
  })
}

interface PodTerms {
  requiredDuringSchedulingIgnoredDuringExecution?: V1PodAffinityTerm[]
  preferredDuringSchedulingIgnoredDuringExecution?: { weight: number; podAffinityTerm: V1PodAffinityTerm }[]
}

function validatePodTerms(terms: PodTerms | undefined, at: FieldPath): FieldError[] {
  const must = at.child('requiredDuringSchedulingIgnoredDuringExecution')
  const should = at.child('preferredDuringSchedulingIgnoredDuringExecution')
  return [
    ...(terms?.requiredDuringSchedulingIgnoredDuringExecution ?? []).flatMap((t, i) =>
      validatePodTerm(t, must.index(i)),
    ),
    ...(terms?.preferredDuringSchedulingIgnoredDuringExecution ?? []).flatMap((t, i) => [
      ...weight(should.index(i), t.weight),
      ...validatePodTerm(t.podAffinityTerm, should.index(i).child('podAffinityTerm')),
    ]),
  ]
}

export function validateAffinity(affinity: V1Affinity | undefined, at: FieldPath): FieldError[] {
  const errors: FieldError[] = []
  const node = affinity?.nodeAffinity
  if (node?.requiredDuringSchedulingIgnoredDuringExecution !== undefined) {
    const here = at.child('nodeAffinity', 'requiredDuringSchedulingIgnoredDuringExecution')
    errors.push(...validateNodeSelector(node.requiredDuringSchedulingIgnoredDuringExecution, here))
  }
  for (const [i, term] of (node?.preferredDuringSchedulingIgnoredDuringExecution ?? []).entries()) {
    const here = at.child('nodeAffinity', 'preferredDuringSchedulingIgnoredDuringExecution').index(i)
    errors.push(...weight(here, term.weight), ...validateTerm(term.preference, here.child('preference'), true))
  }
  errors.push(...validatePodTerms(affinity?.podAffinity, at.child('podAffinity')))
  errors.push(...validatePodTerms(affinity?.podAntiAffinity, at.child('podAntiAffinity')))
  return errors
}

/** Comparing by number is behind a feature gate, and told of to those who know it. */
const operators = (given: string): string[] =>
  given === 'Lt' || given === 'Gt' ? ['Equal', 'Exists', 'Lt', 'Gt'] : ['Equal', 'Exists']

const effects = ['NoSchedule', 'PreferNoSchedule', 'NoExecute']

export function validateTolerations(tolerations: readonly V1Toleration[], at: FieldPath): FieldError[] {
  const errors: FieldError[] = []
  for (const [i, t] of tolerations.entries()) {
    const here = at.index(i)
    const { key = '', operator = '', value = '', effect = '' } = t
    if (key !== '') errors.push(...nameErrors(here.child('key'), key, qualifiedName))
    else if (operator !== 'Exists') {
      errors.push(
        invalid(
          here.child('operator'),
          operator,
          'operator must be Exists when `key` is empty, which means "match all values and all keys"',
        ),
      )
    }
    if (t.tolerationSeconds !== undefined && effect !== 'NoExecute') {
      errors.push(invalid(here.child('effect'), effect, "effect must be 'NoExecute' when `tolerationSeconds` is set"))
    }
    switch (operator) {
      case 'Equal':
      case '':
        errors.push(...labelValue(value).map((text) => invalid(here.child('operator'), value, text)))
        break
      case 'Exists':
        if (value !== '') {
          errors.push(invalid(here.child('operator'), value, "value must be empty when `operator` is 'Exists'"))
        }
        break
      default:
        errors.push(unsupported(here.child('operator'), operator, operators(operator)))
    }
    if (effect !== '' && !effects.includes(effect)) errors.push(unsupported(here.child('effect'), effect, effects))
  }
  return errors
}

const actions = ['DoNotSchedule', 'ScheduleAnyway']
const inclusions = ['Honor', 'Ignore']

export function validateSpread(constraints: readonly V1TopologySpreadConstraint[], at: FieldPath): FieldError[] {
  const errors: FieldError[] = []
  for (const [i, c] of constraints.entries()) {
    const here = at.index(i)
    if (c.maxSkew <= 0) errors.push(invalid(here.child('maxSkew'), c.maxSkew, 'must be greater than zero'))
    if (c.topologyKey === '') errors.push(required(here.child('topologyKey'), 'can not be empty'))
    if (!actions.includes(c.whenUnsatisfiable)) {
      errors.push(unsupported(here.child('whenUnsatisfiable'), c.whenUnsatisfiable, actions))
    }
    const pair = `{${c.topologyKey}, ${c.whenUnsatisfiable}}`
    // The first of the two is reported.
    const isRepeated = constraints.slice(i + 1).some((o) => `{${o.topologyKey}, ${o.whenUnsatisfiable}}` === pair)
    if (isRepeated) errors.push(duplicate(here.child('{topologyKey, whenUnsatisfiable}'), pair))
    if (c.minDomains !== undefined) {
      if (c.minDomains <= 0) errors.push(invalid(here.child('minDomains'), c.minDomains, 'must be greater than zero'))
      if (c.whenUnsatisfiable !== 'DoNotSchedule') {
        errors.push(
          invalid(
            here.child('minDomains'),
            c.minDomains,
            `can only use minDomains if whenUnsatisfiable=DoNotSchedule, not ${c.whenUnsatisfiable}`,
          ),
        )
      }
    }
    for (const field of ['nodeAffinityPolicy', 'nodeTaintsPolicy'] as const) {
      const policy = c[field]
      if (policy !== undefined && !inclusions.includes(policy))
        errors.push(unsupported(here.child(field), policy, inclusions))
    }
    for (const [j, key] of (c.matchLabelKeys ?? []).entries()) {
      const keyAt = here.child('matchLabelKeys').index(j)
      errors.push(...nameErrors(keyAt, key, qualifiedName))
      if (c.labelSelector === undefined)
        errors.push(forbidden(here.child('matchLabelKeys'), 'must not be specified when labelSelector is not set'))
    }
    errors.push(...selectedTwice(c.matchLabelKeys ?? [], c.labelSelector, here))
    errors.push(...validateLabelSelector(c.labelSelector, here.child('labelSelector')))
  }
  return errors
}

export function validateGates(spec: V1PodSpec, at: FieldPath): FieldError[] {
  const errors: FieldError[] = []
  const seen = new Set<string>()
  for (const [i, { name }] of (spec.schedulingGates ?? []).entries()) {
    errors.push(...nameErrors(at.index(i), name, qualifiedName))
    if (seen.has(name)) errors.push(duplicate(at.index(i), name))
    seen.add(name)
  }
  return errors
}

export const validateDeadline = (seconds: number | undefined, at: FieldPath): FieldError[] =>
  seconds === undefined ? [] : inRange(at, seconds, 1, 2147483647)

export const validateGrace = (seconds: number | undefined, at: FieldPath): FieldError[] => {
  if (seconds === undefined) return [required(at)]
  return seconds < 0 ? [invalid(at, seconds, isNegative)] : []
}
