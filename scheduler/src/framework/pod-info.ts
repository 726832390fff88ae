import type { V1Pod } from '@kapell/openapi/types'
import { podRequests, podRequestsForScoring, type Resources } from '@kapell/controllers/machinery/placement/resources'
import { affinityTerms, type PodTerms } from './affinity-terms.ts'

/** A pod with what plug-ins ask of it over and over, worked out once. */
export interface PodInfo {
  /** "namespace/name". */
  readonly key: string
  readonly uid: string
  readonly pod: V1Pod
  readonly requests: Resources
  readonly scoringRequests: Resources
  readonly priority: number
  readonly hostPorts: readonly HostPort[]
  readonly terms: PodTerms
  /** Pods of one signature get the same answers from every plug-in that looks at nothing but a pod and one node. */
  readonly signature: string
}

export interface HostPort {
  ip: string
  protocol: string
  port: number
}

export function podInfo(pod: V1Pod): PodInfo {
  const requests = podRequests(pod)
  const scoringRequests = podRequestsForScoring(pod)
  const ports = hostPorts(pod)
  return {
    key: `${pod.metadata?.namespace ?? ''}/${pod.metadata?.name ?? ''}`,
    uid: pod.metadata?.uid ?? '',
    pod,
    requests,
    scoringRequests,
    priority: pod.spec?.priority ?? 0,
    hostPorts: ports,
    terms: affinityTerms(pod),
    signature: signatureOf(pod, requests, scoringRequests, ports),
  }
}

function signatureOf(pod: V1Pod, requests: Resources, scoring: Resources, ports: readonly HostPort[]): string {
  const { nodeName, nodeSelector, affinity, tolerations } = pod.spec ?? {}
  return JSON.stringify([
    nodeName,
    nodeSelector,
    affinity?.nodeAffinity,
    tolerations,
    amounts(requests),
    amounts(scoring),
    ports,
  ])
}

function amounts(of: Resources): unknown[] {
  return [of.milliCpu, of.memoryBytes, of.ephemeralStorageBytes, ...of.scalar]
}

export function hostPorts(pod: V1Pod): HostPort[] {
  const ports: HostPort[] = []
  const sidecars = (pod.spec?.initContainers ?? []).filter((c) => c.restartPolicy === 'Always')
  for (const container of [...sidecars, ...(pod.spec?.containers ?? [])])
    for (const port of container.ports ?? [])
      if ((port.hostPort ?? 0) > 0)
        ports.push({ ip: port.hostIP ?? '0.0.0.0', protocol: port.protocol ?? 'TCP', port: port.hostPort ?? 0 })
  return ports
}

/** A pod that has ended holds nothing on its node any more. */
export function isTerminal(pod: V1Pod): boolean {
  return pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed'
}
