import { jest } from '@jest/globals'
import type { V1FlowSchema, V1PriorityLevelConfiguration } from '@kapell/openapi/types'
import { flowSchemas, priorityLevels } from '../bootstrap/flow-control.ts'
import type { UserInfo } from '../authentication/user.ts'
import type { RequestContext } from '../pipeline/context.ts'
import { parseRequestInfo } from '../pipeline/request-info.ts'
import { danglingOf } from './configuration.ts'
import { FlowControl, type Flow } from './flow-control.ts'
import { Rejected, type Work } from './priority-level.ts'
import { seatsOf } from './seats.ts'
import { handOf, hashOf } from './shuffle-shard.ts'

function request(user: UserInfo, path: string, method = 'GET'): RequestContext {
  const [plain = '', rawQuery = ''] = path.split('?')
  const query = new URLSearchParams(rawQuery)
  return {
    user,
    path: plain,
    rawQuery,
    query,
    info: parseRequestInfo(method, plain, query),
  } as unknown as RequestContext
}

const user = (username: string, ...groups: string[]): UserInfo => ({
  username,
  groups: [...groups, 'system:authenticated'],
})
const account = user(
  'system:serviceaccount:kube-system:x',
  'system:serviceaccounts',
  'system:serviceaccounts:kube-system',
)

describe('classification by the default objects', () => {
  const control = new FlowControl({ totalSeats: 600, nowMs: () => 0 })
  control.configure(priorityLevels, flowSchemas)
  const lease = '/apis/coordination.k8s.io/v1/namespaces/kube-system/leases/l'
  it.each<[string, UserInfo, string, string]>([
    ['exempt', user('admin', 'system:masters'), '/api/v1/pods', 'GET'],
    ['probes', user('x'), '/healthz', 'GET'],
    ['global-default', user('x'), '/healthz/etcd', 'GET'],
    ['system-leader-election', user('system:kube-scheduler'), lease, 'PUT'],
    ['kube-scheduler', user('system:kube-scheduler'), lease, 'DELETE'],
    ['system-leader-election', account, lease, 'PUT'],
    ['kube-system-service-accounts', account, '/api/v1/pods', 'GET'],
    ['service-accounts', user('system:serviceaccount:a:b', 'system:serviceaccounts'), '/api/v1/pods', 'GET'],
    ['system-node-high', user('system:node:n', 'system:nodes'), '/api/v1/nodes/n/status', 'PATCH'],
    ['system-nodes', user('system:node:n', 'system:nodes'), '/api/v1/nodes/n/proxy/x', 'GET'],
    ['system-nodes', user('system:node:n', 'system:nodes'), '/api/v1/pods', 'GET'],
    ['global-default', user('x'), '/api/v1/namespaces/a/pods', 'GET'],
    ['catch-all', { username: 'x', groups: [] }, '/api/v1/pods', 'GET'],
  ])('%s takes what it should', (name, who, path, method) => {
    expect(control.classify(request(who, path, method)).name).toBe(name)
  })

  it('shares the seats out as upstream does', () => {
    expect(Object.fromEntries([...control.levels].map(({ name, limits }) => [name, Object.values(limits)]))).toEqual({
      'catch-all': [13, 13, 613],
      exempt: [0, 0, 600],
      'global-default': [49, 24, 649],
      'leader-election': [25, 25, 625],
      'node-high': [98, 73, 698],
      system: [74, 50, 674],
      'workload-high': [98, 49, 698],
      'workload-low': [245, 24, 845],
    })
  })
})

const level = (
  name: string,
  shares: number,
  more: Partial<NonNullable<NonNullable<V1PriorityLevelConfiguration['spec']>['limited']>> = {},
): V1PriorityLevelConfiguration => ({
  metadata: { name, uid: `uid-${name}` },
  spec: {
    type: 'Limited',
    limited: { nominalConcurrencyShares: shares, lendablePercent: 0, limitResponse: { type: 'Reject' }, ...more },
  },
})
const queue = (queues: number, handSize: number, queueLengthLimit: number) => ({
  limitResponse: { type: 'Queue', queuing: { queues, handSize, queueLengthLimit } },
})
const schema = (name: string, levelName: string, group: string, precedence = 100): V1FlowSchema => ({
  metadata: { name, uid: `uid-${name}` },
  spec: {
    matchingPrecedence: precedence,
    priorityLevelConfiguration: { name: levelName },
    distinguisherMethod: { type: 'ByUser' },
    rules: [
      {
        subjects: [{ kind: 'Group', group: { name: group } }],
        resourceRules: [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'], namespaces: ['*'], clusterScope: true }],
      },
    ],
  },
})

/** Requests by hand: each says when it runs, and ends when told. */
function driver(
  levels: V1PriorityLevelConfiguration[],
  schemas: V1FlowSchema[],
  totalSeats: number,
): {
  control: FlowControl
  send: (
    group: string,
    who?: string,
    seats?: number,
    signal?: AbortSignal,
  ) => { end: () => void; outcome: () => string }
  tick: (ms: number) => void
} {
  let nowMs = 0
  const control = new FlowControl({ totalSeats, nowMs: () => nowMs })
  control.configure(levels, schemas)
  return {
    control,
    tick: (ms) => (nowMs += ms),
    send: (group, who = 'u', seats = 1, signal = new AbortController().signal) => {
      const flow: Flow = control.classify(request(user(who, group), '/api/v1/pods'))
      const work: Work = { seats, schema: flow.name, distinguisher: who, atMs: 0, queue: undefined }
      let outcome = 'waits'
      const fail = (error: unknown): void => {
        outcome = error instanceof Rejected ? error.reason : String(error)
      }
      try {
        const waits = control.start(flow, work, { signal: () => signal, waitMs: 1000 })
        if (waits === undefined) outcome = 'runs'
        else waits.then(() => (outcome = 'runs'), fail)
      } catch (error) {
        fail(error)
      }
      return { end: () => control.finish(flow, work), outcome: () => outcome }
    },
  }
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

describe('a level', () => {
  it('that may not queue refuses what is too much', () => {
    const { send } = driver([level('l', 1, { borrowingLimitPercent: 0 })], [schema('s', 'l', 'g')], 2)
    const [a, b, c] = [send('g'), send('g'), send('g')]
    expect([a, b, c].map((one) => one.outcome())).toEqual(['runs', 'runs', 'concurrency-limit'])
    a.end()
    expect(send('g').outcome()).toBe('runs')
  })

  it('without any seats still lets one in at a time, and so does a request larger than its level', () => {
    const { send } = driver([level('l', 0, { borrowingLimitPercent: 0 }), level('m', 1)], [schema('s', 'l', 'g')], 10)
    const first = send('g', 'u', 5)
    expect([first.outcome(), send('g').outcome()]).toEqual(['runs', 'concurrency-limit'])
    first.end()
    expect(send('g').outcome()).toBe('runs')
  })

  it('queues, lets in as seats come free, and refuses when the queue is full', async () => {
    const { send } = driver(
      [level('l', 1, { ...queue(1, 1, 2), borrowingLimitPercent: 0 })],
      [schema('s', 'l', 'g')],
      1,
    )
    const all = [send('g'), send('g'), send('g'), send('g')]
    expect(all.map((one) => one.outcome())).toEqual(['runs', 'waits', 'waits', 'queue-full'])
    all[0]?.end()
    await settled()
    expect(all.map((one) => one.outcome())).toEqual(['runs', 'runs', 'waits', 'queue-full'])
  })

  it('gives the flows their turns, however many requests one of them has', async () => {
    const one = { ...queue(64, 1, 50), borrowingLimitPercent: 0 }
    const { send, tick } = driver([level('l', 1, one)], [schema('s', 'l', 'g')], 1)
    const running = send('g', 'greedy')
    const greedy = Array.from({ length: 5 }, () => send('g', 'greedy'))
    const modest = send('g', 'modest')
    expect(hashOf('s/greedy') === hashOf('s/modest')).toBe(false)
    running.end()
    await settled()
    const firstOfGreedy = greedy.findIndex((request) => request.outcome() === 'runs')
    tick(100)
    if (firstOfGreedy >= 0) greedy[firstOfGreedy]?.end()
    await settled()
    expect(modest.outcome()).toBe('runs')
  })

  it('forgets those who go away and those who wait too long', async () => {
    jest.useFakeTimers({ doNotFake: ['setImmediate'] })
    try {
      const { send, control } = driver(
        [level('l', 1, { ...queue(4, 2, 9), borrowingLimitPercent: 0 })],
        [schema('s', 'l', 'g')],
        1,
      )
      const gone = new AbortController()
      const running = send('g')
      const [left, late] = [send('g', 'a', 1, gone.signal), send('g', 'b')]
      gone.abort()
      jest.advanceTimersByTime(1001)
      await settled()
      expect([left.outcome(), late.outcome()]).toEqual(['cancelled', 'time-out'])
      expect([...control.levels][0]?.waitingRequests).toBe(0)
      running.end()
      expect(send('g').outcome()).toBe('runs')
    } finally {
      jest.useRealTimers()
    }
  })

  it('borrows what others lend and do not use, and no more', () => {
    const levels = [level('a', 1, { lendablePercent: 50 }), level('b', 1)]
    const { send } = driver(levels, [schema('sa', 'a', 'ga'), schema('sb', 'b', 'gb')], 20)
    const b = Array.from({ length: 16 }, () => send('gb'))
    expect(b.filter((one) => one.outcome() === 'runs')).toHaveLength(15)
    // What is not lent is there for its owner.
    const a = Array.from({ length: 6 }, () => send('ga'))
    expect(a.filter((one) => one.outcome() === 'runs')).toHaveLength(5)
  })

  it('keeps those at work and those that wait when its configuration changes', async () => {
    const made = (queues: number): V1PriorityLevelConfiguration =>
      level('l', 1, { ...queue(queues, 1, 9), borrowingLimitPercent: 0 })
    const { send, control } = driver([made(8)], [schema('s', 'l', 'g')], 1)
    const running = send('g')
    const waiting = [send('g', 'a'), send('g', 'b')]
    control.configure([made(1)], [schema('s', 'l', 'g')])
    running.end()
    await settled()
    expect(waiting.filter((one) => one.outcome() === 'runs')).toHaveLength(1)
    control.configure([], [])
    waiting.find((one) => one.outcome() === 'runs')?.end()
    await settled()
    expect(waiting.map((one) => one.outcome())).toEqual(['runs', 'runs'])
  })
})

it('passes over schemas whose level is not there', () => {
  const control = new FlowControl({ totalSeats: 10, nowMs: () => 0 })
  control.configure([level('l', 1)], [schema('dangling', 'none', 'g', 1), schema('found', 'l', 'g', 2)])
  expect(control.classify(request(user('u', 'g'), '/api/v1/pods')).name).toBe('found')
  expect(danglingOf(schema('s', 'none', 'g'), () => false)).toEqual({
    type: 'Dangling',
    status: 'True',
    reason: 'NotFound',
    message:
      'This FlowSchema references the PriorityLevelConfiguration object named "none" but there is no such object',
  })
})

describe('seats', () => {
  it.each([
    ['/api/v1/pods', 1, 'GET', 5],
    ['/api/v1/pods', 5, 'GET', 450],
    ['/api/v1/pods', 10, 'GET', 100_000],
    ['/api/v1/pods?limit=50', 1, 'GET', 100_000],
    ['/api/v1/pods?limit=50&labelSelector=a', 10, 'GET', 100_000],
    ['/api/v1/namespaces/a/pods/b', 1, 'GET', 100_000],
    ['/api/v1/namespaces/a/pods', 1, 'POST', 100_000],
    ['/api/v1/pods?watch=1', 1, 'GET', 100_000],
  ])('%s takes %i', (path, seats, method, stored) => {
    expect(seatsOf(request(user('u'), path, method), () => stored)).toBe(seats)
  })
})

it('deals a flow the same hand each time, without duplicates', () => {
  const hand = handOf(hashOf('s/u'), { deck: 128, size: 6 })
  expect(handOf(hashOf('s/u'), { deck: 128, size: 6 })).toEqual(hand)
  expect(new Set(hand).size).toBe(6)
  expect(Math.max(...hand)).toBeLessThan(128)
  expect(handOf(1, { deck: 2, size: 6 }).sort()).toEqual([0, 1])
})
