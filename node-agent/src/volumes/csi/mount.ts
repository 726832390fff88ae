import { mkdir, rm, rmdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { MessageInitShape } from '@bufbuild/protobuf'
import { isReason } from '@kapell/openapi/meta/status'
import type {
  V1CSIDriver,
  V1PersistentVolume,
  V1Secret,
  V1SecretReference,
  V1VolumeAttachment,
} from '@kapell/openapi/types'
import type { NodePaths } from '../../pods/paths.ts'
import { identityOf } from '../../pods/record.ts'
import { applyFsGroup } from '../fs-group.ts'
import { isMountPoint } from '../mounts.ts'
import type { SourceMounter, SourceRequest } from '../persistent.ts'
import { fsGroupOf, type ReadyVolume, type VolumePlugin } from '../plugin.ts'
import { accessMode } from './access-mode.ts'
import type { Driver, Drivers } from './drivers.ts'
import type { VolumeCapabilitySchema } from './gen/csi_pb.ts'
import { createInUse, inUseName, type InUse } from './in-use.ts'
import { inlineVolume } from './inline.ts'
import { allVolumeDirs, keep, keptIn, pluginDir, sha, targetOf, volumeDirs, type Kept } from './kept.ts'
import { podInfo } from './pod-info.ts'

export interface CsiOptions {
  drivers: Drivers
  paths: NodePaths
  /** Where volumes are staged, below which each has a directory. */
  stagingDir: string
  nodeName: string
  /** Reads of the API as the node; each rejects with NotFound. */
  csiDriver(name: string): Promise<V1CSIDriver>
  attachment(name: string): Promise<V1VolumeAttachment>
  secret(namespace: string, name: string): Promise<V1Secret>
  /** Brings to the Node which volumes are in use. */
  tellInUse(): Promise<void>
}

export interface CsiVolumes {
  mounter: SourceMounter
  /** Volumes that pods describe themselves. */
  inline: VolumePlugin
  readonly inUse: Pick<InUse, 'open' | 'names'>
  /** Lets the driver use what a volume has grown by. False: there is nothing to do on the node. */
  expand(request: ExpandRequest): Promise<boolean>
  /** Unpublishes all volumes of a pod, and unstages those that no other pod of this node has. */
  release(uid: string): Promise<void>
}

export interface ExpandRequest extends SourceRequest {
  sizeBytes: number
}

/** The name of the attachment of a volume to a node: upstream's, so that both sides find it. */
export const attachmentName = (volumeId: string, driver: string, node: string): string =>
  `csi-${sha(`${volumeId}${driver}${node}`)}`

export function createCsiVolumes(options: CsiOptions): CsiVolumes {
  const { drivers, paths, stagingDir, nodeName } = options
  const inUse = createInUse({ paths, tell: () => options.tellInUse() })

  const object = async (name: string): Promise<V1CSIDriver | undefined> => {
    try {
      return await options.csiDriver(name)
    } catch (error) {
      if (isReason(error, 'NotFound')) return undefined
      throw error
    }
  }

  const secretOf = async (ref: V1SecretReference | undefined, namespace: string): Promise<Record<string, string>> => {
    if (ref?.name === undefined) return {}
    const secret = await options.secret(ref.namespace ?? namespace, ref.name)
    return Object.fromEntries(
      Object.entries(secret.data ?? {}).map(([key, value]) => [key, Buffer.from(value, 'base64').toString()]),
    )
  }

  /** What the driver's controller side said when it attached the volume. */
  const attached = async (volumeId: string, driver: string, volumeName: string): Promise<Record<string, string>> => {
    const name = attachmentName(volumeId, driver, nodeName)
    const found = await options.attachment(name).catch((error: unknown) => {
      if (isReason(error, 'NotFound')) return undefined
      throw error
    })
    if (found?.status?.attached === true) return found.status.attachmentMetadata ?? {}
    const why = found?.status?.attachError?.message
    throw new Error(
      why === undefined
        ? `volume ${volumeName} is not attached to node ${nodeName} yet (VolumeAttachment ${name})`
        : `volume ${volumeName} attachment: ${why}`,
    )
  }

  const dirOf = ({ pod, volume }: SourceRequest): string =>
    join(paths.volumes(identityOf(pod).uid), pluginDir, volume.metadata?.name ?? '')

  const stagingOf = (driver: string, volumeId: string, block: boolean): string =>
    block
      ? join(stagingDir, 'volumeDevices', 'staging', driver, sha(volumeId))
      : join(stagingDir, driver, sha(volumeId), 'globalmount')

  const mount = async (request: SourceRequest): Promise<ReadyVolume | undefined> => {
    const { pod, volume, readOnly, block } = request
    const source = volume.spec?.csi
    if (source === undefined) return undefined
    const name = volume.metadata?.name ?? ''
    const driver = drivers.get(source.driver)
    const declared = await object(source.driver)
    const dir = dirOf(request)
    const attaches = declared?.spec.attachRequired !== false
    // First the node says that it works with the volume: from then on nobody takes it away.
    if (attaches) await inUse.add(dir, inUseName(source.driver, source.volumeHandle))
    const publishContext = attaches ? await attached(source.volumeHandle, source.driver, name) : {}
    const gid = fsGroupOf(pod)
    const volumeCapability = capabilityOf(volume, { driver, block, gid })
    const kept: Kept = { driver: source.driver, volumeId: source.volumeHandle, block, attached: attaches }
    if (driver.stages) {
      kept.staging = stagingOf(source.driver, source.volumeHandle, block)
      await mkdir(kept.staging, { recursive: true, mode: 0o750 })
    }
    await keep(dir, kept)
    const namespace = volume.spec?.claimRef?.namespace ?? ''
    const volumeContext = { ...source.volumeAttributes }
    if (kept.staging !== undefined) {
      await driver.node.nodeStageVolume({
        volumeId: source.volumeHandle,
        publishContext,
        stagingTargetPath: kept.staging,
        volumeCapability,
        secrets: await secretOf(source.nodeStageSecretRef, namespace),
        volumeContext,
      })
    }
    const path = targetOf(dir, kept)
    const isReadOnly = readOnly || source.readOnly === true
    await driver.node.nodePublishVolume({
      volumeId: source.volumeHandle,
      publishContext,
      stagingTargetPath: kept.staging ?? '',
      targetPath: path,
      volumeCapability,
      readonly: isReadOnly,
      secrets: await secretOf(source.nodePublishSecretRef, namespace),
      volumeContext: { ...volumeContext, ...(declared?.spec.podInfoOnMount === true ? podInfo(pod, false) : {}) },
    })
    const applies = !block && appliesFsGroup(declared, source.fsType, volume.spec?.accessModes ?? [])
    if (gid !== undefined && !driver.mountsForGroup && !isReadOnly && applies)
      await applyFsGroup(path, { gid, policy: pod.spec?.securityContext?.fsGroupChangePolicy })
    return { path, readOnly: isReadOnly, block }
  }

  const expand = async (request: ExpandRequest): Promise<boolean> => {
    const { volume, block, sizeBytes } = request
    const source = volume.spec?.csi
    if (source === undefined) return false
    const driver = drivers.get(source.driver)
    const dir = dirOf(request)
    const kept = await keptIn(dir)
    if (!driver.expands || kept === undefined) return false
    await driver.node.nodeExpandVolume({
      volumeId: source.volumeHandle,
      volumePath: targetOf(dir, kept),
      stagingTargetPath: kept.staging ?? '',
      capacityRange: { requiredBytes: BigInt(sizeBytes) },
      volumeCapability: capabilityOf(volume, { driver, block, gid: undefined }),
      secrets: await secretOf(source.nodeExpandSecretRef, volume.spec?.claimRef?.namespace ?? ''),
    })
    return true
  }

  /** Unmounts one volume, by what was kept of it. */
  const unpublish = async (dir: string): Promise<void> => {
    const kept = await keptIn(dir)
    if (kept === undefined) {
      await rm(dir, { recursive: true, force: true })
      return
    }
    const { node } = drivers.get(kept.driver)
    const target = targetOf(dir, kept)
    await node.nodeUnpublishVolume({ volumeId: kept.volumeId, targetPath: target })
    if (await isMountPoint(target)) throw new Error(`driver ${kept.driver} left ${target} mounted`)
    await rm(dir, { recursive: true, force: true })
    if (kept.staging === undefined || (await isUsed(kept))) return
    await node.nodeUnstageVolume({ volumeId: kept.volumeId, stagingTargetPath: kept.staging })
    await rmdir(kept.staging).catch(() => {})
    await rmdir(dirname(kept.staging)).catch(() => {})
  }

  const isUsed = async (wanted: Kept): Promise<boolean> => {
    for (const dir of await allVolumeDirs(paths)) {
      const kept = await keptIn(dir)
      if (kept?.driver === wanted.driver && kept.volumeId === wanted.volumeId) return true
    }
    return false
  }

  return {
    mounter: mount,
    expand,
    inUse,
    inline: inlineVolume({ drivers, object, secret: secretOf }),
    release: async (uid) => {
      for (const dir of await volumeDirs(paths, uid)) {
        await unpublish(dir)
        inUse.remove(dir)
      }
      // Also what was waited for and never came.
      inUse.remove(join(paths.volumes(uid), pluginDir))
    },
  }
}

function capabilityOf(
  volume: V1PersistentVolume,
  { driver, block, gid }: { driver: Driver; block: boolean; gid: number | undefined },
): MessageInitShape<typeof VolumeCapabilitySchema> {
  const mode = accessMode(volume.spec?.accessModes ?? [])
  if (block) return { accessType: { case: 'block', value: {} }, accessMode: { mode } }
  return {
    accessType: {
      case: 'mount',
      value: {
        fsType: volume.spec?.csi?.fsType ?? '',
        mountFlags: [...(volume.spec?.mountOptions ?? [])],
        volumeMountGroup: driver.mountsForGroup && gid !== undefined ? String(gid) : '',
      },
    },
    accessMode: { mode },
  }
}

/** Whether files are given to the pod's group. Source: "CSI Driver fsGroup Support". */
export function appliesFsGroup(
  driver: V1CSIDriver | undefined,
  fsType: string | undefined,
  accessModes: readonly string[],
): boolean {
  switch (driver?.spec.fsGroupPolicy) {
    case 'None':
      return false
    case 'File':
      return true
    default:
      return (fsType ?? '') !== '' && accessModes.includes('ReadWriteOnce')
  }
}
