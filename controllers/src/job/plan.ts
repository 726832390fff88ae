import type { V1Job, V1Pod } from '@kapell/openapi/types'
import { isReady, timeMs } from '../shared/pods.ts'
import { failureCount, ignoredCount, indexOf, isIndexed, parallelism, type IndexFailures } from './pods.ts'
import type { JobState } from './state.ts'

export interface JobPlan {
  /** Pods to make; each with its index and what its forerunners failed. */
  create: { index?: number; failures?: IndexFailures }[]
  delete: V1Pod[]
}

const maxPerRound = 500

/** How many pods should run, and so which to make or end. Source: concepts page "Jobs", "Parallel execution". */
export function planJob(job: V1Job, state: JobState): JobPlan {
  const plan: JobPlan = { create: [], delete: [] }
  if (job.spec?.suspend === true) return { ...plan, delete: state.active }
  const wanted = wantedActive(job, state)
  const surplus = isIndexed(job) ? misplaced(job, state) : []
  const kept = state.active.filter((pod) => !surplus.includes(pod))
  const tooMany = kept.length - wanted
  if (surplus.length > 0 || tooMany > 0)
    return {
      ...plan,
      delete: [...surplus, ...[...kept].sort(leastFirst).slice(0, Math.max(tooMany, 0))].slice(0, maxPerRound),
    }
  const waiting = job.spec?.podReplacementPolicy === 'Failed' ? state.terminating : 0
  const missing = Math.min(wanted - state.active.length - waiting, maxPerRound)
  if (missing <= 0) return plan
  plan.create = isIndexed(job)
    ? freeIndexes(job, state, missing).map((index) => ({ index, ...failuresOf(job, state, index) }))
    : Array.from({ length: missing }, () => ({}))
  return plan
}

function wantedActive(job: V1Job, state: JobState): number {
  const { completions } = job.spec ?? {}
  if (completions === undefined) return state.succeeded > 0 ? state.active.length : parallelism(job)
  const left = completions - state.succeeded - state.failedIndexes.size
  return Math.max(Math.min(left, parallelism(job)), 0)
}

/** Pods of an index that is done, out of range, or taken by another. */
function misplaced(job: V1Job, state: JobState): V1Pod[] {
  const taken = new Set<number>()
  return [...state.active]
    .sort((a, b) => leastFirst(b, a))
    .filter((pod) => {
      const index = indexOf(pod)
      const wrong =
        index === undefined ||
        index >= (job.spec?.completions ?? 0) ||
        taken.has(index) ||
        state.succeededIndexes.has(index) ||
        state.failedIndexes.has(index)
      if (index !== undefined) taken.add(index)
      return wrong
    })
}

function freeIndexes(job: V1Job, state: JobState, count: number): number[] {
  const busy = new Set(state.active.map(indexOf))
  const found: number[] = []
  for (let i = 0; i < (job.spec?.completions ?? 0) && found.length < count; i++)
    if (!busy.has(i) && !state.succeededIndexes.has(i) && !state.failedIndexes.has(i)) found.push(i)
  return found
}

function failuresOf(job: V1Job, state: JobState, index: number): { failures?: IndexFailures } {
  if (job.spec?.backoffLimitPerIndex === undefined) return {}
  const forerunner = state.delayed.get(index)
  if (forerunner === undefined) return { failures: { count: 0, ignored: 0 } }
  const ignored = state.newFailed.some(({ pod, match }) => pod === forerunner && match.action === 'Ignore')
  const [count, before] = [failureCount(forerunner), ignoredCount(forerunner)]
  return { failures: ignored ? { count, ignored: before + 1 } : { count: count + 1, ignored: before } }
}

/** Those that have come least far go first. */
function leastFirst(a: V1Pod, b: V1Pod): number {
  const progress = (pod: V1Pod): number =>
    (pod.spec?.nodeName === undefined ? 0 : 4) + (pod.status?.phase === 'Running' ? 2 : 0) + (isReady(pod) ? 1 : 0)
  return progress(a) - progress(b) || timeMs(b.metadata?.creationTimestamp) - timeMs(a.metadata?.creationTimestamp)
}
