import type { V1Pod, V1StatefulSet } from '@kapell/openapi/types'
import { claimOwners } from './claims.ts'
import { newPod } from './pods.ts'
import { planSet } from './reconcile.ts'
import { setStatus } from './status.ts'

type State = 'ok' | 'new' | 'pending' | 'leaving' | 'failed' | 'old'
const nowMs = Date.parse('2026-01-01T01:00:00Z')

function pod(ordinal: number, state: State = 'ok'): V1Pod {
  const ready = state === 'ok' || state === 'old' || state === 'leaving'
  return {
    metadata: {
      name: `s-${ordinal}`,
      uid: `u${ordinal}`,
      labels: { 'controller-revision-hash': state === 'old' ? 'r1' : 'r2' },
      ...(state === 'leaving' ? { deletionTimestamp: '2026-01-01T00:59:00Z' } : {}),
    },
    status: {
      phase: state === 'failed' ? 'Failed' : state === 'pending' ? 'Pending' : 'Running',
      conditions: [{ type: 'Ready', status: ready ? 'True' : 'False', lastTransitionTime: '2026-01-01T00:59:50Z' }],
    },
  }
}
const set = (replicas: number, more: Partial<NonNullable<V1StatefulSet['spec']>> = {}): V1StatefulSet => ({
  metadata: { name: 's', namespace: 'a', uid: 'su' },
  spec: {
    serviceName: 's',
    replicas,
    selector: {},
    template: {},
    updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 0 } },
    ...more,
  },
})
const steps = (owner: V1StatefulSet, pods: V1Pod[], currentRevision = 'r1') =>
  planSet({ set: owner, pods, currentRevision, updateRevision: 'r2', nowMs }).steps.map((step) =>
    step.do === 'create' ? `+${step.ordinal} ${step.revision}` : `-${step.pod.metadata?.name} ${step.why}`,
  )
const parallel = { podManagementPolicy: 'Parallel' }

describe('the next step of an ordered set', () => {
  it.each([
    ['begins with the first', set(3), [], ['+0 update']],
    ['makes the next when all before are ready', set(3), [pod(0)], ['+1 update']],
    ['waits for one that is not', set(3), [pod(0, 'pending')], []],
    ['fills a gap first', set(3), [pod(0), pod(2)], ['+1 update']],
    ['waits for a namesake that leaves', set(3), [pod(0), pod(1, 'leaving')], []],
    ['clears away what failed', set(3), [pod(0), pod(1, 'failed')], ['-s-1 failed']],
    ['scales down from the last', set(1), [pod(0), pod(1), pod(2)], ['-s-2 scaled']],
    ['one at a time', set(1), [pod(0), pod(1), pod(2, 'leaving')], []],
    ['a sound one goes though one before it is ill', set(1), [pod(0), pod(1, 'pending'), pod(2)], ['-s-2 scaled']],
    ['but an ill one that is the only one ill goes', set(1), [pod(0), pod(1), pod(2, 'pending')], ['-s-2 scaled']],
    ['updates the last first', set(3), [pod(0, 'old'), pod(1, 'old'), pod(2, 'old')], ['-s-2 updated']],
    ['then the one before it', set(3), [pod(0, 'old'), pod(1, 'old'), pod(2)], ['-s-1 updated']],
    ['when the updated one is ready', set(3), [pod(0, 'old'), pod(1, 'old'), pod(2, 'pending')], []],
    ['waits out the time to be available', set(3, { minReadySeconds: 60 }), [pod(0, 'old')], []],
    ['starts where told', set(2, { ordinals: { start: 5 } }), [pod(5)], ['+6 update']],
    ['and ends what is outside', set(1, { ordinals: { start: 5 } }), [pod(4), pod(5)], ['-s-4 scaled']],
    ['leaves updates to others when told so', set(1, { updateStrategy: { type: 'OnDelete' } }), [pod(0, 'old')], []],
  ])('%s', (_, owner, pods, expected) => expect(steps(owner, pods)).toEqual(expected))

  it('below the partition pods stay, and come back, as they were', () => {
    const held = set(3, { updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 2 } } })
    expect(steps(held, [pod(0, 'old'), pod(1, 'old'), pod(2)])).toEqual([])
    expect(steps(held, [pod(1, 'old'), pod(2)])).toEqual(['+0 current'])
  })
  it('a set being deleted does nothing', () => {
    expect(steps({ ...set(3), metadata: { deletionTimestamp: 'now' } }, [])).toEqual([])
  })
})

describe('a parallel set', () => {
  it.each([
    ['makes all at once', set(3, parallel), [], ['+0 update', '+1 update', '+2 update']],
    ['whatever the others do', set(3, parallel), [pod(0, 'pending'), pod(1, 'leaving')], ['+2 update']],
    ['ends all at once', set(0, parallel), [pod(0), pod(1)], ['-s-1 scaled', '-s-0 scaled']],
  ])('%s', (_, owner, pods, expected) => expect(steps(owner, pods)).toEqual(expected))
})

it('a finished update makes the new revision the current one', () => {
  const status = (pods: V1Pod[]) =>
    setStatus({ set: set(2), pods, currentRevision: 'r1', updateRevision: 'r2', collisionCount: 0, nowMs })
  expect(status([pod(0, 'old'), pod(1)])).toMatchObject({
    currentRevision: 'r1',
    currentReplicas: 1,
    updatedReplicas: 1,
  })
  expect(status([pod(0), pod(1)])).toMatchObject({ currentRevision: 'r2', currentReplicas: 2, updatedReplicas: 2 })
})

it('a pod knows its name, number, revision and claims', () => {
  const owner = set(1, { volumeClaimTemplates: [{ metadata: { name: 'data' } }] })
  const made = newPod(owner, 3, {
    name: 's-abc',
    template: { spec: { containers: [], volumes: [{ name: 'data', emptyDir: {} }] } },
  })
  expect(made).toMatchObject({
    metadata: { name: 's-3', labels: { 'apps.kubernetes.io/pod-index': '3', 'controller-revision-hash': 's-abc' } },
    spec: {
      hostname: 's-3',
      subdomain: 's',
      volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'data-s-3' } }],
    },
  })
})

describe('who owns a claim', () => {
  const owners = (whenDeleted: string, whenScaled: string, condemned: boolean) =>
    claimOwners(
      set(1, { persistentVolumeClaimRetentionPolicy: { whenDeleted, whenScaled } }),
      pod(0),
      { metadata: { ownerReferences: [] } },
      condemned,
    )?.map(({ kind }) => kind)
  it.each([
    ['Retain', 'Retain', true, undefined],
    ['Delete', 'Retain', true, ['StatefulSet']],
    ['Retain', 'Delete', true, ['Pod']],
    ['Retain', 'Delete', false, undefined],
    ['Delete', 'Delete', false, ['StatefulSet']],
    ['Delete', 'Delete', true, ['Pod']],
  ])('deleted %s, scaled %s, condemned %s: %j', (whenDeleted, whenScaled, condemned, expected) => {
    expect(owners(whenDeleted, whenScaled, condemned)).toEqual(expected)
  })
  const policy = { persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Delete', whenScaled: 'Retain' } }
  const beside = (before: { kind: string; name: string; uid: string; controller?: boolean }) => {
    const ownerReferences = [{ apiVersion: 'v1', ...before }]
    return claimOwners(set(1, policy), pod(0), { metadata: { ownerReferences } }, false)
  }
  it.each([
    ['owners that do not manage it stay', { kind: 'ConfigMap', name: 'c', uid: 'cu' }, ['cu', 'su']],
    ['one that manages it keeps it', { kind: 'ConfigMap', name: 'c', uid: 'cu', controller: true }, undefined],
    ['that of a namesake that is gone stays: it is garbage', { kind: 'StatefulSet', name: 's', uid: 'old' }, undefined],
  ])('%s', (_, before, expected) => expect(beside(before)?.map(({ uid }) => uid)).toEqual(expected))
  it('the set manages and blocks', () => {
    expect(beside({ kind: 'ConfigMap', name: 'c', uid: 'cu' })?.at(-1)).toMatchObject({
      controller: true,
      blockOwnerDeletion: true,
    })
  })
})
