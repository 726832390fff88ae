import type { ApiClient } from '@kapell/controllers/machinery/client'
import { defineController } from '@kapell/controllers/machinery/controller'
import { splitKey, type Lister } from '@kapell/controllers/machinery/store'
import { persistentVolumeClaims, pods } from '@kapell/openapi/meta/refs'
import { isReason } from '@kapell/openapi/meta/status'
import type { V1PersistentVolumeClaim, V1Pod } from '@kapell/openapi/types'
import { isDeleting, isFinished } from '../shared/pods.ts'
import { withFinalizer } from './finalizer.ts'

const finalizer = 'kubernetes.io/pvc-protection'

interface Dependencies {
  client: ApiClient
  claims: Lister<V1PersistentVolumeClaim>
  pods: Lister<V1Pod>
}

/** Names of the claims a pod uses, those made for its ephemeral volumes included. */
export function claimsOf(pod: V1Pod): string[] {
  return (pod.spec?.volumes ?? []).flatMap(({ name, persistentVolumeClaim, ephemeral }) => {
    if (persistentVolumeClaim !== undefined) return [persistentVolumeClaim.claimName]
    return ephemeral === undefined ? [] : [`${pod.metadata?.name}-${name}`]
  })
}

/** Only pods on a node can have it mounted. */
const mayUse = (pod: V1Pod): boolean => (pod.spec?.nodeName ?? '') !== '' && !isFinished(pod)

/** Keeps claims that pods use from going away. Source: "Persistent Volumes", "Storage Object in Use Protection". */
export const claimProtectionController = defineController<Dependencies, V1PersistentVolumeClaim>({
  name: 'pvc-protection-controller',
  queue: 'pvcprotection',
  primary: persistentVolumeClaims,
  setup: ({ client, informer, lister, queue }) => {
    const known = informer(pods, {
      indexers: { claim: (pod) => claimsOf(pod).map((claim) => `${pod.metadata?.namespace}/${claim}`) },
    })
    const wake = (pod: V1Pod): void => {
      for (const claim of claimsOf(pod)) queue.add(`${pod.metadata?.namespace}/${claim}`)
    }
    known.onChange({
      update: (_, pod) => {
        if (!mayUse(pod)) wake(pod)
      },
      delete: wake,
    })
    return { client, claims: lister(persistentVolumeClaims), pods: known.lister }
  },
  reconcile: async (key, { client, claims, pods: podLister }) => {
    const claim = claims.get(key)
    if (claim === undefined) return
    const { namespace } = splitKey(key)
    const inUse = (): boolean => podLister.byIndex('claim', key).some(mayUse)
    const next = withFinalizer(claim, finalizer, !isDeleting(claim) || inUse())
    if (next === undefined) return
    if (isDeleting(claim)) {
      // The cache may not show a pod that has just begun to use it: once gone it cannot be had back.
      const latest = await client.resource(pods, namespace).list()
      if (latest.items.some((pod) => mayUse(pod) && claimsOf(pod).includes(claim.metadata?.name ?? ''))) return
    }
    try {
      await client.resource(persistentVolumeClaims, namespace).update(next)
    } catch (error) {
      if (!isReason(error, 'NotFound')) throw error
    }
  },
})
