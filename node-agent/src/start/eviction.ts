import { errorText, type Logger } from '@kapell/controllers/machinery/log'
import type { Clock } from '@kapell/controllers/machinery/clock'
import type { PodAgent } from '../agent.ts'
import type { Cri } from '../cri/client.ts'
import { createEviction, type Eviction } from '../eviction/manager.ts'
import { createMeasure } from '../eviction/measure.ts'
import { defaultThresholds } from '../eviction/thresholds.ts'
import type { AgentMetrics } from '../metrics/agent-metrics.ts'
import type { NodeStatus } from '../node/node-status.ts'
import type { NodeAgentOptions } from '../options.ts'
import { identityOf } from '../pods/record.ts'
import { createSampler, type SamplerOptions } from '../stats/sample.ts'

export interface EvictionParts {
  options: NodeAgentOptions
  pods: PodAgent
  status: NodeStatus
  cri: Cri
  sampled: SamplerOptions
  nodeName: string
  removeUnusedImages(): Promise<unknown>
  metrics: Pick<AgentMetrics, 'evicted'>
  warn(reason: string, message: string): void
  clock: Clock
  log: Logger
}

/** What ends pods when the node runs short; it has looked once when this resolves. */
export async function openEviction(parts: EvictionParts): Promise<Eviction> {
  const { options, pods, status, cri, sampled, nodeName, clock, log } = parts
  const measure = createMeasure({ ...sampled, cri, paths: pods.deps.paths, sample: createSampler(sampled) })
  const eviction = createEviction({
    thresholds: options.eviction?.thresholds ?? defaultThresholds,
    ...(options.eviction?.transitionMs === undefined ? {} : { transitionMs: options.eviction.transitionMs }),
    ...(options.eviction?.maxPodGraceSeconds === undefined
      ? {}
      : { maxPodGraceSeconds: options.eviction.maxPodGraceSeconds }),
    measure: { ...measure, observe: options.eviction?.observe ?? measure.observe },
    pods: () => pods.nodePods.list(),
    evict: (pod, { message, graceSeconds, signal = 'limit' }) => {
      parts.metrics.evicted(signal)
      pods.deps.events(pod, 'Warning', 'Evicted', message)
      void pods.workers.fail(identityOf(pod).uid, { reason: 'Evicted', message, graceSeconds, disruption: true })
    },
    reclaimDisk: async () => {
      await pods.collect()
      await parts.removeUnusedImages()
    },
    warn: parts.warn,
    changed: () => {
      // One that is not registered yet will tell when it is.
      if (status.uid() === '') return
      status.refresh().catch((error: unknown) => log.warn(`status of node ${nodeName}: ${errorText(error)}`))
    },
    clock,
    log,
  })
  // Before the node tells of itself: it must not look well for a moment.
  await eviction.look().catch((error: unknown) => log.warn(`eviction: ${errorText(error)}`))
  return eviction
}
