import { parseAmount, parseThresholds, defaultThresholds, type Threshold } from '@kapell/node-agent/eviction/thresholds'
import type { NodeAgentOptions } from '@kapell/node-agent/main'
import { ipv4, ipv6 } from '@kapell/node-agent/proxy/family'
import { shutdownGroups } from '@kapell/node-agent/shutdown/groups'
import { parseQuantity } from '@kapell/openapi/meta/quantity'
import { UserError } from './errors.ts'

/** What every node of a cluster may be told: as upstream's kubelet takes it. */
export const nodeFlagNames = [
  'eviction-hard',
  'eviction-soft',
  'eviction-soft-grace-period',
  'eviction-minimum-reclaim',
  'eviction-max-pod-grace-period',
  'eviction-pressure-transition-period',
  'shutdown-grace-period',
  'shutdown-grace-period-critical-pods',
  'system-reserved',
  'kube-reserved',
  'max-pods',
  'pod-max-pids',
  'allowed-unsafe-sysctls',
  'nodeport-addresses',
] as const

/** As they were given; each node reads them for itself. */
export type NodeFlags = Partial<Record<(typeof nodeFlagNames)[number], string>>

export const nodeFlagsUsage = `  --eviction-hard LIST             when pods go at once, such as memory.available<100Mi,nodefs.available<10%
  --eviction-soft LIST             when pods go after --eviction-soft-grace-period, such as memory.available=1m30s
  --eviction-soft-grace-period, --eviction-minimum-reclaim, --eviction-max-pod-grace-period,
  --eviction-pressure-transition-period   as upstream's kubelet takes them
  --shutdown-grace-period TIME     what pods have, low priorities first, when the machine or the node goes down (default none)
  --shutdown-grace-period-critical-pods TIME   the last part of it, for critical pods
  --system-reserved, --kube-reserved LIST      kept free of pods, such as cpu=200m,memory=500Mi
  --max-pods N                     pods a node takes (default 110)
  --allowed-unsafe-sysctls LIST    kernel settings that pods may ask for beside the safe ones, such as kernel.msg*,net.core.somaxconn
  --pod-max-pids N                 processes a pod may have (default no limit)
  --nodeport-addresses primary|CIDR,…   where node ports answer: the node's own addresses, or those in ranges (default all)
`

type Tuning = Pick<
  NodeAgentOptions,
  'eviction' | 'shutdown' | 'reserved' | 'maxPods' | 'podMaxPids' | 'nodePortAddresses' | 'allowedUnsafeSysctls'
>

/** For parseArgs. */
export const nodeFlagOptions = Object.fromEntries(nodeFlagNames.map((name) => [name, { type: 'string' }])) as Record<
  (typeof nodeFlagNames)[number],
  { type: 'string' }
>

export function pickNodeFlags(values: Readonly<Record<string, unknown>>): NodeFlags {
  const given = nodeFlagNames.flatMap((name) => {
    const value = values[name]
    return typeof value === 'string' ? [[name, value] as const] : []
  })
  return Object.fromEntries(given)
}

/** @throws UserError naming the flag and what it takes. */
export function parseNodeFlags(flags: NodeFlags): Tuning {
  const thresholds = thresholdsOf(flags)
  const transition = flags['eviction-pressure-transition-period']
  const maxGrace = flags['eviction-max-pod-grace-period']
  const eviction = {
    ...(thresholds === undefined ? {} : { thresholds }),
    ...(transition === undefined
      ? {}
      : { transitionMs: seconds('eviction-pressure-transition-period', transition) * 1000 }),
    ...(maxGrace === undefined ? {} : { maxPodGraceSeconds: count('eviction-max-pod-grace-period', maxGrace) }),
  }
  const reserved = reservedOf(flags)
  const nodePorts = flags['nodeport-addresses']
  const shutdown = shutdownOf(flags)
  return {
    ...(Object.keys(eviction).length === 0 ? {} : { eviction }),
    ...(Object.keys(reserved).length === 0 ? {} : { reserved }),
    ...(shutdown === undefined ? {} : { shutdown }),
    ...(flags['max-pods'] === undefined ? {} : { maxPods: count('max-pods', flags['max-pods']) }),
    ...(nodePorts === undefined ? {} : { nodePortAddresses: nodePortAddresses(nodePorts) }),
    ...(flags['allowed-unsafe-sysctls'] === undefined
      ? {}
      : { allowedUnsafeSysctls: sysctls(flags['allowed-unsafe-sysctls']) }),
    ...(flags['pod-max-pids'] === undefined ? {} : { podMaxPids: count('pod-max-pids', flags['pod-max-pids']) }),
  }
}

/** Names as the kernel has them, or the beginnings of names. */
function sysctls(text: string): string[] {
  const names = text.split(',').map((each) => each.trim().replaceAll('/', '.'))
  for (const name of names)
    if (!/^[a-z0-9]([-_a-z0-9]*[a-z0-9])?(\.[a-z0-9][-_a-z0-9]*)*(\.?\*)?$/.test(name))
      throw new UserError(
        `--allowed-unsafe-sysctls takes names such as kernel.msg* or net.core.somaxconn, not "${name}"`,
      )
  return names
}

function nodePortAddresses(text: string): 'primary' | string[] {
  if (text === 'primary') return text
  const ranges = text.split(',').map((each) => each.trim())
  for (const range of ranges)
    if ((ipv4.block(range) ?? ipv6.block(range)) === undefined)
      throw new UserError(`--nodeport-addresses takes "primary" or ranges such as 192.0.2.0/24, not "${range}"`)
  return ranges
}

function thresholdsOf(flags: NodeFlags): Threshold[] | undefined {
  const { 'eviction-hard': hard, 'eviction-soft': soft, 'eviction-minimum-reclaim': reclaim } = flags
  if (hard === undefined && soft === undefined && reclaim === undefined) return undefined
  const graces = pairs('eviction-soft-grace-period', flags['eviction-soft-grace-period'] ?? '')
  const least = pairs('eviction-minimum-reclaim', reclaim ?? '')
  const read = (flag: keyof NodeFlags, text: string): Threshold[] =>
    wrapped(flag, () => parseThresholds(text), 'a list such as memory.available<100Mi,nodefs.available<10%')
  const softOnes = read('eviction-soft', soft ?? '').map((threshold) => {
    const grace = graces.get(threshold.signal)
    if (grace === undefined)
      throw new UserError(`--eviction-soft ${threshold.signal} needs a time in --eviction-soft-grace-period`)
    return { ...threshold, graceMs: seconds('eviction-soft-grace-period', grace) * 1000 }
  })
  return [...(hard === undefined ? defaultThresholds : read('eviction-hard', hard)), ...softOnes].map((threshold) => {
    const more = least.get(threshold.signal)
    if (more === undefined) return threshold
    const minReclaim = wrapped(
      'eviction-minimum-reclaim',
      () => parseAmount(more),
      'amounts such as memory.available=100Mi',
    )
    return { ...threshold, minReclaim }
  })
}

function shutdownOf(flags: NodeFlags): Tuning['shutdown'] {
  const { 'shutdown-grace-period': all, 'shutdown-grace-period-critical-pods': critical } = flags
  const total = all === undefined ? 0 : seconds('shutdown-grace-period', all)
  const last = critical === undefined ? 0 : seconds('shutdown-grace-period-critical-pods', critical)
  if (last > total)
    throw new UserError(
      '--shutdown-grace-period-critical-pods is a part of --shutdown-grace-period and cannot be longer',
    )
  return total === 0 ? undefined : shutdownGroups(total, last)
}

/** Both together. */
function reservedOf(flags: NodeFlags): Record<string, string> {
  const sums: Record<string, string> = {}
  for (const flag of ['system-reserved', 'kube-reserved'] as const)
    for (const [name, text] of pairs(flag, flags[flag] ?? '')) {
      const takes = 'amounts of cpu, memory or ephemeral-storage, such as cpu=200m,memory=500Mi'
      if (!['cpu', 'memory', 'ephemeral-storage', 'pid'].includes(name))
        throw new UserError(`--${flag} takes ${takes}, not "${name}"`)
      const amount = wrapped(flag, () => parseQuantity(text), takes)
      sums[name] = (sums[name] === undefined ? amount : parseQuantity(sums[name]).add(amount)).toString()
    }
  return sums
}

function pairs(flag: keyof NodeFlags, text: string): Map<string, string> {
  const found = new Map<string, string>()
  for (const part of text.split(',').filter((one) => one !== '')) {
    const [name = '', value] = part.split('=')
    if (name === '' || value === undefined) throw new UserError(`--${flag} takes NAME=VALUE,…, not "${part}"`)
    found.set(name, value)
  }
  return found
}

function count(flag: keyof NodeFlags, text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new UserError(`--${flag} takes a number, not "${text}"`)
  return Number(text)
}

const units: Record<string, number> = { h: 3600, m: 60, s: 1, ms: 0.001 }

/** "1m30s", as upstream writes times. */
function seconds(flag: keyof NodeFlags, text: string): number {
  if (text === '0') return 0
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(h|ms|m|s)/g)]
  if (parts.length === 0 || parts.map(([part]) => part).join('') !== text)
    throw new UserError(`--${flag} takes a time such as 30s or 1m30s, not "${text}"`)
  return parts.reduce((sum, [, amount, unit]) => sum + Number(amount) * (units[unit ?? 's'] ?? 1), 0)
}

function wrapped<T>(flag: keyof NodeFlags, read: () => T, takes: string): T {
  try {
    return read()
  } catch (error) {
    throw new UserError(`--${flag} takes ${takes}: ${(error as Error).message}`, { cause: error })
  }
}
