import type { Cri } from '../cri/client.ts'
import type { AgentMetrics } from './agent-metrics.ts'

/** Calls by the names that upstream counts them under; others are counted under their own. */
const names: Readonly<Record<string, string>> = {
  runPodSandbox: 'run_podsandbox',
  stopPodSandbox: 'stop_podsandbox',
  removePodSandbox: 'remove_podsandbox',
  podSandboxStatus: 'podsandbox_status',
  listPodSandbox: 'list_podsandbox',
  updateContainerResources: 'update_container',
}

export const operationName = (method: string): string =>
  names[method] ?? method.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)

/** The runtime, with every call of it counted and timed. Streams are not: they have no end that would tell anything. */
export function measuredCri(cri: Cri, metrics: AgentMetrics): Cri {
  return { ...cri, runtime: measured(cri.runtime, metrics), images: measured(cri.images, metrics) }
}

function measured<T extends object>(service: T, metrics: AgentMetrics): T {
  const made = new Map<PropertyKey, unknown>()
  return new Proxy(service, {
    get: (target, method, receiver) => {
      const call: unknown = Reflect.get(target, method, receiver)
      if (typeof call !== 'function' || typeof method !== 'string') return call
      let wrapped = made.get(method)
      if (wrapped === undefined) made.set(method, (wrapped = timed(call.bind(target) as Call, method, metrics)))
      return wrapped
    },
  })
}

type Call = (...args: unknown[]) => unknown

function timed(call: Call, method: string, metrics: AgentMetrics): Call {
  const operation = operationName(method)
  return (...args) => {
    const start = performance.now()
    const answer = call(...args)
    if (!(answer instanceof Promise)) return answer
    const end = (failed: boolean): void => {
      const seconds = (performance.now() - start) / 1000
      metrics.runtimeOperation(operation, seconds, failed)
      if (method !== 'runPodSandbox') return
      const { runtimeHandler = '' } = (args[0] ?? {}) as { runtimeHandler?: string }
      metrics.sandboxRun(runtimeHandler, seconds, failed)
    }
    answer.then(
      () => end(false),
      () => end(true),
    )
    return answer
  }
}
