import type { V1Container, V1Pod } from '@kapell/openapi/types'
import { containerHash } from './container-hash.ts'
import { resizeNeeded } from './resources.ts'
import { newest, type ContainerRecord, type PodRecord, type SandboxRecord } from './record.ts'

/** What probes say of a running container, by its id. Without a verdict nothing is done. */
export interface ProbeVerdicts {
  /** Whether its startup probe has succeeded (true without one). */
  started(containerId: string): boolean
  /** 'liveness' or 'startup' when that probe has failed for good. */
  failed(containerId: string): 'liveness' | 'startup' | undefined
}

export interface KillAction {
  container: ContainerRecord
  /** Text of the Killing event after "Container NAME"; also why. */
  why: 'liveness' | 'startup' | 'changed' | 'resize' | 'unwanted'
  /** Whether another one takes its place. */
  again: boolean
}

export interface PodActions {
  /** Ends the sandbox and all in it. Alone: the pod has done its work. */
  killPod: boolean
  createSandbox: boolean
  /** Attempt number of the sandbox to create. */
  attempt: number
  /** The sandbox that lives and is right. */
  sandbox: SandboxRecord | undefined
  start: V1Container[]
  kill: KillAction[]
  /** A container ended in a way after which all of the pod start anew, in the sandbox they have. */
  restartAll: boolean
  /** Running containers that get other limits. */
  resize: { container: V1Container; record: ContainerRecord }[]
}

/** A container that restarts on its own although it stands among the init containers. */
export const isSidecar = (container: V1Container): boolean => container.restartPolicy === 'Always'

/** Ephemeral containers have the fields of others, but for those that make no sense in them. */
export const ephemeralContainers = (pod: V1Pod): (V1Container & { targetContainerName?: string })[] =>
  pod.spec?.ephemeralContainers ?? []

/** Every container a pod names, in the order they start. */
export const allContainers = (pod: V1Pod): V1Container[] => [
  ...(pod.spec?.initContainers ?? []),
  ...(pod.spec?.containers ?? []),
  ...ephemeralContainers(pod),
]

/**
 * Whether the pod's policy, or the container's own, wants this container (again). The first rule that fits its exit code
 * comes before either. Source: docs, "Container restart policy", "Container restart rules".
 */
export function shouldRun(
  pod: V1Pod,
  container: V1Container,
  record: Pick<ContainerRecord, 'state' | 'exitCode'> | undefined,
): boolean {
  if (record === undefined || record.state !== 'exited') return true
  if (restartRule(container, record.exitCode) !== undefined) return true
  const policy = container.restartPolicy ?? pod.spec?.restartPolicy ?? 'Always'
  if (policy === 'Never') return false
  return policy === 'OnFailure' ? record.exitCode !== 0 : true
}

/** What the container's rules want done after it ended so: "Restart", "RestartAllContainers". */
function restartRule(container: V1Container, exitCode: number): string | undefined {
  return container.restartPolicyRules?.find(({ exitCodes }) => {
    const listed = exitCodes?.values?.includes(exitCode) === true
    return exitCodes?.operator === 'NotIn' ? !listed : listed
  })?.action
}

/** Whether one of the pod's containers has a rule by which all of them start anew. */
export const canRestartAll = (pod: V1Pod): boolean =>
  allContainers(pod).some((container) =>
    container.restartPolicyRules?.some(({ action }) => action === 'RestartAllContainers'),
  )

/** Whether one of them ended so. */
export const restartsAll = (pod: V1Pod, record: PodRecord): boolean =>
  canRestartAll(pod) &&
  allContainers(pod).some((container) => {
    const found = newest(record, container.name)
    return found?.state === 'exited' && restartRule(container, found.exitCode) === 'RestartAllContainers'
  })

/** Why the pod needs another sandbox, or the one it has. */
function currentSandbox(pod: V1Pod, record: PodRecord): SandboxRecord | undefined {
  const ready = record.sandboxes.filter((sandbox) => sandbox.ready)
  const latest = record.sandboxes[0]
  if (latest === undefined || !latest.ready || ready.length > 1) return undefined
  if (pod.spec?.hostNetwork !== true && latest.ips.length === 0) return undefined
  return latest
}

/**
 * Decides what a pod needs next, from its spec and what the runtime has. Pure: acting on it changes the runtime, and
 * the next call sees that. Order of starts: sidecars and init containers one by one, then all others at once.
 */
export function computePodActions(pod: V1Pod, record: PodRecord, probes: ProbeVerdicts): PodActions {
  const containers = pod.spec?.containers ?? []
  const inits = pod.spec?.initContainers ?? []
  const attempt = record.sandboxes.length === 0 ? 0 : Math.max(...record.sandboxes.map((s) => s.attempt)) + 1
  const none = {
    killPod: false,
    createSandbox: false,
    attempt,
    sandbox: undefined,
    start: [],
    kill: [],
    restartAll: false,
    resize: [],
  }
  const sandbox = currentSandbox(pod, record)
  if (restartsAll(pod, record)) return { ...none, sandbox, restartAll: true }

  if (sandbox === undefined) {
    const wanted = containers.filter((container) => shouldRun(pod, container, newest(record, container.name)))
    const ranBefore = containers.some((container) => newest(record, container.name) !== undefined)
    const stale = record.sandboxes.some((candidate) => candidate.ready)
    if (initFailed(pod, record)) return { ...none, killPod: stale || record.sandboxes.length > 0 }
    // All done: a sandbox would be for nothing.
    if (wanted.length === 0 && ranBefore) return { ...none, killPod: stale || record.sandboxes.length > 0 }
    return {
      ...none,
      killPod: record.sandboxes.length > 0,
      createSandbox: true,
      start: inits.length > 0 ? inits.slice(0, 1) : wanted,
    }
  }

  const actions: PodActions = { ...none, sandbox }
  const here = (name: string): ContainerRecord | undefined => {
    const found = newest(record, name)
    return found?.sandboxId === sandbox.id ? found : undefined
  }
  const appStarted = containers.some((container) => here(container.name) !== undefined)
  // Those of `kubectl debug` start whenever they were added, once.
  for (const container of ephemeralContainers(pod)) {
    if (newest(record, container.name) === undefined) actions.start.push(container)
  }
  const ephemeral = actions.start.length
  const ready = planInits({ pod, inits, here, appStarted, probes, actions })
  if (actions.killPod || !ready) return actions

  let kept = 0
  for (const container of containers) {
    const found = here(container.name)
    if (found?.state === 'running') {
      const why = whyRestart(pod, container, found, probes)
      if (why === undefined) {
        kept++
        if (resizeNeeded(pod, container, found) === 'update') actions.resize.push({ container, record: found })
        continue
      }
      const probed = why === 'liveness' || why === 'startup'
      const again = !probed || (container.restartPolicy ?? pod.spec?.restartPolicy) !== 'Never'
      actions.kill.push({ container: found, why, again })
      if (again) actions.start.push(container)
      continue
    }
    if (shouldRun(pod, container, found ?? newest(record, container.name))) actions.start.push(container)
  }
  // Nothing runs and nothing shall: sidecars end with the others.
  if (kept === 0 && actions.start.length === ephemeral)
    return { ...actions, killPod: true, start: [], kill: [], resize: [] }
  return actions
}

function whyRestart(
  pod: V1Pod,
  container: V1Container,
  record: ContainerRecord,
  probes: ProbeVerdicts,
): 'changed' | 'resize' | 'liveness' | 'startup' | undefined {
  if (record.hash !== '' && record.hash !== containerHash(container)) return 'changed'
  return resizeNeeded(pod, container, record) === 'restart' ? 'resize' : probes.failed(record.id)
}

/** An init container that failed under a policy that forbids another try. */
export function initFailed(pod: V1Pod, record: PodRecord): boolean {
  const appRan = (pod.spec?.containers ?? []).some(({ name }) => newest(record, name) !== undefined)
  if (appRan) return false
  return (pod.spec?.initContainers ?? []).some((container) => {
    if (isSidecar(container)) return false
    const found = newest(record, container.name)
    return found?.state === 'exited' && found.exitCode !== 0 && !shouldRun(pod, container, found)
  })
}

interface InitPlan {
  pod: V1Pod
  inits: readonly V1Container[]
  /** The newest container of that name in the living sandbox. */
  here: (name: string) => ContainerRecord | undefined
  appStarted: boolean
  probes: ProbeVerdicts
  actions: PodActions
}

/** Adds what init containers and sidecars need; answers whether the other containers may run. */
function planInits({ pod, inits, here, appStarted, probes, actions }: InitPlan): boolean {
  // Once a later one ran, an earlier one is past, even if its record has been cleaned up.
  let lastSeen = -1
  inits.forEach((container, index) => {
    if (here(container.name) !== undefined) lastSeen = index
  })
  for (const [index, container] of inits.entries()) {
    const found = here(container.name)
    const passed = appStarted || index < lastSeen
    if (isSidecar(container)) {
      if (found?.state === 'running') {
        const why = whyRestart(pod, container, found, probes)
        if (why !== undefined) {
          actions.kill.push({ container: found, why, again: true })
          actions.start.push(container)
        }
        if (!passed && !probes.started(found.id)) return false
        continue
      }
      actions.start.push(container)
      if (!passed) return false
      continue
    }
    if (passed) continue
    if (found === undefined) {
      actions.start.push(container)
      return false
    }
    if (found.state === 'running') {
      const why = probes.failed(found.id)
      if (why !== undefined) actions.kill.push({ container: found, why, again: true })
      return false
    }
    if (found.state === 'exited' && found.exitCode === 0) continue
    if (found.state === 'exited' && !shouldRun(pod, container, found)) {
      actions.killPod = true
      return false
    }
    actions.start.push(container)
    return false
  }
  return true
}
