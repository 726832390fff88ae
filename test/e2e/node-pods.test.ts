import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { configMaps, events, leases, nodes, pods, secrets } from '@kapell/openapi/meta/refs'
import type { V1Pod } from '@kapell/openapi/types'
import { image, isReady, namespace, scriptPod, sleepForever, startTestNode, type TestNode } from './node/test-node.ts'
import { until } from './support/wait.ts'

/** Pods on a real containerd, assigned by hand to a node of an API server in this process. */
let node: TestNode

beforeAll(async () => {
  node = await startTestNode({ podCidr: '10.214.7.0/24' })
}, 60_000)
afterAll(async () => {
  await node.close()
}, 60_000)

const containerOf = (pod: V1Pod | undefined, name = 'c') =>
  pod?.status?.containerStatuses?.find((status) => status.name === name)

async function logOf(name: string, query = ''): Promise<string> {
  const answer = await createClientTransport()({
    method: 'GET',
    path: `/api/v1/namespaces/${namespace}/pods/${name}/log${query}`,
  })
  return Buffer.from(await answer.bytes()).toString()
}
const createClientTransport = () => node.api.transport({ username: 'admin', groups: ['system:masters'] })

async function exec(name: string, ...cmd: string[]): Promise<string> {
  const id = containerOf(await node.get(name))!.containerID!.replace('containerd://', '')
  const result = await node.agent.pods.deps.cri.runtime.execSync({ containerId: id, cmd, timeout: 10n })
  return Buffer.concat([result.stdout, result.stderr]).toString()
}

/** The process id of a container, as the runtime has it. */
function pidOf(containerId: string): number {
  const { ctr, socket } = node.agent.runtime!
  const table = execFileSync(ctr, ['-a', socket, '-n', 'k8s.io', 'task', 'ls']).toString()
  return Number(
    table
      .split('\n')
      .find((line) => line.startsWith(containerId))!
      .split(/\s+/)[1],
  )
}

it('registers the node, ready, with a lease', async () => {
  // containerd 2 has its network up moments after it answers.
  const found = await until('the node to be ready', async () => {
    const seen = await node.client.resource(nodes).get('node-under-test')
    return seen.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ? seen : undefined
  })
  const conditions = Object.fromEntries(
    found.status!.conditions!.map(({ type, status, reason }) => [type, `${status} ${reason}`]),
  )
  expect(conditions).toEqual({
    MemoryPressure: 'False KubeletHasSufficientMemory',
    DiskPressure: expect.stringMatching(/^(False|True) /) as string,
    PIDPressure: 'False KubeletHasSufficientPID',
    Ready: 'True KubeletReady',
  })
  expect(found.metadata?.labels).toMatchObject({
    'kubernetes.io/hostname': 'node-under-test',
    'kubernetes.io/os': 'linux',
  })
  expect(found.status?.nodeInfo?.containerRuntimeVersion).toMatch(/^containerd:\/\/\d/)
  await until('the lease to be renewed', async () => {
    const lease = await node.client.resource(leases, 'kube-node-lease').get('node-under-test')
    return lease.spec?.renewTime !== undefined && lease.spec.holderIdentity === 'node-under-test'
  })
})

it('runs a pod with everything a pod refers to, and leaves nothing of it behind', async () => {
  await node.client.resource(configMaps, namespace).create({ metadata: { name: 'conf' }, data: { color: 'blue' } })
  await node.client.resource(secrets, namespace).create({
    metadata: { name: 'sec' },
    data: { pw: Buffer.from('geheim').toString('base64') },
  })
  const script =
    'echo "$POD_NAME $COLOR $PW $(IP) $MEM"; cat /data/x /etc/conf/color /etc/info/labels /only/pw; echo; ' +
    sleepForever
  await node.create({
    metadata: { name: 'rich', namespace, labels: { app: 'rich' } },
    spec: {
      terminationGracePeriodSeconds: 1,
      initContainers: [
        {
          name: 'init',
          image,
          command: ['sh', '-c', 'echo init > /data/x'],
          volumeMounts: [{ name: 'data', mountPath: '/data' }],
        },
      ],
      containers: [
        {
          name: 'c',
          image,
          command: ['sh', '-c', script],
          env: [
            { name: 'POD_NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
            { name: 'IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } },
            { name: 'COLOR', valueFrom: { configMapKeyRef: { name: 'conf', key: 'color' } } },
            { name: 'PW', valueFrom: { secretKeyRef: { name: 'sec', key: 'pw' } } },
            { name: 'MEM', valueFrom: { resourceFieldRef: { resource: 'limits.memory', divisor: '1Mi' } } },
          ],
          resources: { limits: { memory: '64Mi', cpu: '500m' }, requests: { memory: '32Mi' } },
          readinessProbe: { exec: { command: ['cat', '/data/x'] }, periodSeconds: 1 },
          volumeMounts: [
            { name: 'data', mountPath: '/data' },
            { name: 'conf', mountPath: '/etc/conf' },
            { name: 'info', mountPath: '/etc/info' },
            { name: 'sec', mountPath: '/only/pw', subPath: 'pw' },
            { name: 'mem', mountPath: '/mem' },
          ],
        },
      ],
      volumes: [
        { name: 'data', emptyDir: {} },
        { name: 'mem', emptyDir: { medium: 'Memory', sizeLimit: '1Mi' } },
        { name: 'conf', configMap: { name: 'conf' } },
        { name: 'sec', secret: { secretName: 'sec' } },
        { name: 'info', downwardAPI: { items: [{ path: 'labels', fieldRef: { fieldPath: 'metadata.labels' } }] } },
      ],
    },
  })
  const pod = await node.untilPod('the pod to be ready', 'rich', isReady)
  expect(pod.status).toMatchObject({
    phase: 'Running',
    qosClass: 'Burstable',
    podIP: expect.stringMatching(/^10\.214\.7\./) as string,
  })
  expect(pod.status?.conditions?.map(({ type, status }) => `${type}=${status}`).sort()).toEqual([
    'ContainersReady=True',
    'Initialized=True',
    'PodReadyToStartContainers=True',
    'PodScheduled=True',
    'Ready=True',
  ])
  expect(await logOf('rich', '?container=c')).toBe(
    `rich blue geheim ${pod.status?.podIP} 64\ninit\nblueapp="rich"geheim\n`,
  )
  expect(await exec('rich', 'ls', '/var/run/secrets/kubernetes.io/serviceaccount')).toBe('ca.crt\nnamespace\ntoken\n')
  expect(await exec('rich', 'cat', '/etc/hosts')).toContain(`${pod.status?.podIP}\trich`)
  expect(await exec('rich', 'df', '/mem')).toMatch(/tmpfs +1024 /)
  const cgroup = await exec('rich', 'cat', '/proc/self/cgroup')
  expect(cgroup).toContain(`/kubepods/burstable/pod${pod.metadata?.uid}/`)
  const token = await exec('rich', 'cat', '/var/run/secrets/kubernetes.io/serviceaccount/token')
  const claims = JSON.parse(Buffer.from(token.split('.')[1]!, 'base64url').toString()) as Record<string, unknown>
  expect(claims['sub']).toBe(`system:serviceaccount:${namespace}:default`)

  await node.client.resource(configMaps, namespace).patch('conf', 'merge', { data: { color: 'green' } })
  await until('the mounted ConfigMap to change', async () => (await exec('rich', 'cat', '/etc/conf/color')) === 'green')

  await node.remove('rich')
  const uid = pod.metadata!.uid!
  await until('the pod to be cleaned up', () => !existsSync(join(node.dataDir, 'node', 'pods', uid)))
  expect(readFileSync('/proc/self/mountinfo', 'utf8')).not.toContain(uid)
  expect(readdirSync(join(node.dataDir, 'node', 'logs'))).toEqual([])
  expect((await node.agent.pods.deps.cri.runtime.listPodSandbox({})).items).toEqual([])
}, 60_000)

it('notices a killed process at once and starts another', async () => {
  await node.create(scriptPod('victim', sleepForever))
  const before = containerOf(await node.untilPod('the pod to be ready', 'victim', isReady))!
  const killedAt = Date.now()
  process.kill(pidOf(before.containerID!.replace('containerd://', '')), 'SIGKILL')
  const after = containerOf(
    await node.untilPod('a restart', 'victim', (pod) => containerOf(pod)?.restartCount === 1 && isReady(pod)),
  )!
  expect(after.containerID).not.toBe(before.containerID)
  expect(after.lastState?.terminated).toMatchObject({ exitCode: 137, reason: 'Error' })
  // A second is the promise; the event takes some milliseconds. Generous, as the machine may be busy.
  expect(new Date(after.lastState!.terminated!.finishedAt!).getTime()).toBeLessThanOrEqual(killedAt + 5000)
  await node.remove('victim')
}, 60_000)

it('adopts running containers after the agent went away, and ends what was deleted meanwhile', async () => {
  await node.create(scriptPod('stays', sleepForever))
  await node.create(scriptPod('goes', sleepForever))
  const stays = containerOf(await node.untilPod('the first pod', 'stays', isReady))!
  await node.untilPod('the second pod', 'goes', isReady)
  await node.agent.close()
  await node.client.resource(pods, namespace).delete('goes', { gracePeriodSeconds: 0 })
  await node.restart()
  await until('the orphan to be ended', async () => {
    const { containers } = await node.agent.pods.deps.cri.runtime.listContainers({})
    return containers.every(({ labels }) => labels['io.kubernetes.pod.name'] !== 'goes')
  })
  const again = containerOf(await node.get('stays'))!
  expect(again).toMatchObject({ containerID: stays.containerID, restartCount: 0, ready: true })
  await node.remove('stays')
}, 60_000)

it.each([
  { name: 'done', exit: 0, restartPolicy: 'Never', phase: 'Succeeded', reason: 'Completed' },
  { name: 'failed', exit: 3, restartPolicy: 'Never', phase: 'Failed', reason: 'Error' },
  { name: 'fine', exit: 0, restartPolicy: 'OnFailure', phase: 'Succeeded', reason: 'Completed' },
])(
  'ends a pod with restartPolicy $restartPolicy that exits with $exit as $phase',
  async ({ name, exit, restartPolicy, phase, reason }) => {
    const script = `echo said; echo why > /dev/termination-log; exit ${exit}`
    await node.create(scriptPod(name, script, { pod: { restartPolicy } }))
    const pod = await node.untilPod('the pod to end', name, (found) => found?.status?.phase === phase)
    expect(containerOf(pod)).toMatchObject({
      restartCount: 0,
      ready: false,
      state: { terminated: { exitCode: exit, reason, message: 'why\n' } },
    })
    expect(await logOf(name)).toBe('said\n')
    await node.remove(name)
  },
  60_000,
)

it('starts all of a pod anew in the sandbox it has, when a container ends as its rule says', async () => {
  const rule = { action: 'RestartAllContainers', exitCodes: { operator: 'In', values: [42] } }
  const script = 'test -e /v/second && exec sleep 100000; touch /v/second; exit 42'
  const pod = scriptPod('anew', script, {
    pod: {
      restartPolicy: 'Never',
      volumes: [{ name: 'v', emptyDir: {} }],
      initContainers: [{ name: 'step', image, command: ['sh', '-c', 'true'] }],
    },
  })
  const containers = pod.spec?.containers ?? []
  for (const container of containers) {
    container.volumeMounts = [{ name: 'v', mountPath: '/v' }]
    container.restartPolicy = 'Never'
    container.restartPolicyRules = [rule]
  }
  containers.push({ name: 'beside', image, command: ['sh', '-c', sleepForever] })
  await node.create(pod)
  const again = await node.untilPod('all of it to run again', 'anew', (found) => {
    const { initContainerStatuses = [], containerStatuses = [] } = found?.status ?? {}
    return (
      containerStatuses.length === 2 &&
      containerStatuses.every(({ restartCount, state }) => restartCount === 1 && state?.running !== undefined) &&
      initContainerStatuses.every(({ restartCount }) => restartCount === 1)
    )
  })
  expect(again.status?.containerStatuses?.[1]?.lastState?.terminated?.reason).toBe('RestartingAllContainers')
  await node.remove('anew')
}, 60_000)

it('backs off from a container that keeps crashing', async () => {
  await node.create(scriptPod('crash', 'exit 7'))
  const pod = await node.untilPod(
    'the back-off',
    'crash',
    (found) => containerOf(found)?.state?.waiting?.reason === 'CrashLoopBackOff',
  )
  expect(containerOf(pod)).toMatchObject({
    restartCount: 1,
    state: {
      waiting: {
        message: expect.stringMatching(/^back-off 10s restarting failed container=c pod=crash_test\(.*\)$/) as string,
      },
    },
    lastState: { terminated: { exitCode: 7, reason: 'Error' } },
  })
  expect(pod.status?.phase).toBe('Running')
  await node.remove('crash')
}, 60_000)

it.each([
  { name: 'never', container: { image: 'localhost/none:1', imagePullPolicy: 'Never' }, reason: 'ErrImageNeverPull' },
  { name: 'nopull', container: { image: '127.0.0.1:1/none:1' }, reason: 'ImagePullBackOff' },
  { name: 'noref', container: { image: 'NOT A NAME' }, reason: 'InvalidImageName' },
  {
    name: 'noconf',
    container: { envFrom: [{ configMapRef: { name: 'missing' } }] },
    reason: 'CreateContainerConfigError',
  },
  { name: 'nobin', container: { command: ['/no/such/program'] }, reason: 'CrashLoopBackOff' },
  { name: 'root', container: { securityContext: { runAsNonRoot: true } }, reason: 'CreateContainerConfigError' },
])(
  'says $reason of a container that cannot start ($name)',
  async ({ name, container, reason }) => {
    await node.create(scriptPod(name, sleepForever, { container }))
    const pod = await node.untilPod(
      'the reason',
      name,
      (found) => containerOf(found)?.state?.waiting?.reason === reason,
    )
    expect(containerOf(pod)?.state?.waiting?.message).toBeTruthy()
    await until('a warning about it', async () => {
      const { items } = await node.client.resource(events, namespace).list()
      return items.some(({ involvedObject, type }) => involvedObject?.name === name && type === 'Warning')
    })
    await node.remove(name)
  },
  60_000,
)

it('starts a container as soon as the ConfigMap it waits for is there', async () => {
  await node.create(
    scriptPod('waits', `echo $later; ${sleepForever}`, {
      container: { envFrom: [{ configMapRef: { name: 'later' } }] },
    }),
  )
  await node.untilPod(
    'it to wait',
    'waits',
    (pod) => containerOf(pod)?.state?.waiting?.reason === 'CreateContainerConfigError',
  )
  await node.client.resource(configMaps, namespace).create({ metadata: { name: 'later' }, data: { later: 'now' } })
  await node.untilPod('it to run', 'waits', isReady)
  expect(await logOf('waits')).toBe('now\n')
  await node.remove('waits')
}, 60_000)

it('kills a container whose liveness probe fails, and waits for readiness', async () => {
  await node.create(
    scriptPod('probed', `touch /tmp/alive; httpd -p 8080 -h /tmp; ${sleepForever}`, {
      container: {
        ports: [{ name: 'web', containerPort: 8080 }],
        livenessProbe: {
          exec: { command: ['cat', '/tmp/alive'] },
          periodSeconds: 1,
          failureThreshold: 1,
          timeoutSeconds: 20,
        },
        readinessProbe: { httpGet: { path: '/alive', port: 'web' }, periodSeconds: 1 },
      },
    }),
  )
  await node.untilPod('the pod to be ready', 'probed', isReady)
  await exec('probed', 'rm', '/tmp/alive')
  const pod = await node.untilPod(
    'a restart',
    'probed',
    (found) => containerOf(found)!.restartCount >= 1 && isReady(found),
  )
  expect(containerOf(pod)?.lastState?.terminated).toBeDefined()
  const { items } = await node.client.resource(events, namespace).list()
  const texts = items.filter(({ involvedObject }) => involvedObject?.name === 'probed').map(({ message }) => message)
  expect(texts).toContain('Container c failed liveness probe, will be restarted')
  await node.remove('probed')
}, 60_000)

it('gives a pod its grace period, and no more', async () => {
  await node.create(
    scriptPod('polite', `trap 'echo bye; sleep 1; echo gone; exit 0' TERM; while :; do sleep 0.1; done`, {
      pod: { terminationGracePeriodSeconds: 20 },
    }),
  )
  await node.create(scriptPod('rude', `trap '' TERM; while :; do sleep 0.1; done`))
  await node.untilPod('the pods', 'polite', isReady)
  await node.untilPod('the pods', 'rude', isReady)
  const following = logOf('polite', '?follow=true')
  await Promise.all([node.remove('polite', 20), node.remove('rude', 1)])
  expect(await following).toBe('bye\ngone\n')
}, 60_000)

it('stops the whole node without a trace, and brings the pods back', async () => {
  await node.create(
    scriptPod('back', `test -e /data/x || echo here > /data/x; ${sleepForever}`, {
      pod: { volumes: [{ name: 'data', emptyDir: {} }] },
      container: { volumeMounts: [{ name: 'data', mountPath: '/data' }] },
    }),
  )
  await node.create(scriptPod('over', 'echo kept', { pod: { restartPolicy: 'OnFailure' } }))
  const before = await node.untilPod('the pod', 'back', isReady)
  await node.untilPod('the other', 'over', (pod) => pod?.status?.phase === 'Succeeded')
  await node.agent.close({ removePods: true })
  expect(readFileSync('/proc/self/mountinfo', 'utf8')).not.toContain(node.dataDir)
  expect(isReady(await node.get('back'))).toBe(true)
  await node.restart()
  const after = await node.untilPod(
    'the pod to be back',
    'back',
    (pod) => containerOf(pod)?.restartCount === 1 && isReady(pod),
  )
  expect(after.metadata?.uid).toBe(before.metadata?.uid)
  expect((await node.get('over'))?.status?.phase).toBe('Succeeded')
  expect(containerOf(await node.get('over'))?.restartCount).toBe(0)
  expect(await logOf('over')).toBe('kept\n')
  expect(await exec('back', 'cat', '/data/x')).toBe('here\n')
  await node.remove('back')
  await node.remove('over')
}, 60_000)
