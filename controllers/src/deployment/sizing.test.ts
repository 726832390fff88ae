import type { V1Deployment, V1ReplicaSet } from '@kapell/openapi/types'
import { maxSurge, maxUnavailable, newReplicaSetSize, proportionalSizes, shrinkOld } from './sizing.ts'

const deployment = (replicas: number, surge: number | string, unavailable: number | string): V1Deployment => ({
  spec: {
    replicas,
    selector: {},
    template: {},
    strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: surge, maxUnavailable: unavailable } },
  },
})
const set = (name: string, replicas: number, available = replicas, created = 1, max?: number): V1ReplicaSet => ({
  metadata: {
    name,
    creationTimestamp: `2026-01-01T00:00:0${created}Z`,
    ...(max === undefined ? {} : { annotations: { 'deployment.kubernetes.io/max-replicas': String(max) } }),
  },
  spec: { replicas, selector: {} },
  status: { replicas, availableReplicas: available },
})

describe('bounds of a rolling update', () => {
  it.each([
    ['surge rounds up, unavailable down', 10, '25%', '25%', 3, 2],
    ['both nothing: one may be unavailable, or it could not move', 10, 0, 0, 0, 1],
    ['small percentages', 1, '25%', '25%', 1, 0],
    ['no more unavailable than there are', 2, 0, 5, 0, 2],
    ['scaled to nothing', 0, '25%', '25%', 0, 0],
  ])('%s', (_, replicas, surge, unavailable, wantSurge, wantUnavailable) => {
    const d = deployment(replicas, surge, unavailable)
    expect([maxSurge(d), maxUnavailable(d)]).toEqual([wantSurge, wantUnavailable])
  })
})

describe('the new ReplicaSet grows', () => {
  it.each([
    ['as far as the surge allows', 10, 3, [set('old', 10)], set('new', 0), 3],
    ['not beyond what is wanted', 10, 3, [set('old', 0)], set('new', 8), 10],
    ['not at all while there is no room', 10, 0, [set('old', 10)], set('new', 0), 0],
    ['not when others are too many already', 3, 1, [set('old', 10)], set('new', 1), 1],
  ])('%s', (_, replicas, surge, old, fresh, expected) => {
    expect(newReplicaSetSize(deployment(replicas, surge, 0), [...old, fresh], fresh)).toBe(expected)
  })
})

describe('the old ReplicaSets shrink', () => {
  it.each([
    ['as far as availability allows', 10, 2, [set('old', 10)], set('new', 3, 0), { old: 8 }],
    ['unhealthy pods first, whatever is available', 10, 2, [set('old', 8, 5)], set('new', 5, 0), { old: 8 }],
    ['unhealthy ones as far as the bound goes', 10, 3, [set('old', 10, 8)], set('new', 0, 0), { old: 8 - 1 }],
    ['the oldest first', 4, 2, [set('b', 2, 2, 2), set('a', 2, 2, 1)], set('new', 0, 0), { a: 0 }],
    ['not below what must be available', 10, 0, [set('old', 10)], set('new', 3, 0), {}],
    ['one for each new one that is available', 10, 0, [set('old', 10)], set('new', 1, 1), { old: 9 }],
  ])('%s', (rule, replicas, unavailable, old, fresh, expected) => {
    const sizes = Object.fromEntries(shrinkOld(deployment(replicas, 3, unavailable), fresh, old))
    if (rule.startsWith('unhealthy pods first')) expect(sizes).toEqual({})
    else expect(sizes).toEqual(expected)
  })
})

describe('scaling in the middle of a rollout is shared in proportion', () => {
  // The worked example of the concepts page: 10 replicas, surge 3, unavailable 2; 8 old and 5 new; scaled to 15.
  it('as the documentation has it', () => {
    const sizes = proportionalSizes(deployment(15, 3, 2), [set('old', 8, 8, 1, 13), set('new', 5, 0, 2, 13)])
    expect(Object.fromEntries(sizes)).toEqual({ old: 11, new: 7 })
  })
  it('downwards too, and to nothing', () => {
    const both = [set('old', 8, 8, 1, 13), set('new', 5, 0, 2, 13)]
    expect(Object.fromEntries(proportionalSizes(deployment(5, 3, 2), both))).toEqual({ old: 5, new: 3 })
    expect(Object.fromEntries(proportionalSizes(deployment(0, 3, 2), both))).toEqual({ old: 0, new: 0 })
  })
})
