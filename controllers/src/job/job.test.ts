import type { V1Job, V1Pod } from '@kapell/openapi/types'
import { createJobBackoff } from './backoff.ts'
import { matchFailurePolicy } from './failure-policy.ts'
import { formatIndexes, parseIndexes } from './indexes.ts'
import { planJob } from './plan.ts'
import { newJobPod } from './pods.ts'
import { jobState, judgeJob } from './state.ts'
import { countReleased, listEnded } from './tracking.ts'

const finalizers = ['batch.kubernetes.io/job-tracking']
type State = 'running' | 'ok' | 'bad' | 'leaving'
const pod = (name: string, state: State, index?: number, failures?: number): V1Pod => ({
  metadata: {
    name,
    namespace: 'a',
    uid: name,
    finalizers,
    ...(state === 'leaving' ? { deletionTimestamp: '2026-01-01T00:00:00Z' } : {}),
    annotations: {
      ...(index === undefined ? {} : { 'batch.kubernetes.io/job-completion-index': String(index) }),
      ...(failures === undefined ? {} : { 'batch.kubernetes.io/job-index-failure-count': String(failures) }),
    },
  },
  spec: { nodeName: 'n', containers: [] },
  status: {
    phase: state === 'ok' ? 'Succeeded' : state === 'bad' ? 'Failed' : 'Running',
    containerStatuses: [
      {
        name: 'c',
        image: '',
        imageID: '',
        ready: false,
        restartCount: 0,
        ...(state === 'bad' ? { state: { terminated: { exitCode: 3 } } } : {}),
      },
    ],
  },
})
const job = (spec: Partial<NonNullable<V1Job['spec']>>, status: V1Job['status'] = {}): V1Job => ({
  metadata: { name: 'j', namespace: 'a' },
  spec: { backoffLimit: 6, parallelism: 2, template: { spec: { restartPolicy: 'Never', containers: [] } }, ...spec },
  status,
})
const indexed = { completionMode: 'Indexed', completions: 4, parallelism: 4 }
const nowMs = Date.parse('2026-01-01T00:00:00Z')

it.each([
  ['', []],
  ['0', [0]],
  ['0,1', [0, 1]],
  ['0-2,5,7,8', [0, 1, 2, 5, 7, 8]],
])('indexes %j', (text, list) => {
  expect(formatIndexes(new Set(list))).toBe(text)
  expect([...parseIndexes(text, 100)]).toEqual(list)
})

describe('how many pods', () => {
  const plan = (owner: V1Job, pods: V1Pod[]) => {
    const { create, delete: remove } = planJob(owner, jobState(owner, pods))
    return [create.map(({ index }) => index ?? '+').join(), remove.map(({ metadata }) => metadata?.name).join()]
  }
  it.each([
    ['as many as may run together', job({ completions: 5 }), [], '+,+', ''],
    ['no more than are left', job({ completions: 3 }, { succeeded: 2 }), [], '+', ''],
    ['none beyond', job({ completions: 1 }), [pod('x', 'running'), pod('y', 'running')], '', 'x'],
    ['a queue of work: all, until one has succeeded', job({}), [pod('x', 'ok')], '', ''],
    ['all end when suspended', job({ suspend: true }), [pod('x', 'running')], '', 'x'],
    ['a leaving one is replaced at once', job({ completions: 5 }), [pod('x', 'leaving'), pod('y', 'running')], '+', ''],
    [
      'or when it is gone, if told so',
      job({ completions: 5, podReplacementPolicy: 'Failed' }),
      [pod('x', 'leaving'), pod('y', 'running')],
      '',
      '',
    ],
    ['each free index', job(indexed, { completedIndexes: '1' }), [pod('x', 'running', 0)], '2,3', ''],
    ['an index only once', job(indexed), [0, 1, 1, 2, 3].map((i, n) => pod(`p${n}`, 'running', i)), '', 'p2'],
  ])('%s', (rule, owner, pods, create, remove) => {
    if (rule === 'an index only once') expect(plan(owner, pods)[1]).toMatch(/^p[12]$/)
    else expect(plan(owner, pods)).toEqual([create, remove])
  })
})

describe('how it ends', () => {
  const reason = (owner: V1Job, pods: V1Pod[]) => judgeJob(owner, jobState(owner, pods), nowMs)?.reason
  it.each([
    ['when enough have succeeded', job({ completions: 2 }, { succeeded: 1 }), [pod('x', 'ok')], 'CompletionsReached'],
    ['not before', job({ completions: 2 }), [pod('x', 'ok')], undefined],
    ['a queue of work when the last is done', job({}), [pod('x', 'ok'), pod('y', 'running')], undefined],
    ['when too many have failed', job({ backoffLimit: 1 }, { failed: 1 }), [pod('x', 'bad')], 'BackoffLimitExceeded'],
    ['not at the limit', job({ backoffLimit: 1 }), [pod('x', 'bad')], undefined],
    [
      'past its deadline',
      job({ activeDeadlineSeconds: 60 }, { startTime: '2025-12-31T23:00:00Z' }),
      [],
      'DeadlineExceeded',
    ],
    [
      'when all indexes are settled and some failed',
      job({ ...indexed, backoffLimitPerIndex: 0, backoffLimit: 99 }, { completedIndexes: '0-2' }),
      [pod('x', 'bad', 3, 0)],
      'FailedIndexes',
    ],
    [
      'when too many indexes failed',
      job({ ...indexed, backoffLimitPerIndex: 0, maxFailedIndexes: 0, backoffLimit: 99 }),
      [pod('x', 'bad', 3, 0)],
      'MaxFailedIndexesExceeded',
    ],
    [
      'when the success policy is met',
      job({ ...indexed, successPolicy: { rules: [{ succeededIndexes: '0,2' }] } }, { completedIndexes: '0' }),
      [pod('x', 'ok', 2)],
      'SuccessPolicy',
    ],
  ])('%s', (_, owner, pods, wanted) => expect(reason(owner, pods)).toBe(wanted))
})

it.each([
  ['In', [3], 'FailJob'],
  ['In', [4], 'Count'],
  ['NotIn', [4], 'FailJob'],
])('failure policy: exit code 3 %s %j: %s', (operator, values, action) => {
  const owner = job({ podFailurePolicy: { rules: [{ action: 'FailJob', onExitCodes: { operator, values } }] } })
  expect(matchFailurePolicy(owner, pod('x', 'bad')).action).toBe(action)
})

describe('counting', () => {
  const owner = job({ completions: 5 }, { succeeded: 1 })
  const pods = [pod('x', 'ok'), pod('y', 'bad'), pod('z', 'running')]
  const state = jobState(owner, pods)
  const listed = listEnded(owner, owner.status ?? {}, pods, state, undefined)

  it('lists what ended before it lets it go', () => {
    expect(listed.status.uncountedTerminatedPods).toEqual({ succeeded: ['x'], failed: ['y'] })
    expect(listed.release.map(({ metadata }) => metadata?.name)).toEqual(['x', 'y'])
  })
  it('counts what was let go, and only that', () => {
    expect(countReleased(owner, listed.status, pods, new Set(['x']), state)).toMatchObject({
      succeeded: 2,
      uncountedTerminatedPods: { failed: ['y'] },
    })
  })
  it('after a crash in between counts each once', () => {
    const later = job({ completions: 5 }, listed.status)
    const again = jobState(later, pods)
    expect([again.succeeded, again.failed]).toEqual([2, 1])
    expect(listEnded(later, listed.status, pods, again, undefined)).toMatchObject({ status: listed.status })
  })
  it('a failed pod of an index stays until its successor has its count', () => {
    const per = job({ ...indexed, backoffLimitPerIndex: 2, backoffLimit: 99 })
    const failed = [pod('f', 'bad', 1, 0)]
    const now = jobState(per, failed)
    expect(listEnded(per, {}, failed, now, undefined).release).toEqual([])
    expect(planJob(per, now).create.find(({ index }) => index === 1)?.failures).toEqual({ count: 1, ignored: 0 })
    const replaced = [...failed, pod('g', 'running', 1, 1)]
    expect(listEnded(per, {}, replaced, jobState(per, replaced), undefined).release).toHaveLength(1)
  })
})

describe('a Job that ends while pods run', () => {
  const owner = job({ completionMode: 'Indexed', completions: 3, parallelism: 4, podReplacementPolicy: 'Failed' })
  const pods = [pod('x', 'ok', 0), pod('y', 'running', 1), pod('z', 'running', 2), pod('q', 'running', 3)]
  const at = (target: 'SuccessCriteriaMet' | 'FailureTarget') =>
    listEnded(owner, {}, pods, jobState(owner, pods), { target, reason: '', message: '' })

  it('failing counts them as failures at once; an index that is none (any more) counts for nothing', () => {
    const { status, release } = at('FailureTarget')
    expect(status.uncountedTerminatedPods).toEqual({ failed: ['y', 'z'] })
    expect(release).toHaveLength(4)
  })
  it('succeeding lets them go uncounted', () => {
    const { status, release } = at('SuccessCriteriaMet')
    expect(status.uncountedTerminatedPods).toEqual({})
    expect(release).toHaveLength(4)
  })
  it('the indexes of pods that it ended are not failed ones', () => {
    const per = job({ ...indexed, completions: 3, backoffLimitPerIndex: 0, maxFailedIndexes: 0 })
    const failing = [pod('f', 'bad', 0, 0), pod('g', 'running', 1, 0)]
    const state = jobState(per, failing)
    expect([...state.failedIndexes]).toEqual([0])
    const released = failing.map((one) => ({ ...one, metadata: { ...one.metadata, finalizers: [] } }))
    const later = jobState(
      per,
      released.map((one) => ({ ...one, status: { phase: 'Failed' } })),
    )
    expect([...later.failedIndexes]).toEqual([])
  })
})

it('what the policy ignores is counted apart, on the pod that follows', () => {
  const rules = [{ action: 'Ignore', onExitCodes: { operator: 'In', values: [3] } }]
  const per = job({ ...indexed, backoffLimitPerIndex: 2, podFailurePolicy: { rules } })
  const plan = planJob(per, jobState(per, [pod('f', 'bad', 1, 1)]))
  const failures = plan.create.find(({ index }) => index === 1)?.failures
  expect(failures).toEqual({ count: 1, ignored: 1 })
  expect(newJobPod(per, 1, failures).metadata?.annotations).toMatchObject({
    'batch.kubernetes.io/job-index-failure-count': '1',
    'batch.kubernetes.io/job-index-ignored-failure-count': '1',
  })
  expect(newJobPod(per, 0, { count: 0, ignored: 0 }).metadata?.annotations).not.toHaveProperty([
    'batch.kubernetes.io/job-index-ignored-failure-count',
  ])
})

it('waits ever longer after failures in a row, and not after a success', () => {
  const backoff = createJobBackoff()
  const ended = (name: string, state: State): V1Pod => ({
    ...pod(name, state),
    status: {
      containerStatuses: [
        {
          name: 'c',
          image: '',
          imageID: '',
          ready: false,
          restartCount: 0,
          state: { terminated: { exitCode: 1, finishedAt: '2026-01-01T00:00:00Z' } },
        },
      ],
    },
  })
  backoff.record('k', { succeeded: [], failed: [ended('a', 'bad')] }, nowMs)
  expect(backoff.remainingMs('k', nowMs)).toBe(10_000)
  backoff.record('k', { succeeded: [], failed: [ended('b', 'bad'), ended('c', 'bad')] }, nowMs)
  expect(backoff.remainingMs('k', nowMs)).toBe(40_000)
  expect(backoff.remainingMs('k', nowMs + 40_000)).toBe(0)
  for (let i = 0; i < 20; i++) backoff.record('k', { succeeded: [], failed: [ended(`x${i}`, 'bad')] }, nowMs)
  expect(backoff.remainingMs('k', nowMs)).toBe(600_000)
  backoff.record('k', { succeeded: [ended('s', 'ok')], failed: [] }, nowMs)
  expect(backoff.remainingMs('k', nowMs)).toBe(0)
})
