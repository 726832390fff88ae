import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { ApiClient } from '@kapell/controllers/machinery/client'
import { createInformerFactory } from '@kapell/controllers/machinery/informer-factory'
import { silentLogger } from '@kapell/controllers/machinery/log'
import { annotationOf, annotations, classNameOf } from '@kapell/controllers/machinery/placement/volumes'
import { persistentVolumeClaims, persistentVolumes, volumeAttachments } from '@kapell/openapi/meta/refs'
import { isReason } from '@kapell/openapi/meta/status'
import type { V1PersistentVolume, V1PersistentVolumeClaim, V1VolumeAttachment } from '@kapell/openapi/types'

/** What the sidecars of a driver do elsewhere: provisions, deletes, attaches and detaches, by the API alone. */
export function runControllerSide(options: {
  client: ApiClient
  driver: string
  dataDir: string
  signal: AbortSignal
  failed: (error: unknown) => void
}): void {
  const { client, driver, dataDir, signal, failed } = options
  const informers = createInformerFactory({ client, log: silentLogger, signal })
  const finalizer = `external-attacher/${driver.replaceAll('.', '-')}`
  const tryTo = (work: Promise<unknown>): void =>
    void work.catch((error: unknown) => {
      if (!isReason(error, 'NotFound', 'Conflict', 'AlreadyExists')) failed(error)
    })

  const provision = async (claim: V1PersistentVolumeClaim): Promise<void> => {
    if (annotationOf(claim, annotations.provisioner) !== driver || (claim.spec?.volumeName ?? '') !== '') return
    const node = annotationOf(claim, annotations.selectedNode)
    const { namespace = '', name = '', uid = '' } = claim.metadata ?? {}
    const id = `vol-${uid}`
    await mkdir(join(dataDir, id), { recursive: true })
    const expression = { key: 'topology.hostpath.example.com/node', operator: 'In', values: [node ?? ''] }
    await client.resource(persistentVolumes).create({
      metadata: { name: `pvc-${uid}`, annotations: { [annotations.provisionedBy]: driver } },
      spec: {
        accessModes: [...(claim.spec?.accessModes ?? [])],
        capacity: { storage: claim.spec?.resources?.requests?.['storage'] ?? '0' },
        claimRef: { apiVersion: 'v1', kind: 'PersistentVolumeClaim', namespace, name, uid },
        ...(claim.spec?.volumeMode === undefined ? {} : { volumeMode: claim.spec.volumeMode }),
        csi: { driver, volumeHandle: id, volumeAttributes: { made: 'by test' }, fsType: 'ext4' },
        persistentVolumeReclaimPolicy: 'Delete',
        storageClassName: classNameOf(claim),
        ...(node === undefined
          ? {}
          : { nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions: [expression] }] } } }),
      },
    })
  }
  /** Makes the volume larger; the node has the rest to do. */
  const grow = async (claim: V1PersistentVolumeClaim): Promise<void> => {
    const wanted = claim.spec?.resources?.requests?.['storage']
    const has = claim.status?.capacity?.['storage']
    const pending = claim.status?.conditions?.some(({ type }) => type === 'FileSystemResizePending') === true
    const { namespace = '', name = '' } = claim.metadata ?? {}
    const volume = claim.spec?.volumeName ?? ''
    if (wanted === undefined || has === undefined || wanted === has || pending || !volume.startsWith('pvc-')) return
    const found = await client.resource(persistentVolumes).get(volume)
    if (found.spec?.csi?.driver !== driver) return
    await client.resource(persistentVolumes).patch(volume, 'merge', { spec: { capacity: { storage: wanted } } })
    await client.resource(persistentVolumeClaims, namespace).patch(
      name,
      'strategic',
      {
        status: {
          conditions: [{ type: 'FileSystemResizePending', status: 'True' }],
          allocatedResourceStatuses: { storage: 'NodeResizePending' },
        },
      },
      { subresource: 'status' },
    )
  }
  const reclaim = async (volume: V1PersistentVolume): Promise<void> => {
    if (volume.spec?.csi?.driver !== driver || volume.status?.phase !== 'Released') return
    await rm(join(dataDir, volume.spec.csi.volumeHandle), { recursive: true, force: true })
    await client.resource(persistentVolumes).delete(volume.metadata?.name ?? '')
  }
  const attach = async (attachment: V1VolumeAttachment): Promise<void> => {
    if (attachment.spec.attacher !== driver) return
    const { finalizers = [], deletionTimestamp } = attachment.metadata ?? {}
    const resource = client.resource(volumeAttachments)
    const withFinalizers = (next: string[]) =>
      resource.update({ ...attachment, metadata: { ...attachment.metadata, finalizers: next } })
    if (deletionTimestamp !== undefined) {
      if (finalizers.includes(finalizer)) await withFinalizers(finalizers.filter((one) => one !== finalizer))
    } else if (!finalizers.includes(finalizer)) await withFinalizers([...finalizers, finalizer])
    else if (attachment.status?.attached !== true)
      await resource.patch(
        attachment.metadata?.name ?? '',
        'merge',
        { status: { attached: true, attachmentMetadata: { attached: 'yes' } } },
        { subresource: 'status' },
      )
  }

  informers.informer(persistentVolumeClaims).onChange({
    add: (claim) => tryTo(provision(claim)),
    update: (_, claim) => {
      tryTo(provision(claim))
      tryTo(grow(claim))
    },
  })
  informers.informer(persistentVolumes).onChange({
    add: (volume) => tryTo(reclaim(volume)),
    update: (_, volume) => tryTo(reclaim(volume)),
  })
  informers.informer(volumeAttachments).onChange({
    add: (attachment) => tryTo(attach(attachment)),
    update: (_, attachment) => tryTo(attach(attachment)),
  })
}
