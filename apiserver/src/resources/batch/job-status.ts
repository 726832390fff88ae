import type { V1Job } from '@kapell/openapi/types'
import { invalid, noValue, required, type FieldError, type FieldPath } from '@kapell/openapi/meta/field-errors'
import { internalView } from '../common/internal-view.ts'
import { nonNegative } from '../common/validation.ts'
import { parseIndexes } from './indexes.ts'

type Status = NonNullable<V1Job['status']>

const has = (status: Status | undefined, type: string): boolean =>
  (status?.conditions ?? []).some((c) => c.type === type && c.status === 'True')
const isFinished = (status: Status | undefined): boolean => has(status, 'Complete') || has(status, 'Failed')

/** What may be said of a Job: its counts, and how it ends. Source: "Jobs", "Termination of Job Pods". */
export function validateJobStatus(next: V1Job, previous: V1Job, root: FieldPath): FieldError[] {
  const at = root.child('status')
  const status = next.status ?? {}
  const errors: FieldError[] = []
  for (const field of ['active', 'succeeded', 'failed', 'ready', 'terminating'] as const) {
    errors.push(...nonNegative(at.child(field), status[field]))
  }
  if (isFinished(status) && !isFinished(previous.status)) errors.push(...validateEnd(status, at))
  else if (status.completionTime !== undefined && !has(status, 'Complete')) {
    const text = 'cannot set completionTime when there is no Complete=True condition'
    errors.push(invalid(at.child('completionTime'), status.completionTime, text))
  }
  errors.push(...validateIndexes(next, at), ...validateCounters(status, previous.status ?? {}, at))
  return errors
}

function validateEnd(status: Status, at: FieldPath): FieldError[] {
  const errors: FieldError[] = []
  const conditions = at.child('conditions')
  const complete = has(status, 'Complete')
  if (complete && status.completionTime === undefined) {
    errors.push(required(at.child('completionTime'), 'completionTime is required for Complete jobs'))
  }
  if (complete && has(status, 'Failed')) {
    errors.push(invalid(conditions, noValue, 'cannot set both Complete=True and Failed=True conditions'))
  }
  if (complete && !has(status, 'SuccessCriteriaMet')) {
    const text = 'cannot set Complete=True condition without the SuccessCriteriaMet=true condition'
    errors.push(invalid(conditions, noValue, text))
  }
  if (has(status, 'Failed') && !has(status, 'FailureTarget')) {
    const text = 'cannot set Failed=True condition without the FailureTarget=true condition'
    errors.push(invalid(conditions, noValue, text))
  }
  if ((status.active ?? 0) > 0) {
    errors.push(invalid(at.child('active'), status.active, 'active>0 is invalid for finished job'))
  }
  if (status.startTime === undefined) {
    errors.push(required(at.child('startTime'), 'startTime is required for finished job'))
  }
  const uncounted = status.uncountedTerminatedPods
  if ((uncounted?.succeeded ?? []).length + (uncounted?.failed ?? []).length > 0) {
    const shown = internalView('batch.v1.UncountedTerminatedPods', uncounted)
    errors.push(invalid(at.child('uncountedTerminatedPods'), shown, 'must be empty for finished job'))
  }
  return errors
}

function validateIndexes({ spec, status }: V1Job, at: FieldPath): FieldError[] {
  const errors: FieldError[] = []
  const completed = status?.completedIndexes ?? ''
  const here = at.child('completedIndexes')
  const { problem } = parseIndexes(completed, spec?.completions ?? 0)
  if (problem !== undefined) errors.push(invalid(here, completed, `error parsing completedIndexes: ${problem}`))
  if (completed !== '' && spec?.completionMode !== 'Indexed') {
    errors.push(invalid(here, completed, 'cannot set non-empty completedIndexes when non-indexed completion mode'))
  }
  const failed = status?.failedIndexes
  if (failed === undefined) return errors
  const failedAt = at.child('failedIndexes')
  if (spec?.backoffLimitPerIndex === undefined) {
    const text = 'cannot set non-null failedIndexes when backoffLimitPerIndex is null'
    return [...errors, invalid(failedAt, failed, text)]
  }
  const wrong = parseIndexes(failed, spec.completions ?? 0).problem
  if (wrong !== undefined) errors.push(invalid(failedAt, failed, `error parsing failedIndexes: ${wrong}`))
  return errors
}

function validateCounters(now: Status, before: Status, at: FieldPath): FieldError[] {
  const errors: FieldError[] = []
  if ((now.ready ?? 0) > (now.active ?? 0)) {
    errors.push(invalid(at.child('ready'), now.ready, 'cannot set more ready pods than active'))
  }
  for (const field of ['failed', 'succeeded'] as const) {
    if ((now[field] ?? 0) < (before[field] ?? 0)) {
      errors.push(invalid(at.child(field), now[field] ?? 0, `cannot decrease the ${field} counter`))
    }
  }
  return errors
}
