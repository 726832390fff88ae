import type { V1ResourceQuota } from '@kapell/openapi/types'
import { invalid, type FieldError, type FieldPath } from '@kapell/openapi/meta/field-errors'
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
  const errors = validateResourceName(name, at)
  if (name.includes('/') || errors.some((e) => e.detail.startsWith('name part'))) return errors
  const huge = isHugePage(name) || isHugePage(name.replace(/^(requests|limits)\./, ''))
  return standard.has(name) || huge ? errors : [...errors, invalid(at, name, 'must be a standard resource for quota')]
}

/** Amounts of pods; the other scopes count pods only by what they ask for. */
const computeResources = /^(pods$|count\/|cpu$|memory$|ephemeral-storage$|(requests|limits)\.|hugepages-)/

function scopeFits(scope: string, resource: string): boolean {
  switch (scope) {
    case 'BestEffort':
      return resource === 'pods'
    case 'Terminating':
    case 'NotTerminating':
    case 'NotBestEffort':
    case 'PriorityClass':
    case 'CrossNamespacePodAffinity':
      return computeResources.test(resource) && !/^(requests|limits)\.storage$/.test(resource)
    case 'VolumeAttributesClass':
      return resource === 'persistentvolumeclaims' || resource === 'requests.storage'
    default:
      return true
  }
}

export function validateQuota(quota: V1ResourceQuota, root: FieldPath): FieldError[] {
  const at = root.child('spec')
  const errors: FieldError[] = []
  const hard = Object.entries(quota.spec?.hard ?? {})
  for (const [name, amount] of hard) {
    const here = at.child('hard').key(name)
    errors.push(...validateName(name, here), ...validateAmount(name, amount, here))
  }
  const given = quota.spec?.scopes ?? []
  const here = at.child('scopes')
  for (const scope of given) {
    if (!scopes.includes(scope)) errors.push(invalid(here, given, 'unsupported scope'))
    for (const [name] of hard) {
      if (!scopeFits(scope, name)) errors.push(invalid(here, given, 'unsupported scope applied to resource'))
    }
  }
  for (const [a, b] of [
    ['BestEffort', 'NotBestEffort'],
    ['Terminating', 'NotTerminating'],
  ] as const) {
    if (given.includes(a) && given.includes(b)) errors.push(invalid(here, given, 'conflicting scopes'))
  }
  return errors
}

export function validateQuotaUpdate(next: V1ResourceQuota, previous: V1ResourceQuota, at: FieldPath): FieldError[] {
  const sorted = (quota: V1ResourceQuota): string[] => [...(quota.spec?.scopes ?? [])].sort()
  return sameJson(sorted(next), sorted(previous))
    ? []
    : [invalid(at.child('spec', 'scopes'), next.spec?.scopes ?? [], 'field is immutable')]
}
