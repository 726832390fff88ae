import type { V1Pod } from '@kapell/openapi/types'
import type { Snapshot } from '../pods/observe.ts'

export interface MetricsInput {
  nodeName: string
  pods(): V1Pod[]
  snapshot(): Promise<Snapshot>
}

/** The agent's metrics in Prometheus' text format, names as upstream's. The library is loaded with the first scrape. */
export function createMetrics({ nodeName, pods, snapshot }: MetricsInput): () => Promise<string> {
  let ready: Promise<() => Promise<string>> | undefined
  const load = async (): Promise<() => Promise<string>> => {
    const { Registry, Gauge, collectDefaultMetrics } = await import('prom-client')
    const registry = new Registry()
    collectDefaultMetrics({ register: registry })
    const registers = [registry]
    new Gauge({
      name: 'kubelet_node_name',
      help: "The node's name. The count is always 1.",
      labelNames: ['node'],
      registers,
    }).set({ node: nodeName }, 1)
    const running = new Gauge({
      name: 'kubelet_running_pods',
      help: 'Number of pods that have a running pod sandbox',
      registers,
    })
    const containers = new Gauge({
      name: 'kubelet_running_containers',
      help: 'Number of containers currently running',
      labelNames: ['container_state'],
      registers,
    })
    const desired = new Gauge({
      name: 'kubelet_desired_pods',
      help: 'The number of pods the kubelet is being instructed to run',
      labelNames: ['static'],
      registers,
    })
    return async () => {
      const states = ['created', 'running', 'exited', 'unknown']
      const counts = new Map<string, number>(states.map((state) => [state, 0]))
      let sandboxes = 0
      for (const { states: items } of (await snapshot()).values()) {
        for (const item of items.values()) {
          if (item === 'sandbox 0') sandboxes++
          const state = /^container (\d)$/.exec(item)?.[1]
          if (state !== undefined) counts.set(states[Number(state)]!, (counts.get(states[Number(state)]!) ?? 0) + 1)
        }
      }
      running.set(sandboxes)
      for (const [state, count] of counts) containers.set({ container_state: state }, count)
      desired.set({ static: '' }, pods().length)
      return registry.metrics()
    }
  }
  return async () => {
    ready ??= load()
    return (await ready)()
  }
}
