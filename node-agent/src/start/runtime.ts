import type { Clock } from '@kapell/controllers/machinery/clock'
import { errorText } from '@kapell/controllers/machinery/log'
import type { V1NodeStatus } from '@kapell/openapi/types'
import { connectCri, type Cri } from '../cri/client.ts'
import { createSimulatedRuntime } from '../cri/simulated.ts'
import { ensurePauseImage, watchImages, type ImageWatch } from '../images/import.ts'
import type { NodeAgentOptions } from '../options.ts'
import { startContainerd, type ContainerdRuntime } from '../runtime/containerd.ts'
import type { Closer } from './closer.ts'

/** The runtime that a node runs its pods on, and what it says of itself. */
export interface NodeRuntime {
  cri: Cri
  /** The agent's own; undefined when it is somebody else's, or none. */
  containerd: ContainerdRuntime | undefined
  /** "containerd" */
  name: string
  /** "1.6.20" */
  version: string
  /** What it can do, as the Node shows it. Older ones do not tell. */
  features: Pick<V1NodeStatus, 'runtimeHandlers' | 'features'>
}

export interface RuntimeRequest {
  options: NodeAgentOptions
  dataDir: string
  nodeName: string
  clock: Clock
  closers: Closer[]
}

/** Starts a containerd, connects to the one that is given, or simulates one; resolves when it answers. */
export async function openRuntime({
  options,
  dataDir,
  nodeName,
  clock,
  closers,
}: RuntimeRequest): Promise<NodeRuntime> {
  const { log, podCidr, progress = () => {} } = options
  const simulated = options.simulated === true
  const containerd =
    options.runtimeSocket === undefined && !simulated
      ? await startContainerd({
          dataDir,
          podCidr,
          ...(options.ipv6 === undefined ? {} : { podCidr6: options.ipv6.podCidr }),
          log,
          ...(options.containerd === undefined ? {} : { binary: options.containerd }),
          ...(options.signal === undefined ? {} : { signal: options.signal }),
        })
      : undefined
  if (containerd !== undefined) closers.push(({ removePods }) => containerd.close({ keepContainers: !removePods }))
  const socket = containerd?.socket ?? options.runtimeSocket ?? ''
  const cri = simulated ? createSimulatedRuntime({ clock, podCidr }) : connectCri(socket)
  if (simulated) log.warn(`node ${nodeName} SIMULATES its containers: pods look as if they ran, and nothing runs`)
  closers.push(() => Promise.resolve(cri.close()))
  const { runtimeName: name, runtimeVersion: version } = await cri.runtime.version({}, { deadlineMs: 10_000 })
  progress(`container runtime ${name} ${version} answers`)
  return { cri, containerd, name, version, features: await featuresOf(cri) }
}

async function featuresOf(cri: Cri): Promise<NodeRuntime['features']> {
  const { runtimeHandlers, features } = await cri.runtime.status({}, { deadlineMs: 10_000 })
  return {
    ...(runtimeHandlers.length === 0
      ? {}
      : {
          runtimeHandlers: runtimeHandlers.map(({ name, features: can }) => ({
            name,
            features: {
              recursiveReadOnlyMounts: can?.recursiveReadOnlyMounts ?? false,
              userNamespaces: can?.userNamespaces ?? false,
            },
          })),
        }),
    ...(features === undefined ? {} : { features: { supplementalGroupsPolicy: features.supplementalGroupsPolicy } }),
  }
}

/** Whether the handler that pods have without a RuntimeClass gives them users of their own. */
export const hasUserNamespaces = ({ features }: NodeRuntime): boolean =>
  features.runtimeHandlers?.find(({ name }) => name === '')?.features?.userNamespaces === true

/** Whether it makes mounts read-only all the way down. */
export const hasRecursiveReadOnly = ({ features }: NodeRuntime): boolean =>
  features.runtimeHandlers?.find(({ name }) => name === '')?.features?.recursiveReadOnlyMounts === true

/** Makes the pause image known, and imports image archives from now on. Undefined without a containerd of ours. */
export async function openImages(
  { options, dataDir, closers }: Pick<RuntimeRequest, 'options' | 'dataDir' | 'closers'>,
  containerd: ContainerdRuntime | undefined,
): Promise<ImageWatch | undefined> {
  if (containerd === undefined) return undefined
  const { log } = options
  await ensurePauseImage(containerd)
  const watch = watchImages({ runtime: containerd, dir: options.imagesDir ?? `${dataDir}/images`, log })
  watch.first.catch((error: unknown) => log.error(`image archives: ${errorText(error)}`))
  closers.push(() => watch.close())
  return watch
}
