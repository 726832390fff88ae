import { column, defineVirtual, type AnyDefinition } from '@kapell/apiserver/registry/definition'
import { nameColumn } from '@kapell/apiserver/resources/common/columns'
import type { ApiClient } from '@kapell/controllers/machinery/client'
import type { Explanation } from '@kapell/scheduler/framework/explain'
import type { KubeObject } from '@kapell/openapi/meta/object'
import { clusterRoles } from '@kapell/openapi/meta/refs'
import { isReason, notFound, serviceUnavailable } from '@kapell/openapi/meta/status'
import type { V1ClusterRole, V1Pod } from '@kapell/openapi/types'

export const placementGroup = 'placement.kapell.io'
export const placementVersion = 'v1alpha1'
const plural = 'podplacements'

/** Answers for pods that live; whoever runs the scheduler sets it once that runs. */
export interface PlacementSource {
  explain?: (pod: { namespace: string; name: string }) => Explanation | undefined
}

/** Why a pod waits, or is where it is: every plug-in's word on every node, as of now. */
export interface PodPlacement extends KubeObject {
  status: {
    /** Where the pod is; absent while it waits. */
    nodeName?: string
    /** The scheduler that is to place it. */
    schedulerName: string
    /** What keeps it from being looked at at all: gates, claims. */
    barredBy: Reason[]
    /** The best first: those that fit by score, then those with the fewest objections. */
    nodes: NodePlacement[]
  }
}

export interface Reason {
  plugin: string
  reasons: readonly string[]
}

export interface NodePlacement {
  name: string
  fits: boolean
  /** The sum of the scores, of nodes that fit. */
  score?: number
  scores?: Readonly<Record<string, number>>
  objections?: (Reason & { details: readonly string[] })[]
}

export function placementResource(source: PlacementSource): AnyDefinition {
  return defineVirtual({
    group: placementGroup,
    version: placementVersion,
    kind: 'PodPlacement',
    plural,
    singular: 'podplacement',
    namespaced: true,
    verbs: ['get'],
    columns: [
      nameColumn,
      column('Node', 'string', (object) => (object as PodPlacement).status.nodeName ?? '<none>'),
      column('Fitting', 'integer', (object) => (object as PodPlacement).status.nodes.filter(({ fits }) => fits).length),
      column('Nodes', 'integer', (object) => (object as PodPlacement).status.nodes.length),
    ],
    jsonSchema: {
      type: 'object',
      description: 'Why a pod waits, or is where it is.',
      properties: {
        status: {
          type: 'object',
          description: "Every plug-in's word on every node.",
          'x-kubernetes-preserve-unknown-fields': true,
        },
      },
    },
    get: ({ name, namespace, services }) => {
      const pod = services.objects.get<V1Pod>({ group: '', plural: 'pods' }, { namespace, name })
      if (pod === undefined) return Promise.reject(notFound({ group: '', plural: 'pods' }, name))
      if (source.explain === undefined)
        return Promise.reject(serviceUnavailable('no scheduler runs in the process of this API server that could say'))
      const explained = source.explain({ namespace, name })
      if (explained === undefined)
        return Promise.reject(serviceUnavailable(`the scheduler does not know pod "${namespace}/${name}" (any more)`))
      return Promise.resolve(placementOf(pod, explained))
    },
  })
}

export function placementOf(pod: V1Pod, { barredBy, nodes }: Explanation): PodPlacement {
  const { name = '', namespace = '', creationTimestamp } = pod.metadata ?? {}
  const nodeName = pod.spec?.nodeName ?? ''
  const placements = nodes.map((node): NodePlacement => {
    if (node.refusals.length === 0) return { name: node.name, fits: true, score: node.total, scores: node.scores }
    const objections = node.refusals.map(({ plugin, reasons, details }) => ({ plugin, reasons, details }))
    return { name: node.name, fits: false, objections }
  })
  return {
    apiVersion: `${placementGroup}/${placementVersion}`,
    kind: 'PodPlacement',
    metadata: { name, namespace, ...(creationTimestamp === undefined ? {} : { creationTimestamp }) },
    status: {
      ...(nodeName === '' ? {} : { nodeName }),
      schedulerName: pod.spec?.schedulerName ?? 'default-scheduler',
      barredBy: barredBy.map(({ plugin, reasons }) => ({ plugin, reasons })),
      nodes: placements.sort(bestFirst),
    },
  }
}

function bestFirst(a: NodePlacement, b: NodePlacement): number {
  return (
    Number(b.fits) - Number(a.fits) ||
    (b.score ?? 0) - (a.score ?? 0) ||
    (a.objections?.length ?? 0) - (b.objections?.length ?? 0) ||
    (a.name < b.name ? -1 : 1)
  )
}

/** Whoever may see a namespace's pods may ask why they are where they are. */
const placementRole: V1ClusterRole = {
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'ClusterRole',
  metadata: {
    name: 'kapell:pod-placements',
    labels: Object.fromEntries(
      ['admin', 'edit', 'view'].map((role) => [`rbac.authorization.k8s.io/aggregate-to-${role}`, 'true']),
    ),
  },
  rules: [{ apiGroups: [placementGroup], resources: [plural], verbs: ['get'] }],
}

/** Once a cluster; whatever people made of the role later stays. */
export async function ensurePlacementRole(client: ApiClient): Promise<void> {
  await client
    .resource(clusterRoles)
    .create(placementRole)
    .catch((error: unknown) => {
      if (!isReason(error, 'AlreadyExists')) throw error
    })
}
