import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { FakeClock, settle } from '@kapell/controllers/machinery/clock'
import { silentLogger } from '@kapell/controllers/machinery/log'
import type { V1Pod, V1PodStatus } from '@kapell/openapi/types'
import { createSimulatedRuntime, type SimulatedRuntime } from '../cri/simulated.ts'
import type { Rejection } from './admission.ts'
import { noCgroups } from '../cgroups/manager.ts'
import { createAllocations } from './allocation.ts'
import { Backoff } from './backoff.ts'
import type { PodDeps } from './deps.ts'
import { createImagePuller } from './images.ts'
import { createObserver } from './observe.ts'
import { nodePaths } from './paths.ts'
import { identityOf } from './record.ts'
import { noDevices, testPod } from './testing.ts'
import { createUserNamespaces } from './user-namespaces.ts'
import { createPodWorker, type PodWorker } from './worker.ts'

interface Bench {
  runtime: SimulatedRuntime
  clock: FakeClock
  worker: PodWorker
  /** "state:reason" of the first container, and the phase, each time they changed. */
  seen: string[]
  finished: V1PodStatus[]
  events: string[]
  unmounted: number
  done: boolean
  /** What probes say. */
  ready: boolean
  mountError: string | undefined
  rejection: Rejection | undefined
  statuses: V1PodStatus[]
}

let dir: string
let bench: Bench
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'kapell-worker-'))
  bench = build()
})
afterEach(async () => {
  await bench.worker.stop()
  rmSync(dir, { recursive: true, force: true })
})

function build(): Bench {
  const clock = new FakeClock('2026-01-01T00:00:00Z')
  const runtime = createSimulatedRuntime({ clock })
  const made: Omit<Bench, 'worker'> = {
    runtime,
    clock,
    seen: [],
    finished: [],
    events: [],
    unmounted: 0,
    done: false,
    ready: true,
    mountError: undefined,
    rejection: undefined,
    statuses: [],
  }
  const events: PodDeps['events'] = (_pod, _type, reason) => made.events.push(reason)
  const note = (status: V1PodStatus): void => {
    const [state] = Object.entries(status.containerStatuses?.[0]?.state ?? {}) as [string, { reason?: string }][]
    const text = [status.phase, state?.[0], state?.[1].reason].filter((part) => part !== undefined).join(' ')
    if (made.seen.at(-1) !== text) made.seen.push(text)
  }
  const deps: PodDeps = {
    cri: runtime,
    observer: createObserver(runtime),
    images: createImagePuller({ cri: runtime, events, clock }),
    volumes: {
      mount: () => (made.mountError === undefined ? Promise.resolve() : Promise.reject(new Error(made.mountError))),
      containerMounts: () => Promise.resolve([]),
      containerDevices: () => [],
      unmount: () => Promise.resolve(void made.unmounted++),
      release: () => Promise.resolve(),
    },
    devices: noDevices,
    objects: {
      configMap: () => Promise.resolve(undefined),
      secret: () => Promise.resolve(undefined),
      release: () => {},
    },
    probes: { started: () => true, ready: () => made.ready, failed: () => undefined, update: () => {}, stop: () => {} },
    status: {
      set: (_pod, status) => {
        made.statuses.push(status)
        note(status)
      },
      finish: (_pod, status) => void made.finished.push(status),
      forget: () => {},
    },
    events,
    admission: { admit: () => Promise.resolve(made.rejection), shortage: () => undefined },
    allocations: createAllocations({ allocatable: {}, shortage: () => undefined, retry: () => {}, events, clock }),
    cgroups: noCgroups,
    users: createUserNamespaces({ paths: nodePaths(dir), supported: false }),
    crashBackoff: new Backoff({ initialMs: 10_000, maxMs: 300_000 }),
    clock,
    log: silentLogger,
    paths: nodePaths(dir),
    node: {
      name: 'n',
      ip: '1.2.3.4',
      memoryCapacityBytes: 2 ** 30,
      allocatable: {},
      cgroupRoot: '/none',
      hosts: '',
      runtimeName: 'simulated',
    },
    dns: { host: { servers: [], searches: [], options: [] }, clusterDns: [], clusterDomain: 'cluster.local' },
    services: () => [],
    hostPorts: () => {},
    runtimeHandler: () => Promise.resolve(''),
  }
  const worker = createPodWorker({ deps, identity: identityOf(testPod()), done: () => (made.done = true) })
  return Object.assign(made, { worker })
}

const deleted = (pod: V1Pod, graceSeconds: number): V1Pod => ({
  ...pod,
  metadata: { ...pod.metadata, deletionTimestamp: '2026-01-01T00:01:00Z', deletionGracePeriodSeconds: graceSeconds },
})

/** File system calls take real time: waits until a condition holds, turning the event loop. */
async function until(what: string, is: () => boolean): Promise<void> {
  for (const end = performance.now() + 4500; performance.now() < end;) {
    if (is()) return
    await settle(1)
  }
  throw new Error(`gave up waiting for ${what}: ${bench.seen.join(', ')}; ${bench.runtime.calls.join(', ')}`)
}
const count = (call: string): number => bench.runtime.calls.filter((text) => text.startsWith(call)).length

async function runs(pod = testPod()): Promise<V1Pod> {
  bench.worker.update(pod)
  await until('the pod to run', () => bench.seen.at(-1) === 'Running running')
  await bench.worker.idle()
  return pod
}

it('starts a pod once, however often it is told', async () => {
  for (let i = 0; i < 5; i++) bench.worker.update(testPod())
  await runs()
  for (let i = 0; i < 5; i++) bench.worker.poke()
  await bench.worker.idle()
  expect(count('runPodSandbox')).toBe(1)
  expect(count('createContainer')).toBe(1)
  expect(bench.seen).toEqual(['Pending waiting ContainerCreating', 'Running running'])
  expect(bench.events).toEqual(['Pulled', 'Created', 'Started'])
})

it('restarts at once, then waits ten seconds', async () => {
  await runs()
  bench.runtime.exit('c', 1)
  bench.worker.poke()
  await until('a restart', () => count('createContainer') === 2)
  await bench.worker.idle()
  bench.runtime.exit('c', 1)
  bench.worker.poke()
  await until('the back-off', () => bench.seen.at(-1) === 'Running waiting CrashLoopBackOff')
  bench.worker.poke()
  await bench.worker.idle()
  expect(count('createContainer')).toBe(2)
  await bench.clock.advance(9_999)
  await bench.worker.idle()
  expect(count('createContainer')).toBe(2)
  await bench.clock.advance(1)
  await until('another restart', () => count('createContainer') === 3)
  expect(bench.runtime.calls).toContain('createContainer c 2')
})

it('starts all of a pod anew when a container ends as its rule says', async () => {
  const pod = testPod({
    restartPolicy: 'Never',
    initContainers: [{ name: 'side', image: 'img:1', restartPolicy: 'Always' }],
    containers: [
      {
        name: 'c',
        image: 'img:1',
        restartPolicyRules: [{ action: 'RestartAllContainers', exitCodes: { operator: 'In', values: [42] } }],
      },
      { name: 'd', image: 'img:1' },
    ],
  })
  await runs(pod)
  const all = () => bench.statuses.at(-1)?.conditions?.find(({ type }) => type === 'AllContainersRestarting')
  expect(all()?.status).toBe('False')
  bench.runtime.exit('c', 42)
  bench.worker.poke()
  await until('the restart', () => count('startContainer') === 6)
  await bench.worker.idle()
  expect(count('runPodSandbox')).toBe(1)
  const killed = bench.runtime.calls
    .filter((call) => call.startsWith('stopContainer'))
    .map((call) => call.split(' ')[1])
  expect(killed).toEqual(['d', 'side'])
  expect(bench.runtime.calls.filter((call) => call.startsWith('createContainer')).slice(3)).toEqual([
    'createContainer side 1',
    'createContainer c 1',
    'createContainer d 1',
  ])
  const during = bench.statuses.find(({ containerStatuses }) => containerStatuses?.[1]?.restartCount === 1)
  expect(during?.containerStatuses?.[1]).toMatchObject({
    state: { waiting: { reason: 'RestartingAllContainers' } },
    lastState: { terminated: { reason: 'RestartingAllContainers', exitCode: 137 } },
  })
  await until('the pod to run', () => bench.statuses.at(-1)?.containerStatuses?.[1]?.state?.running !== undefined)
  expect(bench.statuses.at(-1)).toMatchObject({
    phase: 'Running',
    containerStatuses: [
      { restartCount: 1, lastState: { terminated: { reason: 'RestartingAllContainers' } } },
      { restartCount: 1 },
    ],
  })
  expect(
    bench.statuses.some(({ conditions }) => conditions?.some((c) => c.reason === 'RestartAllContainersStarted')),
  ).toBe(true)
  expect(all()?.status).toBe('False')
})

it('keeps only the newest ended instance of a container', async () => {
  await runs()
  for (let i = 2; i < 6; i++) {
    bench.runtime.exit('c', 1)
    bench.worker.poke()
    await bench.worker.idle()
    await bench.clock.advance(300_000)
    await until('a restart', () => count('startContainer') >= i)
  }
  await bench.worker.idle()
  expect(count('removeContainer')).toBe(count('createContainer') - 2)
})

it('ends a deleted pod within its grace period and reports its end', async () => {
  const pod = await runs()
  bench.runtime.script.stopMs = () => 5000
  bench.worker.update(deleted(pod, 30))
  await until('the stop', () => count('stopContainer c 30') === 1)
  expect(bench.finished).toEqual([])
  await bench.clock.advance(5000)
  await until('the last status', () => bench.finished.length === 1)
  expect(bench.finished[0]).toMatchObject({
    phase: 'Succeeded',
    containerStatuses: [{ state: { terminated: { exitCode: 0 } } }],
  })
  expect(bench.runtime.calls.slice(-3)).toEqual([
    'stopPodSandbox sandbox-0',
    'removeContainer c',
    'removePodSandbox sandbox-0',
  ])
  bench.worker.update(undefined)
  await until('the worker to be done', () => bench.done)
})

it('tells while a pod ends that it is not ready any more', async () => {
  const pod = await runs()
  bench.runtime.script.stopMs = () => 60_000
  bench.worker.update(deleted(pod, 30))
  await until('the stop', () => count('stopContainer c 30') === 1)
  const ready = () => bench.statuses.at(-1)?.conditions?.find(({ type }) => type === 'Ready')?.status
  expect(ready()).toBe('True')
  bench.ready = false
  bench.worker.poke()
  await until('it to be told', () => ready() === 'False')
  expect(bench.statuses.at(-1)?.containerStatuses?.[0]?.state?.running).toBeDefined()
  await bench.clock.advance(30_000)
  await until('the last status', () => bench.finished.length === 1)
})

it('shortens the grace period when asked to hurry', async () => {
  const pod = await runs()
  bench.runtime.script.stopMs = () => 60_000
  bench.worker.update(deleted(pod, 30))
  await until('the stop', () => count('stopContainer c 30') === 1)
  bench.worker.update(deleted(pod, 1))
  await until('the quicker stop', () => count('stopContainer c 1') === 1)
  await bench.clock.advance(1000)
  await until('the last status', () => bench.finished.length === 1)
  expect(bench.finished[0]).toMatchObject({
    phase: 'Failed',
    containerStatuses: [{ state: { terminated: { exitCode: 137 } } }],
  })
})

it('does not wait for a pull that nobody needs any more', async () => {
  bench.runtime.script.pull = () => new Promise(() => {})
  const pod = testPod()
  bench.worker.update(pod)
  await until('the pull', () => count('pullImage') === 1)
  bench.worker.update(deleted(pod, 30))
  await until('the last status', () => bench.finished.length === 1)
  expect(bench.finished[0]?.phase).toBe('Failed')
})

it('pulls again after a failure, later each time', async () => {
  bench.runtime.script.pull = () => Promise.reject(new Error('no registry'))
  bench.worker.update(testPod())
  await until('the failure', () => bench.seen.at(-1) === 'Pending waiting ErrImagePull')
  await bench.worker.idle()
  await bench.clock.advance(1000)
  await until('the back-off', () => bench.seen.at(-1) === 'Pending waiting ImagePullBackOff')
  await bench.worker.idle()
  expect(count('pullImage')).toBe(1)
  bench.runtime.script.pull = () => Promise.resolve()
  await bench.clock.advance(10_000)
  await until('the pod to run', () => bench.seen.at(-1) === 'Running running')
})

it.each([
  {
    what: 'a sandbox',
    reason: 'FailedCreatePodSandBox',
    fail: () => (bench.runtime.script.runSandbox = () => Promise.reject(new Error('no network'))),
    mend: (): void => void delete bench.runtime.script.runSandbox,
  },
  {
    what: 'a volume',
    reason: 'FailedMount',
    fail: () => (bench.mountError = 'not there'),
    mend: (): void => void (bench.mountError = undefined),
  },
])('tries again when it could not make $what', async ({ reason, fail, mend }) => {
  fail()
  bench.worker.update(testPod())
  await until('the event', () => bench.events.includes(reason))
  await bench.worker.idle()
  mend()
  await bench.clock.advance(2000)
  await until('the pod to run', () => bench.seen.at(-1) === 'Running running')
})

it('backs off when a program cannot be started', async () => {
  bench.runtime.script.start = () => {
    throw new Error('no such file')
  }
  bench.worker.update(testPod())
  await until('the error', () => bench.seen.includes('Running waiting RunContainerError'))
  await bench.worker.idle()
  await bench.clock.advance(500)
  await bench.worker.idle()
  await bench.clock.advance(500)
  await until('the back-off', () => bench.seen.at(-1) === 'Running waiting CrashLoopBackOff')
})

it('ends what only the runtime knows', async () => {
  await runs()
  bench.worker.update(undefined)
  await until('the worker to be done', () => bench.done)
  expect(bench.runtime.running()).toEqual([])
  expect(bench.finished).toEqual([])
  expect(count('removePodSandbox')).toBe(1)
})

it('lets a finished pod keep its containers, but not its volumes', async () => {
  await runs(testPod({ restartPolicy: 'Never' }))
  bench.runtime.exit('c', 0)
  bench.worker.poke()
  await until('the end', () => bench.seen.at(-1) === 'Succeeded terminated Completed')
  await bench.worker.idle()
  expect(bench.unmounted).toBeGreaterThan(0)
  expect(count('removeContainer')).toBe(0)
  expect(count('stopPodSandbox')).toBe(1)
})

it('fails a pod that outlives its deadline', async () => {
  const pod = testPod({ activeDeadlineSeconds: 60 }, { status: { startTime: '2026-01-01T00:00:00Z' } })
  await runs(pod)
  await bench.clock.advance(59_000)
  await bench.worker.idle()
  expect(bench.runtime.running()).toEqual(['c'])
  await bench.clock.advance(1000)
  await until('the end', () => bench.seen.at(-1)?.startsWith('Failed') === true)
  expect(bench.events).toContain('DeadlineExceeded')
})

it('replaces a sandbox that died, and counts the restart', async () => {
  await runs()
  const [sandbox] = (await bench.runtime.runtime.listPodSandbox({})).items
  await bench.runtime.runtime.stopPodSandbox({ podSandboxId: sandbox!.id })
  bench.worker.poke()
  await until('another sandbox', () => count('runPodSandbox 1') === 1)
  await until('the container', () => bench.runtime.calls.includes('createContainer c 1'))
  expect(bench.events).toContain('SandboxChanged')
})

test('a pod that the node does not take has failed, and nothing of it is made', async () => {
  bench.rejection = { reason: 'NodePorts', message: 'taken' }
  bench.worker.update(testPod())
  await until('the pod to be unmounted', () => bench.unmounted === 1)
  await bench.worker.idle()
  expect(bench.statuses.at(-1)).toMatchObject({
    phase: 'Failed',
    reason: 'NodePorts',
    message: 'Pod was rejected: taken',
    startTime: '2026-01-01T00:00:00Z',
  })
  expect(bench.statuses.at(-1)?.containerStatuses).toBeUndefined()
  expect(bench.events).toEqual(['NodePorts'])
  expect(count('RunPodSandbox') + count('runPodSandbox')).toBe(0)
  bench.worker.update(deleted(testPod(), 0))
  await until('the pod to be finished', () => bench.finished.length === 1)
  expect(bench.finished[0]?.phase).toBe('Failed')
})

it('a pod that the node ends fails for that reason, at once, and is not started again', async () => {
  await runs()
  bench.worker.fail({ reason: 'Evicted', message: 'low', graceSeconds: 1, disruption: true })
  await until('the pod to have failed', () => bench.statuses.at(-1)?.phase === 'Failed')
  await bench.worker.idle()
  expect(bench.statuses.at(-1)).toMatchObject({ phase: 'Failed', reason: 'Evicted', message: 'low' })
  expect(bench.statuses.at(-1)?.conditions).toContainEqual(
    expect.objectContaining({
      type: 'DisruptionTarget',
      status: 'True',
      reason: 'TerminationByKubelet',
      message: 'low',
    }),
  )
  expect(count('createContainer')).toBe(1)
  expect(count('stopContainer')).toBe(1)
})
