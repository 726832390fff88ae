import { mkdir, rm, writeFile } from 'node:fs/promises'
import { errorText } from '@kapell/controllers/machinery/log'
import type { V1Container, V1Pod } from '@kapell/openapi/types'
import type { Waiting } from '../status/container-status.ts'
import { allContainers, computePodActions, type KillAction, type PodActions } from './actions.ts'
import { goDuration } from './backoff.ts'
import { containerHash } from './container-hash.ts'
import type { PodDeps } from './deps.ts'
import { podDns } from './dns.ts'
import { hostsFile, podHostname } from './hosts-file.ts'
import { StartError } from './images.ts'
import { killContainer } from './kill.ts'
import { identityOf, podTitle, type PodRecord, type SandboxRecord } from './record.ts'
import { resizeContainers, type ResizeRequest } from './resize.ts'
import { podCgroup } from './resources.ts'
import { removeToStartAnew } from './restart-all.ts'
import { sandboxConfig, type SandboxConfig } from './sandbox-config.ts'
import { startContainer } from './start-container.ts'
import { terminatePod } from './terminate.ts'
import { VolumeError } from '../volumes/claim.ts'
import type { IdMapping } from './user-namespaces.ts'

export interface SyncRequest {
  pod: V1Pod
  record: PodRecord
  /** Why containers wait; kept between calls, changed here. */
  waiting: Map<string, Waiting>
  /** When a container that could not start is tried again, in milliseconds since 1970; kept and changed likewise. */
  notBefore: Map<string, number>
  /** How often those were restarted that were removed to start anew, by name; kept and changed likewise. */
  restarts: Map<string, number>
  resized: ResizeRequest['resized']
  resizeError: ResizeRequest['resizeError']
  /** How often in a row its volumes or its sandbox could not be made; kept and changed likewise. */
  failures: { count: number }
  signal: AbortSignal
}

export interface SyncResult {
  /** All containers were removed, to start anew. */
  removed?: boolean
  /** The runtime is not as `record` says any more: look again. */
  changed: boolean
  /** The pod has done its work (or failed for good): end it. */
  completed: boolean
  /** Come back after this time. */
  retryAfterMs: number | undefined
}

/** How long a pod rests whose devices could not be made ready, or whose claim is not bound yet. */
const retryMs = 2000
/** How long one rests whose volumes could not be made: each time twice as long. */
const mountRetryMs = { first: 500, longest: 122_000 }
/** And one whose sandbox could not. */
const sandboxRetryMs = { first: 1000, longest: 15_000 }

const pause = ({ first, longest }: { first: number; longest: number }, failures: { count: number }): number =>
  Math.min(longest, first * 2 ** Math.min(failures.count++, 16))

/** One step of a pod towards its spec: decides with computePodActions, then does it. */
export async function syncPod(deps: PodDeps, request: SyncRequest): Promise<SyncResult> {
  const { pod, record, waiting, notBefore, failures, signal } = request
  const actions = computePodActions(pod, record, deps.probes)
  const done = { changed: false, completed: false, retryAfterMs: undefined }
  if (actions.killPod && !actions.createSandbox) return { ...done, completed: true }
  if (actions.restartAll) {
    for (const [name, count] of await removeToStartAnew(deps, request)) request.restarts.set(name, count)
    waiting.clear()
    notBefore.clear()
    return { ...done, changed: true, removed: true }
  }
  const { changed: resized, retryAfterMs: resizeAgainMs } = await resizeContainers(deps, request, actions)
  if (!actions.createSandbox && actions.start.length === 0 && actions.kill.length === 0) {
    if (hasVolumes(pod)) await refreshVolumes(deps, pod)
    return { ...done, changed: resized, retryAfterMs: resizeAgainMs }
  }
  if (actions.killPod) {
    deps.events(pod, 'Normal', 'SandboxChanged', 'Pod sandbox changed, it will be killed and re-created.')
    await terminatePod(deps, { identity: identityOf(pod), pod, record, graceSeconds: graceSeconds(pod), signal })
  }
  await Promise.all(actions.kill.map((action) => kill(deps, request, action)))

  try {
    await deps.volumes.mount(pod)
  } catch (error) {
    deps.events(pod, 'Warning', 'FailedMount', errorText(error))
    const retryAfterMs = error instanceof VolumeError ? retryMs : pause(mountRetryMs, failures)
    return { ...done, changed: actions.killPod || actions.kill.length > 0, retryAfterMs }
  }
  try {
    await deps.devices.prepare(pod)
  } catch (error) {
    const why = `Failed to prepare dynamic resources: ${errorText(error)}`
    deps.events(pod, 'Warning', 'FailedPrepareDynamicResources', why)
    return { ...done, changed: actions.killPod || actions.kill.length > 0, retryAfterMs: retryMs }
  }
  const prepared = await prepareSandbox(deps, request, actions)
  if (prepared === undefined)
    return { ...done, changed: actions.killPod, retryAfterMs: pause(sandboxRetryMs, failures) }
  failures.count = 0

  const retries: number[] = resizeAgainMs === undefined ? [] : [resizeAgainMs]
  let changed = actions.createSandbox || actions.kill.length > 0 || resized
  for (const container of actions.start) {
    const outcome = await tryStart(deps, request, container, prepared)
    if (outcome === undefined) changed = true
    else retries.push(outcome)
  }
  if (changed) await removeOldContainers(deps, record)
  return { changed, completed: false, retryAfterMs: retries.length === 0 ? undefined : Math.min(...retries) }
}

const graceSeconds = (pod: V1Pod): number => pod.spec?.terminationGracePeriodSeconds ?? 30
const hasVolumes = (pod: V1Pod): boolean => (pod.spec?.volumes ?? []).length > 0

async function refreshVolumes(deps: PodDeps, pod: V1Pod): Promise<void> {
  try {
    await deps.volumes.mount(pod)
  } catch (error) {
    // The pod goes on with the files it has.
    deps.events(pod, 'Warning', 'FailedMount', errorText(error))
  }
}

async function kill(
  deps: PodDeps,
  { pod, record, signal }: SyncRequest,
  { container, why, again }: KillAction,
): Promise<void> {
  const spec = containerOf(pod, container.name)
  const texts = {
    liveness: `Container ${container.name} failed liveness probe${again ? ', will be restarted' : ''}`,
    startup: `Container ${container.name} failed startup probe${again ? ', will be restarted' : ''}`,
    changed: `Container ${container.name} definition changed, will be restarted`,
    resize: `Container ${container.name} resize requires restart`,
    unwanted: `Stopping container ${container.name}`,
  }
  const probeGrace = (why === 'liveness' ? spec?.livenessProbe : why === 'startup' ? spec?.startupProbe : undefined)
    ?.terminationGracePeriodSeconds
  await killContainer(deps, {
    pod,
    container: spec,
    containerId: container.id,
    podIp: record.sandboxes[0]?.ips[0] ?? '',
    graceSeconds: probeGrace ?? graceSeconds(pod),
    message: texts[why],
    signal,
  })
}

const containerOf = (pod: V1Pod, name: string): V1Container | undefined =>
  allContainers(pod).find((container) => container.name === name)

interface Prepared {
  sandbox: SandboxRecord
  config: SandboxConfig
}

/** The pod's sandbox, made if need be, and its hosts file. Undefined when it cannot be made now. */
async function prepareSandbox(
  deps: PodDeps,
  { pod, signal }: SyncRequest,
  actions: PodActions,
): Promise<Prepared | undefined> {
  const identity = identityOf(pod)
  const { hostname, domain } = podHostname(pod, deps.dns.clusterDomain)
  const attempt = actions.sandbox?.attempt ?? actions.attempt
  const logDirectory = deps.paths.podLogs(identity)
  const failed = (error: unknown): undefined => {
    deps.events(pod, 'Warning', 'FailedCreatePodSandBox', `Failed to create pod sandbox: ${errorText(error)}`)
    deps.log.warn(`pod ${podTitle(identity)}: no sandbox: ${errorText(error)}`)
  }
  let users: IdMapping | undefined
  let runtimeHandler = ''
  try {
    users = await deps.users.mappingOf(pod)
    const className = pod.spec?.runtimeClassName ?? ''
    if (actions.sandbox === undefined && className !== '') runtimeHandler = await deps.runtimeHandler(className)
  } catch (error) {
    return failed(error)
  }
  const config = sandboxConfig({
    pod,
    attempt,
    dns: podDns(pod, deps.dns),
    hostname,
    logDirectory,
    cgroupParent: podCgroup(deps.node.cgroupRoot, pod),
    users,
  })
  let sandbox = actions.sandbox
  if (sandbox === undefined) {
    await mkdir(logDirectory, { recursive: true })
    try {
      await deps.cgroups.apply(pod)
    } catch (error) {
      const why = `unable to ensure pod container exists: failed to create container for ${config.linux?.cgroupParent ?? ''} : ${errorText(error)}`
      deps.events(pod, 'Warning', 'FailedToCreatePodContainer', why)
      return undefined
    }
    try {
      const { podSandboxId } = await deps.cri.runtime.runPodSandbox(
        { config, runtimeHandler },
        { signal, deadlineMs: 240_000 },
      )
      const { status } = await deps.cri.runtime.podSandboxStatus({ podSandboxId }, { signal })
      const ips = [status?.network?.ip ?? '', ...(status?.network?.additionalIps.map(({ ip }) => ip) ?? [])]
      sandbox = {
        id: podSandboxId,
        attempt,
        ready: true,
        createdAt: deps.clock.now(),
        ips: ips.filter((ip) => ip !== ''),
      }
    } catch (error) {
      if (signal.aborted) throw error
      return failed(error)
    }
  }
  await mkdir(deps.paths.pod(identity.uid), { recursive: true })
  const hosts = hostsFile({ pod, podIps: sandbox.ips, hostname, domain, nodeHosts: deps.node.hosts })
  await writeFile(deps.paths.hostsFile(identity.uid), hosts, { mode: 0o644 })
  return { sandbox, config }
}

/** Starts a container unless it must wait. Answers undefined when started, else after how many ms to try again. */
async function tryStart(
  deps: PodDeps,
  request: SyncRequest,
  container: V1Container,
  { sandbox, config }: Prepared,
): Promise<number | undefined> {
  const { pod, record, waiting, notBefore, restarts, signal } = request
  const identity = identityOf(pod)
  const tryKey = `${container.name} ${containerHash(container)}`
  const wait = (ms: number): number => {
    notBefore.set(tryKey, deps.clock.now().getTime() + ms)
    return ms
  }
  const leftMs = (notBefore.get(tryKey) ?? 0) - deps.clock.now().getTime()
  // Something else of the pod woke us: this container still waits.
  if (leftMs > 0 && waiting.has(container.name)) return leftMs
  const key = `${identity.uid}/${container.name}`
  // One that was ended only now is not known as such yet: the one before it tells how long to wait.
  const ended = record.containers.find(({ name, state }) => name === container.name && state === 'exited')
  const now = deps.clock.now().getTime()
  if (ended?.state === 'exited' && ended.finishedAt !== undefined && ended.id !== '' && ended.sandboxId !== '') {
    const remainingMs = deps.crashBackoff.remainingMs(key, ended.finishedAt.getTime(), now)
    if (remainingMs > 0) {
      const step = goDuration(deps.crashBackoff.currentMs(key))
      waiting.set(container.name, {
        reason: 'CrashLoopBackOff',
        message: `back-off ${step} restarting failed container=${container.name} pod=${podTitle(identity)}`,
      })
      deps.events(
        pod,
        'Warning',
        'BackOff',
        `Back-off restarting failed container ${container.name} in pod ${podTitle(identity)}`,
        container.name,
      )
      return wait(remainingMs)
    }
    deps.crashBackoff.next(key, ended.finishedAt.getTime())
  }
  const type = containerType(pod, container)
  deps.metrics?.containerStarted(type)
  try {
    await startContainer(deps, { pod, container, sandbox, sandboxConfig: config, record, restarts, signal })
    waiting.delete(container.name)
    notBefore.delete(tryKey)
    return undefined
  } catch (error) {
    if (signal.aborted || !(error instanceof StartError)) throw error
    deps.metrics?.containerFailed(type, error.reason)
    waiting.set(container.name, { reason: error.reason, message: error.message })
    deps.log.info(`pod ${podTitle(identity)}: container ${container.name}: ${error.reason}: ${error.message}`)
    return wait(error.retryAfterMs ?? 10_000)
  }
}

/** As metrics name it. */
function containerType(pod: V1Pod, { name }: V1Container): string {
  const among = (list: readonly { name: string }[] | undefined): boolean =>
    list?.some((one) => one.name === name) === true
  if (among(pod.spec?.initContainers)) return 'init_container'
  return among(pod.spec?.ephemeralContainers) ? 'ephemeral_container' : 'container'
}

/** Of each container's ended instances the newest stays, for its logs and last state. */
async function removeOldContainers(deps: PodDeps, record: PodRecord): Promise<void> {
  const kept = new Set<string>()
  for (const container of record.containers) {
    if (container.state !== 'exited' || container.id === '') continue
    if (!kept.has(container.name)) {
      kept.add(container.name)
      continue
    }
    try {
      await deps.cri.runtime.removeContainer({ containerId: container.id })
      if (container.logPath !== '') await rm(container.logPath, { force: true })
    } catch (error) {
      deps.log.debug(`cannot remove container ${container.id}: ${errorText(error)}`)
    }
  }
}
