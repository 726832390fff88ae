import type { Clock } from '@kapell/controllers/machinery/clock'
import { errorText, type Logger } from '@kapell/controllers/machinery/log'
import type { V1Pod } from '@kapell/openapi/types'
import { identityOf } from '../pods/record.ts'
import { calm, decide, isMet, type EvictionState, type Pressure } from './decide.ts'
import { hasLocalLimits, localStorageExcess } from './local-storage.ts'
import type { Measure } from './measure.ts'
import { lowMessage } from './messages.ts'
import { isCritical, rankPods } from './rank.ts'
import type { Threshold } from './thresholds.ts'

export interface EvictionOptions {
  thresholds: readonly Threshold[]
  measure: Measure
  /** Pods of this node; those that ended are passed over. */
  pods(): readonly V1Pod[]
  /** Ends a pod for good, with reason Evicted and this message. */
  evict(pod: V1Pod, how: { message: string; graceSeconds: number; signal?: string }): void
  /** Frees what the node itself can do without: dead containers, unused images. */
  reclaimDisk(): Promise<void>
  /** Warns about the node. */
  warn(reason: string, message: string): void
  /** The pressures are others now. */
  changed(): void
  clock: Clock
  log: Logger
  /** How long a pressure is told of after it was last felt. Default 5 minutes, as upstream. */
  transitionMs?: number
  /** What pods get when a soft threshold ends them. Default 0. */
  maxPodGraceSeconds?: number
}

export interface Eviction {
  /** Looks once: ends one pod at most for want of something, and all that exceed their own limits. */
  look(): Promise<void>
  /** Every ten seconds, as upstream. */
  start(signal: AbortSignal): void
  pressures(): readonly Pressure[]
}

const everyMs = 10_000
/** A pod that has to go at once. */
const immediateGraceSeconds = 1
/** How long an evicted pod may take to go before the next one follows. */
const cleanupMs = 30_000

export function createEviction(options: EvictionOptions): Eviction {
  const { thresholds, measure, clock, log, transitionMs = 300_000 } = options
  let state: EvictionState = calm
  let pressures: readonly Pressure[] = []
  /** When each was told to go. */
  const going = new Map<string, number>()

  const active = (): V1Pod[] =>
    options.pods().filter(({ status }) => status?.phase !== 'Succeeded' && status?.phase !== 'Failed')

  const end = (pod: V1Pod, message: string, graceSeconds: number, signal?: string): void => {
    const { uid, namespace, name } = identityOf(pod)
    going.set(uid, clock.now().getTime())
    log.warn(`evicting pod ${namespace}/${name}: ${message}`)
    options.evict(pod, { message, graceSeconds, ...(signal === undefined ? {} : { signal }) })
  }

  /** Answers whether any pod had to go. */
  const enforceLimits = async (pods: readonly V1Pod[]): Promise<boolean> => {
    const limited = pods.filter((pod) => hasLocalLimits(pod) && !isCritical(pod))
    if (limited.length === 0) return false
    const usage = await measure.local(limited)
    let any = false
    for (const pod of limited) {
      const message = localStorageExcess(pod, usage(pod))
      if (message === undefined) continue
      end(pod, message, immediateGraceSeconds)
      any = true
    }
    return any
  }

  const look = async (): Promise<void> => {
    const nowMs = clock.now().getTime()
    const pods = active()
    const present = new Set(pods.map((pod) => identityOf(pod).uid))
    for (const uid of going.keys()) if (!present.has(uid)) going.delete(uid)
    let observations = await measure.observe()
    const decision = decide({ thresholds, observations, state, nowMs, transitionMs })
    state = decision.state
    if (decision.pressures.join() !== pressures.join()) {
      pressures = decision.pressures
      options.changed()
    }
    const staying = pods.filter((pod) => !going.has(identityOf(pod).uid))
    if (await enforceLimits(staying)) return
    if (decision.act === undefined) return
    const { threshold, starved } = decision.act
    if ([...going.values()].some((sinceMs) => nowMs - sinceMs < cleanupMs)) return
    options.warn('EvictionThresholdMet', `Attempting to reclaim ${starved}`)
    if (starved === 'ephemeral-storage' || starved === 'inodes') {
      await options.reclaimDisk().catch((error: unknown) => log.warn(`making room on the disk: ${errorText(error)}`))
      observations = await measure.observe()
      if (!isMet(threshold, observations, true)) return
    }
    const usage = await measure.usage(staying, starved)
    const victim = rankPods(staying, starved, usage)[0]
    if (victim === undefined) {
      log.warn(`the node is low on ${starved}, and there is no pod to evict`)
      return
    }
    const observed = observations[threshold.signal]
    const message = lowMessage({ pod: victim, starved, threshold, observed, usage: usage(victim) })
    const graceSeconds = threshold.graceMs === 0 ? immediateGraceSeconds : (options.maxPodGraceSeconds ?? 0)
    end(victim, message, graceSeconds, threshold.signal)
  }

  return {
    look,
    pressures: () => pressures,
    start: (signal) => clock.every(everyMs, look, signal, (error) => log.warn(`eviction: ${errorText(error)}`)),
  }
}
