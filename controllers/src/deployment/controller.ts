import { defineController, type ControllerContext } from '@kapell/controllers/machinery/controller'
import {
  adoptionPatch,
  claimObjects,
  controllerOf,
  controllerReference,
  releasePatch,
} from '@kapell/controllers/machinery/owner-refs'
import type { ReconcileResult } from '@kapell/controllers/machinery/controller'
import { keyOf, splitKey, type Lister } from '@kapell/controllers/machinery/store'
import { selectorFromLabelSelector } from '@kapell/openapi/meta/labels'
import { deployments, pods, replicaSets } from '@kapell/openapi/meta/refs'
import type { V1Deployment, V1Pod, V1ReplicaSet } from '@kapell/openapi/types'
import { podsByController } from '../shared/pod-index.ts'
import { isDeleting } from '../shared/pods.ts'
import { reconcileDeployment } from './reconcile.ts'
import { Rollout } from './rollout.ts'
import { isRolling } from './sizing.ts'

interface Dependencies {
  context: ControllerContext
  deployments: Lister<V1Deployment>
  replicaSets: Lister<V1ReplicaSet>
  pods: Lister<V1Pod>
}

/** Rolls templates out through ReplicaSets. Source: concepts page "Deployments". */
export const deploymentController = defineController<Dependencies, V1Deployment>({
  name: 'deployment-controller',
  queue: 'deployment',
  primary: deployments,
  owns: [replicaSets],
  workers: 5,
  setup,
  reconcile,
})

/** ReplicaSets by their managing owner; those without by namespace. */
const orphansOf = (namespace: string | undefined): string => `orphans/${namespace ?? ''}`

function setup(context: ControllerContext): Dependencies {
  const sets = context.informer(replicaSets, {
    indexers: {
      owner: (set) => [controllerOf(set)?.uid ?? ''],
      deployment: (set) => [controllerOf(set)?.uid ?? orphansOf(set.metadata?.namespace)],
    },
  })
  const podInformer = context.informer(pods, { indexers: podsByController })
  const known = context.lister(deployments)
  const enqueueMatching = (set: V1ReplicaSet): void => {
    if (controllerOf(set) !== undefined) return
    for (const deployment of known.inNamespace(set.metadata?.namespace ?? ''))
      if (selectorFromLabelSelector(deployment.spec?.selector).matches(set.metadata?.labels))
        context.queue.add(keyOf(deployment))
  }
  sets.onChange({ add: enqueueMatching, update: (_, set) => enqueueMatching(set) })
  podInformer.onChange({
    // Recreate waits for the last old pod to be gone, which no ReplicaSet tells of.
    delete: (pod) => {
      const set = sets.lister.get(`${pod.metadata?.namespace}/${controllerOf(pod)?.name}`)
      const owner = set === undefined ? undefined : controllerOf(set)
      const deployment = known.get(`${pod.metadata?.namespace}/${owner?.name}`)
      if (deployment !== undefined && !isRolling(deployment)) context.queue.add(keyOf(deployment))
    },
  })
  return { context, deployments: known, replicaSets: sets.lister, pods: podInformer.lister }
}

async function reconcile(key: string, d: Dependencies): Promise<ReconcileResult | undefined> {
  const deployment = d.deployments.get(key)
  if (deployment === undefined) return undefined
  const { client, events, clock } = d.context
  const { namespace } = splitKey(key)
  const resource = client.resource(deployments, namespace)
  const selector = selectorFromLabelSelector(deployment.spec?.selector)
  if (selector.empty) {
    const why = 'This deployment is selecting all pods. A non-empty selector is required.'
    events.event(deployment, 'Warning', 'SelectingAll', why)
    const { generation } = deployment.metadata ?? {}
    if (generation !== undefined && (deployment.status?.observedGeneration ?? 0) < generation)
      await resource.updateStatus({ ...deployment, status: { ...deployment.status, observedGeneration: generation } })
    return undefined
  }

  const sets = client.resource(replicaSets, namespace)
  const rollout = new Rollout(deployment, await claim(d, deployment), {
    getSet: (name) => sets.get(name),
    createSet: (set) => sets.create(set),
    updateSet: (set) => sets.update(set),
    deleteSet: (set) => {
      const { name = '', uid } = set.metadata ?? {}
      return sets.delete(name, {
        propagationPolicy: 'Background',
        ...(uid === undefined ? {} : { preconditions: { uid } }),
      })
    },
    update: (next) => resource.update(next),
    updateStatus: (next) => resource.updateStatus(next),
    event: (type, reason, message) => events.event(deployment, type, reason, message),
  })
  const afterMs = await reconcileDeployment(rollout, {
    podsOf: (set) => d.pods.byIndex('controller', set.metadata?.uid ?? ''),
    now: clock.now(),
  })
  return afterMs === undefined ? undefined : { afterMs }
}

function claim(d: Dependencies, deployment: V1Deployment): Promise<V1ReplicaSet[]> {
  const { namespace = '', name = '', uid = '' } = deployment.metadata ?? {}
  const { client } = d.context
  const sets = client.resource(replicaSets, namespace)
  const selector = selectorFromLabelSelector(deployment.spec?.selector)
  const reference = controllerReference(deployment, deployments)
  return claimObjects<V1ReplicaSet>({
    owner: deployment,
    objects: [
      ...d.replicaSets.byIndex('deployment', uid),
      ...d.replicaSets.byIndex('deployment', orphansOf(namespace)),
    ],
    matches: (set) => selector.matches(set.metadata?.labels),
    mayAdopt: async () => {
      const fresh = await client.resource(deployments, namespace).get(name)
      return fresh.metadata?.uid === uid && !isDeleting(fresh)
    },
    adopt: (set) => sets.patch(set.metadata?.name ?? '', 'strategic', adoptionPatch(set, reference)),
    release: async (set) => {
      await sets.patch(set.metadata?.name ?? '', 'strategic', releasePatch(set, uid))
    },
  })
}
