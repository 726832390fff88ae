import type { V1Deployment, V1Service } from '@kapell/openapi/types'
import {
  ask,
  exampleManifest,
  examplePods,
  isReady,
  startExampleCluster,
  type ExampleCluster,
} from './support/example.ts'
import { runningTasks } from './support/machine.ts'
import { stream } from './support/stream.ts'
import { until } from './support/wait.ts'

/** The example of the README with stock kubectl, from apply to the end of its namespace: the tests build on each other. */
let example: ExampleCluster
const namespace = 'demo'
const rolled = 'deployment/language-model'
const nodePort = '127.0.0.1:30080'

const kubectl = (...args: string[]): Promise<string> => example.kubectl.run('-n', namespace, ...args)
const deployment = (): Promise<V1Deployment> => example.kubectl.json<V1Deployment>('-n', namespace, 'get', rolled)
const rollout = (): Promise<string> => kubectl('rollout', 'status', rolled, '--timeout=90s')

beforeAll(async () => {
  example = await startExampleCluster({ name: 'example', octet: 221 })
}, 60_000)
afterAll(async () => {
  await example?.close()
}, 60_000)

it('rolls out ten ready replicas, each with an address of the range for pods', async () => {
  await example.kubectl.run('create', 'namespace', namespace)
  expect(await kubectl('apply', '-f', exampleManifest)).toBe(
    'deployment.apps/language-model created\nservice/language-model created\n',
  )
  expect(await rollout()).toContain('deployment "language-model" successfully rolled out')
  const pods = await examplePods(example.kubectl, namespace)
  expect(pods.filter(isReady)).toHaveLength(10)
  expect(new Set(pods.map((pod) => pod.status?.podIP)).size).toBe(10)
  const wide = (await kubectl('get', 'pods', '-o', 'wide', '--no-headers')).trim().split('\n')
  expect(wide).toHaveLength(10)
  for (const line of wide) expect(line).toMatch(/^language-model-\S+ +1\/1 +Running +0 +\S+ +10\.221\.0\.\d+ +\S+ /)
  expect(await kubectl('get', rolled, '--no-headers')).toMatch(/language-model +10\/10 +10 +10 /)
  expect(await kubectl('apply', '-f', exampleManifest)).toBe(
    'deployment.apps/language-model unchanged\nservice/language-model unchanged\n',
  )
}, 120_000)

it('answers on the cluster IP and on the node port, from more than one pod', async () => {
  const service = await example.kubectl.json<V1Service>('-n', namespace, 'get', 'service', 'language-model')
  expect(service.spec?.clusterIP).toMatch(/^10\.222\./)
  const answered = new Set<string>()
  for (const at of [service.spec?.clusterIP ?? '', nodePort])
    for (let i = 0; i < 10; i += 1) {
      const answer = await ask(at)
      expect(answer).toMatchObject({ language: 'german', version: 'v1' })
      answered.add(answer.pod)
    }
  expect(answered.size).toBeGreaterThan(1)
  const names = (await examplePods(example.kubectl, namespace)).map((pod) => pod.metadata?.name)
  for (const pod of answered) expect(names).toContain(pod)
}, 30_000)

it('describes what it made, with conditions and events', async () => {
  const ofDeployment = await kubectl('describe', rolled)
  expect(ofDeployment).toMatch(/Replicas: +10 desired \| 10 updated \| 10 total \| 10 available \| 0 unavailable/)
  expect(ofDeployment).toMatch(/Available +True +MinimumReplicasAvailable/)
  expect(ofDeployment).toMatch(/ScalingReplicaSet .*Scaled up replica set language-model-\S+ from 0 to 10/)
  const [pod] = await examplePods(example.kubectl, namespace)
  const ofPod = await kubectl('describe', 'pod', pod?.metadata?.name ?? '')
  for (const what of [
    /Status: +Running/,
    /Controlled By: +ReplicaSet\/language-model-/,
    /State: +Running\n/,
    /Ready: +True/,
    /kube-api-access-/,
    /Normal +Scheduled .*Successfully assigned demo\/language-model-\S+ to /,
    /Normal +Pulled /,
    /Normal +Created /,
    /Normal +Started /,
  ])
    expect(ofPod).toMatch(what)
  expect(await kubectl('describe', 'service', 'language-model')).toMatch(/Endpoints: +10\.221\.0\.\d+:8080/)
  expect(await example.kubectl.run('describe', 'node')).toMatch(/Non-terminated Pods: +\(10 in total\)/)
}, 30_000)

it('scales to 3 and back to 10', async () => {
  await kubectl('scale', rolled, '--replicas=3')
  await until('3 pods and no more', async () => (await examplePods(example.kubectl, namespace)).length === 3)
  await until('the sandboxes of the others to end', async () => (await runningTasks(example.dataDir)).length === 6)
  expect((await deployment()).status).toMatchObject({ replicas: 3, readyReplicas: 3 })
  await kubectl('scale', rolled, '--replicas=10')
  await rollout()
  expect((await examplePods(example.kubectl, namespace)).filter(isReady)).toHaveLength(10)
}, 120_000)

it('rolls to another image without falling below what is allowed, and without an unanswered request', async () => {
  const columns = 'custom-columns=S:.spec.replicas,A:.status.availableReplicas,R:.status.replicas'
  const args = ['-n', namespace, 'get', rolled, '-w', '--no-headers', '-o', columns]
  const watch = stream(example.kubectl.program, args, example.kubectl.env)
  await watch.says(/10 +10 +10/)
  const failures: unknown[] = []
  const versions = new Set<string>()
  let rolling = true
  const asking = (async () => {
    while (rolling)
      await ask(nodePort).then(
        ({ version }) => versions.add(version),
        (error: unknown) => failures.push(error),
      )
  })()
  await kubectl('set', 'image', rolled, 'model=language-model:v2')
  await rollout()
  rolling = false
  await asking
  await watch.stop()
  const seen = watch
    .output()
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/ +/).map(Number))
  expect(Math.min(...seen.map(([, available]) => available ?? 0))).toBeGreaterThanOrEqual(9)
  expect(Math.max(...seen.map(([, , replicas]) => replicas ?? 0))).toBeLessThanOrEqual(13)
  expect(failures).toEqual([])
  expect([...versions].sort()).toEqual(['v1', 'v2'])
  expect(await ask(nodePort, 'la gente canta mientras trabaja')).toMatchObject({ language: 'spanish', version: 'v2' })
}, 120_000)

it('knows its history, and undoes', async () => {
  expect(await kubectl('rollout', 'history', rolled)).toMatch(/REVISION +CHANGE-CAUSE\n1 +<none>\n2 +<none>/)
  expect(await kubectl('rollout', 'history', rolled, '--revision=1')).toContain('language-model:v1')
  expect(await kubectl('rollout', 'undo', rolled)).toContain('rolled back')
  await rollout()
  expect(await ask(nodePort)).toMatchObject({ version: 'v1' })
  expect(await kubectl('rollout', 'history', rolled)).toMatch(/REVISION +CHANGE-CAUSE\n2 +<none>\n3 +<none>/)
}, 120_000)

it('pauses and resumes a rollout, and restarts one', async () => {
  await kubectl('rollout', 'pause', rolled)
  await kubectl('set', 'image', rolled, 'model=language-model:v2')
  await until('the pause to be seen', async () => {
    const { metadata, status } = await deployment()
    return status?.observedGeneration === metadata?.generation
  })
  expect((await deployment()).status?.updatedReplicas ?? 0).toBe(0)
  await kubectl('rollout', 'resume', rolled)
  await rollout()
  const before = (await examplePods(example.kubectl, namespace)).map((pod) => pod.metadata?.uid)
  await kubectl('rollout', 'restart', rolled)
  await rollout()
  await until('the old pods to be gone', async () => (await examplePods(example.kubectl, namespace)).length === 10)
  for (const pod of await examplePods(example.kubectl, namespace)) expect(before).not.toContain(pod.metadata?.uid)
}, 120_000)

it('takes everything away with the namespace', async () => {
  expect(await example.kubectl.run('delete', 'namespace', namespace, '--timeout=60s')).toContain('deleted')
  const left = await example.kubectl.run('get', 'all,endpointslices,configmaps,events', '-n', namespace)
  expect(left).toBe('')
  await until('every container to end', async () => (await runningTasks(example.dataDir)).length === 0)
  await expect(ask(nodePort)).rejects.toThrow()
}, 90_000)
