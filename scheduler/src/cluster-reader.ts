import type { InformerFactory } from '@kapell/controllers/machinery/informer-factory'
import {
  namespaces,
  podDisruptionBudgets,
  replicaSets,
  replicationControllers,
  services,
  statefulSets,
} from '@kapell/openapi/meta/refs'
import type { V1LabelSelector, V1Pod } from '@kapell/openapi/types'
import type { Handle } from './framework/handle.ts'
import type { PreemptionHandle } from './plugins/preemption/index.ts'

/** What plug-ins read of the cluster, from informers. */
export function clusterReader(informers: InformerFactory): {
  handle: Handle & Pick<PreemptionHandle, 'budgets'>
  synced: () => Promise<void>
} {
  const byName = {
    namespaces: informers.informer(namespaces),
    services: informers.informer(services),
    replicaSets: informers.informer(replicaSets),
    statefulSets: informers.informer(statefulSets),
    replicationControllers: informers.informer(replicationControllers),
    budgets: informers.informer(podDisruptionBudgets),
  }
  let namespaceChanges = 0
  byName.namespaces.onChange({
    add: () => void namespaceChanges++,
    update: (before, after) => {
      if (JSON.stringify(before.metadata?.labels) !== JSON.stringify(after.metadata?.labels)) namespaceChanges++
    },
    delete: () => void namespaceChanges++,
  })
  let budgetChanges = 0
  byName.budgets.onChange({
    add: () => void budgetChanges++,
    update: () => void budgetChanges++,
    delete: () => void budgetChanges++,
  })
  const handle = {
    namespacesGeneration: () => namespaceChanges,
    namespaceLabels: (name: string) => byName.namespaces.lister.get(name)?.metadata?.labels,
    serviceSelectors: (pod: V1Pod) => {
      const labels = pod.metadata?.labels ?? {}
      return byName.services.lister
        .inNamespace(pod.metadata?.namespace ?? '')
        .map((service) => service.spec?.selector ?? {})
        .filter((selector) => {
          const pairs = Object.entries(selector)
          return pairs.length > 0 && pairs.every(([key, value]) => labels[key] === value)
        })
    },
    controllerSelector: (pod: V1Pod): V1LabelSelector | undefined => {
      const owner = pod.metadata?.ownerReferences?.find((reference) => reference.controller === true)
      const key = `${pod.metadata?.namespace ?? ''}/${owner?.name ?? ''}`
      switch (owner?.kind) {
        case 'ReplicaSet':
          return byName.replicaSets.lister.get(key)?.spec?.selector
        case 'StatefulSet':
          return byName.statefulSets.lister.get(key)?.spec?.selector
        case 'ReplicationController': {
          const matchLabels = byName.replicationControllers.lister.get(key)?.spec?.selector
          return matchLabels === undefined ? undefined : { matchLabels }
        }
        default:
          return undefined
      }
    },
    budgets: () => ({ all: byName.budgets.lister.list(), generation: budgetChanges }),
  }
  const synced = async (): Promise<void> => {
    await Promise.all(Object.values(byName).map((informer) => informer.synced()))
  }
  return { handle, synced }
}
