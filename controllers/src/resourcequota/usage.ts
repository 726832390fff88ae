import type { KubeObject } from '@kapell/openapi/meta/object'
import { parseQuantity, quantityOf, zeroQuantity, type Quantity } from '@kapell/openapi/meta/quantity'
import type { V1PersistentVolumeClaim, V1Pod, V1ResourceQuota, V1Service } from '@kapell/openapi/types'
import { isFinished } from '../shared/pods.ts'

/** What objects count against quotas. Source: concepts page "Resource Quotas". */
export type Usage = Map<string, Quantity>

const one = quantityOf(1)
const amounts = ['cpu', 'memory', 'ephemeral-storage']

export function add(usage: Usage, name: string, amount: Quantity): void {
  usage.set(name, usage.get(name)?.add(amount) ?? amount)
}

/** Resources of the core group that are counted under their plain name too. */
export const plainCounts = [
  'services',
  'replicationcontrollers',
  'secrets',
  'configmaps',
  'persistentvolumeclaims',
  'resourcequotas',
]

/** The kind whose objects a name counts: "pods", "deployments.apps". */
export function kindCounted(name: string): string | undefined {
  if (name.startsWith('count/')) return name.slice('count/'.length)
  if (plainCounts.includes(name)) return name
  if (name.startsWith('services.')) return 'services'
  if (name === 'requests.storage' || name.includes('.storageclass.storage.k8s.io/')) return 'persistentvolumeclaims'
  if (name === 'pods' || amounts.includes(name) || /^(requests|limits|hugepages-)/.test(name)) return 'pods'
  return undefined
}

export function addPod(usage: Usage, pod: V1Pod): void {
  add(usage, 'count/pods', one)
  // An ended pod is an object still, and uses nothing.
  if (isFinished(pod)) return
  add(usage, 'pods', one)
  for (const field of ['requests', 'limits'] as const)
    for (const [name, amount] of podTotal(pod, field)) {
      add(usage, `${field}.${name}`, amount)
      if (field === 'requests' && (amounts.includes(name) || name.startsWith('hugepages-'))) add(usage, name, amount)
    }
}

/** All containers together, or the hungriest init container; and the runtime's overhead. */
function podTotal(pod: V1Pod, field: 'requests' | 'limits'): Map<string, Quantity> {
  const total = new Map<string, Quantity>()
  const parse = (list: Record<string, string> | undefined): [string, Quantity][] =>
    Object.entries(list ?? {}).map(([name, text]) => [name, parseQuantity(text)])
  const raise = (name: string, amount: Quantity): void => void total.set(name, total.get(name)?.add(amount) ?? amount)
  for (const { resources } of pod.spec?.containers ?? [])
    for (const [name, amount] of parse(resources?.[field])) raise(name, amount)
  for (const { resources, restartPolicy } of pod.spec?.initContainers ?? [])
    for (const [name, amount] of parse(resources?.[field])) {
      if (restartPolicy === 'Always') raise(name, amount)
      else if ((total.get(name) ?? zeroQuantity).cmp(amount) < 0) total.set(name, amount)
    }
  for (const [name, amount] of parse(pod.spec?.resources?.[field])) total.set(name, amount)
  for (const [name, amount] of parse(pod.spec?.overhead))
    if (total.has(name) || field === 'requests') raise(name, amount)
  return total
}

export function addService(usage: Usage, { spec }: V1Service): void {
  add(usage, 'services', one)
  add(usage, 'count/services', one)
  const ports = quantityOf((spec?.ports ?? []).length)
  const balanced = spec?.type === 'LoadBalancer'
  if (balanced) add(usage, 'services.loadbalancers', one)
  if (spec?.type === 'NodePort' || (balanced && spec.allocateLoadBalancerNodePorts !== false))
    add(usage, 'services.nodeports', ports)
}

export function addClaim(usage: Usage, claim: V1PersistentVolumeClaim): void {
  add(usage, 'persistentvolumeclaims', one)
  add(usage, 'count/persistentvolumeclaims', one)
  const text = claim.spec?.resources?.requests?.storage
  const storage = text === undefined ? undefined : parseQuantity(text)
  if (storage !== undefined) add(usage, 'requests.storage', storage)
  const className =
    claim.metadata?.annotations?.['volume.beta.kubernetes.io/storage-class'] ?? claim.spec?.storageClassName ?? ''
  if (className === '') return
  const prefix = `${className}.storageclass.storage.k8s.io`
  add(usage, `${prefix}/persistentvolumeclaims`, one)
  if (storage !== undefined) add(usage, `${prefix}/requests.storage`, storage)
}

/** Whether a quota counts the pod. Quotas with scopes count nothing but pods. */
export function podInScopes({ spec }: V1ResourceQuota, pod: V1Pod): boolean {
  const terms = [
    ...(spec?.scopes ?? []).map((scopeName) => ({ scopeName, operator: 'Exists', values: [] as string[] })),
    ...(spec?.scopeSelector?.matchExpressions ?? []),
  ]
  return terms.every(({ scopeName, operator, values = [] }) => {
    const className = pod.spec?.priorityClassName ?? ''
    if (scopeName === 'Terminating') return pod.spec?.activeDeadlineSeconds !== undefined
    if (scopeName === 'NotTerminating') return pod.spec?.activeDeadlineSeconds === undefined
    if (scopeName === 'BestEffort') return pod.status?.qosClass === 'BestEffort'
    if (scopeName === 'NotBestEffort') return pod.status?.qosClass !== 'BestEffort'
    if (scopeName === 'CrossNamespacePodAffinity') return crossesNamespaces(pod)
    if (scopeName !== 'PriorityClass') return false
    if (operator === 'In') return values.includes(className)
    if (operator === 'NotIn') return !values.includes(className)
    return operator === 'Exists' ? className !== '' : className === ''
  })
}

export const isScoped = ({ spec }: V1ResourceQuota): boolean =>
  (spec?.scopes ?? []).length + (spec?.scopeSelector?.matchExpressions ?? []).length > 0

function crossesNamespaces({ spec }: V1Pod): boolean {
  const terms = [spec?.affinity?.podAffinity, spec?.affinity?.podAntiAffinity].flatMap((affinity) => [
    ...(affinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []),
    ...(affinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map(({ podAffinityTerm }) => podAffinityTerm),
  ])
  return terms.some(
    ({ namespaces, namespaceSelector }) => (namespaces ?? []).length > 0 || namespaceSelector !== undefined,
  )
}

/** `used` for exactly what the quota limits. */
export function usedOf(quota: V1ResourceQuota, usage: ReadonlyMap<string, Quantity>): Record<string, string> {
  return Object.fromEntries(
    Object.keys(quota.spec?.hard ?? {}).map((name) => [name, (usage.get(name) ?? zeroQuantity).toString()]),
  )
}

export const countOf = (objects: readonly KubeObject[]): Quantity => quantityOf(objects.length)
