import type { V1PersistentVolumeClaim, V1Pod, V1Service } from '@kapell/openapi/types'
import type { KubeObject } from '@kapell/openapi/meta/object'
import { parseQuantity, quantityOf, type Quantity } from '@kapell/openapi/meta/quantity'
import { storageClassOf } from '../resources/common/volumes.ts'
import { qosClassOf } from '../resources/core/pods/qos.ts'

/** What an object counts against quotas. Source: "Resource Quotas". */

export type Usage = Map<string, Quantity>

const one = quantityOf(1)

/** Resources of the core group that are also counted under their plain name. */
const plainCounts = new Set([
  'pods',
  'services',
  'replicationcontrollers',
  'secrets',
  'configmaps',
  'persistentvolumeclaims',
  'resourcequotas',
])

export const countName = (group: string, plural: string): string => `count/${plural}${group === '' ? '' : `.${group}`}`

function add(usage: Usage, name: string, amount: Quantity): void {
  usage.set(name, usage.get(name)?.add(amount) ?? amount)
}

export function usageOf(group: string, plural: string, object: KubeObject): Usage {
  const usage: Usage = new Map()
  add(usage, countName(group, plural), one)
  if (group !== '') return usage
  if (plural !== 'pods' && plainCounts.has(plural)) add(usage, plural, one)
  if (plural === 'pods') addPod(usage, object as V1Pod)
  if (plural === 'services') addService(usage, object as V1Service)
  if (plural === 'persistentvolumeclaims') addClaim(usage, object as V1PersistentVolumeClaim)
  return usage
}

/** A finished pod holds its object, and nothing else. */
function addPod(usage: Usage, pod: V1Pod): void {
  if (pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed') return
  add(usage, 'pods', one)
  for (const field of ['requests', 'limits'] as const) {
    for (const [name, amount] of podTotal(pod, field)) {
      add(usage, `${field}.${name}`, amount)
      const bare = ['cpu', 'memory', 'ephemeral-storage'].includes(name) || name.startsWith('hugepages-')
      if (field === 'requests' && bare) add(usage, name, amount)
    }
  }
}

/** Containers together, or the hungriest init container, and the overhead of the runtime. */
export function podTotal(pod: V1Pod, field: 'requests' | 'limits'): Map<string, Quantity> {
  const total = new Map<string, Quantity>()
  const list = (resources: { requests?: Record<string, string>; limits?: Record<string, string> } | undefined) =>
    Object.entries(resources?.[field] ?? {}).map(([name, text]) => [name, parseQuantity(text)] as const)
  for (const container of pod.spec?.containers ?? []) {
    for (const [name, amount] of list(container.resources)) total.set(name, total.get(name)?.add(amount) ?? amount)
  }
  for (const container of pod.spec?.initContainers ?? []) {
    for (const [name, amount] of list(container.resources)) {
      const have = total.get(name)
      if (container.restartPolicy === 'Always') total.set(name, have?.add(amount) ?? amount)
      else if (have === undefined || have.cmp(amount) < 0) total.set(name, amount)
    }
  }
  for (const [name, amount] of list(pod.spec?.resources)) total.set(name, amount)
  for (const [name, text] of Object.entries(pod.spec?.overhead ?? {})) {
    const amount = parseQuantity(text)
    if (total.has(name) || field === 'requests') total.set(name, total.get(name)?.add(amount) ?? amount)
  }
  return total
}

function addService(usage: Usage, service: V1Service): void {
  const ports = quantityOf((service.spec?.ports ?? []).length)
  if (service.spec?.type === 'NodePort') add(usage, 'services.nodeports', ports)
  if (service.spec?.type === 'LoadBalancer') {
    add(usage, 'services.loadbalancers', one)
    if (service.spec.allocateLoadBalancerNodePorts !== false) add(usage, 'services.nodeports', ports)
  }
}

function addClaim(usage: Usage, claim: V1PersistentVolumeClaim): void {
  const className = storageClassOf(claim)
  const suffix = '.storageclass.storage.k8s.io'
  const storage = claim.spec?.resources?.requests?.['storage']
  if (storage !== undefined) add(usage, 'requests.storage', parseQuantity(storage))
  if (className === '') return
  add(usage, `${className}${suffix}/persistentvolumeclaims`, one)
  if (storage !== undefined) add(usage, `${className}${suffix}/requests.storage`, parseQuantity(storage))
}

export interface Scoped {
  scopes?: string[]
  scopeSelector?: { matchExpressions?: { scopeName: string; operator: string; values?: string[] }[] }
}

/** Whether an object is among those that a quota with these scopes counts. Only pods and claims have scopes. */
export function inScope(spec: Scoped | undefined, group: string, plural: string, object: KubeObject): boolean {
  const terms = [
    ...(spec?.scopes ?? []).map((scopeName) => ({ scopeName, operator: 'Exists', values: [] as string[] })),
    ...(spec?.scopeSelector?.matchExpressions ?? []),
  ]
  if (terms.length === 0) return true
  if (group !== '' || plural !== 'pods') return false
  const pod = object as V1Pod
  return terms.every((term) => podInScope(pod, term.scopeName, term.operator, term.values ?? []))
}

function podInScope(pod: V1Pod, scope: string, operator: string, values: readonly string[]): boolean {
  switch (scope) {
    case 'Terminating':
      return pod.spec?.activeDeadlineSeconds !== undefined
    case 'NotTerminating':
      return pod.spec?.activeDeadlineSeconds === undefined
    case 'BestEffort':
      return qosClassOf(pod) === 'BestEffort'
    case 'NotBestEffort':
      return qosClassOf(pod) !== 'BestEffort'
    case 'PriorityClass':
      return matches(pod.spec?.priorityClassName ?? '', operator, values)
    case 'CrossNamespacePodAffinity':
      return crossesNamespaces(pod)
    default:
      return false
  }
}

function matches(value: string, operator: string, values: readonly string[]): boolean {
  switch (operator) {
    case 'In':
      return values.includes(value)
    case 'NotIn':
      return !values.includes(value)
    case 'Exists':
      return value !== ''
    default:
      return value === ''
  }
}

function crossesNamespaces(pod: V1Pod): boolean {
  return [pod.spec?.affinity?.podAffinity, pod.spec?.affinity?.podAntiAffinity].some((affinity) =>
    [
      ...(affinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []),
      ...(affinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map((t) => t.podAffinityTerm),
    ].some((term) => (term.namespaces ?? []).length > 0 || term.namespaceSelector !== undefined),
  )
}
