import { claimKeysOf, classNameOf } from '@kapell/controllers/machinery/placement/volumes'
import { keyOf } from '@kapell/controllers/machinery/store'
import type { V1Pod } from '@kapell/openapi/types'
import { stateKey } from '../framework/cycle-state.ts'
import { unschedulable, type Plugin } from '../framework/plugin.ts'
import type { Storage } from '../framework/storage.ts'
import { isClaimOf } from './volume-binding/index.ts'

const name = 'NodeVolumeLimits'
/** Volumes by driver: each once, however many pods use it. */
type Volumes = Map<string, Set<string>>
const key = stateKey<Volumes>(name)

/** A node takes as many volumes of a CSI driver as the driver says there. Source: "Node-specific Volume Limits". */
export function nodeVolumeLimits(storage: Storage): Plugin {
  return {
    name,
    preFilter: (state, { pod }) => {
      const wanted = volumesOf(pod, storage)
      if (wanted.size === 0) return 'skip'
      state.write(key, wanted)
      return undefined
    },
    filter: (state, _pod, node) => {
      const drivers = storage.csiNode(node.name)?.spec.drivers ?? []
      let used: Volumes | undefined
      for (const [driver, wanted] of state.read(key)) {
        const limit = drivers.find((one) => one.name === driver)?.allocatable?.count
        if (limit === undefined) continue
        used ??= volumesOn(node.pods.values(), storage)
        const there = used.get(driver) ?? new Set()
        if (there.union(wanted).size > limit && !wanted.isSubsetOf(there))
          return unschedulable(name, 'node(s) exceed max volume count')
      }
      return undefined
    },
    queueingHints: [
      { event: 'CSINodeAdd' },
      { event: 'CSINodeUpdate' },
      { event: 'AssignedPodDelete' },
      { event: 'PersistentVolumeClaimAdd', isUseful: (pod, _before, after) => isClaimOf(pod, after) },
    ],
  }
}

function volumesOn(pods: Iterable<{ pod: V1Pod }>, storage: Storage): Volumes {
  const all: Volumes = new Map()
  for (const { pod } of pods)
    for (const [driver, volumes] of volumesOf(pod, storage))
      all.set(driver, (all.get(driver) ?? new Set()).union(volumes))
  return all
}

function volumesOf(pod: V1Pod, storage: Storage): Volumes {
  const volumes: Volumes = new Map()
  for (const claimKey of claimKeysOf(pod)) {
    const claim = storage.claim(claimKey)
    if (claim === undefined) continue
    const source = storage.volume(claim.spec?.volumeName ?? '')?.spec
    // One that is not made yet counts as one of its own.
    const driver = source === undefined ? storage.storageClass(classNameOf(claim))?.provisioner : source.csi?.driver
    if (driver === undefined) continue
    const of = volumes.get(driver) ?? new Set()
    volumes.set(driver, of.add(source?.csi?.volumeHandle ?? `claim ${keyOf(claim)}`))
  }
  return volumes
}
