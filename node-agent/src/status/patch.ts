import type { V1Pod, V1PodStatus } from '@kapell/openapi/types'
import { passing } from './conditions.ts'

/** Fields of a pod's status that this agent writes; everything else belongs to others. */
const ownFields = [
  'phase',
  'hostIP',
  'hostIPs',
  'podIP',
  'podIPs',
  'startTime',
  'initContainerStatuses',
  'containerStatuses',
  'ephemeralContainerStatuses',
  'qosClass',
  'resources',
  'allocatedResources',
  'reason',
  'message',
  'observedGeneration',
] as const

/** Lists that a strategic merge would merge element by element: they are replaced as a whole. */
const replacedLists = new Set<string>(['hostIPs', 'podIPs'])

/** Shown even when nothing is in them. */
const shownEmpty = new Set<string>(['resources'])

const replacedMaps = new Set<string>(['resources', 'allocatedResources'])

/**
 * The strategic merge patch that turns `stored` into `wanted`, or undefined when nothing differs. Conditions are merged
 * by type, so that those of others stay. The uid makes the patch fail on a namesake.
 */
export function statusPatch(stored: V1Pod, wanted: V1PodStatus): Record<string, unknown> | undefined {
  const before = (stored.status ?? {}) as Record<string, unknown>
  const status: Record<string, unknown> = {}
  for (const field of ownFields) {
    const [old, next] = [before[field], (wanted as Record<string, unknown>)[field]]
    if (equal(old, next) && !(shownEmpty.has(field) && old === undefined && next !== undefined)) continue
    status[field] =
      next === undefined
        ? null
        : replacedLists.has(field)
          ? [{ $patch: 'replace' }, ...(next as unknown[])]
          : replacedMaps.has(field) && old !== undefined
            ? { ...(next as object), $patch: 'replace' }
            : next
  }
  const oldConditions = new Map((stored.status?.conditions ?? []).map((condition) => [condition.type, condition]))
  const changed = (wanted.conditions ?? []).filter((condition) => !equal(oldConditions.get(condition.type), condition))
  const over = passing.filter(
    (type) => oldConditions.has(type) && wanted.conditions?.some((condition) => condition.type === type) !== true,
  )
  if (changed.length > 0 || over.length > 0) {
    const list = changed.map((condition) => {
      const old = oldConditions.get(condition.type) as Record<string, unknown> | undefined
      const gone = Object.keys(old ?? {}).filter((key) => !(key in condition))
      return { ...condition, ...Object.fromEntries(gone.map((key) => [key, null])) }
    })
    status['conditions'] = [...list, ...over.map((type) => ({ type, $patch: 'delete' }))]
  }
  if (Object.keys(status).length === 0) return undefined
  return { metadata: { uid: stored.metadata?.uid }, status }
}

/** Equal as JSON: absent, null and an empty object or list of a struct are the same. */
export function equal(a: unknown, b: unknown): boolean {
  if (a === b) return true
  if (isEmpty(a) && isEmpty(b)) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  if (Array.isArray(a) || Array.isArray(b)) {
    if (!Array.isArray(a) || !Array.isArray(b) || a.length !== b.length) return false
    return a.every((item, index) => equal(item, b[index]))
  }
  const [left, right] = [a as Record<string, unknown>, b as Record<string, unknown>]
  return [...new Set([...Object.keys(left), ...Object.keys(right)])].every((key) => equal(left[key], right[key]))
}

const isEmpty = (value: unknown): boolean =>
  value === undefined || value === null || (typeof value === 'object' && Object.keys(value).length === 0)
