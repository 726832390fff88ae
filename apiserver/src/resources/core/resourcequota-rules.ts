import type { V1ResourceQuota } from '@kapell/openapi/types'
import { invalid, type FieldError, type FieldPath } from '@kapell/openapi/meta/field-errors'
import { qualifiedName } from '@kapell/openapi/meta/names'
import { sameJson, unsupported } from '../common/validation.ts'
import { isHugePage, validateAmount } from './pods/validation/resources.ts'

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
  const malformed = qualifiedName(name).map((text) => invalid(at, name, text))
  if (malformed.length > 0 || name.includes('/')) return malformed
  const huge = isHugePage(name) || isHugePage(name.replace(/^(requests|limits)\./, ''))
  return standard.has(name) || huge ? [] : [invalid(at, name, 'must be a standard resource for quota')]
}

export function validateQuota(quota: V1ResourceQuota, root: FieldPath): FieldError[] {
  const at = root.child('spec')
  const errors: FieldError[] = []
  for (const [name, amount] of Object.entries(quota.spec?.hard ?? {})) {
    const here = at.child('hard').key(name)
    errors.push(...validateName(name, here), ...validateAmount(name, amount, here))
  }
  const given = new Set(quota.spec?.scopes)
  for (const scope of given) {
    if (!scopes.includes(scope)) errors.push(unsupported(at.child('scopes'), scope, scopes))
  }
  for (const [a, b] of [
    ['BestEffort', 'NotBestEffort'],
    ['Terminating', 'NotTerminating'],
  ] as const) {
    if (given.has(a) && given.has(b))
      errors.push(invalid(at.child('scopes'), quota.spec?.scopes ?? [], 'conflicting scopes'))
  }
  return errors
}

export function validateQuotaUpdate(next: V1ResourceQuota, previous: V1ResourceQuota, at: FieldPath): FieldError[] {
  const sorted = (quota: V1ResourceQuota): string[] => [...(quota.spec?.scopes ?? [])].sort()
  return sameJson(sorted(next), sorted(previous))
    ? []
    : [invalid(at.child('spec', 'scopes'), next.spec?.scopes ?? [], 'field is immutable')]
}
