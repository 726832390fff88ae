import type { Clock } from '@kapell/controllers/machinery/clock'
import type { V1Container, V1Pod, V1Probe } from '@kapell/openapi/types'
import type { Cri } from '../cri/client.ts'
import type { AgentMetrics } from '../metrics/agent-metrics.ts'
import type { Probes } from '../pods/deps.ts'
import type { PodEvents } from '../pods/events.ts'
import { bareId, identityOf, type ContainerRecord } from '../pods/record.ts'
import { checkOnce } from './check.ts'

type Kind = 'startup' | 'readiness' | 'liveness'

export interface ProberOptions {
  cri: Cri
  clock: Clock
  events: PodEvents
  nodeIp: string
  /** Default: nothing is counted. */
  metrics?: Pick<AgentMetrics, 'probed' | 'forgetProbes'>
  /** A verdict about this pod has changed. */
  changed(uid: string): void
  random?: () => number
}

interface ProbedContainer {
  uid: string
  stop: AbortController
  /** Undefined: no verdict yet. */
  verdicts: Partial<Record<Kind, boolean>>
  has: Record<Kind, boolean>
  pod: V1Pod
}

/** Probes the containers that run, each probe in a loop of its own. */
export function createProber(options: ProberOptions): Probes {
  const { changed } = options
  const probed = new Map<string, ProbedContainer>()

  const begin = (pod: V1Pod, container: V1Container, record: ContainerRecord, podIp: string): ProbedContainer => {
    const stop = new AbortController()
    const { uid } = identityOf(pod)
    const { startupProbe, readinessProbe, livenessProbe } = container
    const entry: ProbedContainer = {
      uid,
      stop,
      verdicts: adoptedVerdicts(pod, record),
      has: {
        startup: startupProbe !== undefined,
        readiness: readinessProbe !== undefined,
        liveness: livenessProbe !== undefined,
      },
      pod,
    }
    const probes: [Kind, V1Probe | undefined][] = [
      ['startup', startupProbe],
      ['readiness', readinessProbe],
      ['liveness', livenessProbe],
    ]
    for (const [kind, probe] of probes) {
      if (probe !== undefined)
        void follow(options, { kind, probe, container, record, podIp, entry, changed: () => changed(uid) })
    }
    return entry
  }

  return {
    update: (pod, record) => {
      const { uid } = identityOf(pod)
      const all = [...(pod.spec?.initContainers ?? []), ...(pod.spec?.containers ?? [])]
      const running = new Map(
        record.containers.filter(({ state }) => state === 'running').map((item) => [item.id, item]),
      )
      for (const [id, entry] of probed) {
        if (entry.uid !== uid) continue
        entry.pod = pod
        if (running.has(id)) continue
        entry.stop.abort()
        probed.delete(id)
      }
      const podIp =
        pod.spec?.hostNetwork === true ? options.nodeIp : (record.sandboxes.find(({ ready }) => ready)?.ips[0] ?? '')
      for (const item of running.values()) {
        const container = all.find(({ name }) => name === item.name)
        if (container === undefined || probed.has(item.id)) continue
        if (container.startupProbe ?? container.readinessProbe ?? container.livenessProbe) {
          probed.set(item.id, begin(pod, container, item, podIp))
        }
      }
    },
    stop: (uid) => {
      options.metrics?.forgetProbes(uid)
      for (const [id, entry] of probed) {
        if (entry.uid !== uid) continue
        entry.stop.abort()
        probed.delete(id)
      }
    },
    started: (id) => {
      const entry = probed.get(id)
      return entry === undefined || !entry.has.startup || entry.verdicts.startup === true
    },
    ready: (id) => {
      const entry = probed.get(id)
      return entry === undefined || !entry.has.readiness || entry.verdicts.readiness === true
    },
    failed: (id) => {
      const verdicts = probed.get(id)?.verdicts
      if (verdicts?.startup === false) return 'startup'
      return verdicts?.liveness === false ? 'liveness' : undefined
    },
  }
}

/** What an earlier agent found out about this very container: it must not lose its readiness because we restarted. */
function adoptedVerdicts(pod: V1Pod, record: ContainerRecord): Partial<Record<Kind, boolean>> {
  const all = [...(pod.status?.containerStatuses ?? []), ...(pod.status?.initContainerStatuses ?? [])]
  const known = all.find(({ containerID }) => bareId(containerID) === record.id)
  return {
    ...(known?.started === true ? { startup: true } : {}),
    ...(known?.ready === true ? { readiness: true } : {}),
  }
}

interface Loop {
  kind: Kind
  probe: V1Probe
  container: V1Container
  record: ContainerRecord
  podIp: string
  entry: ProbedContainer
  changed: () => void
}

const titles = { startup: 'Startup', readiness: 'Readiness', liveness: 'Liveness' } as const

async function follow(options: ProberOptions, loop: Loop): Promise<void> {
  const { cri, clock, events, random = Math.random } = options
  const { kind, probe, container, record, podIp, entry, changed } = loop
  const { signal } = entry.stop
  const periodMs = (probe.periodSeconds ?? 10) * 1000
  const startMs = (record.startedAt ?? record.createdAt).getTime() + (probe.initialDelaySeconds ?? 0) * 1000
  const waitMs = startMs - clock.now().getTime()
  if (waitMs > 0) await clock.sleep(waitMs, signal)
  // After a restart of the agent, all probes of the node must not come at the same moment.
  else if (clock.now().getTime() - startMs > periodMs) await clock.sleep(random() * periodMs, signal)

  if (kind === 'startup' && entry.verdicts.startup === true) return
  let run = 0
  let last: boolean | undefined
  while (!signal.aborted) {
    // Only the startup probe counts until the container has started, and never again afterwards.
    if (kind !== 'startup' && entry.has.startup && entry.verdicts.startup !== true) {
      await clock.sleep(Math.min(periodMs, 1000), signal)
      continue
    }
    const began = performance.now()
    const { ok, unknown = false, output } = await checkOnce(probe, { cri, container, containerId: record.id, podIp })
    if (signal.aborted) return
    const { uid, name, namespace } = identityOf(entry.pod)
    options.metrics?.probed({
      namespace,
      pod: name,
      podUid: uid,
      container: container.name,
      type: titles[kind],
      result: unknown ? 'unknown' : ok ? 'successful' : 'failed',
      seconds: (performance.now() - began) / 1000,
    })
    if (!ok) {
      const verb = unknown ? 'errored and resulted in unknown state' : 'failed'
      events(entry.pod, 'Warning', 'Unhealthy', `${titles[kind]} probe ${verb}: ${output}`, container.name)
    }
    if (unknown) {
      await clock.sleep(periodMs, signal)
      continue
    }
    run = ok === last ? run + 1 : 1
    last = ok
    const needed = ok ? (probe.successThreshold ?? 1) : (probe.failureThreshold ?? 3)
    if (run >= needed && entry.verdicts[kind] !== ok) {
      entry.verdicts[kind] = ok
      changed()
      if (kind === 'startup') return
      if (kind === 'liveness' && !ok) return
    }
    await clock.sleep(periodMs, signal)
  }
}
