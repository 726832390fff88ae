import type { Clock } from '@kapell/controllers/machinery/clock'
import type { Logger } from '@kapell/controllers/machinery/log'
import type { V1ConfigMap, V1Container, V1Pod, V1PodStatus, V1Secret, V1Service } from '@kapell/openapi/types'
import type { Cgroups } from '../cgroups/manager.ts'
import type { Cri } from '../cri/client.ts'
import type { PodDevices } from '../devices/manager.ts'
import type { ProbeStates } from '../status/container-status.ts'
import type { ProbeVerdicts } from './actions.ts'
import type { Allocations } from './allocation.ts'
import type { PodAdmission } from './admission.ts'
import type { Backoff } from './backoff.ts'
import type { Device, Mount } from './container-config.ts'
import type { DnsSurroundings } from './dns.ts'
import type { PodEvents } from './events.ts'
import type { PodAddresses } from './field-ref.ts'
import type { ImagePuller, PulledImage } from './images.ts'
import type { Observer } from './observe.ts'
import type { NodePaths } from './paths.ts'
import type { PodIdentity, PodRecord } from './record.ts'
import type { AgentMetrics } from '../metrics/agent-metrics.ts'
import type { Enforceable } from './enforceable.ts'
import type { UserNamespaces } from './user-namespaces.ts'

/** What the pods' room needs from its surroundings; tests give closures. */
export interface PodDeps {
  cri: Cri
  observer: Observer
  images: ImagePuller
  volumes: PodVolumes
  devices: PodDevices
  objects: ObjectSource
  probes: Probes
  status: PodStatuses
  admission: PodAdmission
  allocations: Allocations
  users: UserNamespaces
  cgroups: Pick<Cgroups, 'apply' | 'remove' | 'memoryInUse'>
  events: PodEvents
  crashBackoff: Backoff
  /** Default: nothing is counted. */
  metrics?: AgentMetrics
  clock: Clock
  log: Logger
  paths: NodePaths
  node: NodeFacts
  dns: DnsSurroundings
  /** Services of a namespace. */
  services(namespace: string): V1Service[]
  /** The runtime's handler for pods of a RuntimeClass. Rejects when there is no such class. */
  runtimeHandler(className: string): Promise<string>
  /** The addresses of a pod, for what it shows on the node's own ports; none when it ends. */
  hostPorts(pod: V1Pod, podIps: readonly string[]): void
}

export interface NodeFacts extends Enforceable {
  /** Whether the runtime can make mounts read-only all the way down. */
  recursiveReadOnly?: boolean
  name: string
  ip: string
  /** Of IPv6, where pods have addresses of both families. */
  ip6?: string
  memoryCapacityBytes: number
  allocatable: Record<string, string>
  /** Below it every pod has its cgroup. */
  cgroupRoot: string
  /** The node's own /etc/hosts. */
  hosts: string
  /** "containerd": the scheme of container ids in statuses. */
  runtimeName: string
}

/** Directories of a pod's volumes. */
export interface PodVolumes {
  /** Makes every volume ready, or brings it up to date. Throws with what is missing. */
  mount(pod: V1Pod): Promise<void>
  /** What a container gets to see; subPathExpr is expanded with its environment. */
  containerMounts(request: ContainerMountsRequest): Promise<Mount[]>
  /** The devices of a container, from volumes that are some. */
  containerDevices(pod: V1Pod, container: V1Container): Device[]
  /** Unmounts and removes everything of a pod, also what an earlier agent mounted. */
  unmount(uid: string): Promise<void>
  /** Takes away mounts only: the pod comes back and finds its files. What was kept in memory is lost. */
  release(uid: string): Promise<void>
}

export interface ContainerMountsRequest {
  pod: V1Pod
  container: NonNullable<V1Pod['spec']>['containers'][number]
  env: ReadonlyMap<string, string>
  at: PodAddresses
  /** Images that are mounted, by the names of their volumes. */
  images: ReadonlyMap<string, PulledImage>
}

/** ConfigMaps and Secrets that pods refer to, as fresh as a watch keeps them; `undefined` is "does not exist". */
export interface ObjectSource {
  configMap(request: ObjectRequest): Promise<V1ConfigMap | undefined>
  secret(request: ObjectRequest): Promise<V1Secret | undefined>
  /** The pod no longer refers to anything. */
  release(uid: string): void
}

export interface ObjectRequest {
  namespace: string
  name: string
  /** Who asks: is told of changes until released. */
  uid: string
}

export interface Probes extends ProbeVerdicts, ProbeStates {
  /** Starts and stops probing, to fit the containers that run. */
  update(pod: V1Pod, record: PodRecord): void
  stop(uid: string): void
}

/** Where statuses go. */
export interface PodStatuses {
  set(pod: V1Pod, status: V1PodStatus): void
  finish(pod: V1Pod, status: V1PodStatus): void
  forget(uid: string): void
}

export type { PodIdentity, PodRecord }
