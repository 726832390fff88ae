import type { ResourceV1ResourceClaim, V1Pod } from '@kapell/openapi/types'
import { claimFrom, cleanup, missingClaims } from './decide.ts'

const finalizer = 'resource.kubernetes.io/delete-protection'
const user = (uid: string) => ({ resource: 'pods', name: uid, uid })
const claim = (
  status: ResourceV1ResourceClaim['status'],
  metadata: NonNullable<ResourceV1ResourceClaim['metadata']> = { finalizers: [finalizer] },
): ResourceV1ResourceClaim => ({ metadata, spec: {}, status: status ?? {} })
const allocation = {}
const generated = {
  finalizers: [finalizer],
  annotations: { 'resource.kubernetes.io/pod-claim-name': 'gpu' },
  ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name: 'gone', uid: 'gone', controller: true }],
}
const nothing = { dropFinalizer: false, remove: false }

describe('cleanup', () => {
  it.each<[string, ResourceV1ResourceClaim, ReturnType<typeof cleanup>]>([
    ['in use: nothing', claim({ allocation, reservedFor: [user('a')] }), nothing],
    ['allocated for nobody in particular: nothing', claim({ allocation }), nothing],
    [
      'one of two users is gone',
      claim({ allocation, reservedFor: [user('gone'), user('a')] }),
      { ...nothing, status: { allocation, reservedFor: [user('a')] } },
    ],
    [
      'the last user is gone: devices are given up',
      claim({ allocation, reservedFor: [user('gone')] }),
      { status: {}, dropFinalizer: true, remove: false },
    ],
    [
      'to go, and used by nobody',
      claim({ allocation }, { finalizers: [finalizer], deletionTimestamp: 'now' }),
      { status: {}, dropFinalizer: true, remove: false },
    ],
    [
      'to go, and in use',
      claim({ allocation, reservedFor: [user('a')] }, { finalizers: [finalizer], deletionTimestamp: 'now' }),
      nothing,
    ],
    [
      'made for a pod that is over: goes with it',
      claim({ allocation, reservedFor: [user('gone')] }, generated),
      { status: {}, dropFinalizer: true, remove: true },
    ],
    [
      'other consumers than pods are not ours to judge',
      claim({ allocation, reservedFor: [{ apiGroup: 'x', resource: 'pods', name: 'gone', uid: 'gone' }] }),
      nothing,
    ],
  ])('%s', (_rule, given, expected) => {
    expect(cleanup(given, ({ uid }) => uid === 'gone')).toEqual(expected)
  })
})

describe('claims from templates', () => {
  const pod: V1Pod = {
    metadata: { name: 'p', namespace: 'ns', uid: 'u' },
    spec: {
      containers: [],
      resourceClaims: [
        { name: 'a', resourceClaimTemplateName: 't' },
        { name: 'b', resourceClaimTemplateName: 't' },
        { name: 'c', resourceClaimName: 'mine' },
      ],
    },
    status: { resourceClaimStatuses: [{ name: 'a', resourceClaimName: 'p-a-x' }] },
  }

  it('are made for entries that have none, unless the pod is over', () => {
    expect(missingClaims(pod).map(({ name }) => name)).toEqual(['b'])
    expect(missingClaims({ ...pod, status: { ...pod.status, phase: 'Succeeded' } })).toEqual([])
  })

  it('carry what the template says, and whose they are', () => {
    const template = { spec: { metadata: { labels: { l: '1' }, annotations: { an: '2' } }, spec: { devices: {} } } }
    expect(claimFrom(template, pod, 'b')).toEqual({
      metadata: {
        generateName: 'p-b-',
        namespace: 'ns',
        labels: { l: '1' },
        annotations: { an: '2', 'resource.kubernetes.io/pod-claim-name': 'b' },
        ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name: 'p', uid: 'u', controller: true }],
      },
      spec: { devices: {} },
    })
  })
})
