import type { V1Pod, V1ResourceQuota } from '@kapell/openapi/types'
import { parseQuantity, zeroQuantity, type Quantity } from '@kapell/openapi/meta/quantity'
import { forbiddenError, isReason } from '@kapell/openapi/meta/status'
import type { Services } from '../registry/services.ts'
import type { AdmissionAttributes, AdmissionPlugin } from './admission.ts'
import { about, refusedName, named } from './matching.ts'
import { inScope, usageOf, type Usage } from './quota-usage.ts'

/**
 * Charges a namespace's quotas before an object is stored: compare-and-swap on each quota's status, so that no two
 * requests spend the same allowance. What is deleted a controller gives back. Source: "Resource Quotas".
 */

const quotas = { group: '', plural: 'resourcequotas' }

/** What was charged to which quota, to undo it when the write fails. */
const charged = new WeakMap<object, { name: string; delta: Usage }[]>()

export const resourceQuota: AdmissionPlugin = {
  name: 'ResourceQuota',
  handles: (a) =>
    a.resource.namespaced &&
    a.object !== undefined &&
    !about(a, '', 'events') &&
    !about(a, 'events.k8s.io', 'events') &&
    ((a.operation === 'CREATE' && a.subresource === '') ||
      (a.operation === 'UPDATE' &&
        (about(a, '', 'services') ||
          about(a, '', 'persistentvolumeclaims') ||
          about(a, '', 'pods', 'resize') ||
          changesScope(a)))),
  validate: async (attributes, services) => {
    const applying = services.objects.list<V1ResourceQuota>(quotas, { namespace: attributes.namespace })
    for (const quota of applying) await charge(attributes, quota, services)
  },
  rollback: async (attributes, services) => {
    const undo = charged.get(attributes.object ?? attributes) ?? []
    charged.delete(attributes.object ?? attributes)
    for (const { name, delta } of undo) {
      try {
        await spend(services, attributes, name, negative(delta), () => undefined)
      } catch (error) {
        if (!isReason(error, 'NotFound')) throw error
      }
    }
  },
}

/** A pod that gets or loses its deadline passes from one quota to another. */
function changesScope(a: AdmissionAttributes): boolean {
  if (!about(a, '', 'pods') || a.subresource !== '') return false
  const hasDeadline = (pod: object | undefined): boolean =>
    ((pod as V1Pod | undefined)?.spec?.activeDeadlineSeconds ?? -1) >= 0
  return hasDeadline(a.object) !== hasDeadline(a.oldObject)
}

const negative = (usage: Usage): Usage => new Map([...usage].map(([name, amount]) => [name, amount.neg()]))

/** What the request adds, of what the quota limits. */
function deltaFor(attributes: AdmissionAttributes, quota: V1ResourceQuota): Usage {
  const { group, plural } = attributes.resource
  const object = attributes.object
  if (object === undefined || !inScope(quota.spec, group, plural, object)) return new Map()
  const next = usageOf(group, plural, object)
  const before =
    attributes.oldObject === undefined || !inScope(quota.spec, group, plural, attributes.oldObject)
      ? new Map<string, Quantity>()
      : usageOf(group, plural, attributes.oldObject)
  const delta: Usage = new Map()
  for (const name of Object.keys(quota.spec?.hard ?? {})) {
    const amount = (next.get(name) ?? zeroQuantity).sub(before.get(name) ?? zeroQuantity)
    if (amount.sign() !== 0) delta.set(name, amount)
  }
  return delta
}

async function charge(attributes: AdmissionAttributes, quota: V1ResourceQuota, services: Services): Promise<void> {
  const name = quota.metadata?.name ?? ''
  const refuse = (why: string): Error => forbiddenError(named(attributes), refusedName(attributes), why)
  if (about(attributes, '', 'pods') && attributes.operation === 'CREATE') {
    const unspecified = missingAmounts(attributes.object as V1Pod, quota)
    if (unspecified !== undefined) throw refuse(`failed quota: ${name}: ${unspecified}`)
  }
  const delta = deltaFor(attributes, quota)
  if ([...delta.values()].every((amount) => amount.sign() <= 0)) return
  const unknown = await unknownAmounts(attributes, quota, delta, services)
  if (unknown.length > 0) {
    throw refuse(`status unknown for quota: ${name}, resources: ${unknown.sort().join(',')}`)
  }
  const check = (latest: V1ResourceQuota): Error | undefined => {
    const over = exceeded(latest, delta)
    return over === undefined ? undefined : refuse(`exceeded quota: ${name}, ${over}`)
  }
  if (attributes.dryRun) {
    const wrong = check(quota)
    if (wrong !== undefined) throw wrong
    return
  }
  await spend(services, attributes, name, delta, check)
  const key = attributes.object ?? attributes
  charged.set(key, [...(charged.get(key) ?? []), { name, delta }])
}

/** What the quota's controller has not counted yet. The cache may be a moment behind: the store is asked before refusing. */
async function unknownAmounts(
  { namespace }: AdmissionAttributes,
  cached: V1ResourceQuota,
  delta: Usage,
  services: Services,
): Promise<string[]> {
  const missing = (quota: V1ResourceQuota | undefined): string[] =>
    [...delta.keys()].filter((resource) => quota?.status?.hard?.[resource] === undefined)
  const unknown = missing(cached)
  if (unknown.length === 0) return []
  return missing(
    await services.objects.getLatest<V1ResourceQuota>(quotas, { namespace, name: cached.metadata?.name ?? '' }),
  )
}

async function spend(
  services: Services,
  attributes: AdmissionAttributes,
  name: string,
  delta: Usage,
  check: (latest: V1ResourceQuota) => Error | undefined,
): Promise<void> {
  await services.objects.update<V1ResourceQuota>(
    quotas,
    { namespace: attributes.namespace, name, subresource: 'status' },
    (latest) => {
      const wrong = check(latest)
      if (wrong !== undefined) throw wrong
      const used = { ...latest.status?.used }
      for (const [resource, amount] of delta) {
        used[resource] = parseQuantity(used[resource] ?? '0')
          .add(amount)
          .toString()
      }
      latest.status = { ...latest.status, used }
    },
    { manager: 'kube-apiserver' },
  )
}

/** `requested: pods=1, used: pods=1, limited: pods=1`, of what would go over. */
function exceeded(quota: V1ResourceQuota, delta: Usage): string | undefined {
  const over = [...delta.keys()]
    .filter((name) => {
      const amount = delta.get(name) ?? zeroQuantity
      if (amount.sign() <= 0) return false
      const used = parseQuantity(quota.status?.used?.[name] ?? '0')
      return used.add(amount).cmp(parseQuantity(quota.status?.hard?.[name] ?? '0')) > 0
    })
    .sort()
  if (over.length === 0) return undefined
  const list = (of: (name: string) => string): string => over.map((name) => `${name}=${of(name)}`).join(',')
  const requested = list((name) => (delta.get(name) ?? zeroQuantity).toString())
  const used = list((name) => quota.status?.used?.[name] ?? '0')
  return `requested: ${requested}, used: ${used}, limited: ${list((name) => quota.status?.hard?.[name] ?? '0')}`
}

const amounts = /^((requests|limits)\.)?(cpu|memory|ephemeral-storage)$/

/** Where a quota limits an amount, every container says how much it wants. */
function missingAmounts(pod: V1Pod, quota: V1ResourceQuota): string | undefined {
  if (!inScope(quota.spec, '', 'pods', pod)) return undefined
  const missing = new Map<string, string[]>()
  for (const name of Object.keys(quota.spec?.hard ?? {}).sort()) {
    const match = amounts.exec(name)
    if (match === null) continue
    const field = match[2] === 'limits' ? 'limits' : 'requests'
    const resource = match[3] ?? ''
    if (pod.spec?.resources?.[field]?.[resource] !== undefined) continue
    const containers = [...(pod.spec?.containers ?? []), ...(pod.spec?.initContainers ?? [])]
    const without = containers.filter((c) => c.resources?.[field]?.[resource] === undefined).map((c) => c.name)
    if (without.length > 0) missing.set(name, without.sort())
  }
  if (missing.size === 0) return undefined
  return `must specify ${[...missing].map(([name, containers]) => `${name} for: ${containers.join(',')}`).join('; ')}`
}
