import { claimKeysOf } from '@kapell/controllers/machinery/placement/volumes'
import type { V1PersistentVolume } from '@kapell/openapi/types'
import { stateKey } from '../framework/cycle-state.ts'
import { unresolvable, type Plugin } from '../framework/plugin.ts'
import type { Storage } from '../framework/storage.ts'
import { isClaimOf } from './volume-binding/index.ts'

const name = 'VolumeZone'
const labels = [
  'failure-domain.beta.kubernetes.io/zone',
  'failure-domain.beta.kubernetes.io/region',
  'topology.kubernetes.io/zone',
  'topology.kubernetes.io/region',
]

interface Zone {
  label: string
  values: ReadonlySet<string>
}
const key = stateKey<Zone[]>(name)

/** Volumes labelled with a zone can be reached from nodes of that zone only. */
export function volumeZone(storage: Storage): Plugin {
  return {
    name,
    preFilter: (state, { pod }) => {
      const zones = claimKeysOf(pod).flatMap((claim) => {
        const volume = storage.volume(storage.claim(claim)?.spec?.volumeName ?? '')
        return volume === undefined ? [] : zonesOf(volume)
      })
      if (zones.length === 0) return 'skip'
      state.write(key, zones)
      return undefined
    },
    filter: (state, _pod, node) => {
      // A node of no zone is taken to be everywhere.
      if (!labels.some((label) => label in node.labels)) return undefined
      const fits = state.read(key).every(({ label, values }) => values.has(valueOf(node.labels, label) ?? ''))
      return fits ? undefined : unresolvable(name, 'node(s) had no available volume zone')
    },
    queueingHints: [
      { event: 'NodeAdd' },
      { event: 'NodeUpdate' },
      { event: 'PersistentVolumeClaimAdd', isUseful: (pod, _before, after) => isClaimOf(pod, after) },
      { event: 'PersistentVolumeClaimUpdate', isUseful: (pod, _before, after) => isClaimOf(pod, after) },
      { event: 'PersistentVolumeAdd' },
      { event: 'PersistentVolumeUpdate' },
      { event: 'StorageClassAdd' },
    ],
  }
}

/** Several zones stand in one label, with two underscores between them. */
function zonesOf(volume: V1PersistentVolume): Zone[] {
  return labels.flatMap((label) => {
    const value = volume.metadata?.labels?.[label]
    return value === undefined ? [] : [{ label, values: new Set(value.split('__')) }]
  })
}

/** The old names of the labels mean the same as the new ones. */
function valueOf(nodeLabels: Readonly<Record<string, string>>, label: string): string | undefined {
  return (
    nodeLabels[label] ??
    nodeLabels[label.replace('failure-domain.beta', 'topology')] ??
    nodeLabels[label.replace('topology', 'failure-domain.beta')]
  )
}
