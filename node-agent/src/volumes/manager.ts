import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { errorText, type Logger } from '@kapell/controllers/machinery/log'
import type { V1Pod, V1Volume, V1VolumeMount } from '@kapell/openapi/types'
import { propagation, type Mount } from '../pods/container-config.ts'
import type { ContainerMountsRequest, NodeFacts, ObjectSource, PodVolumes } from '../pods/deps.ts'
import { expand } from '../pods/expand.ts'
import type { AgentMetrics } from '../metrics/agent-metrics.ts'
import type { NodePaths } from '../pods/paths.ts'
import { identityOf } from '../pods/record.ts'
import { VolumeError, type ClaimSource } from './claim.ts'
import { configMap } from './config-map.ts'
import type { CsiVolumes } from './csi/mount.ts'
import { downwardApi } from './downward-api.ts'
import { emptyDir } from './empty-dir.ts'
import { createGrow, type GrowOptions } from './grow.ts'
import { hostPath } from './host-path.ts'
import { imageMount, imageVolume, type ImageVolumes } from './image.ts'
import type { LocalVolumes } from './local-path.ts'
import { isMountPoint, mountTmpfs, unmountBelow } from './mounts.ts'
import { hostPathMounter, localMounter, persistentVolume } from './persistent.ts'
import type { ReadyVolume, VolumeContext, VolumePlugin } from './plugin.ts'
import { projected } from './projected.ts'
import { secret } from './secret.ts'
import { mountSubPath } from './sub-path.ts'
import type { Tokens } from './tokens.ts'

export interface VolumeManagerOptions {
  paths: NodePaths
  /** Where volumes that must not reach a disk are kept. */
  memoryDir: string
  node: Pick<NodeFacts, 'allocatable' | 'ip' | 'recursiveReadOnly'>
  objects: ObjectSource
  tokens: Tokens
  claims: ClaimSource
  localVolumes: LocalVolumes
  csi: CsiVolumes
  images: ImageVolumes
  events: GrowOptions['events']
  patchClaim: GrowOptions['patchClaim']
  /** Default: nothing is counted. */
  metrics?: Pick<AgentMetrics, 'volumeSetUp'>
  log: Logger
}

export interface VolumeManager extends PodVolumes {
  /** Makes the place for what is kept in memory; where the machine does not allow it, a directory must do. */
  open(): Promise<void>
  /** Takes that place away again; every pod must be gone. */
  close(): Promise<void>
}

export function createVolumeManager(options: VolumeManagerOptions): VolumeManager {
  const { paths, memoryDir, node, objects, tokens, log } = options
  /** Every type of volume this node knows. */
  const plugins: readonly VolumePlugin[] = [
    emptyDir,
    hostPath,
    configMap,
    secret,
    downwardApi,
    projected,
    options.csi.inline,
    imageVolume,
    persistentVolume({
      claims: options.claims,
      mounters: [localMounter(options.localVolumes), hostPathMounter, options.csi.mounter],
      grow: createGrow({ expand: options.csi.expand, patchClaim: options.patchClaim, events: options.events }),
    }),
  ]
  /** Of each pod, by its uid, the volumes that are ready, by name. */
  const ready = new Map<string, Map<string, ReadyVolume>>()

  const pluginOf = (volume: V1Volume): VolumePlugin => {
    const plugin = plugins.find((candidate) => candidate.matches(volume))
    if (plugin === undefined) {
      const type = Object.keys(volume).find((key) => key !== 'name') ?? 'unknown'
      throw new Error(`this node does not support volumes of type ${type}`)
    }
    return plugin
  }
  const dirOf = (uid: string, volume: V1Volume, plugin: VolumePlugin): string =>
    join(plugin.inMemory ? join(memoryDir, uid) : paths.volumes(uid), plugin.name, volume.name)

  const contextOf = (pod: V1Pod, volume: V1Volume, plugin: VolumePlugin): VolumeContext => {
    const { uid, namespace } = identityOf(pod)
    return {
      pod,
      volume,
      dir: dirOf(uid, volume, plugin),
      configMap: (name) => objects.configMap({ namespace, name, uid }),
      secret: (name) => objects.secret({ namespace, name, uid }),
      token: (request) => tokens.get(pod, request),
      allocatable: node.allocatable,
      nodeIp: node.ip,
    }
  }
  /** Makes a volume ready, or brings it up to date. */
  const setUp = async (pod: V1Pod, volume: V1Volume, known: Map<string, ReadyVolume>): Promise<void> => {
    const plugin = pluginOf(volume)
    const context = contextOf(pod, volume, plugin)
    if (plugin.once === true && known.has(volume.name)) {
      await plugin.refresh?.(context)
      return
    }
    const began = performance.now()
    const told = (failed: boolean): void => {
      if (failed || !known.has(volume.name))
        options.metrics?.volumeSetUp(plugin.name.replace('~', '/'), (performance.now() - began) / 1000, failed)
    }
    const made = await plugin.setUp(context).catch((error: unknown) => {
      told(true)
      throw error
    })
    told(false)
    known.set(volume.name, typeof made === 'string' ? { path: made } : made)
  }
  const readyVolume = (pod: V1Pod, name: string): ReadyVolume => {
    if (!pod.spec?.volumes?.some((volume) => volume.name === name))
      throw new Error(`cannot find volume ${JSON.stringify(name)} to mount into container`)
    const found = ready.get(identityOf(pod).uid)?.get(name)
    if (found === undefined) throw new Error(`volume ${JSON.stringify(name)} is not ready`)
    return found
  }

  /** When the node stops: a driver that has gone before must not hold it up. */
  const releaseCsi = (uid: string): Promise<void> =>
    options.csi.release(uid).catch((error: unknown) => void log.warn(`volumes of pod ${uid}: ${errorText(error)}`))

  return {
    open: async () => {
      await mkdir(memoryDir, { recursive: true, mode: 0o700 })
      await mkdir(paths.pods, { recursive: true, mode: 0o750 })
      await mkdir(paths.logs, { recursive: true, mode: 0o755 })
      await options.csi.inUse.open()
      if (await isMountPoint(memoryDir)) return
      await mountTmpfs(memoryDir).catch((error: unknown) => {
        log.warn(`secrets of pods are kept on disk, in ${memoryDir}: ${errorText(error)}`)
      })
    },
    close: async () => {
      await unmountBelow(memoryDir)
      await rm(memoryDir, { recursive: true, force: true })
    },

    mount: async (pod) => {
      const { uid } = identityOf(pod)
      const known = ready.get(uid) ?? new Map<string, ReadyVolume>()
      ready.set(uid, known)
      for (const volume of pod.spec?.volumes ?? []) {
        try {
          await setUp(pod, volume, known)
        } catch (error) {
          if (error instanceof VolumeError) throw error
          throw new Error(`MountVolume.SetUp failed for volume ${JSON.stringify(volume.name)} : ${errorText(error)}`)
        }
      }
    },

    containerMounts: async ({ pod, container, env, images }: ContainerMountsRequest) => {
      const { uid } = identityOf(pod)
      const mounts: Mount[] = []
      for (const [index, mount] of (container.volumeMounts ?? []).entries()) {
        const found = readyVolume(pod, mount.name)
        const containerPath = mount.mountPath.startsWith('/') ? mount.mountPath : `/${mount.mountPath}`
        const subPath = subPathOf(mount, env)
        const image = images.get(mount.name)
        if (image !== undefined && options.images.native(subPath)) {
          mounts.push(imageMount({ containerPath, image, subPath }))
          continue
        }
        let path = image === undefined ? found.path : await options.images.view(image.ref, found.path)
        if (subPath !== '') {
          const target = join(paths.subPaths(uid), mount.name, container.name, String(index))
          // What an ended instance of the container had mounted may be something else by now.
          await unmountBelow(target)
          path = await mountSubPath({ volume: path, subPath, target }).catch((error: unknown) => {
            const where = `volumeMount ${JSON.stringify(mount.name)} of container ${JSON.stringify(container.name)}`
            log.warn(`pod ${uid}: subPath of ${where}: ${errorText(error)}`)
            // No more than this: whoever writes pods need not learn what is on the machine.
            throw new Error(`failed to prepare subPath for ${where}`)
          })
        }
        mounts.push({
          containerPath,
          hostPath: path,
          readonly: mount.readOnly === true || found.readOnly === true,
          recursiveReadOnly: recursively(mount, node.recursiveReadOnly === true),
          propagation: propagation[mount.mountPropagation ?? 'None']!,
        })
      }
      return mounts
    },
    containerDevices: (pod, container) =>
      (container.volumeDevices ?? []).map(({ name, devicePath }) => {
        const { path, readOnly = false } = readyVolume(pod, name)
        return { containerPath: devicePath, hostPath: path, permissions: readOnly ? 'r' : 'mrw' }
      }),

    release: async (uid) => {
      ready.delete(uid)
      await releaseCsi(uid)
      await options.images.release(join(paths.volumes(uid), imageVolume.name))
      await unmountBelow(paths.pod(uid))
    },

    unmount: async (uid) => {
      ready.delete(uid)
      await unmountBelow(paths.subPaths(uid))
      await options.csi.release(uid)
      await options.images.release(join(paths.volumes(uid), imageVolume.name))
      await unmountBelow(paths.pod(uid))
      await rm(paths.volumes(uid), { recursive: true, force: true })
      await rm(paths.subPaths(uid), { recursive: true, force: true })
      await rm(join(memoryDir, uid), { recursive: true, force: true })
      tokens.forget(uid)
    },
  }
}

/** Throws where a pod insists on what the runtime cannot do. */
function recursively({ readOnly, recursiveReadOnly }: V1VolumeMount, can: boolean): boolean {
  if (readOnly !== true || recursiveReadOnly === undefined || recursiveReadOnly === 'Disabled') return false
  if (!can && recursiveReadOnly === 'Enabled')
    throw new Error('recursive read-only mounts are not supported by the container runtime')
  return can
}

/** The part of a volume that a mount shows, as its environment expands it. Throws where that leads out. */
export function subPathOf(mount: { subPath?: string; subPathExpr?: string }, env: ReadonlyMap<string, string>): string {
  if (mount.subPathExpr === undefined || mount.subPathExpr === '') return mount.subPath ?? ''
  const path = expand(mount.subPathExpr, (name) => {
    const value = env.get(name)
    if (value === undefined) throw new Error(`missing value for ${name}`)
    return value
  })
  if (path.startsWith('/')) throw new Error(`error SubPath \`${path}\` must not be an absolute path`)
  if (path.split('/').includes('..')) throw new Error(`unable to provision SubPath \`${path}\`: must not contain '..'`)
  return path
}
