import type { V1Pod } from '@kapell/openapi/types'
import { revisionData } from './controller-revisions.ts'
import { sameMeaning } from './equal.ts'
import { intOrPercent } from './int-or-percent.ts'
import { podsToDelete } from './rank-pods.ts'
import { replicasSeen } from './replicas.ts'
import { slowStart } from './slow-start.ts'
import { fnv1a, safeEncode, templateHash } from './template-hash.ts'

const nowMs = Date.parse('2026-01-01T12:00:00Z')
function pod(
  name: string,
  more: { node?: string; phase?: string; ready?: boolean; cost?: string; restarts?: number; ageSeconds?: number } = {},
): V1Pod {
  const { node = 'n', phase = 'Running', ready = true, cost, restarts = 0, ageSeconds = 600 } = more
  const at = new Date(nowMs - ageSeconds * 1000).toISOString()
  return {
    metadata: {
      name,
      uid: name,
      creationTimestamp: at,
      ...(cost === undefined ? {} : { annotations: { 'controller.kubernetes.io/pod-deletion-cost': cost } }),
    },
    spec: { containers: [], ...(node === '' ? {} : { nodeName: node }) },
    status: {
      phase,
      conditions: [{ type: 'Ready', status: ready ? 'True' : 'False', lastTransitionTime: at }],
      containerStatuses: [{ name: 'c', image: '', imageID: '', ready, restartCount: restarts }],
    },
  }
}

describe('which pods go first', () => {
  it.each([
    ['not assigned before assigned', pod('z', { node: '' }), pod('a')],
    ['pending before running', pod('z', { phase: 'Pending' }), pod('a')],
    ['not ready before ready', pod('z', { ready: false }), pod('a')],
    ['cheap before dear', pod('z', { cost: '-5' }), pod('a', { cost: '1' })],
    ['a malformed cost is none', pod('z', { cost: '-1' }), pod('a', { cost: '+1' })],
    ['restarted before steady', pod('z', { restarts: 3 }), pod('a')],
    ['young before old', pod('z', { ageSeconds: 10 }), pod('a', { ageSeconds: 100_000 })],
  ])('%s', (_, first, second) => {
    expect(podsToDelete([second, first], 1, [], nowMs)).toEqual([first])
  })
  it('crowded on a node before alone', () => {
    const [a, b, c] = [pod('a', { node: 'x' }), pod('b', { node: 'y' }), pod('c', { node: 'y' })]
    expect(podsToDelete([a, b, c], 1, [a, b, c], nowMs)).toEqual([b])
  })
})

describe('template hashes', () => {
  it('are FNV-1a in letters that spell nothing', () => {
    // Test vectors published with the algorithm.
    expect(fnv1a('')).toBe(0x811c9dc5)
    expect(fnv1a('foobar')).toBe(0xbf9cf968)
    expect(safeEncode('0123456789')).toMatch(/^[bcdfghjklmnpqrstvwxz2456789]{10}$/)
  })
  it('do not see the order of keys nor empty parts, but see changes and collisions', () => {
    const hash = templateHash({ a: 1, b: { c: 'x' } })
    expect(templateHash({ b: { c: 'x', d: {} }, a: 1, e: [] })).toBe(hash)
    expect(templateHash({ a: 1, b: { c: 'y' } })).not.toBe(hash)
    expect(templateHash({ a: 1, b: { c: 'x' } }, 1)).not.toBe(hash)
  })
})

it.each([
  [{ a: 1, b: undefined }, { a: 1 }, true],
  [{ a: {} }, {}, true],
  [{ a: [] }, { a: null }, true],
  [{ a: 0 }, {}, false],
  [{ a: [1, 2] }, { a: [2, 1] }, false],
  [{ a: '1' }, { a: 1 }, false],
])('same meaning: %j and %j: %s', (a, b, same) => expect(sameMeaning(a, b)).toBe(same))

it.each([
  [3, 10, 'up', 3],
  ['25%', 10, 'up', 3],
  ['25%', 10, 'down', 2],
  ['x', 10, 'up', 7],
  [undefined, 10, 'up', 7],
] as const)('%s of %i rounded %s is %i', (value, total, round, expected) =>
  expect(intOrPercent(value, total, round, 7)).toBe(expected),
)

it('slow start fails once, not a hundred times', async () => {
  let calls = 0
  const result = await slowStart(100, () => {
    calls++
    return Promise.reject(new Error('quota'))
  })
  expect([calls, result.tried]).toEqual([1, 1])
  let fine = 0
  const late = await slowStart(100, () => (++fine > 5 ? Promise.reject(new Error('quota')) : Promise.resolve()))
  expect([late.tried, late.errors.length]).toEqual([7, 2])
})

test('a revision holds its template with the keys in order, however it was written', () => {
  const template = { spec: { restartPolicy: 'Always', containers: [{ name: 'c', image: 'i' }] }, metadata: {} }
  expect(JSON.stringify(revisionData(template))).toBe(
    '{"spec":{"template":{"$patch":"replace","metadata":{},"spec":{"containers":[{"image":"i","name":"c"}],"restartPolicy":"Always"}}}}',
  )
})

describe('what is seen of replicas', () => {
  const readyAtMs = Date.parse('2026-01-01T00:00:00Z')
  const pod: V1Pod = {
    metadata: { name: 'p' },
    spec: { containers: [] },
    status: {
      phase: 'Running',
      conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: '2026-01-01T00:00:00Z' }],
    },
  }
  it.each([0, 9_999, 10_000, 10_001])('%i ms after it was ready a pod counts, or is waited for', (afterMs) => {
    const now = new Date(readyAtMs + afterMs)
    const owner = { spec: { replicas: 1, minReadySeconds: 10 } }
    const seen = replicasSeen({ owner, pods: [pod], failure: undefined, countTerminating: true, now })
    const isAvailable = seen.status.availableReplicas === 1
    expect([isAvailable, seen.afterMs]).toEqual(afterMs >= 10_000 ? [true, undefined] : [false, 10_000 - afterMs])
  })
})
