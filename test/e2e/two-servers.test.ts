import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { V1EndpointSlice, V1Endpoints, V1Lease, V1PodList } from '@kapell/openapi/types'
import { startEtcd, type EtcdServer } from '../suites/etcd-server.ts'
import { deployment } from './support/control-plane.ts'
import { freePort, Kubectl, startCommand, startKapell, temporaryDir, type Kapell } from './support/kapell.ts'
import { runningTasks } from './support/machine.ts'
import { makeSecondMachine, type SecondMachine } from './support/second-machine.ts'
import { stream } from './support/stream.ts'
import { until } from './support/wait.ts'

/** Two whole control planes on one etcd, each under an address of its own: one dies, the other carries on. */
let machine: SecondMachine
let addresses: readonly [string, string]
const dirs = [temporaryDir('one'), temporaryDir('two')] as const
const third = temporaryDir('three')
let etcd: EtcdServer
let port: number
let one: Kapell
let two: Kapell
let node: Kapell
let kubectl: Kubectl

const start = (index: 0 | 1): Promise<Kapell> =>
  startKapell({
    dataDir: dirs[index].path,
    port,
    args: [
      ...['--components', 'apiserver,controllers,scheduler', '--store', 'etcd', '--etcd-servers', etcd.endpoint],
      ...['--pod-cidr', '10.189.0.0/16', '--service-cluster-ip-range', '10.190.0.0/16'],
      ...['--bind-address', addresses[index], '--advertise-address', addresses[index]],
    ],
  })
const shown = async (): Promise<unknown> => {
  const slice = await kubectl.json<V1EndpointSlice>('get', 'endpointslice', 'kubernetes')
  const endpoints = await kubectl.json<V1Endpoints>('get', 'endpoints', 'kubernetes')
  return [
    slice.endpoints?.flatMap((endpoint) => endpoint.addresses),
    endpoints.subsets?.flatMap((subset) => subset.addresses?.map(({ ip }) => ip)),
  ]
}
const showing = (...wanted: string[]): Promise<unknown> =>
  until(
    `the endpoints to be ${wanted.join()}`,
    async () => JSON.stringify(await shown()) === JSON.stringify([wanted, wanted]),
  )
const leaders = async (): Promise<(string | undefined)[]> =>
  Promise.all(
    ['kube-controller-manager', 'kube-scheduler'].map(
      async (name) => (await kubectl.json<V1Lease>('-n', 'kube-system', 'get', 'lease', name)).spec?.holderIdentity,
    ),
  )

beforeAll(async () => {
  machine = await makeSecondMachine()
  addresses = [machine.hostAddress, machine.otherHostAddress]
  etcd = await startEtcd()
  port = await freePort()
  one = await start(0)
  // One cluster, one set of authorities.
  mkdirSync(join(dirs[1].path, 'pki'))
  for (const name of ['ca.crt', 'ca.key', 'front-proxy-ca.crt', 'front-proxy-ca.key', 'sa.key', 'sa.pub'])
    copyFileSync(join(dirs[0].path, 'pki', name), join(dirs[1].path, 'pki', name))
  two = await start(1)
  kubectl = new Kubectl(two.kubeconfig)
  const command = await until('the command', () => /^ {2}kapell join (.*)$/m.exec(one.output())?.[1])
  node = await startCommand({
    dataDir: third.path,
    argv: ['join', ...command.split(' '), '--data-dir', third.path, '--node-name', 'node', '--agent-port', '0'],
    ready: 'has joined',
    namespace: machine.namespace,
  })
}, 180_000)
afterAll(async () => {
  for (const each of [node, one, two])
    if (each !== undefined && each.process.exitCode === null && each.process.signalCode === null) await each.stop()
  await etcd?.stop()
  await machine?.remove()
  for (const { remove } of [...dirs, third]) remove()
}, 60_000)

it('shows both to pods, and each takes what the other wrote and issued', async () => {
  await showing(...addresses)
  const identities = await kubectl.run(
    ...['get', 'leases', '-n', 'kube-system', '-l', 'apiserver.kubernetes.io/identity=kube-apiserver', '-o'],
    'jsonpath={.items[*].metadata.annotations.kubernetes\\.io/peer-advertise-address}',
  )
  expect(identities.split(' ').sort()).toEqual(addresses.map((address) => `${address}:${port}`).sort())
  const first = new Kubectl(one.kubeconfig)
  await first.run('create', 'configmap', 'shared')
  expect(await kubectl.run('get', 'configmap', 'shared', '-o', 'name')).toBe('configmap/shared\n')
  const token = (await first.run('create', 'token', 'default')).trim()
  const asPod = ['--kubeconfig', '/dev/null', '--server', `https://${addresses[1]}:${port}`, '--token', token]
  asPod.push('--certificate-authority', join(dirs[1].path, 'pki', 'ca.crt'))
  const who = await kubectl.run(...asPod, 'auth', 'whoami', '-o', 'jsonpath={.status.userInfo.username}')
  expect(who).toBe('system:serviceaccount:default:default')
}, 60_000)

it('one is killed: it is shown no longer, clients, controllers and scheduler and the node go over to the other', async () => {
  const before = await leaders()
  await until('the node to know of both', () => {
    const { servers = [] } = JSON.parse(readFileSync(join(third.path, 'cluster.json'), 'utf8')) as {
      servers?: string[]
    }
    return servers.length === 2
  })
  const watch = stream(kubectl.program, ['get', 'configmaps', '--watch', '--output-watch-events'], kubectl.env)
  await watch.says('shared')
  await one.kill()
  await kubectl.run('create', 'configmap', 'meanwhile')
  await watch.says('meanwhile')
  await showing(addresses[1])
  await kubectl.apply(deployment('web', { replicas: 1 }))
  // Made by the controllers, bound by the scheduler, and begun by the node, which once spoke to the other server. Its
  // image is nowhere: its sandbox is enough.
  await until(
    'the sandbox of the pod',
    async () => {
      const { items } = await kubectl.json<V1PodList>('get', 'pods', '-l', 'app=web')
      return items[0]?.spec?.nodeName === 'node' && (await runningTasks(third.path)).length === 1
    },
    { timeoutMs: 120_000 },
  )
  const after = await leaders()
  expect(after).not.toContain(before[0])
  expect(after).not.toContain(before[1])
  await kubectl.run('create', 'configmap', 'afterwards')
  await watch.says('afterwards')
  await watch.stop()
}, 180_000)

it('one that comes back is shown again; one that is stopped takes itself away', async () => {
  one = await start(0)
  await showing(...addresses)
  expect(await one.stop()).toBe(0)
  // At once: nobody waits for a lease to end.
  expect(await shown()).toEqual([[addresses[1]], [addresses[1]]])
}, 120_000)

it('a node that starts while no server answers runs what it has been told to, and is back with the first that does', async () => {
  await node.kill()
  await two.kill()
  writeFileSync(
    join(third.path, 'static-pods', 'own.json'),
    JSON.stringify({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'own' },
      spec: { containers: [{ name: 'c', image: 'localhost/none:1', imagePullPolicy: 'Never' }] },
    }),
  )
  const starting = startCommand({
    dataDir: third.path,
    argv: ['join', '--data-dir', third.path, '--agent-port', '0'],
    ready: 'has joined',
    namespace: machine.namespace,
  })
  // Images are nowhere here: sandboxes are enough, of the pod before and of this one.
  await until('the sandbox of its static pod', async () => (await runningTasks(third.path)).length === 2)
  two = await start(1)
  node = await starting
  await until('its mirror', async () => (await kubectl.try(['get', 'pod', 'own-node'])).code === 0)
}, 180_000)
