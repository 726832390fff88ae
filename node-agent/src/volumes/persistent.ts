import { mkdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { errorText } from '@kapell/controllers/machinery/log'
import type { V1PersistentVolume, V1Pod, V1Volume } from '@kapell/openapi/types'
import { resolveClaim, VolumeError, type BoundClaim, type ClaimSource } from './claim.ts'
import { mountDevice } from './device.ts'
import { applyFsGroup } from './fs-group.ts'
import { prepareHostPath } from './host-path.ts'
import type { LocalVolumes } from './local-path.ts'
import { fsGroupOf, type ReadyVolume, type VolumePlugin } from './plugin.ts'

/** Makes volumes of one type of source ready. Undefined: the source is of another type. */
export type SourceMounter = (request: SourceRequest) => Promise<ReadyVolume | undefined>

export interface SourceRequest {
  pod: V1Pod
  volume: V1PersistentVolume
  readOnly: boolean
  /** Containers get the device itself. */
  block: boolean
  /** A directory of the pod's own for what must be mounted; not made yet. */
  dir: string
}

export interface PersistentOptions {
  claims: ClaimSource
  mounters: readonly SourceMounter[]
  /** Looks whether a volume that is in use has grown. */
  grow?(request: SourceRequest, bound: BoundClaim): Promise<void>
}

/** Volumes that claims stand for, ephemeral ones included. */
export function persistentVolume({ claims, mounters, grow }: PersistentOptions): VolumePlugin {
  const requestOf = (pod: V1Pod, podVolume: V1Volume, volume: V1PersistentVolume, dir: string): SourceRequest => ({
    pod,
    volume,
    readOnly: podVolume.persistentVolumeClaim?.readOnly === true,
    block: volume.spec?.volumeMode === 'Block',
    dir,
  })
  return {
    name: 'kubernetes.io~persistent-volume',
    inMemory: false,
    once: true,
    matches: (volume) => volume.persistentVolumeClaim !== undefined || volume.ephemeral !== undefined,
    setUp: async ({ pod, volume: podVolume, dir }) => {
      const bound = await resolveClaim(claims, pod, podVolume)
      const request = requestOf(pod, podVolume, bound.volume, dir)
      verifyMode(pod, podVolume, request.block)
      const name = bound.volume.metadata?.name ?? ''
      const step = request.block ? 'MapVolume.SetUp' : 'MountVolume.SetUp'
      for (const mounter of mounters) {
        const ready = await mounter(request).catch((error: unknown) => {
          if (error instanceof VolumeError) throw error
          throw new VolumeError(`${step} failed for volume "${name}" : ${errorText(error)}`)
        })
        if (ready === undefined) continue
        await grow?.(request, bound)
        return ready
      }
      throw new VolumeError(
        `Unable to attach or mount volumes: unmounted volumes=[${podVolume.name}], unattached volumes=[], ` +
          `failed to process volumes=[${podVolume.name}]: failed to get Plugin from volumeSpec for volume "${name}" err=no volume plugin matched`,
      )
    },
    refresh: async ({ pod, volume: podVolume, dir }) => {
      if (grow === undefined) return
      const bound = await resolveClaim(claims, pod, podVolume)
      await grow(requestOf(pod, podVolume, bound.volume, dir), bound)
    },
  }
}

/** A device cannot be mounted, and a directory is no device. */
function verifyMode(pod: V1Pod, { name }: V1Volume, block: boolean): void {
  const all = [...(pod.spec?.initContainers ?? []), ...(pod.spec?.containers ?? [])]
  const fail = (why: string): never => {
    throw new VolumeError(
      `Unable to attach or mount volumes: unmounted volumes=[${name}], unattached volumes=[], failed to process volumes=[${name}]: volume ${name} has volumeMode ${why}`,
    )
  }
  if (block && all.some(({ volumeMounts = [] }) => volumeMounts.some((mount) => mount.name === name)))
    fail('Block, but is specified in volumeMounts')
  if (!block && all.some(({ volumeDevices = [] }) => volumeDevices.some((device) => device.name === name)))
    fail('Filesystem, but is specified in volumeDevices')
}

/** A directory or device of this node, chosen by hand. It is nobody's to give away: fsGroup leaves it alone. */
export const hostPathMounter: SourceMounter = async ({ volume, readOnly, block }) => {
  const source = volume.spec?.hostPath
  if (source === undefined) return undefined
  const path = await prepareHostPath(block ? { ...source, type: 'BlockDevice' } : source)
  return { path, readOnly, block }
}

/** A directory or device of this node that was made for volumes. Source: "Volumes", "local". */
export function localMounter(local: LocalVolumes): SourceMounter {
  return async ({ pod, volume, readOnly, block, dir }) => {
    const source = volume.spec?.local
    if (source === undefined) return undefined
    const { path } = source
    await mkdir(local.root, { recursive: true, mode: 0o711 })
    await local.ensure(path)
    const found = await stat(path).catch(() => undefined)
    const step = block ? 'MapVolume.NewBlockVolumeMapper' : 'MountVolume.NewMounter'
    const fail = (why: string): never => {
      throw new VolumeError(
        `${step} initialization failed for volume "${volume.metadata?.name ?? ''}" : path "${path}" ${why}`,
      )
    }
    if (found === undefined) return fail('does not exist')
    if (block) return found.isBlockDevice() ? { path, readOnly, block } : fail('is not a block device')
    if (!found.isDirectory() && !found.isBlockDevice()) return fail('is not a directory')
    const at = found.isDirectory()
      ? path
      : await mountDevice({
          device: path,
          dir: join(dir, 'mount'),
          fsType: source.fsType ?? 'ext4',
          options: volume.spec?.mountOptions ?? [],
          readOnly,
        })
    const gid = fsGroupOf(pod)
    if (gid !== undefined) {
      const policy = pod.spec?.securityContext?.fsGroupChangePolicy
      await applyFsGroup(at, { gid, policy, readOnly })
    }
    return { path: at, readOnly }
  }
}
