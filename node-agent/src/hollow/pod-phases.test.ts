import type { V1Pod } from '@kapell/openapi/types'
import { nextStep, type Times } from './pod-phases.ts'
import { scriptOf } from './script.ts'

const now = new Date('2026-01-01T00:00:10Z')
const around = { now, hostIp: '198.18.0.1', podIp: '10.128.0.2' }
const ms = (secondsAgo: number): number => now.getTime() - secondsAgo * 1000

const pod = (
  script: Record<string, string> = {},
  more: { status?: V1Pod['status']; policy?: string; metadata?: V1Pod['metadata'] } = {},
): V1Pod => ({
  metadata: {
    name: 'p',
    annotations: Object.fromEntries(Object.entries(script).map(([k, v]) => [`hollow.kapell.io/${k}`, v])),
    ...more.metadata,
  },
  spec: { containers: [{ name: 'c', image: 'i' }], restartPolicy: more.policy ?? 'Always' },
  ...(more.status === undefined ? {} : { status: more.status }),
})
const runs = (restartCount = 0): V1Pod['status'] => ({
  phase: 'Running',
  conditions: isReady('True'),
  containerStatuses: [
    {
      name: 'c',
      image: 'i',
      imageID: '',
      ready: true,
      restartCount,
      state: { running: { startedAt: '2026-01-01T00:00:00Z' } },
    },
  ],
})

const isReady = (status: string) =>
  ['PodReadyToStartContainers', 'Initialized', 'Ready', 'ContainersReady'].map((type) => ({
    type,
    status: type === 'Ready' ? status : 'True',
  }))

const seen: Times = { seenMs: ms(5), startedMs: undefined }
const started: Times = { seenMs: ms(10), startedMs: ms(10) }

describe('nextStep', () => {
  it.each<[rule: string, pod: V1Pod, times: Times, step: unknown]>([
    ['starts a pod at once', pod(), seen, { act: 'status', status: { phase: 'Running', podIP: '10.128.0.2' } }],
    ['waits as long as the script says', pod({ 'start-after-ms': '7000' }), seen, { act: 'none', afterMs: 2000 }],
    ['a running pod runs on', pod({}, { status: runs() }), started, { act: 'none' }],
    [
      'says again that a pod is ready when others said that it is not',
      pod({}, { status: { ...runs(), conditions: isReady('False') } }),
      started,
      { act: 'status', status: { phase: 'Running', conditions: isReady('True') } },
    ],
    [
      'a Job ends at once and well',
      pod(
        {},
        {
          status: runs(),
          policy: 'Never',
          metadata: {
            ownerReferences: [{ kind: 'Job', controller: true, apiVersion: 'batch/v1', name: 'j', uid: 'u' }],
          },
        },
      ),
      started,
      { act: 'status', status: { phase: 'Succeeded' } },
    ],
    [
      'ends as the script says',
      pod({ 'run-for-ms': '10000', 'exit-code': '3' }, { status: runs(), policy: 'Never' }),
      started,
      { act: 'status', status: { phase: 'Failed', containerStatuses: [{ state: { terminated: { exitCode: 3 } } }] } },
    ],
    [
      'a failure is tried again where the policy says so',
      pod({ 'run-for-ms': '1000', 'exit-code': '1' }, { status: runs(), policy: 'OnFailure' }),
      started,
      { act: 'status', status: { phase: 'Running', containerStatuses: [{ restartCount: 1 }] }, afterMs: 1000 },
    ],
    [
      'fails only so many times',
      pod({ 'run-for-ms': '1000', 'exit-code': '1', failures: '1' }, { status: runs(1), policy: 'OnFailure' }),
      started,
      { act: 'status', status: { phase: 'Succeeded' } },
    ],
    [
      'waits for ever for an image that is nowhere',
      pod({ 'image-missing': 'true' }),
      seen,
      {
        act: 'status',
        status: { phase: 'Pending', containerStatuses: [{ state: { waiting: { reason: 'ImagePullBackOff' } } }] },
      },
    ],
    [
      'goes at once when deleted',
      pod(
        {},
        { status: runs(), metadata: { deletionTimestamp: '2026-01-01T00:00:40Z', deletionGracePeriodSeconds: 30 } },
      ),
      started,
      { act: 'delete' },
    ],
    [
      'takes its time to stop, within its grace period',
      pod(
        { 'stop-after-ms': '99000' },
        { status: runs(), metadata: { deletionTimestamp: '2026-01-01T00:00:35Z', deletionGracePeriodSeconds: 30 } },
      ),
      started,
      { act: 'none', afterMs: 25_000 },
    ],
    ['nonsense in a script counts as not said', pod({ 'start-after-ms': '-1' }), seen, { act: 'status' }],
    ['what has ended stays', pod({}, { status: { phase: 'Failed' } }), started, { act: 'none' }],
  ])('%s', (_rule, given, times, step) => {
    expect(nextStep(given, scriptOf(given), times, around)).toMatchObject(step as object)
  })

  it('a pod is ready only once its gates are open', () => {
    const gated = pod()
    const spec = { containers: [], ...gated.spec, readinessGates: [{ conditionType: 'g' }] }
    const ready = (status: V1Pod['status']): string | undefined => {
      const given: V1Pod = { ...gated, spec, ...(status === undefined ? {} : { status }) }
      const step = nextStep(given, scriptOf(given), seen, around)
      return step.act === 'status' ? step.status.conditions?.find((c) => c.type === 'Ready')?.status : undefined
    }
    expect(ready(undefined)).toBe('False')
    expect(ready({ conditions: [{ type: 'g', status: 'True' }] })).toBe('True')
  })
})
