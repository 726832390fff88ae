import type { V1ResourceQuota } from '@kapell/openapi/types'
import { FieldPath, invalid, required, type FieldError } from '@kapell/openapi/meta/field-errors'
import { internalView } from '../common/internal-view.ts'
import { sameJson } from '../common/validation.ts'
import { isHugePage, validateAmount, validateResourceName } from './pods/validation/resources.ts'

/** Source: "Resource Quotas". */

const scopes = [
  'BestEffort',
  'CrossNamespacePodAffinity',
  'NotBestEffort',
  'NotTerminating',
  'PriorityClass',
  'Terminating',
  'VolumeAttributesClass',
]
const standard = new Set([
  'cpu',
  'memory',
  'ephemeral-storage',
  'requests.cpu',
  'requests.memory',
  'requests.storage',
  'requests.ephemeral-storage',
  'limits.cpu',
  'limits.memory',
  'limits.ephemeral-storage',
  'pods',
  'resourcequotas',
  'services',
  'replicationcontrollers',
  'secrets',
  'persistentvolumeclaims',
  'configmaps',
  'services.nodeports',
  'services.loadbalancers',
])

function validateName(name: string, at: FieldPath): FieldError[] {
  const huge = isHugePage(name) || isHugePage(name.replace(/^(requests|limits)\./, ''))
  const errors = huge ? [] : validateResourceName(name, at)
  if (name.includes('/')) return errors
  return standard.has(name) || huge ? errors : [...errors, invalid(at, name, 'must be a standard resource for quota')]
}

/** Amounts of pods; the other scopes count pods only by what they ask for. */
const computeResources = /^(pods|((requests|limits)\.)?(cpu|memory))$/

function scopeFits(scope: string, resource: string): boolean {
  // Names of someone's own fit any.
  if (resource.includes('/')) return true
  switch (scope) {
    case 'BestEffort':
      return resource === 'pods'
    case 'Terminating':
    case 'NotTerminating':
    case 'NotBestEffort':
    case 'PriorityClass':
    case 'CrossNamespacePodAffinity':
      return computeResources.test(resource)
    case 'VolumeAttributesClass':
      return resource === 'persistentvolumeclaims' || resource === 'requests.storage'
    default:
      return true
  }
}

export function validateQuota(quota: V1ResourceQuota, root: FieldPath): FieldError[] {
  const at = root.child('spec')
  const errors: FieldError[] = []
  const names = Object.keys(quota.spec?.hard ?? {})
  errors.push(...validateAmounts(quota.spec?.hard, at.child('hard')))
  errors.push(...validateScopes(quota, names, at), ...validateSelector(quota, names, at))
  return errors
}

function validateAmounts(amounts: Record<string, string> | undefined, at: FieldPath): FieldError[] {
  return Object.entries(amounts ?? {}).flatMap(([name, amount]) => [
    ...validateName(name, at.key(name)),
    ...(isHugePage(name) ? [] : validateAmount(name, amount, at.key(name))),
  ])
}

/** What a controller may count. */
export function validateQuotaStatus(next: V1ResourceQuota, _previous: V1ResourceQuota, root: FieldPath): FieldError[] {
  const at = root.child('status')
  return [
    ...validateAmounts(next.status?.hard, at.child('hard')),
    ...validateAmounts(next.status?.used, at.child('used')),
  ]
}

/** Things of no known name fit no scope, and are complained of elsewhere. */
const isKnown = (name: string): boolean => validateName(name, new FieldPath()).length === 0

const contrary = [
  ['BestEffort', 'NotBestEffort'],
  ['Terminating', 'NotTerminating'],
] as const

function validateScopes(quota: V1ResourceQuota, names: readonly string[], at: FieldPath): FieldError[] {
  const errors: FieldError[] = []
  const given = quota.spec?.scopes ?? []
  const here = at.child('scopes')
  for (const scope of given) {
    if (!scopes.includes(scope)) errors.push(invalid(here, given, 'unsupported scope'))
    for (const name of names) {
      if (isKnown(name) && !scopeFits(scope, name))
        errors.push(invalid(here, given, 'unsupported scope applied to resource'))
    }
  }
  for (const [a, b] of contrary) {
    if (given.includes(a) && given.includes(b)) errors.push(invalid(here, given, 'conflicting scopes'))
  }
  return errors
}

const existing = new Set(['BestEffort', 'CrossNamespacePodAffinity', 'NotBestEffort', 'NotTerminating', 'Terminating'])
const mustExist =
  "must be 'Exists' when scope is any of ResourceQuotaScopeTerminating, ResourceQuotaScopeNotTerminating, ResourceQuotaScopeBestEffort, ResourceQuotaScopeNotBestEffort or ResourceQuotaScopeCrossNamespacePodAffinity"

/** Reported under the list of expressions, whichever of them it is. */
function validateSelector(quota: V1ResourceQuota, names: readonly string[], root: FieldPath): FieldError[] {
  const at = root.child('scopeSelector', 'matchExpressions')
  const shown = internalView('core.v1.ScopeSelector', quota.spec?.scopeSelector ?? {})
  const told = new Set((quota.spec?.scopeSelector?.matchExpressions ?? []).map((one) => one.scopeName))
  const conflicts = contrary
    .filter(([a, b]) => told.has(a) && told.has(b))
    .map(() => invalid(at, quota.spec?.scopes ?? null, 'conflicting scopes'))
  const errorsOfEach = (quota.spec?.scopeSelector?.matchExpressions ?? []).flatMap(
    ({ scopeName, operator, values = [] }) => {
      const errors: FieldError[] = []
      const scopeAt = at.child('scopeName')
      if (!scopes.includes(scopeName)) errors.push(invalid(scopeAt, scopeName, 'unsupported scope'))
      else
        for (const name of names)
          if (isKnown(name) && !scopeFits(scopeName, name))
            errors.push(invalid(at, shown, 'unsupported scope applied to resource'))
      if (existing.has(scopeName) && operator !== 'Exists')
        errors.push(invalid(at.child('operator'), operator, mustExist))
      if (operator === 'In' || operator === 'NotIn') {
        const text = "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector"
        if (values.length === 0) errors.push(required(at.child('values'), text))
      } else if (operator === 'Exists' || operator === 'DoesNotExist') {
        const text = "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector"
        if (values.length > 0) errors.push(invalid(at.child('values'), values, text))
      } else errors.push(invalid(at.child('operator'), operator, 'not a valid selector operator'))
      return errors
    },
  )
  return [...errorsOfEach, ...conflicts]
}

export function validateQuotaUpdate(next: V1ResourceQuota, previous: V1ResourceQuota, at: FieldPath): FieldError[] {
  const sorted = (quota: V1ResourceQuota): string[] => [...new Set(quota.spec?.scopes)].sort()
  return sameJson(sorted(next), sorted(previous))
    ? []
    : [invalid(at.child('spec', 'scopes'), next.spec?.scopes ?? null, 'field is immutable')]
}
