import type { V1ContainerState, V1ContainerStatus, V1Pod } from '@kapell/openapi/types'
import { humanDuration } from '@kapell/openapi/meta/time'
import { column, type Column, type RowCondition } from '../../../registry/definition.ts'
import { ageColumn, nameColumn } from '../../common/columns.ts'

/** What `kubectl get pods` says of a pod: readiness, one word of status, restarts. */
interface Summary {
  ready: string
  status: string
  restarts: string
}

const isSidecar = (pod: V1Pod, name: string): boolean =>
  (pod.spec?.initContainers ?? []).some((c) => c.name === name && c.restartPolicy === 'Always')

function terminatedText(state: NonNullable<V1ContainerState['terminated']>, prefix = ''): string {
  if (state.reason !== undefined && state.reason !== '') return prefix + state.reason
  return (state.signal ?? 0) !== 0 ? `${prefix}Signal:${state.signal}` : `${prefix}ExitCode:${state.exitCode}`
}

/** Of a container that was removed to start anew nobody knows when it ended: its time is null. */
const finishedAt = (s: V1ContainerStatus): string | undefined => s.lastState?.terminated?.finishedAt ?? undefined

function latest(times: readonly (string | undefined)[]): string | undefined {
  return times.reduce<string | undefined>((a, b) => (b !== undefined && (a === undefined || a < b) ? b : a), undefined)
}

/** While init containers run, theirs is the status: undefined once they are through. */
function initStatus(pod: V1Pod): string | undefined {
  const statuses = pod.status?.initContainerStatuses ?? []
  const total = (pod.spec?.initContainers ?? []).length
  for (const [i, s] of statuses.entries()) {
    if (s.state?.terminated !== undefined && s.state.terminated.exitCode === 0) continue
    if (isSidecar(pod, s.name) && s.started === true) continue
    if (s.state?.terminated !== undefined) return terminatedText(s.state.terminated, 'Init:')
    const waiting = s.state?.waiting?.reason ?? ''
    return waiting !== '' && waiting !== 'PodInitializing' ? `Init:${waiting}` : `Init:${i}/${total}`
  }
  return undefined
}

export function summarize(pod: V1Pod, now: Date): Summary {
  const statuses = pod.status?.containerStatuses ?? []
  const initStatuses = pod.status?.initContainerStatuses ?? []
  const sidecars = initStatuses.filter((s) => isSidecar(pod, s.name))
  const total =
    (pod.spec?.containers ?? []).length +
    (pod.spec?.initContainers ?? []).filter((c) => c.restartPolicy === 'Always').length
  const gated = (pod.status?.conditions ?? []).find((c) => c.type === 'PodScheduled' && c.reason === 'SchedulingGated')
  let status =
    pod.status?.reason !== undefined && pod.status.reason !== '' ? pod.status.reason : (pod.status?.phase ?? '')
  if (gated !== undefined) status = 'SchedulingGated'

  const initializing = initStatus(pod)
  const initialized = (pod.status?.conditions ?? []).some((c) => c.type === 'Initialized' && c.status === 'True')
  let ready = sidecars.filter((s) => s.started === true && s.ready).length
  let counted = initStatuses
  if (initializing !== undefined && !initialized) {
    status = initializing
  } else {
    counted = [...sidecars, ...statuses]
    let running = false
    for (const s of [...statuses].reverse()) {
      if ((s.state?.waiting?.reason ?? '') !== '') status = s.state?.waiting?.reason ?? status
      else if (s.state?.terminated !== undefined) status = terminatedText(s.state.terminated)
      else if (s.ready && s.state?.running !== undefined) {
        running = true
        ready++
      }
    }
    if (status === 'Completed' && running) {
      const podReady = (pod.status?.conditions ?? []).some((c) => c.type === 'Ready' && c.status === 'True')
      status = podReady ? 'Running' : 'NotReady'
    }
  }
  if (pod.metadata?.deletionTimestamp !== undefined) {
    if (pod.status?.reason === 'NodeLost') status = 'Unknown'
    else if (pod.status?.phase !== 'Failed' && pod.status?.phase !== 'Succeeded') status = 'Terminating'
  }
  const restarts = counted.reduce((sum, s) => sum + s.restartCount, 0)
  const last = latest(counted.map(finishedAt))
  return {
    ready: `${ready}/${total}`,
    status,
    restarts:
      restarts > 0 && last !== undefined
        ? `${restarts} (${humanDuration(now.getTime() - Date.parse(last))} ago)`
        : String(restarts),
  }
}

const orNone = (text: string | undefined): string => (text === undefined || text === '' ? '<none>' : text)

function readinessGatesCell(pod: V1Pod): string {
  const gates = pod.spec?.readinessGates ?? []
  if (gates.length === 0) return '<none>'
  const met = gates.filter((gate) =>
    (pod.status?.conditions ?? []).some((c) => c.type === gate.conditionType && c.status === 'True'),
  )
  return `${met.length}/${gates.length}`
}

export const podColumns: Column<V1Pod>[] = [
  nameColumn,
  column('Ready', 'string', (o, now) => summarize(o, now).ready),
  column('Status', 'string', (o, now) => summarize(o, now).status),
  column('Restarts', 'string', (o, now) => summarize(o, now).restarts),
  ageColumn,
  column('IP', 'string', (o) => orNone(o.status?.podIPs?.[0]?.ip ?? o.status?.podIP), { priority: 1 }),
  column('Node', 'string', (o) => orNone(o.spec?.nodeName), { priority: 1 }),
  column('Nominated Node', 'string', (o) => orNone(o.status?.nominatedNodeName), { priority: 1 }),
  column('Readiness Gates', 'string', readinessGatesCell, { priority: 1 }),
]

const ends: Readonly<Record<string, RowCondition>> = {
  Succeeded: {
    type: 'Completed',
    status: 'True',
    reason: 'Succeeded',
    message: 'The pod has completed successfully.',
  },
  Failed: { type: 'Completed', status: 'True', reason: 'Failed', message: 'The pod failed.' },
}

/** Says of pods that have come to their end that they have. */
export function podRowConditions(pod: V1Pod): readonly RowCondition[] | undefined {
  const end = ends[pod.status?.phase ?? '']
  return end === undefined ? undefined : [end]
}
