import type { ApiClient } from '@kapell/controllers/machinery/client'
import { claimObjects, controllerReference } from '@kapell/controllers/machinery/owner-refs'
import type { Lister } from '@kapell/controllers/machinery/store'
import type { Selector } from '@kapell/openapi/meta/labels'
import type { KubeObject } from '@kapell/openapi/meta/object'
import type { ResourceRef } from '@kapell/openapi/meta/resource-ref'
import type { V1Pod } from '@kapell/openapi/types'
import type { PodControl } from './pod-control.ts'
import { orphansOf } from './pod-index.ts'
import { isDeleting } from './pods.ts'

/** The pods of one owner: its own, less those that no longer match, with matching orphans adopted. */
export function claimPods<T extends KubeObject>(options: {
  owner: T
  ref: ResourceRef<T>
  selector: Selector
  /** What else must hold of a pod, its name say. */
  belongs?: (pod: V1Pod) => boolean
  pods: Lister<V1Pod>
  client: ApiClient
  control: PodControl
}): Promise<V1Pod[]> {
  const { owner, ref, selector, belongs = () => true, pods, client, control } = options
  const { namespace = '', name = '', uid = '' } = owner.metadata ?? {}
  return claimObjects<V1Pod>({
    owner,
    objects: [...pods.byIndex('controller', uid), ...pods.byIndex('controller', orphansOf(namespace))],
    matches: (pod) => selector.matches(pod.metadata?.labels) && belongs(pod),
    mayAdopt: async () => {
      const fresh = await client.resource(ref, namespace).get(name)
      return fresh.metadata?.uid === uid && !isDeleting(fresh)
    },
    adopt: (pod) => control.adopt(pod, controllerReference(owner, ref)),
    release: (pod) => control.release(pod, uid),
  })
}
