import type { ApiClient } from '@kapell/controllers/machinery/client'
import { defineController } from '@kapell/controllers/machinery/controller'
import type { EventRecorder } from '@kapell/controllers/machinery/event-recorder'
import { errorText } from '@kapell/controllers/machinery/log'
import {
  annotationOf,
  annotations,
  classNameOf,
  waitsForConsumer,
  wantsToGrow,
} from '@kapell/controllers/machinery/placement/volumes'
import { keyOf, type Lister } from '@kapell/controllers/machinery/store'
import { nodes, persistentVolumeClaims, persistentVolumes, storageClasses } from '@kapell/openapi/meta/refs'
import { isReason } from '@kapell/openapi/meta/status'
import type { V1Node, V1PersistentVolume, V1PersistentVolumeClaim, V1StorageClass } from '@kapell/openapi/types'
import { isDeleting } from '../shared/pods.ts'
import { grow } from './grow.ts'
import {
  finalizer,
  isOn,
  isToBeReclaimed,
  localPathClass,
  provisioner,
  volumeFor,
  volumeNameFor,
  whyNot,
} from './volume.ts'

interface Dependencies {
  client: ApiClient
  events: EventRecorder
  claims: Lister<V1PersistentVolumeClaim>
  volumes: Lister<V1PersistentVolume>
  classes: Lister<V1StorageClass>
  nodes: Lister<V1Node>
}

const classKey = 'class'
const isOurs = (volume: V1PersistentVolume): boolean => annotationOf(volume, annotations.provisionedBy) === provisioner

/**
 * Makes volumes of directories on nodes, and has them removed again. The agent of the node makes the directory when a
 * pod first mounts it; removing it is asked of the agent through the API server's node proxy, so that the volume's
 * object goes only when its data is gone.
 */
export const localPathProvisioner = defineController<Dependencies, V1PersistentVolume>({
  name: 'local-path-provisioner',
  component: provisioner,
  queue: 'local_path_provisioner',
  workers: 4,
  setup: ({ client, events, informer, lister, queue }) => {
    queue.add(classKey)
    const claims = informer(persistentVolumeClaims)
    const look = (claim: V1PersistentVolumeClaim): void => {
      if (isAsked(claim) || wantsToGrow(claim)) queue.add(`claim ${keyOf(claim)}`)
    }
    claims.onChange({ add: look, update: (_, next) => look(next) })
    const volumes = informer(persistentVolumes)
    const lookAtVolume = (volume: V1PersistentVolume): void => {
      if (isOurs(volume)) queue.add(`volume ${keyOf(volume)}`)
    }
    volumes.onChange({ add: lookAtVolume, update: (_, next) => lookAtVolume(next) })
    return {
      client,
      events,
      claims: claims.lister,
      volumes: volumes.lister,
      classes: lister(storageClasses),
      nodes: lister(nodes),
    }
  },
  reconcile: async (key, deps) => {
    if (key === classKey) return ensureClass(deps)
    const [kind, name = ''] = key.split(' ')
    if (kind === 'volume') {
      const volume = deps.volumes.get(name)
      if (volume !== undefined && isOurs(volume)) await reclaim(deps, volume)
      return
    }
    const claim = deps.claims.get(name)
    if (claim === undefined) return
    if (isAsked(claim)) return provision(deps, claim)
    const volume = deps.volumes.get(claim.spec?.volumeName ?? '')
    if (volume !== undefined && isOurs(volume) && wantsToGrow(claim)) await grow(deps, claim, volume)
  },
})

/** The claim waits for a volume of this provisioner. */
const isAsked = (claim: V1PersistentVolumeClaim): boolean =>
  annotationOf(claim, annotations.provisioner) === provisioner &&
  (claim.spec?.volumeName ?? '') === '' &&
  !isDeleting(claim)

async function ensureClass({ client, classes }: Dependencies): Promise<void> {
  if (classes.get(localPathClass.metadata?.name ?? '') !== undefined) return
  // Whoever has a default of their own keeps it.
  const hasDefault = classes
    .list()
    .some((one) => annotationOf(one, 'storageclass.kubernetes.io/is-default-class') === 'true')
  const { annotations: _annotations, ...metadata } = localPathClass.metadata ?? {}
  try {
    await client.resource(storageClasses).create(hasDefault ? { ...localPathClass, metadata } : localPathClass)
  } catch (error) {
    if (!isReason(error, 'AlreadyExists')) throw error
  }
}

async function provision(deps: Dependencies, claim: V1PersistentVolumeClaim): Promise<void> {
  const { client, events, classes, volumes } = deps
  const className = classNameOf(claim)
  const storageClass = classes.get(className)
  if (storageClass?.provisioner !== provisioner || volumes.get(volumeNameFor(claim)) !== undefined) return
  const selected = annotationOf(claim, annotations.selectedNode)
  if (selected === undefined && waitsForConsumer(storageClass)) return
  const fail = (why: string): void =>
    events.event(
      claim,
      'Warning',
      'ProvisioningFailed',
      `failed to provision volume with StorageClass "${className}": ${why}`,
    )
  const node = selected === undefined ? leastUsedNode(deps) : deps.nodes.get(selected)
  if (node === undefined) {
    if (selected === undefined) throw new Error('no node can hold a local volume')
    fail(`error getting selected node: node "${selected}" not found`)
    return unselect(client, claim)
  }
  const why = whyNot(claim, node)
  if (why !== undefined) {
    fail(why)
    if (claim.spec?.volumeMode !== 'Block') throw new Error(why)
    return
  }
  events.event(
    claim,
    'Normal',
    'Provisioning',
    `External provisioner is provisioning volume for claim "${keyOf(claim)}"`,
  )
  const volume = volumeFor(claim, node, storageClass)
  try {
    await client.resource(persistentVolumes).create(volume)
  } catch (error) {
    if (!isReason(error, 'AlreadyExists')) {
      fail(errorText(error))
      throw error
    }
  }
  events.event(
    claim,
    'Normal',
    'ProvisioningSucceeded',
    `Successfully provisioned volume ${volume.metadata?.name ?? ''}`,
  )
}

/** The scheduler looks for another node. */
async function unselect(client: ApiClient, claim: V1PersistentVolumeClaim): Promise<void> {
  const { [annotations.selectedNode]: _node, ...kept } = claim.metadata?.annotations ?? {}
  await client
    .resource(persistentVolumeClaims, claim.metadata?.namespace)
    .update({ ...claim, metadata: { ...claim.metadata, annotations: kept } })
}

/** For claims that wait for no pod: where the fewest volumes of ours are. */
function leastUsedNode({ nodes: known, volumes }: Dependencies): V1Node | undefined {
  const ours = volumes.list().filter(isOurs)
  const usable = known
    .list()
    .filter((node) => node.spec?.unschedulable !== true && whyNot({}, node) === undefined)
    .map((node) => ({ node, used: ours.filter((volume) => isOn(volume, node)).length }))
  return usable.sort((a, b) => a.used - b.used || keyOf(a.node).localeCompare(keyOf(b.node)))[0]?.node
}

async function reclaim(deps: Dependencies, volume: V1PersistentVolume): Promise<void> {
  const { client, events } = deps
  const { name = '', uid, finalizers = [] } = volume.metadata ?? {}
  const goes = isToBeReclaimed(volume)
  if (goes) {
    try {
      await removeDirectory(deps, volume)
    } catch (error) {
      events.event(volume, 'Warning', 'VolumeFailedDelete', errorText(error))
      throw error
    }
  } else if (!isDeleting(volume) || volume.status?.phase === 'Bound') return
  try {
    if (finalizers.includes(finalizer))
      await client.resource(persistentVolumes).update({
        ...volume,
        metadata: { ...volume.metadata, finalizers: finalizers.filter((one) => one !== finalizer) },
      })
    if (!isDeleting(volume))
      await client.resource(persistentVolumes).delete(name, uid === undefined ? {} : { preconditions: { uid } })
  } catch (error) {
    if (!isReason(error, 'NotFound')) throw error
  }
}

/** On a node that has left the cluster there is nothing left to remove. */
async function removeDirectory({ client, nodes: known }: Dependencies, volume: V1PersistentVolume): Promise<void> {
  const directory = volume.spec?.local?.path?.split('/').at(-1) ?? ''
  const node = known.list().find((one) => isOn(volume, one))
  if (node === undefined || directory === '') return
  const path = `/api/v1/nodes/${node.metadata?.name ?? ''}/proxy/localvolumes/${encodeURIComponent(directory)}`
  await client.raw('DELETE', path)
}
