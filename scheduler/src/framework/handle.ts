import type { V1LabelSelector, V1Pod } from '@kapell/openapi/types'

/**
 * What plug-ins may know of the cluster beyond its nodes and pods: read from informers, never requested. Plug-ins that
 * need it are made by a function of it.
 */
export interface Handle {
  /** The labels of a namespace; undefined when it is not known. */
  namespaceLabels: (name: string) => Readonly<Record<string, string>> | undefined
  /** Another number whenever a namespace appeared, went, or changed its labels. */
  namespacesGeneration: () => number
  /** Selectors of the Services that select the pod. */
  serviceSelectors: (pod: V1Pod) => Readonly<Record<string, string>>[]
  /** The selector of the ReplicaSet, StatefulSet or ReplicationController that controls the pod. */
  controllerSelector: (pod: V1Pod) => V1LabelSelector | undefined
}
