import type { V1Pod, V1PodDisruptionBudget } from '@kapell/openapi/types'
import { goSelector } from '../shared/go-selector.ts'
import { expectedPods, UnknownOwner } from './expected.ts'
import { budgetStatus, failedStatus } from './status.ts'

const now = new Date('2026-01-01T00:10:00Z')
const pod = (name: string, ready = true, deleting = false): V1Pod => ({
  metadata: { name, ...(deleting ? { deletionTimestamp: '2026-01-01T00:00:00Z' } : {}) },
  status: { conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }] },
})
const budget = (spec: object, status?: object): V1PodDisruptionBudget =>
  ({ metadata: { name: 'b', generation: 1 }, spec, status }) as V1PodDisruptionBudget
const ten = () => ({ uid: 'o', replicas: 10 })

describe('what a budget counts on', () => {
  it.each([
    ['a number of pods needs no owner', { minAvailable: 2 }, { expected: 3, desired: 2 }],
    ['a percentage is of the owner’s size, rounded up', { minAvailable: '25%' }, { expected: 10, desired: 3 }],
    ['so many may be missing', { maxUnavailable: 3 }, { expected: 10, desired: 7 }],
    ['or such a share, rounded up', { maxUnavailable: '25%' }, { expected: 10, desired: 7 }],
    ['more than there are: none is needed', { maxUnavailable: 30 }, { expected: 10, desired: 0 }],
  ])('%s', (_, spec, wanted) => {
    expect(expectedPods(budget(spec), [pod('a'), pod('b'), pod('c')], ten)).toMatchObject(wanted)
  })
  it('an owner of unknown size fails it; pods of nobody count for nothing', () => {
    expect(() => expectedPods(budget({ maxUnavailable: 1 }), [pod('a')], () => undefined)).toThrow(UnknownOwner)
    expect(expectedPods(budget({ maxUnavailable: 1 }), [pod('a')], () => 'unmanaged')).toEqual({
      expected: 0,
      desired: 0,
      unmanaged: true,
    })
  })
})

describe('how many may go', () => {
  const allowed = (pods: V1Pod[], desired: number, status?: object) =>
    budgetStatus(budget({}, status), pods, { expected: pods.length, desired }, now).status.disruptionsAllowed
  it.each([
    ['healthy ones beyond what is needed', [pod('a'), pod('b'), pod('c')], 2, undefined, 1],
    ['those not ready do not count', [pod('a'), pod('b', false), pod('c')], 2, undefined, 0],
    ['nor those on their way out', [pod('a'), pod('b', true, true), pod('c')], 1, undefined, 1],
    [
      'nor those whose eviction was granted',
      [pod('a'), pod('b'), pod('c')],
      2,
      { disruptedPods: { a: '2026-01-01T00:09:00Z' } },
      0,
    ],
    [
      'unless that came to nothing',
      [pod('a'), pod('b'), pod('c')],
      2,
      { disruptedPods: { a: '2026-01-01T00:07:00Z' } },
      1,
    ],
    ['none of none', [], 0, undefined, 0],
  ])('%s', (_, pods, desired, status, expected) => expect(allowed(pods, desired, status)).toBe(expected))
})

it('names a selector in messages as the original does', () => {
  const matchExpressions = [{ key: 'k', operator: 'In', values: ['a', 'b'] }]
  expect(goSelector({ matchLabels: { b: '2', a: '1' }, matchExpressions })).toBe(
    '&LabelSelector{MatchLabels:map[string]string{a: 1,b: 2,},MatchExpressions:[]LabelSelectorRequirement{LabelSelectorRequirement{Key:k,Operator:In,Values:[a b],},},}',
  )
})

it('a failure is of the generation that was judged last', () => {
  const condition = (status?: object) => failedStatus(budget({}, status), 'why', now).conditions?.[0]
  expect(condition()).not.toHaveProperty('observedGeneration')
  expect(condition({ observedGeneration: 7 })).toMatchObject({ reason: 'SyncFailed', observedGeneration: 7 })
})
