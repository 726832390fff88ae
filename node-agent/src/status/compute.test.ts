import type { V1Pod, V1PodStatus } from '@kapell/openapi/types'
import type { PodRecord } from '../pods/record.ts'
import { exited, record, running, sandbox, testContainer, testPod } from '../pods/testing.ts'
import { computePodStatus, type PodStatusInput } from './compute.ts'
import type { Waiting } from './container-status.ts'

const now = new Date('2026-01-02T03:04:05Z')

function compute(pod: V1Pod, has: PodRecord, more: Partial<PodStatusInput> = {}): V1PodStatus {
  return computePodStatus({
    pod,
    record: has,
    waiting: new Map(),
    probes: { started: () => true, ready: () => true },
    hostIp: '1.2.3.4',
    now,
    runtimeName: 'containerd',
    terminating: false,
    ended: false,
    failure: undefined,
    ...more,
  })
}
const ended = { terminating: true, ended: true }
const waits = (reason: string): { waiting: Map<string, Waiting> } => ({ waiting: new Map([['c', { reason }]]) })
const withInit = (policy = 'Always'): V1Pod => testPod({ restartPolicy: policy, initContainers: [testContainer('i')] })

interface Row {
  rule: string
  pod: V1Pod
  has: PodRecord
  more?: Partial<PodStatusInput>
  phase: string
  /** Of the first container: its state, and its reason if it has one. */
  state: string
  /** Ready, ContainersReady, Initialized, PodReadyToStartContainers as T or F. */
  conditions: string
}

const rows: Row[] = [
  {
    rule: 'nothing yet',
    pod: testPod(),
    has: record([], []),
    phase: 'Pending',
    state: 'waiting ContainerCreating',
    conditions: 'FFTF',
  },
  {
    rule: 'a sandbox',
    pod: testPod(),
    has: record(),
    phase: 'Pending',
    state: 'waiting ContainerCreating',
    conditions: 'FFTT',
  },
  {
    rule: 'running',
    pod: testPod(),
    has: record([running('c')]),
    phase: 'Running',
    state: 'running',
    conditions: 'TTTT',
  },
  {
    rule: 'running, not ready',
    pod: testPod(),
    has: record([running('c')]),
    more: { probes: { started: () => true, ready: () => false } },
    phase: 'Running',
    state: 'running',
    conditions: 'FFTT',
  },
  {
    rule: 'a readiness gate nobody opened',
    pod: testPod({ readinessGates: [{ conditionType: 'gate' }] }),
    has: record([running('c')]),
    phase: 'Running',
    state: 'running',
    conditions: 'FTTT',
  },
  {
    rule: 'init runs',
    pod: withInit(),
    has: record([running('i')]),
    phase: 'Pending',
    state: 'waiting PodInitializing',
    conditions: 'FFFT',
  },
  {
    rule: 'init done',
    pod: withInit(),
    has: record([exited('i', 0)]),
    phase: 'Pending',
    state: 'waiting PodInitializing',
    conditions: 'FFTT',
  },
  {
    rule: 'init failed for good',
    pod: withInit('Never'),
    has: record([exited('i', 1)]),
    phase: 'Failed',
    state: 'waiting PodInitializing',
    conditions: 'FFFT',
  },
  {
    rule: 'init failed, tried again',
    pod: withInit(),
    has: record([exited('i', 1)]),
    phase: 'Pending',
    state: 'waiting PodInitializing',
    conditions: 'FFFT',
  },
  {
    rule: 'a container whose own rule starts it again has not failed the pod',
    pod: testPod({
      restartPolicy: 'Never',
      containers: [
        {
          name: 'c',
          image: 'img:1',
          restartPolicyRules: [{ action: 'Restart', exitCodes: { operator: 'NotIn', values: [0] } }],
        },
      ],
    }),
    has: record([exited('c', 42)]),
    phase: 'Running',
    state: 'terminated Error',
    conditions: 'FFTT',
  },
  {
    rule: 'image missing',
    pod: testPod(),
    has: record(),
    more: waits('ErrImagePull'),
    phase: 'Pending',
    state: 'waiting ErrImagePull',
    conditions: 'FFTT',
  },
  {
    rule: 'crash loop',
    pod: testPod(),
    has: record([exited('c', 1)]),
    more: waits('CrashLoopBackOff'),
    phase: 'Running',
    state: 'waiting CrashLoopBackOff',
    conditions: 'FFTT',
  },
  {
    rule: 'ended, about to restart',
    pod: testPod(),
    has: record([exited('c', 1)]),
    phase: 'Running',
    state: 'terminated Error',
    conditions: 'FFTT',
  },
  {
    rule: 'done under Never',
    pod: testPod({ restartPolicy: 'Never' }),
    has: record([exited('c', 0)]),
    more: ended,
    phase: 'Succeeded',
    state: 'terminated Completed',
    conditions: 'FFTF',
  },
  {
    rule: 'failed under Never',
    pod: testPod({ restartPolicy: 'Never' }),
    has: record([exited('c', 2)]),
    more: ended,
    phase: 'Failed',
    state: 'terminated Error',
    conditions: 'FFTF',
  },
  {
    rule: 'killed for memory',
    pod: testPod({ restartPolicy: 'Never' }),
    has: record([exited('c', 137, { reason: 'OOMKilled' })]),
    more: ended,
    phase: 'Failed',
    state: 'terminated OOMKilled',
    conditions: 'FFTF',
  },
  {
    rule: 'being deleted',
    pod: testPod(),
    has: record([running('c')]),
    more: { terminating: true },
    phase: 'Running',
    state: 'running',
    conditions: 'TTTT',
  },
  {
    rule: 'deleted, ended well',
    pod: testPod(),
    has: record([exited('c', 0)]),
    more: ended,
    phase: 'Succeeded',
    state: 'terminated Completed',
    conditions: 'FFTF',
  },
  {
    rule: 'deleted, killed',
    pod: testPod(),
    has: record([exited('c', 137)]),
    more: ended,
    phase: 'Failed',
    state: 'terminated Error',
    conditions: 'FFTF',
  },
  {
    rule: 'a deadline passed',
    pod: testPod(),
    has: record([exited('c', 0)]),
    more: { ...ended, failure: { reason: 'DeadlineExceeded', message: 'm' } },
    phase: 'Failed',
    state: 'terminated Completed',
    conditions: 'FFTF',
  },
]

it.each(rows)('$rule: $phase', ({ pod, has, more, phase, state, conditions }) => {
  const status = compute(pod, has, more)
  const [first] = Object.entries(status.containerStatuses![0]!.state ?? {}) as [string, { reason?: string }][]
  const letter = (type: string): string => status.conditions!.find((condition) => condition.type === type)!.status[0]!
  expect({
    phase: status.phase,
    state: `${first?.[0]} ${first?.[1].reason ?? ''}`.trim(),
    conditions: ['Ready', 'ContainersReady', 'Initialized', 'PodReadyToStartContainers'].map(letter).join(''),
  }).toEqual({ phase, state, conditions })
})

it('never takes back a final phase', () => {
  const pod = testPod({}, { status: { phase: 'Failed' } })
  expect(compute(pod, record([running('c')])).phase).toBe('Failed')
})

it('keeps the time of a condition that did not change', () => {
  const before = '2026-01-01T00:00:00Z'
  const pod = testPod({}, { status: { conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: before }] } })
  const at = (has: PodRecord): string | undefined =>
    compute(pod, has).conditions!.find(({ type }) => type === 'Ready')?.lastTransitionTime
  expect(at(record([running('c')]))).toBe(before)
  expect(at(record())).toBe('2026-01-02T03:04:05Z')
})

it('names unready containers as upstream does', () => {
  const pod = testPod({ containers: [testContainer('a'), testContainer('b')] })
  const ready = compute(pod, record([running('a')])).conditions!.find(({ type }) => type === 'Ready')
  expect(ready).toMatchObject({ reason: 'ContainersNotReady', message: 'containers with unready status: [b]' })
})

it('counts restarts and remembers the last end', () => {
  const has = record([running('c', { id: 'new', attempt: 2 }), exited('c', 3, { id: 'old', attempt: 1 })])
  expect(compute(testPod(), has).containerStatuses![0]).toMatchObject({
    restartCount: 2,
    containerID: 'containerd://new',
    lastState: { terminated: { exitCode: 3, containerID: 'containerd://old', finishedAt: '2026-01-01T00:00:03Z' } },
  })
})

it('gives a pod on the network of the node the address of the node', () => {
  const status = compute(testPod({ hostNetwork: true }), record([running('c')], [sandbox({ ips: [] })]))
  expect(status).toMatchObject({ podIP: '1.2.3.4', podIPs: [{ ip: '1.2.3.4' }] })
})

test('a resize is going on until the runtime says that the container has its new resources', () => {
  const requests = { cpu: '25m', memory: '40Mi' }
  const pod = testPod({ containers: [testContainer('c', { resources: { requests } })] })
  const has = (cpuShares: number): PodRecord =>
    record([running('c', { limits: { cpuShares, cpuQuota: 0, memoryBytes: 0 } })])
  const types = (status: V1PodStatus): string[] => (status.conditions ?? []).map(({ type }) => type)
  expect(types(compute(pod, has(20)))).toContain('PodResizeInProgress')
  expect(types(compute(pod, has(25)))).not.toContain('PodResizeInProgress')
})

it('a pod whose containers were removed to start anew has not failed', () => {
  const rule = { action: 'RestartAllContainers', exitCodes: { operator: 'In', values: [42] } }
  const pod = testPod({
    restartPolicy: 'Never',
    containers: [{ name: 'c', image: 'img:1', restartPolicyRules: [rule] }],
  })
  const status = computePodStatus({
    pod,
    record: record([]),
    waiting: new Map(),
    anew: { restarts: new Map([['c', 1]]), removed: true },
    probes: { started: () => true, ready: () => true },
    hostIp: '10.0.0.9',
    now: new Date('2026-01-01T00:00:00Z'),
    runtimeName: 'containerd',
    terminating: false,
    ended: false,
    failure: undefined,
  })
  expect(status.phase).toBe('Pending')
  expect(status.containerStatuses?.[0]).toMatchObject({
    restartCount: 1,
    state: { waiting: { reason: 'RestartingAllContainers' } },
  })
})
