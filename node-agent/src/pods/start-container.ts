import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { errorText } from '@kapell/controllers/machinery/log'
import type { V1Container, V1Pod } from '@kapell/openapi/types'
import { RuntimeCallError } from '../cri/grpc-client.ts'
import { ephemeralContainers } from './actions.ts'
import { containerConfig, type ContainerConfig, type Device } from './container-config.ts'
import type { PodDeps } from './deps.ts'
import { containerEnv } from './env.ts'
import { HookExecError, runHook } from './hooks.ts'
import { StartError, type PulledImage } from './images.ts'
import { killContainer } from './kill.ts'
import { registryAuths } from './pull-secrets.ts'
import {
  identityOf,
  newest,
  podTitle,
  type ContainerRecord,
  type PodRecord,
  type Restarts,
  type SandboxRecord,
} from './record.ts'
import { containerResources } from './resources.ts'
import type { SandboxConfig } from './sandbox-config.ts'

export interface StartRequest {
  pod: V1Pod
  container: V1Container
  sandbox: SandboxRecord
  sandboxConfig: SandboxConfig
  /** What was there before: the attempt number follows from it. */
  record: PodRecord
  /** Of containers that were removed to start anew: the restart counts they have now. */
  restarts: Restarts
  signal: AbortSignal
}

/** Pulls, creates and starts one container. Throws StartError with the reason that its status shall give. */
export async function startContainer(deps: PodDeps, request: StartRequest): Promise<void> {
  const { pod, container, record, signal } = request
  const before = newest(record, container.name)
  // A container that was created and never started is the half of an earlier try: its name is taken until removed.
  if (before !== undefined && neverRan(before)) {
    await deps.cri.runtime.removeContainer({ containerId: before.id }, { signal })
  }
  await tellOfMissingPullSecrets(deps, pod)
  const images = await mountedImages(deps, request)
  const image = await deps.images.ensure({ pod, container, auth: () => credentials(deps, pod, container), signal })
  const attempt = Math.max(nextAttempt(pod, container, before), request.restarts.get(container.name) ?? 0)
  const config = await configure(deps, request, { image, images, attempt })
  // Tried again at once: then its back-off tells how long it waits.
  const fail = (reason: string, error: unknown): StartError => {
    const text = error instanceof RuntimeCallError ? error.details : errorText(error)
    deps.events(pod, 'Warning', 'Failed', `Error: ${text}`, container.name)
    return new StartError(reason, text, reason === 'RunContainerError' ? 500 : undefined)
  }
  const { containerId } = await deps.cri.runtime
    .createContainer({ podSandboxId: request.sandbox.id, config, sandboxConfig: request.sandboxConfig }, { signal })
    .catch((error: unknown) => {
      throw signal.aborted ? error : fail('CreateContainerError', error)
    })
  deps.events(pod, 'Normal', 'Created', 'Container created', container.name)
  await deps.cri.runtime.startContainer({ containerId }, { signal }).catch((error: unknown) => {
    throw signal.aborted ? error : fail('RunContainerError', error)
  })
  deps.events(pod, 'Normal', 'Started', 'Container started', container.name)
  await postStart(deps, request, containerId)
}

/** The images that a container mounts, by the names of their volumes; pulled as its own is. */
async function mountedImages(
  deps: PodDeps,
  { pod, container, signal }: StartRequest,
): Promise<ReadonlyMap<string, PulledImage>> {
  const mounted = new Set((container.volumeMounts ?? []).map(({ name }) => name))
  const images = new Map<string, PulledImage>()
  for (const { name, image: source } of pod.spec?.volumes ?? []) {
    if (source === undefined || !mounted.has(name)) continue
    const { reference = '', pullPolicy } = source
    const stand = {
      name: container.name,
      image: reference,
      ...(pullPolicy === undefined ? {} : { imagePullPolicy: pullPolicy }),
    }
    const auth = () => credentials(deps, pod, stand)
    const image = await deps.images
      .ensure({ pod, container: stand, ofVolume: true, auth, signal })
      .catch((error: unknown) => {
        if (error instanceof StartError) deps.events(pod, 'Warning', 'Failed', `Error: ${error.reason}`, container.name)
        throw error
      })
    images.set(name, image)
  }
  return images
}

/**
 * Whether an instance of a container never came as far as running: it was made, and its start was cut off. A start that
 * failed (reason StartError) was one.
 */
export function neverRan({
  state,
  startedAt,
  reason,
}: Pick<ContainerRecord, 'state' | 'startedAt' | 'reason'>): boolean {
  if (state === 'created') return true
  return startedAt === undefined && state !== 'running' && reason !== 'StartError'
}

/** The restart count goes on where the runtime, or only the API, remembers it; what never ran does not count. */
export function nextAttempt(pod: V1Pod, container: V1Container, before: ContainerRecord | undefined): number {
  if (before !== undefined) return neverRan(before) ? before.attempt : before.attempt + 1
  const statuses = [
    ...(pod.status?.initContainerStatuses ?? []),
    ...(pod.status?.containerStatuses ?? []),
    ...(pod.status?.ephemeralContainerStatuses ?? []),
  ]
  // One that had run would be among what is remembered.
  return statuses.find(({ name }) => name === container.name)?.restartCount ?? 0
}

interface Prepared {
  image: PulledImage
  /** Of volumes. */
  images: ReadonlyMap<string, PulledImage>
  attempt: number
}

async function configure(
  deps: PodDeps,
  { pod, container, sandbox, record }: StartRequest,
  { image, images, attempt }: Prepared,
): Promise<ContainerConfig> {
  const { uid, namespace } = identityOf(pod)
  try {
    const hostIps = [deps.node.ip, ...(deps.node.ip6 === undefined ? [] : [deps.node.ip6])]
    const at = { podIps: pod.spec?.hostNetwork === true ? hostIps : sandbox.ips, hostIp: deps.node.ip, hostIps }
    const env = await containerEnv(pod, container, {
      ...at,
      configMap: (name) => deps.objects.configMap({ namespace, name, uid }),
      secret: (name) => deps.objects.secret({ namespace, name, uid }),
      services: linkedServices(deps, pod),
      allocatable: deps.node.allocatable,
    })
    const mounts = await deps.volumes.containerMounts({ pod, container, env, at, images })
    const given = await deps.devices.ofContainer(pod, container)
    for (const { hostPath, containerPath, options } of given.mounts)
      mounts.push({ hostPath, containerPath, readonly: options.includes('ro') })
    const terminationFile = deps.paths.terminationFile(uid, container.name, attempt)
    await mkdir(dirname(terminationFile), { recursive: true })
    await writeFile(terminationFile, '')
    // The container may run as anybody, and our umask must not matter.
    await chmod(terminationFile, 0o666)
    const taken = new Set(mounts.map(({ containerPath }) => containerPath))
    if (!taken.has('/etc/hosts')) {
      mounts.push({ containerPath: '/etc/hosts', hostPath: deps.paths.hostsFile(uid), readonly: false })
    }
    const terminationPath = container.terminationMessagePath ?? '/dev/termination-log'
    if (!taken.has(terminationPath)) {
      mounts.push({ containerPath: terminationPath, hostPath: terminationFile, readonly: false })
    }
    const target = ephemeralContainers(pod).find(({ name }) => name === container.name)?.targetContainerName
    const targetId = target === undefined || target === '' ? undefined : newest(record, target)?.id
    return containerConfig({
      ...(targetId === undefined ? {} : { targetId }),
      pod,
      container,
      attempt,
      env: new Map([...env, ...given.env.map(assignment)]),
      mounts,
      devices: [...deps.volumes.containerDevices(pod, container), ...given.deviceNodes.map(deviceNode)],
      cdiIds: given.cdiIds,
      terminationFile,
      imageRef: image.ref,
      imageUser: image.user,
      seccompDir: deps.paths.seccomp,
      resources: containerResources(pod, container, deps.node.memoryCapacityBytes),
      users: await deps.users.mappingOf(pod),
    })
  } catch (error) {
    const text = errorText(error)
    deps.events(pod, 'Warning', 'Failed', `Error: ${text}`, container.name)
    throw new StartError('CreateContainerConfigError', text)
  }
}

/** "NAME=value" */
function assignment(text: string): [name: string, value: string] {
  const at = text.indexOf('=')
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)]
}

const deviceNode = (node: { path: string; hostPath: string; permissions: string }): Device => ({
  containerPath: node.path,
  hostPath: node.hostPath,
  permissions: node.permissions,
})

/** Links to every Service of the namespace, unless the pod declines; the API server itself is always linked. */
function linkedServices(deps: PodDeps, pod: V1Pod): ReturnType<PodDeps['services']> {
  const { namespace } = identityOf(pod)
  const master = deps.services('default').filter(({ metadata }) => metadata?.name === 'kubernetes')
  if (pod.spec?.enableServiceLinks === false) return master
  const own = deps.services(namespace)
  return namespace === 'default' ? own : [...own, ...master]
}

const pullSecretNames = (pod: V1Pod): string[] =>
  (pod.spec?.imagePullSecrets ?? []).flatMap(({ name }) => (name === undefined || name === '' ? [] : [name]))

/** The pod may do without them, if its images are there or anybody may pull them. */
async function tellOfMissingPullSecrets(deps: PodDeps, pod: V1Pod): Promise<void> {
  const { uid, namespace } = identityOf(pod)
  const names = pullSecretNames(pod)
  const found = await Promise.all(names.map((name) => deps.objects.secret({ namespace, name, uid })))
  const missing = names.filter((_, index) => found[index] === undefined)
  if (missing.length === 0) return
  const text = `Unable to retrieve some image pull secrets (${missing.join(', ')}); attempting to pull the image may not succeed.`
  deps.events(pod, 'Warning', 'FailedToRetrieveImagePullSecret', text)
}

async function credentials(
  deps: PodDeps,
  pod: V1Pod,
  container: V1Container,
): Promise<ReturnType<typeof registryAuths>> {
  const { uid, namespace } = identityOf(pod)
  const found = await Promise.all(pullSecretNames(pod).map((name) => deps.objects.secret({ namespace, name, uid })))
  return registryAuths(
    found.filter((secret) => secret !== undefined),
    container.image ?? '',
  )
}

/** A failing postStart handler ends its container; the restart policy decides about another. */
async function postStart(
  deps: PodDeps,
  { pod, container, sandbox, signal }: StartRequest,
  containerId: string,
): Promise<void> {
  const handler = container.lifecycle?.postStart
  if (handler === undefined) return
  try {
    const podIp = pod.spec?.hostNetwork === true ? deps.node.ip : (sandbox.ips[0] ?? '')
    const timeoutMs = 24 * 3_600_000
    await runHook(handler, { cri: deps.cri, clock: deps.clock, containerId, container, podIp, timeoutMs, signal })
  } catch (error) {
    if (signal.aborted) throw error
    deps.events(pod, 'Warning', 'FailedPostStartHook', 'PostStartHook failed', container.name)
    const message = 'FailedPostStartHook'
    await killContainer(deps, { pod, container, containerId, podIp: '', graceSeconds: grace(pod), message, signal })
    throw new StartError('PostStartHookError', hookFailure(handler, { pod, container, error }))
  }
}

/** What a status says of a postStart handler that failed. */
function hookFailure(
  handler: NonNullable<V1Container['lifecycle']>['postStart'] & object,
  { pod, container, error }: { pod: V1Pod; container: V1Container; error: unknown },
): string {
  const where = `for Container ${JSON.stringify(container.name)} in Pod ${JSON.stringify(podTitle(identityOf(pod)))} failed - error:`
  if (handler.httpGet !== undefined)
    return `HTTP lifecycle hook (${handler.httpGet.path ?? ''}) ${where} ${errorText(error)}`
  if (handler.exec === undefined) return errorText(error)
  const output = error instanceof HookExecError ? error.output : ''
  return `Exec lifecycle hook ([${(handler.exec.command ?? []).join(' ')}]) ${where} ${errorText(error)}, message: ${JSON.stringify(output)}`
}

const grace = (pod: V1Pod): number => pod.spec?.terminationGracePeriodSeconds ?? 30
