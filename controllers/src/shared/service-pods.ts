import type { V1Pod, V1Service, V1ServicePort } from '@kapell/openapi/types'
import { isFinished, isReady, timeMs, podCondition } from './pods.ts'

/** What Endpoints and EndpointSlices ask of a Service and its pods. */
export interface ResolvedPort {
  name: string
  port?: number
  protocol: string
  appProtocol?: string
}

export const isHeadless = (service: V1Service): boolean => service.spec?.clusterIP === 'None'

/** True for Services whose endpoints a controller finds; the others' are their owner's business. */
export function selectsPods(service: V1Service): boolean {
  return service.spec?.type !== 'ExternalName' && Object.keys(service.spec?.selector ?? {}).length > 0
}

export function selects(service: V1Service, labels: Record<string, string> | undefined): boolean {
  return (
    selectsPods(service) &&
    Object.entries(service.spec?.selector ?? {}).every(([key, value]) => labels?.[key] === value)
  )
}

/** The port of the pod that a Service's port leads to; undefined when the pod has none of that name. */
export function targetPort(pod: V1Pod, port: V1ServicePort): number | undefined {
  const target = port.targetPort
  if (target === undefined || target === 0 || target === '') return port.port
  if (typeof target === 'number') return target
  const restartable = (pod.spec?.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always')
  for (const container of [...(pod.spec?.containers ?? []), ...restartable])
    for (const { name, containerPort, protocol = 'TCP' } of container.ports ?? [])
      if (name === target && protocol === (port.protocol ?? 'TCP')) return containerPort
  return undefined
}

/** The ports a pod offers for a Service. A headless Service without ports has one entry without anything in it. */
export function resolvePorts(service: V1Service, pod: V1Pod): ResolvedPort[] {
  const found: ResolvedPort[] = []
  for (const port of service.spec?.ports ?? []) {
    const number = targetPort(pod, port)
    if (number === undefined) continue
    found.push({
      name: port.name ?? '',
      port: number,
      protocol: port.protocol ?? 'TCP',
      ...(port.appProtocol === undefined ? {} : { appProtocol: port.appProtocol }),
    })
  }
  return found
}

/** A pod that can be reached at all: it has an address and has not ended. */
export function isReachable(pod: V1Pod): boolean {
  return !isFinished(pod) && addressesOf(pod).length > 0
}

export function addressesOf(pod: V1Pod): string[] {
  const all = (pod.status?.podIPs ?? []).map(({ ip }) => ip).filter((ip) => ip !== '')
  if (all.length > 0) return all
  return pod.status?.podIP === undefined || pod.status.podIP === '' ? [] : [pod.status.podIP]
}

export const familyOf = (address: string): 'IPv4' | 'IPv6' => (address.includes(':') ? 'IPv6' : 'IPv4')

/** The pod's own name in DNS, when it has one below this Service. */
export function hostnameFor(service: V1Service, pod: V1Pod): string | undefined {
  const { hostname, subdomain } = pod.spec ?? {}
  const here = subdomain === service.metadata?.name && pod.metadata?.namespace === service.metadata?.namespace
  return hostname !== undefined && hostname !== '' && here ? hostname : undefined
}

/** A change of a pod that no endpoint shows needs no work. */
export function sameForServices(old: V1Pod, pod: V1Pod): boolean {
  const view = (one: V1Pod): string =>
    JSON.stringify([
      one.metadata?.uid,
      one.metadata?.labels,
      one.metadata?.deletionTimestamp !== undefined,
      isFinished(one),
      isReady(one),
      addressesOf(one),
      one.spec?.nodeName,
    ])
  return view(old) === view(pod)
}

/** The latest change that the endpoints show: when a pod became (not) ready, or the Service was made. */
export function triggerTime(service: V1Service, pods: readonly V1Pod[]): string | undefined {
  const times = pods.map((pod) => podCondition(pod, 'Ready')?.lastTransitionTime)
  const known = [...times, service.metadata?.creationTimestamp].filter((time) => time !== undefined)
  return known.sort((a, b) => timeMs(b) - timeMs(a))[0]
}
