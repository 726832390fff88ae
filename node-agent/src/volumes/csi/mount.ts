import { createHash } from 'node:crypto'
import { mkdir, readdir, readFile, rm, rmdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { isReason } from '@kapell/openapi/meta/status'
import type {
  V1CSIDriver,
  V1PersistentVolume,
  V1Pod,
  V1Secret,
  V1SecretReference,
  V1VolumeAttachment,
} from '@kapell/openapi/types'
import type { NodePaths } from '../../pods/paths.ts'
import { identityOf } from '../../pods/record.ts'
import { applyFsGroup } from '../fs-group.ts'
import { isMountPoint } from '../mounts.ts'
import type { SourceMounter } from '../persistent.ts'
import { fsGroupOf, type ReadyVolume, type VolumePlugin } from '../plugin.ts'
import { accessMode } from './access-mode.ts'
import type { Drivers } from './drivers.ts'

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
}

export interface CsiVolumes {
  mounter: SourceMounter
  /** Volumes that pods describe themselves. */
  inline: VolumePlugin
  /** Unpublishes all volumes of a pod, and unstages those that no other pod of this node has. */
  release(uid: string): Promise<void>
}

/** Kept beside each published volume: what is needed to take it back, whatever has become of the API's objects. */
interface Kept {
  driver: string
  volumeId: string
  /** Absent: was not staged. */
  staging?: string
}

const pluginDir = 'kubernetes.io~csi'
const keptFile = 'vol_data.json'
const sha = (text: string): string => createHash('sha256').update(text).digest('hex')

/** The name of the attachment of a volume to a node: upstream's, so that both sides find it. */
export const attachmentName = (volumeId: string, driver: string, node: string): string =>
  `csi-${sha(`${volumeId}${driver}${node}`)}`

export function createCsiVolumes(options: CsiOptions): CsiVolumes {
  const { drivers, paths, stagingDir, nodeName } = options

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

  const mount = async (pod: V1Pod, volume: V1PersistentVolume, readOnly: boolean): Promise<ReadyVolume | undefined> => {
    const source = volume.spec?.csi
    if (source === undefined) return undefined
    const name = volume.metadata?.name ?? ''
    const { uid } = identityOf(pod)
    const driver = drivers.get(source.driver)
    const declared = await object(source.driver)
    const publishContext =
      declared?.spec.attachRequired === false ? {} : await attached(source.volumeHandle, source.driver, name)
    const gid = fsGroupOf(pod)
    const volumeCapability = {
      accessType: {
        case: 'mount' as const,
        value: {
          fsType: source.fsType ?? '',
          mountFlags: [...(volume.spec?.mountOptions ?? [])],
          volumeMountGroup: driver.mountsForGroup && gid !== undefined ? String(gid) : '',
        },
      },
      accessMode: { mode: accessMode(volume.spec?.accessModes ?? []) },
    }
    const kept: Kept = { driver: source.driver, volumeId: source.volumeHandle }
    if (driver.stages) {
      kept.staging = join(stagingDir, source.driver, sha(source.volumeHandle), 'globalmount')
      await mkdir(kept.staging, { recursive: true, mode: 0o750 })
    }
    const dir = join(paths.volumes(uid), pluginDir, name)
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
    const path = join(dir, 'mount')
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
    const applies = appliesFsGroup(declared, source.fsType, volume.spec?.accessModes ?? [])
    if (gid !== undefined && !driver.mountsForGroup && !isReadOnly && applies)
      await applyFsGroup(path, { gid, policy: pod.spec?.securityContext?.fsGroupChangePolicy })
    return { path, readOnly: isReadOnly }
  }

  /** Unmounts one volume, by what was kept of it. */
  const unpublish = async (dir: string): Promise<void> => {
    const kept = await keptIn(dir)
    if (kept === undefined) {
      await rm(dir, { recursive: true, force: true })
      return
    }
    const { node } = drivers.get(kept.driver)
    const target = join(dir, 'mount')
    await node.nodeUnpublishVolume({ volumeId: kept.volumeId, targetPath: target })
    if (await isMountPoint(target)) throw new Error(`driver ${kept.driver} left ${target} mounted`)
    await rm(dir, { recursive: true, force: true })
    if (kept.staging === undefined || (await isUsed(kept))) return
    await node.nodeUnstageVolume({ volumeId: kept.volumeId, stagingTargetPath: kept.staging })
    await rmdir(kept.staging).catch(() => {})
    await rmdir(dirname(kept.staging)).catch(() => {})
  }

  const isUsed = async (wanted: Kept): Promise<boolean> => {
    for (const uid of await readdir(paths.pods).catch(() => []))
      for (const dir of await volumeDirs(uid)) {
        const kept = await keptIn(dir)
        if (kept?.driver === wanted.driver && kept.volumeId === wanted.volumeId) return true
      }
    return false
  }
  const volumeDirs = async (uid: string): Promise<string[]> => {
    const root = join(paths.volumes(uid), pluginDir)
    return (await readdir(root).catch(() => [])).map((name) => join(root, name))
  }

  return {
    mounter: ({ pod, volume, readOnly }) => mount(pod, volume, readOnly),
    inline: {
      name: pluginDir,
      inMemory: false,
      once: true,
      matches: (volume) => volume.csi !== undefined,
      setUp: async ({ pod, volume, dir }) => {
        const { driver: name = '', volumeAttributes = {}, readOnly = false, fsType = '' } = volume.csi ?? {}
        const driver = drivers.get(name)
        const declared = await object(name)
        const modes = declared?.spec.volumeLifecycleModes ?? ['Persistent']
        if (!modes.includes('Ephemeral'))
          throw new Error(
            `volume mode "Ephemeral" not supported by driver ${name} (only supports ${JSON.stringify(modes)})`,
          )
        const { uid, namespace } = identityOf(pod)
        const volumeId = `csi-${sha(`${uid}${volume.name}`)}`
        await keep(dir, { driver: name, volumeId })
        const path = join(dir, 'mount')
        await driver.node.nodePublishVolume({
          volumeId,
          targetPath: path,
          volumeCapability: {
            accessType: { case: 'mount', value: { fsType } },
            accessMode: { mode: accessMode(['ReadWriteOnce']) },
          },
          readonly: readOnly,
          secrets: await secretOf(volume.csi?.nodePublishSecretRef, namespace),
          volumeContext: {
            ...volumeAttributes,
            ...(declared?.spec.podInfoOnMount === true ? podInfo(pod, true) : {}),
          },
        })
        return { path, readOnly }
      },
    },
    release: async (uid) => {
      for (const dir of await volumeDirs(uid)) await unpublish(dir)
    },
  }
}

async function keep(dir: string, kept: Kept): Promise<void> {
  await mkdir(dir, { recursive: true, mode: 0o750 })
  await writeFile(join(dir, keptFile), JSON.stringify(kept), { mode: 0o600 })
}

async function keptIn(dir: string): Promise<Kept | undefined> {
  try {
    return JSON.parse(await readFile(join(dir, keptFile), 'utf8')) as Kept
  } catch {
    return undefined
  }
}

/** Source: "CSIDriver", podInfoOnMount. */
function podInfo(pod: V1Pod, ephemeral: boolean): Record<string, string> {
  return {
    'csi.storage.k8s.io/pod.name': pod.metadata?.name ?? '',
    'csi.storage.k8s.io/pod.namespace': pod.metadata?.namespace ?? '',
    'csi.storage.k8s.io/pod.uid': pod.metadata?.uid ?? '',
    'csi.storage.k8s.io/serviceAccount.name': pod.spec?.serviceAccountName ?? '',
    'csi.storage.k8s.io/ephemeral': String(ephemeral),
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
