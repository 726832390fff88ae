import { mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { V1Pod } from '@kapell/openapi/types'
import type { Mount } from '../pods/container-config.ts'
import { withDefaultTag, type PulledImage } from '../pods/images.ts'
import { tryRun } from '../runtime/exec.ts'
import { isMountPoint, unmountBelow } from './mounts.ts'
import type { VolumePlugin } from './plugin.ts'

/**
 * The files of an image as a read-only volume. It is pulled when a container that mounts it starts, so that a failure is
 * that container's to tell. Source: "Image volumes".
 */
export const imageVolume: VolumePlugin = {
  name: 'kubernetes.io~image',
  inMemory: false,
  once: true,
  matches: (volume) => volume.image !== undefined,
  setUp: ({ dir }) => Promise.resolve({ path: dir, readOnly: true }),
}

/** Names of the images that pods mount: the runtime does not know that they are in use. */
export const mountedImages = (pods: readonly V1Pod[]): string[] =>
  pods.flatMap(({ spec, status }) =>
    status?.phase === 'Succeeded' || status?.phase === 'Failed'
      ? []
      : (spec?.volumes ?? []).flatMap(({ image }) => withDefaultTag(image?.reference ?? '') ?? []),
  )

/** How this node's runtime shows an image to a container. */
export interface ImageVolumes {
  /** Whether the runtime mounts images itself, or this part of one. */
  native(subPath: string): boolean
  /** Mounts an image at a directory, where the runtime cannot. Answers the directory. Throws where nobody can. */
  view(ref: string, dir: string): Promise<string>
  /** Takes away what was mounted directly below a directory. */
  release(parent: string): Promise<void>
}

export const imageMount = (of: { containerPath: string; image: PulledImage; subPath: string }): Mount => ({
  containerPath: of.containerPath,
  hostPath: '',
  readonly: true,
  image: { image: of.image.ref },
  imageSubPath: of.subPath,
})

export interface ImageVolumesOptions {
  /** "2.1.0", of containerd; undefined for another runtime. */
  containerdVersion: string | undefined
  /** The agent's own containerd. */
  containerd: { ctr: string; socket: string; namespace: string; snapshotter: string } | undefined
}

/** containerd mounts images from 2.1 on, and parts of them from 2.2 on. Before that, its own tool mounts a view. */
export function createImageVolumes({ containerdVersion, containerd }: ImageVolumesOptions): ImageVolumes {
  const [major = 0, minor = 0] = (containerdVersion ?? '0.0').split('.').map(Number)
  const atLeast = (wanted: number): boolean => major > 2 || (major === 2 && minor >= wanted)
  const ctr = (args: readonly string[]) =>
    tryRun(containerd?.ctr ?? '', ['-a', containerd?.socket ?? '', '-n', containerd?.namespace ?? '', ...args])
  const forget = async (dir: string): Promise<void> => {
    await ctr(['snapshots', '--snapshotter', containerd?.snapshotter ?? '', 'rm', dir])
    await ctr(['leases', 'rm', dir])
  }
  return {
    native: (subPath) => atLeast(subPath === '' ? 1 : 2),
    view: async (ref, dir) => {
      if (containerd === undefined)
        throw new Error(
          `image volumes are not supported by this node's container runtime (${containerdVersion ?? '?'})`,
        )
      if (await isMountPoint(dir)) return dir
      // What an agent that was killed has left of it would be in the way.
      await forget(dir)
      await mkdir(dir, { recursive: true, mode: 0o755 })
      const mounted = await ctr(['images', 'mount', '--snapshotter', containerd.snapshotter, ref, dir])
      if (mounted.code !== 0) throw new Error(`cannot mount image ${ref}: ${mounted.stderr}`)
      return dir
    },
    release: async (parent) => {
      for (const name of await readdir(parent).catch(() => [])) {
        const dir = join(parent, name)
        if (!(await isMountPoint(dir))) continue
        await unmountBelow(dir)
        if (containerd !== undefined) await forget(dir)
      }
    },
  }
}
