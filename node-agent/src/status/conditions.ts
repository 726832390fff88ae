import type { V1ContainerStatus, V1Pod, V1PodCondition } from '@kapell/openapi/types'
import { rfc3339 } from '@kapell/openapi/meta/time'
import type { ResizePending } from '../pods/allocation.ts'
import { isSidecar } from '../pods/actions.ts'

/** There only while they hold; of a pod that the node refused nothing is left to say that it was scheduled. */
export const passing: readonly string[] = ['PodResizePending', 'PodResizeInProgress', 'PodScheduled']

type Draft = Pick<V1PodCondition, 'type' | 'status'> & { reason?: string; message?: string; lastProbeTime?: string }

export interface ConditionsInput {
  pod: V1Pod
  phase: string
  inits: readonly V1ContainerStatus[]
  containers: readonly V1ContainerStatus[]
  /** Whether the sandbox lives and has its network. */
  sandboxReady: boolean
  /** Why the pod has not the resources that its spec asks for. */
  pending: ResizePending | undefined
  /** Running containers have yet to get the resources that their spec wants. */
  resizing: boolean
  /** Why they cannot. */
  resizeError?: string | undefined
  /** Why the node ends the pod for the good of others, if it does. */
  disruption: string | undefined
  /** Whether all containers of the pod are about to start anew; undefined where no rule says that they may. */
  restartsAll?: boolean
  now: Date
}

/** The conditions the agent owns, in upstream's order of evaluation; those of others are not touched. */
export function podConditions(input: ConditionsInput): V1PodCondition[] {
  const { pod, now } = input
  const old = new Map((pod.status?.conditions ?? []).map((condition) => [condition.type, condition]))
  const containersReady = readyContainers(input)
  const drafts: Draft[] = [
    ...resizeConditions(input),
    { type: 'PodReadyToStartContainers', status: input.sandboxReady ? 'True' : 'False' },
    initialized(input),
    ready(pod, containersReady),
    { ...containersReady, type: 'ContainersReady' },
    { type: 'PodScheduled', status: 'True' },
    ...(input.disruption === undefined
      ? []
      : [{ type: 'DisruptionTarget', status: 'True', reason: 'TerminationByKubelet', message: input.disruption }]),
  ]
  const all = input.restartsAll === undefined ? [] : [restartsAllCondition(input.restartsAll)]
  return [...drafts, ...all].map((draft) => {
    const before = old.get(draft.type)
    const same = before?.status === draft.status
    return {
      ...draft,
      lastTransitionTime: same && before.lastTransitionTime !== undefined ? before.lastTransitionTime : rfc3339(now),
      ...(pod.metadata?.generation === undefined || draft.type === restartsAllType
        ? {}
        : { observedGeneration: pod.metadata.generation }),
    }
  })
}

const restartsAllType = 'AllContainersRestarting'

const restartsAllCondition = (now: boolean): Draft =>
  now
    ? {
        type: restartsAllType,
        status: 'True',
        reason: 'RestartAllContainersStarted',
        message: 'container exited with restart policy rule',
      }
    : { type: restartsAllType, status: 'False' }

function resizeConditions({ pending, resizing, resizeError }: ConditionsInput): Draft[] {
  const waits =
    pending === undefined
      ? []
      : [
          {
            type: 'PodResizePending',
            status: 'True',
            reason: pending.reason,
            message: pending.message,
            lastProbeTime: rfc3339(pending.since),
          },
        ]
  const failed = resizeError === undefined ? {} : { reason: 'Error', message: resizeError }
  return [...waits, ...(resizing ? [{ type: 'PodResizeInProgress', status: 'True', ...failed }] : [])]
}

function initialized({ pod, phase, inits, containers }: ConditionsInput): Draft {
  const type = 'Initialized'
  if (phase === 'Succeeded') return { type, status: 'True', reason: 'PodCompleted' }
  const ran = containers.some(({ state, lastState }) => state?.running ?? state?.terminated ?? lastState?.terminated)
  const unfinished = inits.filter((status) => {
    const container = pod.spec?.initContainers?.find(({ name }) => name === status.name)
    if (container !== undefined && isSidecar(container)) return status.started !== true && !ran
    return !ran && status.state?.terminated?.exitCode !== 0
  })
  return unfinished.length === 0
    ? { type, status: 'True' }
    : {
        type,
        status: 'False',
        reason: 'ContainersNotInitialized',
        message: `containers with incomplete status: [${unfinished.map(({ name }) => name).join(' ')}]`,
      }
}

function readyContainers({ pod, phase, inits, containers }: ConditionsInput): Draft {
  const type = 'Ready'
  if (phase === 'Succeeded') return { type, status: 'False', reason: 'PodCompleted' }
  if (phase === 'Failed') return { type, status: 'False', reason: 'PodFailed' }
  const sidecars = inits.filter(({ name }) => {
    const container = pod.spec?.initContainers?.find((candidate) => candidate.name === name)
    return container !== undefined && isSidecar(container)
  })
  const unready = [...sidecars, ...containers].filter((status) => !status.ready).map(({ name }) => name)
  return unready.length === 0
    ? { type, status: 'True' }
    : {
        type,
        status: 'False',
        reason: 'ContainersNotReady',
        message: `containers with unready status: [${unready.join(' ')}]`,
      }
}

/** Ready is what the containers are, and what the pod's readiness gates say. */
function ready(pod: V1Pod, containers: Draft): Draft {
  if (containers.status !== 'True') return { ...containers, type: 'Ready' }
  const conditions = new Map((pod.status?.conditions ?? []).map(({ type, status }) => [type, status]))
  const messages = (pod.spec?.readinessGates ?? []).flatMap(({ conditionType }) => {
    const status = conditions.get(conditionType)
    if (status === undefined) {
      return [`corresponding condition of pod readiness gate ${JSON.stringify(conditionType)} does not exist.`]
    }
    return status === 'True'
      ? []
      : [`the status of pod readiness gate ${JSON.stringify(conditionType)} is not "True", but ${status}`]
  })
  return messages.length === 0
    ? { type: 'Ready', status: 'True' }
    : { type: 'Ready', status: 'False', reason: 'ReadinessGatesNotReady', message: messages.join(', ') }
}
