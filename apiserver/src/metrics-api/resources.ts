import type { V1Node, V1Pod } from '@kapell/openapi/types'
import { formatDuration } from '@kapell/openapi/meta/duration'
import type { KubeObject } from '@kapell/openapi/meta/object'
import { parseQuantity, quantityOf } from '@kapell/openapi/meta/quantity'
import { notFound } from '@kapell/openapi/meta/status'
import { rfc3339 } from '@kapell/openapi/meta/time'
import type { JsonSchema } from '@kapell/openapi/schema/structural/json-schema'
import { column, defineVirtual, type AnyDefinition, type Column } from '../registry/definition.ts'
import type { Services } from '../registry/services.ts'
import { nameColumn } from '../resources/common/columns.ts'
import type { PodUsage, Usage, UsageStore } from './usage.ts'

/** metrics.k8s.io: what nodes and pods use right now. Source: "Resource metrics pipeline". */

export const metricsGroup = 'metrics.k8s.io'
export const metricsVersion = 'v1beta1'
const apiVersion = `${metricsGroup}/${metricsVersion}`

interface Amounts {
  cpu: string
  memory: string
}

interface NodeMetrics extends KubeObject {
  timestamp: string
  window: string
  usage: Amounts
}

interface PodMetrics extends KubeObject {
  timestamp: string
  window: string
  containers: { name: string; usage: Amounts }[]
}

const amounts = ({ cpuNanoCores, memoryBytes }: Pick<Usage, 'cpuNanoCores' | 'memoryBytes'>): Amounts => ({
  cpu: parseQuantity(`${cpuNanoCores}n`).toString(),
  memory: quantityOf(memoryBytes, 'BinarySI').toString(),
})

const head = (kind: string, object: KubeObject, nowMs: number): KubeObject => {
  const { name = '', namespace, labels } = object.metadata ?? {}
  return {
    kind,
    apiVersion,
    metadata: {
      name,
      ...(namespace === undefined ? {} : { namespace }),
      creationTimestamp: rfc3339(new Date(nowMs)),
      ...(labels === undefined ? {} : { labels }),
    },
  }
}

const nodeMetrics = (node: V1Node, usage: Usage, nowMs: number): NodeMetrics => ({
  ...head('NodeMetrics', node as KubeObject, nowMs),
  timestamp: rfc3339(new Date(usage.atMs)),
  window: formatDuration(usage.windowMs * 1e6),
  usage: amounts(usage),
})

const podMetrics = (pod: V1Pod, usage: PodUsage, nowMs: number): PodMetrics => ({
  ...head('PodMetrics', pod as KubeObject, nowMs),
  timestamp: rfc3339(new Date(usage.atMs)),
  window: formatDuration(usage.windowMs * 1e6),
  containers: usage.containers.map((one) => ({ name: one.name, usage: amounts(one.usage) })),
})

/** A pod's containers together. */
function sum(containers: readonly { usage: Amounts }[], of: keyof Amounts): string {
  return containers.reduce((total, { usage }) => total.add(parseQuantity(usage[of])), parseQuantity('0')).toString()
}

const columns = (cell: (object: KubeObject, of: keyof Amounts) => string): Column<KubeObject>[] => [
  nameColumn,
  column('cpu', 'string', (object) => cell(object, 'cpu')),
  column('memory', 'string', (object) => cell(object, 'memory')),
  column('Window', 'string', (object) => (object as NodeMetrics).window),
]

const usageSchema = {
  type: 'object' as const,
  description: 'How much is used, by resource: cpu and memory.',
  additionalProperties: { 'x-kubernetes-int-or-string': true as const },
}
const measured = {
  timestamp: { type: 'string' as const, format: 'date-time', description: 'When it was measured.' },
  window: { type: 'string' as const, description: 'The time over which it was measured, up to the timestamp.' },
}
const nodeSchema: JsonSchema = {
  type: 'object',
  description: 'What a node uses.',
  required: ['timestamp', 'window', 'usage'],
  properties: { ...measured, usage: usageSchema },
}
const podSchema: JsonSchema = {
  type: 'object',
  description: 'What the containers of a pod use.',
  required: ['timestamp', 'window', 'containers'],
  properties: {
    ...measured,
    containers: {
      type: 'array',
      description: 'Each container, measured over the same time.',
      items: {
        type: 'object',
        required: ['name', 'usage'],
        properties: { name: { type: 'string', description: 'The name of the container.' }, usage: usageSchema },
      },
    },
  },
}

const byName = (a: KubeObject, b: KubeObject): number => {
  const key = ({ metadata }: KubeObject): string => `${metadata?.namespace ?? ''}/${metadata?.name ?? ''}`
  return key(a) < key(b) ? -1 : 1
}

export function metricsResources(options: { store: UsageStore; now: () => Date }): AnyDefinition[] {
  const { store } = options
  const nowMs = (): number => options.now().getTime()
  const ofNode = (node: V1Node): NodeMetrics[] => {
    const usage = store.node(node.metadata?.name ?? '')
    return usage === undefined ? [] : [nodeMetrics(node, usage, nowMs())]
  }
  const ofPod = (pod: V1Pod): PodMetrics[] => {
    const { name = '', namespace = '' } = pod.metadata ?? {}
    const usage =
      pod.status?.phase === 'Running' ? store.pod(pod.spec?.nodeName ?? '', `${namespace}/${name}`) : undefined
    return usage === undefined ? [] : [podMetrics(pod, usage, nowMs())]
  }
  const nodes = { group: '', plural: 'nodes' }
  const pods = { group: '', plural: 'pods' }
  const podOf = ({ objects }: Services, namespace: string, name: string): PodMetrics[] => {
    const pod = objects.get<V1Pod>(pods, { namespace, name })
    return pod === undefined ? [] : ofPod(pod)
  }
  return [
    defineVirtual({
      group: metricsGroup,
      version: metricsVersion,
      kind: 'NodeMetrics',
      plural: 'nodes',
      singular: '',
      namespaced: false,
      verbs: ['get', 'list'],
      columns: columns((object, of) => (object as NodeMetrics).usage[of]),
      jsonSchema: nodeSchema,
      get: ({ name, services }) => {
        const node = services.objects.get<V1Node>(nodes, { name })
        const [found] = node === undefined ? [] : ofNode(node)
        return found === undefined
          ? Promise.reject(notFound({ group: metricsGroup, plural: 'nodemetrics' }, name))
          : Promise.resolve(found)
      },
      list: ({ services }) => Promise.resolve(services.objects.list<V1Node>(nodes).flatMap(ofNode).sort(byName)),
    }),
    defineVirtual({
      group: metricsGroup,
      version: metricsVersion,
      kind: 'PodMetrics',
      plural: 'pods',
      singular: '',
      namespaced: true,
      verbs: ['get', 'list'],
      columns: columns((object, of) => sum((object as PodMetrics).containers, of)),
      jsonSchema: podSchema,
      get: ({ name, namespace, services }) => {
        const [found] = podOf(services, namespace, name)
        return found === undefined
          ? Promise.reject(notFound({ group: metricsGroup, plural: 'podmetrics' }, `${namespace}/${name}`))
          : Promise.resolve(found)
      },
      list: ({ namespace, services }) =>
        Promise.resolve(
          services.objects
            .list<V1Pod>(pods, namespace === '' ? {} : { namespace })
            .flatMap(ofPod)
            .sort(byName),
        ),
    }),
  ]
}
