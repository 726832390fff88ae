import { existsSync, mkdirSync, readFileSync, copyFileSync } from 'node:fs'
import { join } from 'node:path'
import { buildImageArchive } from '@kapell/node-agent/images/build'
import type { V1CertificateSigningRequestList, V1NodeList, V1Pod, V1PodList } from '@kapell/openapi/types'
import { freePort, Kubectl, run, startCommand, startKapell, temporaryDir, type Kapell } from './support/kapell.ts'
import { leftovers, runningTasks } from './support/machine.ts'
import { makeSecondMachine, type SecondMachine } from './support/second-machine.ts'
import { until } from './support/wait.ts'

/**
 * A second machine, behind a router, becomes a node by the command that `kapell up` prints; it works, dies, comes back and
 * leaves.
 */
const image = 'localhost/test/join:1'
const applets = 'sh sleep echo cat httpd nc hostname nslookup mkdir printf'
const [first, second] = [temporaryDir('join-a'), temporaryDir('join-b')]
let machine: SecondMachine
let kapell: Kapell
let member: Kapell
let kubectl: Kubectl

const serve = 'mkdir -p /tmp/www; hostname > /tmp/www/index.html; echo serving; exec httpd -f -p 8080 -h /tmp/www'
const web = (name: string, kind: 'Deployment' | 'DaemonSet', spec: object = {}, pod: object = {}): object => ({
  apiVersion: 'apps/v1',
  kind,
  metadata: { name },
  spec: {
    ...spec,
    selector: { matchLabels: { app: name } },
    template: {
      metadata: { labels: { app: name } },
      spec: {
        terminationGracePeriodSeconds: 0,
        ...pod,
        containers: [
          {
            name: 'web',
            image,
            command: ['sh', '-c', serve],
            readinessProbe: { tcpSocket: { port: 8080 }, periodSeconds: 1 },
          },
        ],
      },
    },
  },
})
const impatient = ['not-ready', 'unreachable'].map((key) => ({
  key: `node.kubernetes.io/${key}`,
  operator: 'Exists',
  effect: 'NoExecute',
  tolerationSeconds: 1,
}))
const apart = (app: string) => ({
  podAntiAffinity: {
    preferredDuringSchedulingIgnoredDuringExecution: [
      {
        weight: 100,
        podAffinityTerm: { labelSelector: { matchLabels: { app } }, topologyKey: 'kubernetes.io/hostname' },
      },
    ],
  },
})

const podsOf = async (app: string): Promise<V1Pod[]> =>
  (await kubectl.json<V1PodList>('get', 'pods', '-l', `app=${app}`)).items
const isReady = (pod: V1Pod): boolean =>
  pod.metadata?.deletionTimestamp === undefined &&
  pod.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') === true
const on = (pods: V1Pod[], node: string): V1Pod => pods.find(({ spec }) => spec?.nodeName === node)!
const readyOf = async (node: string): Promise<string | undefined> => {
  const { items } = await kubectl.json<V1NodeList>('get', 'nodes')
  const found = items.find(({ metadata }) => metadata?.name === node)
  return found?.status?.conditions?.find(({ type }) => type === 'Ready')?.status
}
const inPod = (pod: V1Pod, command: string): Promise<string> =>
  kubectl.run('exec', pod.metadata!.name!, '--', 'sh', '-c', command)
/** The last line of the page, or '' when there is none. */
const fetchFrom = async (pod: V1Pod, address: string, port: number): Promise<string> => {
  const answer = await inPod(pod, `printf 'GET / HTTP/1.0\\r\\n\\r\\n' | nc -w 3 ${address} ${port} || true`)
  return answer.trim().split('\n').at(-1)!
}
const joinCluster = (...args: string[]): Promise<Kapell> =>
  startCommand({
    dataDir: second.path,
    argv: ['join', ...args, '--data-dir', second.path, '--agent-port', '0'],
    ready: 'has joined',
    namespace: machine.namespace,
  })

beforeAll(async () => {
  machine = await makeSecondMachine({ routed: true })
  for (const { path } of [first, second]) mkdirSync(join(path, 'images'))
  const archive = join(first.path, 'images', 'join.tar')
  await buildImageArchive(
    {
      name: image,
      files: { '/bin/busybox': { content: readFileSync('/bin/busybox'), mode: 0o755 } },
      links: Object.fromEntries(applets.split(' ').map((name) => [`/bin/${name}`, '/bin/busybox'])),
      directories: ['/tmp', '/proc', '/sys', '/dev'],
      env: { PATH: '/bin' },
      cmd: ['sh'],
    },
    archive,
  )
  copyFileSync(archive, join(second.path, 'images', 'join.tar'))
  const args = ['--agent-port', '0', '--node-name', 'here', '--advertise-address', machine.hostAddress]
  args.push('--pod-cidr', '10.185.0.0/24', '--service-cluster-ip-range', '10.186.0.0/16', '--ingress-ports', 'none')
  kapell = await startKapell({ dataDir: first.path, port: await freePort(), args })
  kubectl = new Kubectl(kapell.kubeconfig)
}, 120_000)

afterAll(async () => {
  for (const one of [member, kapell])
    if (one !== undefined && one.process.exitCode === null && one.process.signalCode === null) await one.stop()
  await machine?.remove()
  first.remove()
  second.remove()
}, 120_000)

it('joins by the command that "kapell up" prints, with certificates that were asked for', async () => {
  const printed = await until('the command', () => /^ {2}kapell join (.*)$/m.exec(kapell.output())?.[1])
  member = await joinCluster(...printed.split(' '), '--node-name', 'there')
  await until('the node to be Ready', async () => (await readyOf('there')) === 'True')
  const { items } = await kubectl.json<V1NodeList>('get', 'nodes')
  const there = items.find(({ metadata }) => metadata?.name === 'there')
  expect(there?.spec?.podCIDR).toBe('10.185.1.0/24')
  expect(there?.status?.addresses).toContainEqual({ type: 'InternalIP', address: machine.address })
  const requests = await kubectl.json<V1CertificateSigningRequestList>('get', 'csr')
  expect(
    requests.items
      .map(({ spec, status }) => [
        spec.signerName,
        spec.username?.split(':').slice(0, 2).join(':'),
        status?.conditions?.map(({ type }) => type).join(),
      ])
      .sort(),
  ).toEqual([
    ['kubernetes.io/kube-apiserver-client-kubelet', 'system:bootstrap', 'Approved'],
    ['kubernetes.io/kubelet-serving', 'system:node', 'Approved'],
  ])
}, 120_000)

it('carries packets between pods of both machines: by address, Service and name; logs and exec reach both', async () => {
  await kubectl.apply(web('web', 'DaemonSet'))
  await kubectl.apply({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'web' },
    spec: { selector: { app: 'web' }, ports: [{ port: 80, targetPort: 8080 }] },
  })
  const pods = await until('a pod on each machine', async () => {
    const ready = (await podsOf('web')).filter(isReady)
    return ready.length === 2 && ready
  })
  const clusterIp = await kubectl.run('get', 'service', 'web', '-o', 'jsonpath={.spec.clusterIP}')
  const api = await kubectl.run('get', 'service', 'kubernetes', '-o', 'jsonpath={.spec.clusterIP}')
  const [here, there] = [on(pods, 'here'), on(pods, 'there')]
  for (const [from, to] of [
    [here, there],
    [there, here],
  ] as const) {
    const name = to.metadata!.name!
    expect(await fetchFrom(from, to.status!.podIP!, 8080)).toBe(name)
    await until(
      'the Service to answer from the other machine',
      async () => (await fetchFrom(from, clusterIp, 80)) === name,
    )
    expect(await inPod(from, 'nslookup web.default.svc.cluster.local')).toContain(clusterIp)
    // Ends well only when somebody takes the connection.
    await inPod(from, `nc -w 5 ${api} 443 < /dev/null`)
    expect(await kubectl.run('logs', name)).toBe('serving\n')
  }
}, 120_000)

it('keeps network policies across machines', async () => {
  const pods = await podsOf('web')
  const [here, there] = [on(pods, 'here'), on(pods, 'there')]
  const policy = {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name: 'web' },
    spec: {
      podSelector: { matchLabels: { app: 'web' } },
      ingress: [{ from: [{ podSelector: { matchLabels: { friend: 'yes' } } }] }],
    },
  }
  await kubectl.apply(policy)
  for (const [from, to] of [
    [here, there],
    [there, here],
  ] as const) {
    const get = () => fetchFrom(from, to.status!.podIP!, 8080)
    await until('strangers to be kept out', async () => (await get()) === '')
    await kubectl.run('label', 'pod', from.metadata!.name!, 'friend=yes')
    await until('a friend to be let in', async () => (await get()) === to.metadata!.name)
    await kubectl.run('label', 'pod', from.metadata!.name!, 'friend-')
  }
  await kubectl.run('delete', 'networkpolicy', 'web')
}, 120_000)

it('a machine that dies is missed, its pods are made anew elsewhere; back again it has exactly its pods', async () => {
  await kubectl.apply(web('lost', 'Deployment', { replicas: 2 }, { tolerations: impatient, affinity: apart('lost') }))
  await until(
    'one on each',
    async () => new Set((await podsOf('lost')).filter(isReady).map(({ spec }) => spec?.nodeName)).size === 2,
  )
  const [web1] = (await podsOf('web')).filter(({ spec }) => spec?.nodeName === 'there')
  // The agent and its containerd; the containers, which know nothing of it, run on.
  await member.kill()
  await until('the node to be missed', async () => (await readyOf('there')) === 'Unknown', { timeoutMs: 180_000 })
  await until('two ready here', async () => {
    const ready = (await podsOf('lost')).filter((pod) => isReady(pod) && pod.spec?.nodeName === 'here')
    return ready.length === 2
  })
  expect(isReady(on(await podsOf('web'), 'there'))).toBe(false)
  expect((await runningTasks(first.path)).length).toBeGreaterThan(0)

  member = await joinCluster()
  await until('the node to be Ready', async () => (await readyOf('there')) === 'True')
  await until('its pod to be Ready again', async () => isReady(on(await podsOf('web'), 'there')))
  const back = on(await podsOf('web'), 'there')
  expect(back.metadata?.uid).toBe(web1?.metadata?.uid)
  expect(back.status?.containerStatuses?.[0]?.restartCount).toBe(0)
  await until('the pod that was replaced to be gone', async () =>
    (await podsOf('lost')).every(({ spec }) => spec?.nodeName === 'here'),
  )
  // A sandbox and a container.
  await until('exactly its pods', async () => (await runningTasks(second.path)).length === 2)
  await until('its taints to be gone', async () => {
    const { items } = await kubectl.json<V1NodeList>('get', 'nodes')
    return items.every(({ spec }) => (spec?.taints ?? []).length === 0)
  })
  await kubectl.run('delete', 'deployment', 'lost')
}, 300_000)

it('is drained, deleted and has left: nothing of it stays on the machine, and it does not come back by itself', async () => {
  await kubectl.apply(web('moves', 'Deployment', { replicas: 2 }, { affinity: apart('moves') }))
  await until(
    'one on each',
    async () => new Set((await podsOf('moves')).filter(isReady).map(({ spec }) => spec?.nodeName)).size === 2,
  )
  await kubectl.run('drain', 'there', '--ignore-daemonsets', '--force', '--timeout', '60s')
  await until('both here', async () => {
    const ready = (await podsOf('moves')).filter(isReady)
    return ready.length === 2 && ready.every(({ spec }) => spec?.nodeName === 'here')
  })
  await kubectl.run('delete', 'node', 'there')
  expect(await member.ended).toBe(0)
  expect(member.output()).toContain('Node there was deleted from the cluster: leaving it.')
  expect(await leftovers(second.path, '10.185.1.')).toEqual([])
  const links = await run('nsenter', [`--net=${machine.namespace}`, 'ip', '-o', 'link'])
  expect(
    links.stdout
      .trim()
      .split('\n')
      .map((line) => line.split(/[:@] ?/)[1]),
  ).toEqual(['lo', 'eth0'])
  expect(existsSync(join(second.path, 'pki', 'node-client.pem'))).toBe(false)
  // Pods are collected once their Node has been gone for 40 s, at the next look, every 20 s.
  await until('its pods to be forgotten', async () => (await podsOf('web')).length === 1, { timeoutMs: 150_000 })
  const again = await joinCluster().catch((error: unknown) => String(error))
  expect(again).toContain('join again with a --token')
  expect(await readyOf('there')).toBeUndefined()
}, 300_000)
