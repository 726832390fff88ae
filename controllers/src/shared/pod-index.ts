import { controllerOf } from '@kapell/controllers/machinery/owner-refs'
import type { Indexers } from '@kapell/controllers/machinery/store'
import type { V1Pod } from '@kapell/openapi/types'

/** Pods by the uid of their managing owner, and orphans by namespace. */
export const podsByController: Indexers<V1Pod> = {
  controller: (pod) => {
    const owner = controllerOf(pod)
    return [owner === undefined ? orphansOf(pod.metadata?.namespace ?? '') : owner.uid]
  },
}

/** The index value of pods without a managing owner. */
export const orphansOf = (namespace: string): string => `orphans/${namespace}`
