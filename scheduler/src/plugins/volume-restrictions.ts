import { claimKeysOf } from '@kapell/controllers/machinery/placement/volumes'
import type { V1Pod, V1Volume } from '@kapell/openapi/types'
import { stateKey } from '../framework/cycle-state.ts'
import { unschedulable, type Plugin } from '../framework/plugin.ts'
import type { Storage } from '../framework/storage.ts'
import { isClaimOf } from './volume-binding/index.ts'

const name = 'VolumeRestrictions'

interface State {
  /** The pod has a claim for one pod only, and another pod has it. */
  taken: boolean
  disks: readonly Disk[]
}
const key = stateKey<State>(name)

/** Volumes that cannot be shared: claims for one pod alone, and disks that one node's pods cannot mount twice. */
export function volumeRestrictions(storage: Storage): Plugin {
  return {
    name,
    preFilter: (state, { pod }, snapshot) => {
      const exclusive = claimKeysOf(pod).filter(
        (claim) => storage.claim(claim)?.spec?.accessModes?.includes('ReadWriteOncePod') === true,
      )
      const disks = disksOf(pod)
      if (exclusive.length === 0 && disks.length === 0) return 'skip'
      const taken = exclusive.some((claim) =>
        snapshot
          .countPods(`claim ${claim}`, (other) => claimKeysOf(other.pod).includes(claim))
          .some((count) => count > 0),
      )
      state.write(key, { taken, disks })
      return undefined
    },
    filter: (state, _pod, node) => {
      const { taken, disks } = state.read(key)
      if (taken)
        return unschedulable(
          name,
          'node(s) unavailable due to PersistentVolumeClaim with ReadWriteOncePod access mode already in-use by another pod',
        )
      if (disks.length === 0) return undefined
      for (const other of node.pods.values())
        for (const there of disksOf(other.pod))
          if (disks.some((wanted) => wanted.id === there.id && !(wanted.shared && there.shared)))
            return unschedulable(name, 'node(s) had no available disk')
      return undefined
    },
    queueingHints: [
      { event: 'AssignedPodDelete' },
      { event: 'NodeAdd' },
      { event: 'PersistentVolumeClaimAdd', isUseful: (pod, _before, after) => isClaimOf(pod, after) },
      { event: 'PersistentVolumeClaimUpdate', isUseful: (pod, _before, after) => isClaimOf(pod, after) },
    ],
  }
}

interface Disk {
  id: string
  /** Mounted read-only, it may be there more than once. */
  shared: boolean
}

function disksOf(pod: V1Pod): Disk[] {
  return (pod.spec?.volumes ?? []).flatMap((volume) => diskOf(volume) ?? [])
}

function diskOf({ gcePersistentDisk, awsElasticBlockStore, iscsi, rbd }: V1Volume): Disk | undefined {
  if (gcePersistentDisk !== undefined)
    return { id: `gce ${gcePersistentDisk.pdName}`, shared: gcePersistentDisk.readOnly === true }
  if (awsElasticBlockStore !== undefined) return { id: `aws ${awsElasticBlockStore.volumeID}`, shared: false }
  if (iscsi !== undefined) return { id: `iscsi ${iscsi.iqn}`, shared: iscsi.readOnly === true }
  if (rbd !== undefined)
    return { id: `rbd ${rbd.monitors.join()} ${rbd.pool ?? ''} ${rbd.image}`, shared: rbd.readOnly === true }
  return undefined
}
