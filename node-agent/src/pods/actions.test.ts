import type { V1Container, V1Pod } from '@kapell/openapi/types'
import { computePodActions, type ProbeVerdicts } from './actions.ts'
import type { PodRecord } from './record.ts'
import { exited, record, running, sandbox, testContainer, testPod } from './testing.ts'

const quiet: ProbeVerdicts = { started: () => true, failed: () => undefined }

interface Row {
  rule: string
  pod: V1Pod
  has: PodRecord
  probes?: Partial<ProbeVerdicts>
  /** "sandbox" to make one, "kill" to end the pod, "+name" to start, "-name" to stop. */
  does: string
}

const withInit = (more: Partial<NonNullable<V1Pod['spec']>> = {}): V1Pod =>
  testPod({ initContainers: [testContainer('i1'), testContainer('i2')], ...more })
const withSidecar = (more: Partial<NonNullable<V1Pod['spec']>> = {}): V1Pod =>
  testPod({ initContainers: [testContainer('side', { restartPolicy: 'Always' })], ...more })

const retryOn42: Partial<V1Container> = {
  restartPolicy: 'Never',
  restartPolicyRules: [{ action: 'Restart', exitCodes: { operator: 'In', values: [42] } }],
}

const rows: Row[] = [
  { rule: 'a new pod gets a sandbox and its containers', pod: testPod(), has: record([], []), does: 'sandbox +c' },
  { rule: 'a running pod is left alone', pod: testPod(), has: record([running('c')]), does: '' },
  { rule: 'a sandbox without containers gets them', pod: testPod(), has: record(), does: '+c' },
  {
    rule: 'a dead sandbox is replaced',
    pod: testPod(),
    has: record([exited('c', 137)], [sandbox({ ready: false })]),
    does: 'kill sandbox +c',
  },
  {
    rule: 'two living sandboxes are one too many',
    pod: testPod(),
    has: record([running('c')], [sandbox({ id: 's1', attempt: 1 }), sandbox()]),
    does: 'kill sandbox +c',
  },
  {
    rule: 'a sandbox without address is replaced',
    pod: testPod(),
    has: record([], [sandbox({ ips: [] })]),
    does: 'kill sandbox +c',
  },
  {
    rule: 'on the network of the node no address is needed',
    pod: testPod({ hostNetwork: true }),
    has: record([running('c')], [sandbox({ ips: [] })]),
    does: '',
  },
  {
    rule: 'a rule that fits the exit code comes before the policy',
    pod: testPod({ restartPolicy: 'Never', containers: [testContainer('c', retryOn42)] }),
    has: record([exited('c', 42)]),
    does: '+c',
  },
  {
    rule: 'a rule that does not fit leaves it to the policy',
    pod: testPod({ restartPolicy: 'Never', containers: [testContainer('c', retryOn42)] }),
    has: record([exited('c', 1)]),
    does: 'kill',
  },
  {
    rule: 'an init container with such a rule is tried again',
    pod: testPod({ restartPolicy: 'Never', initContainers: [testContainer('i', retryOn42)] }),
    has: record([exited('i', 42)]),
    does: '+i',
  },
  { rule: 'a failed container starts again', pod: testPod(), has: record([exited('c', 1)]), does: '+c' },
  { rule: 'a finished one too, under Always', pod: testPod(), has: record([exited('c', 0)]), does: '+c' },
  {
    rule: 'OnFailure lets success rest: the pod is done',
    pod: testPod({ restartPolicy: 'OnFailure' }),
    has: record([exited('c', 0)]),
    does: 'kill',
  },
  {
    rule: 'OnFailure tries failures again',
    pod: testPod({ restartPolicy: 'OnFailure' }),
    has: record([exited('c', 1)]),
    does: '+c',
  },
  { rule: 'Never means never', pod: testPod({ restartPolicy: 'Never' }), has: record([exited('c', 1)]), does: 'kill' },
  {
    rule: 'a pod that is done needs no new sandbox',
    pod: testPod({ restartPolicy: 'Never' }),
    has: record([exited('c', 0)], [sandbox({ ready: false })]),
    does: 'kill',
  },
  {
    rule: 'a pod that is done and was cleaned up needs nothing',
    pod: testPod({ restartPolicy: 'OnFailure' }),
    has: record([exited('c', 0, { sandboxId: '' })], []),
    does: '',
  },
  {
    rule: 'one of two goes on under Never',
    pod: testPod({ restartPolicy: 'Never', containers: [testContainer('a'), testContainer('b')] }),
    has: record([exited('a', 1), running('b')]),
    does: '',
  },
  {
    rule: 'a changed image restarts the container',
    pod: testPod(),
    has: record([running('c', { hash: 'other' })]),
    does: '-c +c',
  },
  {
    rule: 'a failed liveness probe restarts it',
    pod: testPod(),
    has: record([running('c')]),
    probes: { failed: () => 'liveness' },
    does: '-c +c',
  },
  {
    rule: 'a failed liveness probe of the only container ends the pod under Never',
    pod: testPod({ restartPolicy: 'Never' }),
    has: record([running('c')]),
    probes: { failed: () => 'liveness' },
    does: 'kill',
  },
  {
    rule: 'a failed liveness probe only ends it under Never while others run',
    pod: testPod({
      restartPolicy: 'Never',
      containers: [
        { name: 'c', image: 'img:1' },
        { name: 'd', image: 'img:1' },
      ],
    }),
    has: record([running('c'), running('d')]),
    probes: { failed: (id) => (id === 'c-id' ? 'liveness' : undefined) },
    does: '-c',
  },
  {
    rule: 'a rule that restarts all comes before everything else',
    pod: testPod({
      restartPolicy: 'Never',
      initContainers: [{ name: 'i', image: 'img:1' }],
      containers: [
        {
          name: 'c',
          image: 'img:1',
          restartPolicyRules: [{ action: 'RestartAllContainers', exitCodes: { operator: 'In', values: [42] } }],
        },
        { name: 'd', image: 'img:1' },
      ],
    }),
    has: record([exited('c', 42), running('d'), exited('i', 0)]),
    does: 'all',
  },
  {
    rule: 'a half-made container is made again',
    pod: testPod(),
    has: record([running('c', { state: 'created' })]),
    does: '+c',
  },
  { rule: 'init containers come first, one alone', pod: withInit(), has: record([], []), does: 'sandbox +i1' },
  { rule: 'the first must end before the second', pod: withInit(), has: record([running('i1')]), does: '' },
  { rule: 'then the second', pod: withInit(), has: record([exited('i1', 0)]), does: '+i2' },
  { rule: 'a failed one is tried again', pod: withInit(), has: record([exited('i1', 1)]), does: '+i1' },
  {
    rule: 'a failed one ends the pod under Never',
    pod: withInit({ restartPolicy: 'Never' }),
    has: record([exited('i1', 1)]),
    does: 'kill',
  },
  { rule: 'then the others', pod: withInit(), has: record([exited('i2', 0), exited('i1', 0)]), does: '+c' },
  {
    rule: 'an init container whose record was cleaned up is past',
    pod: withInit(),
    has: record([running('c')]),
    does: '',
  },
  {
    rule: 'a new sandbox begins with the first init container again',
    pod: withInit(),
    has: record([exited('c', 137), exited('i2', 0), exited('i1', 0)], [sandbox({ ready: false })]),
    does: 'kill sandbox +i1',
  },
  {
    rule: 'init containers of an earlier sandbox do not count',
    pod: withInit(),
    has: record([exited('i1', 0)], [sandbox({ id: 's1', attempt: 1 })]),
    does: '+i1',
  },
  { rule: 'a sidecar starts first', pod: withSidecar(), has: record(), does: '+side' },
  {
    rule: 'the others wait until the sidecar has started',
    pod: withSidecar(),
    has: record([running('side')]),
    probes: { started: () => false },
    does: '',
  },
  { rule: 'and then run beside it', pod: withSidecar(), has: record([running('side')]), does: '+c' },
  {
    rule: 'a dead sidecar restarts whatever the policy',
    pod: withSidecar({ restartPolicy: 'Never' }),
    has: record([exited('side', 1), running('c')]),
    does: '+side',
  },
  {
    rule: 'a running container follows new limits',
    pod: testPod({ containers: [testContainer('c', { resources: { limits: { cpu: '200m', memory: '64Mi' } } })] }),
    has: record([running('c', { limits: { cpuShares: 102, cpuQuota: 10_000, memoryBytes: 2 ** 26 } })]),
    does: '~c',
  },
  {
    rule: 'limits that are right are left alone',
    pod: testPod({ containers: [testContainer('c', { resources: { limits: { cpu: '100m', memory: '64Mi' } } })] }),
    has: record([running('c', { limits: { cpuShares: 102, cpuQuota: 10_000, memoryBytes: 2 ** 26 } })]),
    does: '',
  },
  {
    rule: 'a resize policy may want a restart instead',
    pod: testPod({
      containers: [
        testContainer('c', {
          resources: { limits: { memory: '32Mi' } },
          resizePolicy: [{ resourceName: 'memory', restartPolicy: 'RestartContainer' }],
        }),
      ],
    }),
    has: record([running('c', { limits: { cpuShares: 2, cpuQuota: 0, memoryBytes: 2 ** 26 } })]),
    does: '-c +c',
  },
  {
    rule: 'an ephemeral container starts in a running pod',
    pod: testPod({ ephemeralContainers: [{ name: 'debug', image: 'img:1' }] }),
    has: record([running('c')]),
    does: '+debug',
  },
  {
    rule: 'an ephemeral container starts once',
    pod: testPod({ ephemeralContainers: [{ name: 'debug', image: 'img:1' }] }),
    has: record([exited('debug', 1), running('c')]),
    does: '',
  },
  {
    rule: 'a sidecar does not keep a finished pod alive',
    pod: withSidecar({ restartPolicy: 'Never' }),
    has: record([running('side'), exited('c', 0)]),
    does: 'kill',
  },
]

it.each(rows)('$rule', ({ pod, has, probes, does }) => {
  const actions = computePodActions(pod, has, { ...quiet, ...probes })
  const words = [
    ...(actions.killPod ? ['kill'] : []),
    ...(actions.restartAll ? ['all'] : []),
    ...(actions.createSandbox ? ['sandbox'] : []),
    ...actions.kill.map(({ container }) => `-${container.name}`),
    ...actions.resize.map(({ container }) => `~${container.name}`),
    ...actions.start.map(({ name }) => `+${name}`),
  ]
  // "kill" of a pod without a sandbox has nothing to do, but says that the pod is done.
  expect(words.join(' ')).toBe(does)
})

it('numbers a new sandbox after the newest', () => {
  const has = record([], [sandbox({ ready: false, attempt: 4 }), sandbox({ ready: false, attempt: 3 })])
  expect(computePodActions(testPod(), has, quiet).attempt).toBe(5)
})
