import { mkdir, stat } from 'node:fs/promises'
import { errorText } from '@kapell/controllers/machinery/log'
import type { V1PersistentVolume, V1Pod } from '@kapell/openapi/types'
import { resolveClaim, VolumeError, type ClaimSource } from './claim.ts'
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
}

/** Volumes that claims stand for, ephemeral ones included. */
export function persistentVolume(source: ClaimSource, mounters: readonly SourceMounter[]): VolumePlugin {
  return {
    name: 'kubernetes.io~persistent-volume',
    inMemory: false,
    once: true,
    matches: (volume) => volume.persistentVolumeClaim !== undefined || volume.ephemeral !== undefined,
    setUp: async ({ pod, volume: podVolume }) => {
      const { claim, volume } = await resolveClaim(source, pod, podVolume)
      const name = volume.metadata?.name ?? ''
      if (volume.spec?.volumeMode === 'Block')
        throw new VolumeError(
          `MapVolume.SetUp failed for volume "${name}" : block volumes are not supported by this node: claim ${claim.metadata?.name ?? ''}`,
        )
      const readOnly = podVolume.persistentVolumeClaim?.readOnly === true
      for (const mounter of mounters) {
        const ready = await mounter({ pod, volume, readOnly }).catch((error: unknown) => {
          if (error instanceof VolumeError) throw error
          throw new VolumeError(`MountVolume.SetUp failed for volume "${name}" : ${errorText(error)}`)
        })
        if (ready !== undefined) return ready
      }
      throw new VolumeError(
        `Unable to attach or mount volumes: unmounted volumes=[${podVolume.name}], unattached volumes=[], ` +
          `failed to process volumes=[${podVolume.name}]: failed to get Plugin from volumeSpec for volume "${name}" err=no volume plugin matched`,
      )
    },
  }
}

/** A directory of this node, chosen by hand. It is nobody's to give away: fsGroup leaves it alone. */
export const hostPathMounter: SourceMounter = async ({ volume, readOnly }) => {
  const source = volume.spec?.hostPath
  return source === undefined ? undefined : { path: await prepareHostPath(source), readOnly }
}

/** A directory of this node that was made for volumes. Source: "Volumes", "local". */
export function localMounter(local: LocalVolumes): SourceMounter {
  return async ({ pod, volume, readOnly }) => {
    const path = volume.spec?.local?.path
    if (path === undefined) return undefined
    await mkdir(local.root, { recursive: true, mode: 0o711 })
    await local.ensure(path)
    const found = await stat(path).catch(() => undefined)
    const name = volume.metadata?.name ?? ''
    if (found === undefined)
      throw new VolumeError(
        `MountVolume.NewMounter initialization failed for volume "${name}" : path "${path}" does not exist`,
      )
    if (!found.isDirectory())
      throw new VolumeError(
        `MountVolume.NewMounter initialization failed for volume "${name}" : path "${path}" is not a directory`,
      )
    const gid = fsGroupOf(pod)
    if (gid !== undefined) {
      const policy = pod.spec?.securityContext?.fsGroupChangePolicy
      await applyFsGroup(path, { gid, policy, readOnly })
    }
    return { path, readOnly }
  }
}
