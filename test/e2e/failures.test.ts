import { readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { events, pods } from '@kapell/openapi/meta/refs'
import type { V1Pod } from '@kapell/openapi/types'
import { isReady, namespace, scriptPod, sleepForever, startTestNode, type TestNode } from './node/test-node.ts'
import { until } from './support/wait.ts'

/** What goes wrong on a node, on real containerd: told as upstream tells it, and the rest of the node goes on. */
let node: TestNode
beforeAll(async () => {
  node = await startTestNode({ podCidr: '10.229.0.0/24' })
}, 120_000)
afterAll(async () => {
  await node?.close()
}, 60_000)

const waiting = (pod: V1Pod | undefined) => pod?.status?.containerStatuses?.[0]?.state?.waiting
const told = async (name: string): Promise<string[]> =>
  (await node.client.resource(events, namespace).list({ fieldSelector: `involvedObject.name=${name}` })).items.map(
    ({ type = '', reason = '', message = '' }) => `${type} ${reason} ${message}`,
  )
const untilTold = (name: string, text: RegExp): Promise<unknown> =>
  until(`${name} to be told of: ${text}`, async () => (await told(name)).some((line) => text.test(line)), {
    timeoutMs: 60_000,
  })

it('a program that is not in the image, and a registry that does not answer', async () => {
  await node.create(scriptPod('no-program', '', { container: { command: ['/not/there'] } }))
  await node.create(scriptPod('no-registry', '', { container: { image: '127.0.0.1:1/none:1' } }))
  const without = await node.untilPod('the start to have failed', 'no-program', (pod) => {
    const status = pod?.status?.containerStatuses?.[0]
    return status?.lastState?.terminated?.reason === 'StartError' || status?.state?.terminated?.reason === 'StartError'
  })
  const [status] = without.status?.containerStatuses ?? []
  expect(status?.lastState?.terminated ?? status?.state?.terminated).toMatchObject({
    exitCode: 128,
    message: expect.stringContaining('/not/there') as string,
  })
  await untilTold('no-program', /^Warning Failed Error: failed to create containerd task: .*\/not\/there.*no such file/)
  await untilTold('no-program', /^Warning BackOff Back-off restarting failed container c in pod no-program_test/)
  await node.untilPod('the pull to back off', 'no-registry', (pod) => waiting(pod)?.reason === 'ImagePullBackOff')
  await untilTold('no-registry', /^Warning Failed Failed to pull image "127\.0\.0\.1:1\/none:1": rpc error: /)
  await untilTold('no-registry', /^Normal BackOff Back-off pulling image "127\.0\.0\.1:1\/none:1"/)
  for (const name of ['no-program', 'no-registry']) await node.remove(name)
}, 120_000)

it('a probe that hangs holds nobody up; a pod that wants users of its own where there are none says so', async () => {
  const exec = { command: ['sh', '-c', 'sleep 1000'] }
  const probe = { exec, periodSeconds: 1, timeoutSeconds: 1, failureThreshold: 2 }
  await node.create(scriptPod('hangs', sleepForever, { container: { livenessProbe: probe } }))
  await node.create(scriptPod('beside', sleepForever))
  const can = node.agent.pods.deps.users
  await node.untilPod('the other to run', 'beside', isReady)
  await node.untilPod('the container to start anew', 'hangs', (pod) => {
    return (pod?.status?.containerStatuses?.[0]?.restartCount ?? 0) > 0
  })
  await untilTold('hangs', /^Warning Unhealthy Liveness probe (failed|errored)/)
  await untilTold('hangs', /^Normal Killing Container c failed liveness probe, will be restarted/)
  const apart = scriptPod('apart', sleepForever, { pod: { hostUsers: false } })
  const refused = await can
    .mappingOf({ ...apart, metadata: { ...apart.metadata, uid: 'trial' } })
    .then(() => false)
    .catch(() => true)
  await node.create(apart)
  if (refused)
    await untilTold(
      'apart',
      /^Warning FailedCreatePodSandBox Failed to create pod sandbox: can't set `spec\.hostUsers: false`, runtime does not support user namespaces/,
    )
  else await node.untilPod('the pod to run', 'apart', isReady)
  for (const name of ['hangs', 'beside', 'apart']) await node.remove(name)
}, 120_000)

it('a container that writes without end fills no disk: its log is turned', async () => {
  const line = 'x'.repeat(200)
  await node.create(scriptPod('writes', `while :; do echo ${line}; echo ${line}; echo ${line}; done`))
  const pod = await node.untilPod('it to write', 'writes', isReady)
  const dir = join(node.dataDir, 'node', 'logs', `${namespace}_writes_${pod.metadata?.uid}`, 'c')
  await until('the log to be turned', () => readdirSync(dir).length > 1, { timeoutMs: 90_000 })
  // Ten mebibytes a file; the newest grows until it is looked at again.
  const turned = readdirSync(dir).filter((name) => name !== '0.log')
  expect(turned.length).toBeLessThanOrEqual(5)
  expect(statSync(join(dir, '0.log')).isFile()).toBe(true)
  await node.create(scriptPod('answers', sleepForever))
  await node.untilPod('the node to start others', 'answers', isReady)
  for (const name of ['writes', 'answers']) await node.remove(name)
}, 150_000)

it('nothing leads out of a volume: links, parents, and links that appear later', async () => {
  const secret = join(node.dataDir, 'secret-of-the-node')
  writeFileSync(secret, 'of the node')
  const volumes = [{ name: 'v', emptyDir: {} }]
  const plant = `ln -s / /v/out; ln -s ${secret} /v/file; ln -s .. /v/up; touch /v/planted; ${sleepForever}`
  await node.create(
    scriptPod('plants', plant, {
      pod: { volumes, restartPolicy: 'Never' },
      container: { volumeMounts: [{ name: 'v', mountPath: '/v' }] },
    }),
  )
  const planted = await node.untilPod('the links to be there', 'plants', isReady)
  const at = join(node.dataDir, 'node', 'pods', planted.metadata?.uid ?? '', 'volumes/kubernetes.io~empty-dir/v')
  for (const [name, target] of [
    ['out', '/'],
    ['file', secret],
    ['up', '..'],
  ] as const)
    if (!readdirSync(at).includes(name)) symlinkSync(target, join(at, name))
  for (const [index, subPath] of ['out', 'out/etc', 'file', 'up'].entries()) {
    const name = `follows-${index}`
    const pod = scriptPod(name, sleepForever, {
      pod: { volumes: [{ name: 'v', hostPath: { path: at } }] },
      container: { volumeMounts: [{ name: 'v', mountPath: '/v', subPath }] },
    })
    await node.create(pod)
    await node.untilPod('it to be refused', name, (one) => waiting(one)?.reason === 'CreateContainerConfigError')
    expect(waiting(await node.get(name))?.message).toContain('failed to prepare subPath for volumeMount')
    await node.remove(name)
  }
  const parent = scriptPod('parent', sleepForever, {
    pod: { volumes },
    container: { volumeMounts: [{ name: 'v', mountPath: '/v', subPath: '../..' }] },
  })
  await expect(node.client.resource(pods, namespace).create(parent)).rejects.toThrow("must not contain '..'")
  expect(readFileSync(secret, 'utf8')).toBe('of the node')
  await node.remove('plants')
}, 120_000)
