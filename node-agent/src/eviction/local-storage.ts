import { opendir, lstat } from 'node:fs/promises'
import { join } from 'node:path'
import { parseQuantity } from '@kapell/openapi/meta/quantity'
import type { V1Pod } from '@kapell/openapi/types'
import { amountText } from './thresholds.ts'
import { containerLimitMessage, podLimitMessage, volumeMessage } from './messages.ts'

/** What a pod has on the node's disk. */
export interface LocalUsage {
  /** By name: writable layer and logs. */
  containers: ReadonlyMap<string, number>
  /** Of emptyDir volumes, by name. */
  volumes: ReadonlyMap<string, number>
  inodes: number
}

const storage = 'ephemeral-storage'
const bytes = (quantity: string): number => parseQuantity(quantity).value()
const all = (pod: V1Pod) => [...(pod.spec?.initContainers ?? []), ...(pod.spec?.containers ?? [])]

/** Whether anything limits the pod's use of the disk: others need not be measured. */
export const hasLocalLimits = (pod: V1Pod): boolean =>
  (pod.spec?.volumes ?? []).some(({ emptyDir }) => emptyDir?.sizeLimit !== undefined) ||
  all(pod).some(({ resources }) => resources?.limits?.[storage] !== undefined)

/** Why the pod must go for what it keeps on the disk; undefined when it keeps to its limits. Pure. */
export function localStorageExcess(pod: V1Pod, usage: LocalUsage): string | undefined {
  for (const { name, emptyDir } of pod.spec?.volumes ?? []) {
    const limit = emptyDir?.sizeLimit
    if (limit === undefined || bytes(limit) <= 0) continue
    if ((usage.volumes.get(name) ?? 0) > bytes(limit)) return volumeMessage(name, limit)
  }
  const containers = all(pod)
  const limits = containers.flatMap(({ resources }) => resources?.limits?.[storage] ?? [])
  if (limits.length > 0) {
    const total = limits.reduce((sum, limit) => sum + bytes(limit), 0)
    const used = [...usage.containers.values(), ...usage.volumes.values()].reduce((sum, one) => sum + one, 0)
    if (used > total) return podLimitMessage(amountText(total))
  }
  for (const { name, resources } of containers) {
    const limit = resources?.limits?.[storage]
    if (limit !== undefined && (usage.containers.get(name) ?? 0) > bytes(limit))
      return containerLimitMessage(name, limit)
  }
  return undefined
}

/** Bounds what one look at a tree may cost. */
const maxEntries = 1_000_000

/** What a tree takes on the disk; links are not followed, a file with many names counts once, other mounts not at all. */
export async function treeUsage(root: string): Promise<{ bytes: number; inodes: number }> {
  const top = await lstat(root).catch(() => undefined)
  if (top === undefined) return { bytes: 0, inodes: 0 }
  const seen = new Set<number>()
  const total = { bytes: 0, inodes: 0 }
  const dirs = [root]
  for (let dir = dirs.pop(); dir !== undefined && total.inodes < maxEntries; dir = dirs.pop()) {
    const entries = await opendir(dir).catch(() => undefined)
    if (entries === undefined) continue
    try {
      for await (const entry of entries) {
        const path = join(dir, entry.name)
        const info = await lstat(path).catch(() => undefined)
        if (info === undefined || info.dev !== top.dev) continue
        if (info.nlink > 1 && !info.isDirectory()) {
          if (seen.has(info.ino)) continue
          seen.add(info.ino)
        }
        total.bytes += info.blocks * 512
        total.inodes++
        if (info.isDirectory()) dirs.push(path)
      }
    } catch {
      // Gone while we looked.
    }
  }
  return total
}
