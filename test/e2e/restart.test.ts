import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { transportFromKubeconfig } from '@kapell/cli/kubeconfig'
import { createClient } from '@kapell/controllers/machinery/create-client'
import { runtimePaths } from '@kapell/node-agent/runtime/paths'
import { pods as podsRef } from '@kapell/openapi/meta/refs'
import type { V1Pod, V1Service } from '@kapell/openapi/types'
import {
  ask,
  exampleManifest,
  examplePods,
  isReady,
  startExampleCluster,
  type ExampleCluster,
} from './support/example.ts'
import { leftovers, runningTasks } from './support/machine.ts'
import { until } from './support/wait.ts'

/** Ends of every kind and starts after them: nothing lost, nothing started twice, nothing left on the machine. */
let example: ExampleCluster
const nodePort = '127.0.0.1:30080'

const kubectl = (...args: string[]): Promise<string> => example.kubectl.run(...args)
const rollout = (): Promise<string> => kubectl('rollout', 'status', 'deployment/language-model', '--timeout=90s')
const pods = (): Promise<V1Pod[]> => examplePods(example.kubectl, 'default')
const uidsOf = (all: readonly V1Pod[]): string[] => all.map(({ metadata }) => metadata?.uid ?? '').sort()
const idsOf = (all: readonly V1Pod[]): string[] =>
  all.map(({ status }) => status?.containerStatuses?.[0]?.containerID?.replace('containerd://', '') ?? '').sort()

const podPrefix = '10.225.0.'

/**
 * The pods at the moment that is wanted. It lasts too short for a kubectl to start: this client only looks. A moment
 * that was missed all the same (the machine is busy) is brought about again.
 */
async function moment(
  what: string,
  wanted: (pods: V1Pod[]) => boolean,
  missed: { when: (pods: V1Pod[]) => boolean; again: () => Promise<unknown> },
): Promise<V1Pod[]> {
  const transport = transportFromKubeconfig(join(example.dataDir, 'kubeconfig'))
  const client = createClient(transport).resource(podsRef, 'default')
  const look = async (): Promise<V1Pod[] | undefined> => {
    const { items } = await client.list({ labelSelector: 'app=language-model' })
    if (wanted(items)) return items
    if (missed.when(items)) await missed.again()
    return undefined
  }
  return until(what, look, { everyMs: 5, timeoutMs: 120_000 }).finally(() => transport.close())
}

beforeAll(async () => {
  example = await startExampleCluster({ name: 'restart', octet: 225 })
}, 60_000)
afterAll(async () => {
  await example?.close()
}, 60_000)

it('finishes a rollout that kill -9 of every process of ours cut in two, and starts no pod twice', async () => {
  await kubectl('apply', '-f', exampleManifest)
  const readyIn = (all: V1Pod[]): number => all.filter(isReady).length
  const ran = (
    await moment('some pods to run and some not', (all) => readyIn(all) >= 2 && readyIn(all) < 9, {
      when: (all) => readyIn(all) >= 9,
      again: async () => {
        await kubectl('scale', 'deployment/language-model', '--replicas=0')
        await until('all pods to be gone', async () => (await pods()).length === 0)
        await kubectl('scale', 'deployment/language-model', '--replicas=10')
      },
    })
  ).filter(isReady)
  await example.cluster.kill()
  const had = await example.start().then(pods)
  await rollout()
  const has = await pods()
  expect(has.filter(isReady)).toHaveLength(10)
  // Pods that were there are there still; those that the controller had yet to make are new.
  expect(uidsOf(has)).toEqual(expect.arrayContaining(uidsOf(had)))
  // What ran goes on as it was; a start that was cut in two may count as a try, of which nothing is left.
  expect(idsOf(has)).toEqual(expect.arrayContaining(idsOf(ran)))
  for (const pod of has) expect(pod.status?.containerStatuses?.[0]?.restartCount).toBeLessThanOrEqual(1)
  const tasks = (await runningTasks(example.dataDir)).map(({ id }) => id)
  expect(tasks).toHaveLength(20)
  expect(tasks).toEqual(expect.arrayContaining(idsOf(has)))
  expect(await ask(nodePort)).toMatchObject({ version: 'v1' })
}, 180_000)

it('finishes a rolling update cut in two by kill -9, with one container a pod', async () => {
  await kubectl('set', 'image', 'deployment/language-model', 'model=language-model:v2')
  const updatedIn = (all: V1Pod[]): number =>
    all.filter((pod) => pod.spec?.containers[0]?.image === 'language-model:v2' && isReady(pod)).length
  await moment('the update to be half done', (all) => updatedIn(all) >= 3 && updatedIn(all) <= 8, {
    when: (all) => updatedIn(all) > 8,
    again: async () => {
      await kubectl('rollout', 'undo', 'deployment/language-model')
      await rollout()
      await kubectl('set', 'image', 'deployment/language-model', 'model=language-model:v2')
    },
  })
  await example.cluster.kill()
  await example.start()
  await rollout()
  await until('the old pods to be gone', async () => (await pods()).length === 10)
  await until('their containers to be gone', async () => (await runningTasks(example.dataDir)).length === 20)
  const has = await pods()
  for (const pod of has)
    expect(pod).toMatchObject({
      spec: { containers: [{ image: 'language-model:v2' }] },
      status: { containerStatuses: [{ ready: true }] },
    })
  expect((await runningTasks(example.dataDir)).map(({ id }) => id)).toEqual(expect.arrayContaining(idsOf(has)))
  expect(await kubectl('get', 'replicasets', '--no-headers')).toMatch(
    /^(language-model-\S+ +(10 +10 +10|0 +0 +0) .*\n){2}$/,
  )
}, 180_000)

it('keeps pods running, and answering, while all of ours is away', async () => {
  const had = await pods()
  const tasks = (await runningTasks(example.dataDir)).map(({ id }) => id).sort()
  await example.cluster.kill()
  expect(await ask(nodePort)).toMatchObject({ version: 'v2' })
  await example.start()
  await until('the node to be asked', async () => (await pods()).every(isReady))
  const has = await pods()
  expect(uidsOf(has)).toEqual(uidsOf(had))
  expect(idsOf(has)).toEqual(idsOf(had))
  expect((await runningTasks(example.dataDir)).map(({ id }) => id).sort()).toEqual(tasks)
}, 90_000)

it('takes over from a kapell that was killed alone, while its containerd lives on', async () => {
  const had = await pods()
  example.cluster.process.kill('SIGKILL')
  await until('it to be dead', () => example.cluster.process.signalCode === 'SIGKILL')
  await example.start()
  await kubectl('scale', 'deployment/language-model', '--replicas=11')
  await rollout()
  const has = await pods()
  expect(uidsOf(has)).toEqual(expect.arrayContaining(uidsOf(had)))
  expect(idsOf(has)).toEqual(expect.arrayContaining(idsOf(had)))
  expect(await runningTasks(example.dataDir)).toHaveLength(22)
}, 90_000)

it('starts a containerd again that was killed, and the pods run on', async () => {
  const had = await pods()
  const pidFile = runtimePaths(example.dataDir).pidFile
  const pid = readFileSync(pidFile, 'utf8')
  process.kill(Number(pid), 'SIGKILL')
  await until('another containerd', () => existsSync(pidFile) && readFileSync(pidFile, 'utf8') !== pid)
  await kubectl('scale', 'deployment/language-model', '--replicas=10')
  await rollout()
  await until('the eleventh to be gone', async () => (await runningTasks(example.dataDir)).length === 20)
  // Its containers go before its object does.
  await until('it to be forgotten', async () => (await pods()).length === 10)
  expect(idsOf(had)).toEqual(expect.arrayContaining(idsOf(await pods())))
}, 90_000)

it('stops on Ctrl-C without leaving anything on the machine, and brings all back at the next start', async () => {
  const had = await pods()
  const { clusterIP } = (await example.kubectl.json<V1Service>('get', 'service', 'language-model')).spec ?? {}
  for (const kind of ['process', 'mount', 'ip -o address', 'ip route', 'nft list tables', 'cgroup'])
    expect((await leftovers(example.dataDir, podPrefix)).join('\n')).toContain(kind)
  expect(await example.cluster.stop()).toBe(0)
  expect(example.cluster.output()).toContain('Stopped.')
  expect(await leftovers(example.dataDir, podPrefix)).toEqual([])
  await example.start()
  await until('the pods to run again', async () => (await pods()).every(isReady))
  const has = await pods()
  expect(uidsOf(has)).toEqual(uidsOf(had))
  expect((await runningTasks(example.dataDir)).map(({ id }) => id)).toEqual(expect.arrayContaining(idsOf(has)))
  expect((await example.kubectl.json<V1Service>('get', 'service', 'language-model')).spec?.clusterIP).toBe(clusterIP)
  await until('the Service to answer', () => ask(clusterIP ?? '').then(({ version }) => version === 'v2'))
}, 180_000)

it('stops with --keep-pods as the pods run on, and takes them over', async () => {
  const had = await pods()
  await example.cluster.kill()
  await example.start(['--keep-pods'])
  const tasks = (await runningTasks(example.dataDir)).map(({ id }) => id).sort()
  expect(await example.cluster.stop()).toBe(0)
  expect(example.cluster.output()).toContain('Stopped; the pods run on.')
  expect(await ask(nodePort)).toMatchObject({ version: 'v2' })
  await example.start()
  await until('the node to be asked', async () => (await pods()).every(isReady))
  expect(idsOf(await pods())).toEqual(idsOf(had))
  expect((await runningTasks(example.dataDir)).map(({ id }) => id).sort()).toEqual(tasks)
}, 120_000)

it('cleans up after a kill too, when started and stopped again', async () => {
  await example.cluster.kill()
  await example.start()
  expect(await example.cluster.stop()).toBe(0)
  expect(await leftovers(example.dataDir, podPrefix)).toEqual([])
}, 120_000)
