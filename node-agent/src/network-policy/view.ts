import { selectorFromLabelSelector, type LabelSelector, type Selector } from '@kapell/openapi/meta/labels'
import type { V1Namespace, V1NetworkPolicy, V1Pod } from '@kapell/openapi/types'
import { familyOf, type FamilyName } from '../proxy/family.ts'

/** What policies ask of a pod; everything else of it may change without a rule changing. */
export interface PodView {
  namespace: string
  labels: Readonly<Record<string, string>>
  address: string
  nodeName: string
  ports: readonly NamedPort[]
}

export interface NamedPort {
  name: string
  protocol: string
  port: number
}

export interface PolicyWorld {
  /** Of the pods' addresses: two families are two tables. Default IPv4. */
  family?: FamilyName
  nodeName: string
  policies: readonly V1NetworkPolicy[]
  pods: readonly PodView[]
  /** Labels by name. */
  namespaces: ReadonlyMap<string, Readonly<Record<string, string>>>
}

/**
 * The pod as policies see it, or undefined when they do not: without an address yet or any more, ended, or on its node's
 * own network, whose traffic is the node's. Source: concepts page "Network Policies".
 */
export function podView(pod: V1Pod, family?: FamilyName): PodView | undefined {
  const ips = [...(pod.status?.podIPs ?? []).map(({ ip }) => ip), pod.status?.podIP]
  const address = ips.find(familyOf(family).is)
  const { phase } = pod.status ?? {}
  if (pod.spec?.hostNetwork === true || address === undefined) return undefined
  if (phase === 'Succeeded' || phase === 'Failed') return undefined
  const sidecars = (pod.spec?.initContainers ?? []).filter((each) => each.restartPolicy === 'Always')
  return {
    namespace: pod.metadata?.namespace ?? '',
    labels: pod.metadata?.labels ?? {},
    address,
    nodeName: pod.spec?.nodeName ?? '',
    ports: [...(pod.spec?.containers ?? []), ...sidecars].flatMap(({ ports = [] }) =>
      ports.flatMap(({ name, protocol = 'TCP', containerPort }) =>
        name === undefined ? [] : [{ name, protocol, port: containerPort }],
      ),
    ),
  }
}

export const sameView = (a: PodView | undefined, b: PodView | undefined): boolean =>
  JSON.stringify(a) === JSON.stringify(b)

export const namespaceLabels = (namespace: V1Namespace): Record<string, string> => namespace.metadata?.labels ?? {}

/** A selector that cannot be read selects nothing: the API server has refused it before. */
export function selectorOrNothing(selector: LabelSelector | undefined): Selector {
  try {
    return selectorFromLabelSelector(selector)
  } catch {
    return selectorFromLabelSelector(undefined)
  }
}
