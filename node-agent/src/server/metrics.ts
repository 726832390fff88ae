import { arch } from 'node:os'
import type { V1Pod } from '@kapell/openapi/types'
import type { AgentMetrics } from '../metrics/agent-metrics.ts'
import type { Snapshot } from '../pods/observe.ts'

export interface MetricsInput {
  nodeName: string
  /** "v1.36.3+kapell.1" */
  version: string
  metrics: AgentMetrics
  cgroupVersion: 1 | 2
  pods(): V1Pod[]
  isStatic(pod: V1Pod): boolean
  snapshot(): Promise<Snapshot>
}

const states = ['created', 'running', 'exited', 'unknown']

/** The agent's metrics in Prometheus' text format, names as upstream's. The library is loaded with the first scrape. */
export function createMetrics(input: MetricsInput): () => Promise<string> {
  const { registry } = input.metrics
  let ready: Promise<() => Promise<string>> | undefined
  const loadProcess = async (): Promise<() => Promise<string>> => {
    const { Registry, collectDefaultMetrics } = await import('prom-client')
    const process = new Registry()
    collectDefaultMetrics({ register: process })
    return () => process.metrics()
  }
  const gauge = (name: string, help: string, value: number, labels: Record<string, string> = {}): void =>
    registry.gauge(name, help, labels).set(value)
  const [major = '', minor = ''] = input.version.replace(/^v/, '').split('.')
  const build = { git_version: input.version, major, minor, platform: `linux/${arch() === 'x64' ? 'amd64' : arch()}` }
  gauge('kubernetes_build_info', 'What this is; always 1.', 1, build)
  gauge('kubelet_node_name', "The node's name; always 1.", 1, { node: input.nodeName })
  gauge('kubelet_cgroup_version', 'Version of control groups that the machine has.', input.cgroupVersion)

  const countRuntime = (snapshot: Snapshot): void => {
    const counts = new Map<string, number>(states.map((state) => [state, 0]))
    let sandboxes = 0
    for (const { states: items } of snapshot.values()) {
      for (const item of items.values()) {
        if (item === 'sandbox 0') sandboxes++
        const state = states[Number(/^container (\d)$/.exec(item)?.[1] ?? NaN)]
        if (state !== undefined) counts.set(state, (counts.get(state) ?? 0) + 1)
      }
    }
    gauge('kubelet_running_pods', 'Pods with a sandbox that is ready.', sandboxes)
    for (const [state, count] of counts)
      gauge('kubelet_running_containers', 'Containers, by state.', count, { container_state: state })
  }
  const countPods = (pods: readonly V1Pod[]): void => {
    for (const isStatic of [true, false]) {
      const labels = { static: isStatic ? 'true' : '' }
      const some = pods.filter((pod) => input.isStatic(pod) === isStatic)
      const active = some.filter(({ status }) => status?.phase !== 'Succeeded' && status?.phase !== 'Failed')
      gauge('kubelet_desired_pods', 'Pods that this node shall run.', some.length, labels)
      gauge('kubelet_active_pods', 'Those that have not ended.', active.length, labels)
    }
    const sum = (of: (pod: V1Pod) => number): number => pods.reduce((total, pod) => total + of(pod), 0)
    const ephemeral = sum(({ spec }) => spec?.ephemeralContainers?.length ?? 0)
    gauge('kubelet_managed_ephemeral_containers', 'Ephemeral containers of pods here.', ephemeral)
    const resizing = sum(({ status }) =>
      status?.conditions?.some(({ type }) => type === 'PodResizeInProgress') === true ? 1 : 0,
    )
    gauge('kubelet_pod_in_progress_resizes', 'Pods that are being resized.', resizing)
    gauge(
      'kubelet_mirror_pods',
      'Mirrors of static pods in the API.',
      sum((pod) => (input.isStatic(pod) ? 1 : 0)),
    )
  }

  return async () => {
    ready ??= loadProcess()
    countPods(input.pods())
    countRuntime(await input.snapshot())
    return registry.render() + (await (await ready)())
  }
}
