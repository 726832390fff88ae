import type { ApiClient } from '@kapell/controllers/machinery/client'
import { defineController, type ReconcileResult } from '@kapell/controllers/machinery/controller'
import type { EventRecorder } from '@kapell/controllers/machinery/event-recorder'
import { claimKeysOf } from '@kapell/controllers/machinery/placement/volumes'
import { keyOf, type Lister } from '@kapell/controllers/machinery/store'
import {
  csiDrivers,
  nodes,
  persistentVolumeClaims,
  persistentVolumes,
  pods,
  volumeAttachments,
} from '@kapell/openapi/meta/refs'
import { isReason } from '@kapell/openapi/meta/status'
import type { V1Node, V1PersistentVolume, V1Pod, V1VolumeAttachment } from '@kapell/openapi/types'
import { sameMeaning } from '../shared/equal.ts'
import { isFinished } from '../shared/pods.ts'
import { attachable, attachedName, attachmentFor, isExclusive, isOurs, type VolumeReads } from './desired.ts'

interface Dependencies extends VolumeReads {
  client: ApiClient
  events: EventRecorder
  nodes: Lister<V1Node>
  /** Indexed by node. */
  pods: Lister<V1Pod>
  /** Indexed by node and by volume. */
  attachments: Lister<V1VolumeAttachment>
}

/** A volume that waits for another node to let go of it is looked at this often. */
const waitMs = 2000
/** The agent says what it has in use; one that is gone says nothing any more. Source: upstream's default. */
const forceAfterMs = 6 * 60_000

/**
 * Asks CSI drivers to attach volumes to the nodes of the pods that use them, and to detach them afterwards.
 * Source: "Volumes", "csi"; VolumeAttachment. Keys are nodes.
 */
export const attachDetachController = defineController<Dependencies, V1Node>({
  name: 'persistentvolume-attach-detach-controller',
  serviceAccount: 'attachdetach-controller',
  component: 'attachdetach-controller',
  queue: 'attach_detach',
  primary: nodes,
  workers: 4,
  setup: ({ client, events, informer, lister, queue }) => {
    const podInformer = informer(pods, {
      indexers: { node: ({ spec }) => [spec?.nodeName ?? ''], claimKey: claimKeysOf },
    })
    const wake = (nodeName: string | undefined): void => {
      if (nodeName !== undefined && nodeName !== '') queue.add(nodeName)
    }
    const changed = (pod: V1Pod): void => {
      if (claimKeysOf(pod).length > 0) wake(pod.spec?.nodeName)
    }
    podInformer.onChange({ add: changed, update: (_, pod) => changed(pod), delete: changed })
    const claims = informer(persistentVolumeClaims)
    claims.onChange({
      update: (_, claim) => {
        for (const pod of podInformer.lister.byIndex('claimKey', keyOf(claim))) wake(pod.spec?.nodeName)
      },
    })
    const attachments = informer(volumeAttachments, {
      indexers: {
        node: ({ spec }) => [spec.nodeName],
        volume: ({ spec }) => [spec.source.persistentVolumeName ?? ''],
      },
    })
    const volumes = lister(persistentVolumes)
    const drivers = lister(csiDrivers)
    const deps: Dependencies = {
      client,
      events,
      nodes: lister(nodes),
      pods: podInformer.lister,
      attachments: attachments.lister,
      claim: (key) => claims.lister.get(key),
      volume: (name) => volumes.get(name),
      driver: (name) => drivers.get(name),
    }
    attachments.onChange({
      add: ({ spec }) => wake(spec.nodeName),
      update: (before, after) => {
        tellPods(deps, before, after)
        wake(after.spec.nodeName)
      },
      delete: ({ spec }) => wake(spec.nodeName),
    })
    return deps
  },
  reconcile: async (nodeName, deps) => {
    const wanted = wantedOn(nodeName, deps)
    let waits = false
    for (const { volume, pod } of wanted.values()) if (!(await attach(deps, nodeName, volume, pod))) waits = true
    const result = await detach(deps, nodeName, wanted)
    await noteAttached(deps, nodeName)
    return waits ? { afterMs: waitMs } : result
  },
})

/** By name: the volumes that pods of the node use, each with one of them. */
function wantedOn(nodeName: string, deps: Dependencies): Map<string, { volume: V1PersistentVolume; pod: V1Pod }> {
  const wanted = new Map<string, { volume: V1PersistentVolume; pod: V1Pod }>()
  for (const pod of deps.pods.byIndex('node', nodeName)) {
    if (isFinished(pod)) continue
    for (const volume of attachable(pod, deps)) wanted.set(volume.metadata?.name ?? '', { volume, pod })
  }
  return wanted
}

/** Answers false when the volume is elsewhere and cannot be here too. */
async function attach(deps: Dependencies, nodeName: string, volume: V1PersistentVolume, pod: V1Pod): Promise<boolean> {
  const attachment = attachmentFor(volume, nodeName)
  if (deps.attachments.get(attachment.metadata?.name ?? '') !== undefined) return true
  const name = volume.metadata?.name ?? ''
  const elsewhere = deps.attachments.byIndex('volume', name).some(({ spec }) => spec.nodeName !== nodeName)
  if (elsewhere && isExclusive(volume)) {
    deps.events.event(
      pod,
      'Warning',
      'FailedAttachVolume',
      `Multi-Attach error for volume "${name}" Volume is already exclusively attached to one node and can't be attached to another`,
    )
    return false
  }
  try {
    await deps.client.resource(volumeAttachments).create(attachment)
  } catch (error) {
    if (!isReason(error, 'AlreadyExists')) throw error
  }
  return true
}

async function detach(
  deps: Dependencies,
  nodeName: string,
  wanted: ReadonlyMap<string, unknown>,
): Promise<ReconcileResult> {
  const inUse = new Set(deps.nodes.get(nodeName)?.status?.volumesInUse ?? [])
  let waits = false
  for (const attachment of deps.attachments.byIndex('node', nodeName)) {
    const name = attachment.spec.source.persistentVolumeName
    if (name === undefined || wanted.has(name) || attachment.metadata?.deletionTimestamp !== undefined) continue
    const volume = deps.volume(name)
    if (!isOurs(attachment, volume)) continue
    if (volume !== undefined && inUse.has(attachedName(volume))) {
      waits = true
      continue
    }
    try {
      await deps.client.resource(volumeAttachments).delete(attachment.metadata?.name ?? '')
    } catch (error) {
      if (!isReason(error, 'NotFound')) throw error
    }
  }
  return waits ? { afterMs: forceAfterMs } : {}
}

/** The node's status tells what is attached to it. */
async function noteAttached(deps: Dependencies, nodeName: string): Promise<void> {
  const node = deps.nodes.get(nodeName)
  if (node === undefined) return
  const attached = deps.attachments
    .byIndex('node', nodeName)
    .filter(({ status }) => status?.attached === true)
    .flatMap(({ spec }) => deps.volume(spec.source.persistentVolumeName ?? '') ?? [])
    .map((volume) => ({ name: attachedName(volume), devicePath: '' }))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
  if (sameMeaning(attached, node.status?.volumesAttached)) return
  const patch = { status: { volumesAttached: attached.length === 0 ? null : attached } }
  await deps.client.resource(nodes).patch(nodeName, 'merge', patch, { subresource: 'status' })
}

function tellPods(deps: Dependencies, before: V1VolumeAttachment, after: V1VolumeAttachment): void {
  const name = after.spec.source.persistentVolumeName ?? ''
  const tell = (type: 'Normal' | 'Warning', reason: string, message: string): void => {
    for (const pod of deps.pods.byIndex('node', after.spec.nodeName))
      if (attachable(pod, deps).some(({ metadata }) => metadata?.name === name))
        deps.events.event(pod, type, reason, message)
  }
  const why = after.status?.attachError?.message
  if (after.status?.attached === true && before.status?.attached !== true)
    tell('Normal', 'SuccessfulAttachVolume', `AttachVolume.Attach succeeded for volume "${name}" `)
  else if (why !== undefined && why !== before.status?.attachError?.message)
    tell('Warning', 'FailedAttachVolume', `AttachVolume.Attach failed for volume "${name}" : ${why}`)
}
