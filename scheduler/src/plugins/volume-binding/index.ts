import { claimKeysOf } from '@kapell/controllers/machinery/placement/volumes'
import { keyOf } from '@kapell/controllers/machinery/store'
import type { KubeObject } from '@kapell/openapi/meta/object'
import type { V1Node, V1Pod } from '@kapell/openapi/types'
import { stateKey } from '../../framework/cycle-state.ts'
import { unresolvable, type Plugin } from '../../framework/plugin.ts'
import type { Storage } from '../../framework/storage.ts'
import { labelsChange } from '../node-changes.ts'
import { assume, bindVolumes, changesOf, restore, type Changes } from './bind.ts'
import { claimsOf, type PodClaims } from './claims.ts'
import { decide, type Decision } from './decide.ts'

const name = 'VolumeBinding'

interface State {
  claims: PodClaims
  /** By node, for those that fit. */
  decisions: Map<string, { decision: Decision; node: V1Node }>
  changes?: Changes & { node: V1Node }
}

const key = stateKey<State>(name)

/**
 * Places a pod where its volumes are or can be had, and has the claims that waited for that bound before the pod is.
 * Source: "Storage Classes", "Volume binding mode".
 */
export function volumeBinding(storage: Storage): Plugin {
  return {
    name,
    preFilter: (state, { pod }) => {
      const claims = claimsOf(pod, storage)
      if (typeof claims === 'string') return unresolvable(name, claims)
      if (claims.immediate.length > 0) return unresolvable(name, 'pod has unbound immediate PersistentVolumeClaims')
      if (claims.bound.length + claims.waiting.length === 0) return 'skip'
      state.write(key, { claims, decisions: new Map() })
      return undefined
    },
    filter: (state, _pod, { node, name: nodeName }) => {
      const { claims, decisions } = state.read(key)
      const decision = decide(claims, node, storage)
      if (Array.isArray(decision)) return unresolvable(name, ...decision)
      decisions.set(nodeName, { decision, node })
      return undefined
    },
    reserve: (state, _pod, nodeName) => {
      const known = state.find(key)
      const found = known?.decisions.get(nodeName)
      if (known === undefined || found === undefined || known.claims.waiting.length === 0) return undefined
      known.changes = { ...changesOf(found.decision, nodeName), node: found.node }
      assume(storage, known.changes)
      return undefined
    },
    unreserve: (state) => {
      const changes = state.find(key)?.changes
      if (changes !== undefined) restore(storage, changes)
    },
    preBind: (state) => {
      const changes = state.find(key)?.changes
      return changes === undefined
        ? undefined
        : bindVolumes(storage, changes, changes.node).catch((error: unknown) => {
            throw new Error(`binding volumes: ${(error as Error).message}`, { cause: error })
          })
    },
    queueingHints: [
      { event: 'PersistentVolumeClaimAdd', isUseful: (pod, _before, after) => isClaimOf(pod, after) },
      { event: 'PersistentVolumeClaimUpdate', isUseful: (pod, _before, after) => isClaimOf(pod, after) },
      { event: 'PersistentVolumeAdd' },
      { event: 'PersistentVolumeUpdate' },
      { event: 'StorageClassAdd' },
      { event: 'StorageClassUpdate' },
      { event: 'CSINodeAdd' },
      { event: 'CSINodeUpdate' },
      { event: 'CSIDriverUpdate' },
      { event: 'CSIStorageCapacityAdd' },
      { event: 'CSIStorageCapacityUpdate' },
      { event: 'NodeAdd' },
      { event: 'NodeUpdate', isUseful: labelsChange },
    ],
  }
}

/** Only the pod's own claims matter to it. */
export const isClaimOf = (pod: V1Pod, claim: unknown): boolean => claimKeysOf(pod).includes(keyOf(claim as KubeObject))
