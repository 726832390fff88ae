import { create } from '@bufbuild/protobuf'
import type { Clock } from '@kapell/controllers/machinery/clock'
import type { Cri, EventsClient, ImageServiceClient, RuntimeServiceClient } from './client.ts'
import {
  ContainerSchema,
  ContainerState,
  ContainerStatusResponseSchema,
  ContainerStatusSchema,
  CreateContainerResponseSchema,
  ExecSyncResponseSchema,
  ImageSchema,
  ImageStatusResponseSchema,
  ListContainersResponseSchema,
  ListImagesResponseSchema,
  ListPodSandboxResponseSchema,
  PodSandboxSchema,
  PodSandboxState,
  PodSandboxStatusResponseSchema,
  PullImageResponseSchema,
  RemoveContainerResponseSchema,
  RemovePodSandboxResponseSchema,
  RunPodSandboxResponseSchema,
  StartContainerResponseSchema,
  StatusResponseSchema,
  StopContainerResponseSchema,
  StopPodSandboxResponseSchema,
  VersionResponseSchema,
  type ContainerStatus,
  type PodSandbox,
} from './gen/runtime_pb.ts'
import { RuntimeCallError } from './grpc-client.ts'

const maxCalls = 10_000

/** One address after the other, from the third on; begins anew when the range is used up. */
function addressesOf(cidr: string): () => string {
  const [network = '', bits = '24'] = cidr.split('/')
  const base = network.split('.').reduce((sum, octet) => sum * 256 + Number(octet), 0)
  const size = 2 ** (32 - Number(bits))
  let next = 2
  return () => {
    const address = base + next
    next = next + 2 >= size ? 2 : next + 1
    return [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join('.')
  }
}

/** What a script may decide; each may be changed while the runtime lives. */
export interface SimulatedScript {
  /** Throws to refuse a sandbox. */
  runSandbox?: () => Promise<void> | void
  /** Pulls for as long as this takes; throws to fail. Without it every image is there. */
  pull?: (image: string) => Promise<void>
  /** Throws to refuse to start. */
  start?: (name: string) => void
  /** How long a container takes to end when asked politely; longer than its grace period means SIGKILL. */
  stopMs?: (name: string) => number
}

/** A runtime in memory: same calls, no processes. */
export interface SimulatedRuntime extends Cri {
  readonly script: SimulatedScript
  /** Calls so far, as "name detail". */
  readonly calls: string[]
  /** Ends a running container by itself. */
  exit(containerName: string, code: number): void
  /** Names of running containers. */
  running(): string[]
}

export interface SimulatedOptions {
  clock: Clock
  script?: SimulatedScript
  /** Pods get addresses of this range, IPv4. Default 10.0.0.0/16. */
  podCidr?: string
}

export function createSimulatedRuntime(options: SimulatedOptions): SimulatedRuntime {
  const { clock, script = {}, podCidr = '10.0.0.0/16' } = options
  const addresses = addressesOf(podCidr)
  const sandboxes = new Map<string, { item: PodSandbox; ip: string }>()
  const containers = new Map<string, { status: ContainerStatus; sandboxId: string }>()
  const images = new Set<string>()
  const calls: string[] = []
  let counter = 0
  const nanos = (): bigint => BigInt(clock.now().getTime()) * 1_000_000n
  const noProcess = (method: string) => () =>
    Promise.reject(
      new RuntimeCallError(method, { code: 12, details: 'the simulated runtime runs no processes' }, 'simulated'),
    )
  /** Bounded: a long-lived node must not remember every call. */
  const tell = (call: string): void => {
    calls.push(call)
    if (calls.length > maxCalls) calls.splice(0, maxCalls / 2)
  }
  const missing = (method: string, id: string): RuntimeCallError =>
    new RuntimeCallError(method, { code: 5, details: `"${id}": not found` }, 'simulated')
  const container = (method: string, id: string) => {
    const found = containers.get(id)
    if (found === undefined) throw missing(method, id)
    return found
  }
  const end = (status: ContainerStatus, code: number): void => {
    status.state = ContainerState.CONTAINER_EXITED
    status.exitCode = code
    status.reason = code === 0 ? 'Completed' : 'Error'
    status.finishedAt = nanos()
  }
  const matches = (labels: Record<string, string>, wanted: Record<string, string> = {}): boolean =>
    Object.entries(wanted).every(([key, value]) => labels[key] === value)
  const imageOf = (name: string) =>
    create(ImageSchema, { id: `sha256:${name}`, repoTags: [name], size: 1n, uid: { value: 0n } })

  const runtime: Partial<RuntimeServiceClient> = {
    version: () =>
      Promise.resolve(
        create(VersionResponseSchema, { runtimeName: 'simulated', runtimeVersion: '1', runtimeApiVersion: 'v1' }),
      ),
    status: () =>
      Promise.resolve(
        create(StatusResponseSchema, {
          status: { conditions: ['RuntimeReady', 'NetworkReady'].map((type) => ({ type, status: true })) },
        }),
      ),
    runPodSandbox: async ({ config }) => {
      tell(`runPodSandbox ${config?.metadata?.attempt}`)
      await script.runSandbox?.()
      const id = `sandbox-${counter++}`
      const item = create(PodSandboxSchema, {
        id,
        metadata: config?.metadata ?? {},
        createdAt: nanos() + BigInt(counter),
        labels: config?.labels ?? {},
        state: PodSandboxState.SANDBOX_READY,
      })
      sandboxes.set(id, { item, ip: addresses() })
      return create(RunPodSandboxResponseSchema, { podSandboxId: id })
    },
    stopPodSandbox: async ({ podSandboxId = '' }) => {
      tell(`stopPodSandbox ${podSandboxId}`)
      const found = sandboxes.get(podSandboxId)
      if (found !== undefined) found.item.state = PodSandboxState.SANDBOX_NOTREADY
      for (const { status, sandboxId } of containers.values()) {
        if (sandboxId === podSandboxId && status.state === ContainerState.CONTAINER_RUNNING) end(status, 137)
      }
      return create(StopPodSandboxResponseSchema)
    },
    removePodSandbox: async ({ podSandboxId = '' }) => {
      tell(`removePodSandbox ${podSandboxId}`)
      sandboxes.delete(podSandboxId)
      return create(RemovePodSandboxResponseSchema)
    },
    podSandboxStatus: async ({ podSandboxId = '' }) => {
      const found = sandboxes.get(podSandboxId)
      if (found === undefined) throw missing('PodSandboxStatus', podSandboxId)
      return create(PodSandboxStatusResponseSchema, { status: { id: podSandboxId, network: { ip: found.ip } } })
    },
    listPodSandbox: async ({ filter }) =>
      create(ListPodSandboxResponseSchema, {
        items: [...sandboxes.values()]
          .map(({ item }) => item)
          .filter(({ labels }) => matches(labels, filter?.labelSelector)),
      }),
    createContainer: async ({ podSandboxId = '', config }) => {
      const name = config?.metadata?.name ?? ''
      tell(`createContainer ${name} ${config?.metadata?.attempt}`)
      const id = `container-${counter++}`
      const status = create(ContainerStatusSchema, {
        id,
        metadata: config?.metadata ?? {},
        state: ContainerState.CONTAINER_CREATED,
        createdAt: nanos() + BigInt(counter),
        image: config?.image ?? {},
        imageRef: config?.image?.image ?? '',
        labels: config?.labels ?? {},
        annotations: config?.annotations ?? {},
      })
      containers.set(id, { status, sandboxId: podSandboxId })
      return create(CreateContainerResponseSchema, { containerId: id })
    },
    startContainer: async ({ containerId = '' }) => {
      const { status } = container('StartContainer', containerId)
      tell(`startContainer ${status.metadata?.name}`)
      status.startedAt = nanos()
      try {
        script.start?.(status.metadata?.name ?? '')
      } catch (error) {
        end(status, 128)
        status.reason = 'StartError'
        throw error
      }
      status.state = ContainerState.CONTAINER_RUNNING
      return create(StartContainerResponseSchema)
    },
    stopContainer: async ({ containerId = '', timeout = 0n }, { signal } = {}) => {
      const { status } = container('StopContainer', containerId)
      const name = status.metadata?.name ?? ''
      tell(`stopContainer ${name} ${timeout}`)
      const politeMs = script.stopMs?.(name) ?? 0
      const graceMs = Number(timeout) * 1000
      if (politeMs > 0 && graceMs > 0) await clock.sleep(Math.min(politeMs, graceMs), signal)
      signal?.throwIfAborted()
      if (status.state === ContainerState.CONTAINER_RUNNING) end(status, politeMs <= graceMs ? 0 : 137)
      return create(StopContainerResponseSchema)
    },
    removeContainer: async ({ containerId = '' }) => {
      tell(`removeContainer ${containers.get(containerId)?.status.metadata?.name}`)
      containers.delete(containerId)
      return create(RemoveContainerResponseSchema)
    },
    listContainers: async ({ filter }) =>
      create(ListContainersResponseSchema, {
        containers: [...containers.values()]
          .filter(({ status }) => matches(status.labels, filter?.labelSelector))
          .map(({ status, sandboxId }) =>
            create(ContainerSchema, {
              id: status.id,
              podSandboxId: sandboxId,
              state: status.state,
              labels: status.labels,
              createdAt: status.createdAt,
              ...(status.metadata === undefined ? {} : { metadata: status.metadata }),
            }),
          ),
      }),
    containerStatus: async ({ containerId = '' }) => {
      const { status } = container('ContainerStatus', containerId)
      // A copy: what was answered once does not change.
      return create(ContainerStatusResponseSchema, { status: { ...status } })
    },
    execSync: async () => create(ExecSyncResponseSchema, { exitCode: 0 }),
    exec: noProcess('Exec'),
    attach: noProcess('Attach'),
    portForward: noProcess('PortForward'),
  }
  const imageService: Partial<ImageServiceClient> = {
    imageStatus: async ({ image }) => {
      const name = image?.image ?? ''
      return create(
        ImageStatusResponseSchema,
        script.pull === undefined || images.has(name) ? { image: imageOf(name) } : {},
      )
    },
    pullImage: async ({ image }) => {
      const name = image?.image ?? ''
      tell(`pullImage ${name}`)
      await script.pull?.(name)
      images.add(name)
      return create(PullImageResponseSchema, { imageRef: `sha256:${name}` })
    },
    listImages: async () => create(ListImagesResponseSchema, { images: [...images].map(imageOf) }),
  }
  const events: EventsClient = {
    // Tells nothing: whoever simulates also knows when to look.
    subscribe: async function* (_request, { signal } = {}) {
      if (signal !== undefined && !signal.aborted) {
        await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
      }
    },
  }
  return {
    runtime: runtime as RuntimeServiceClient,
    images: imageService as ImageServiceClient,
    events,
    socket: 'simulated',
    close: () => {},
    script,
    calls,
    exit: (name, code) => {
      for (const { status } of containers.values()) {
        if (status.metadata?.name === name && status.state === ContainerState.CONTAINER_RUNNING) end(status, code)
      }
    },
    running: () =>
      [...containers.values()]
        .filter(({ status }) => status.state === ContainerState.CONTAINER_RUNNING)
        .map(({ status }) => status.metadata?.name ?? ''),
  }
}
