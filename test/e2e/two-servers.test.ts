import { randomInt } from 'node:crypto'
import { copyFileSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { V1EndpointSlice, V1Endpoints, V1Lease, V1PodList } from '@kapell/openapi/types'
import { startEtcd, type EtcdServer } from '../suites/etcd-server.ts'
import { deployment } from './support/control-plane.ts'
import { freePort, Kubectl, run, startKapell, temporaryDir, type Kapell } from './support/kapell.ts'
import { stream } from './support/stream.ts'
import { until } from './support/wait.ts'

/** Two whole control planes on one etcd, each under an address of its own: one dies, the other carries on. */
const link = `br-t${randomInt(10_000, 100_000)}`
const prefix = `172.31.${randomInt(256)}`
const addresses = [`${prefix}.11`, `${prefix}.12`] as const
const dirs = [temporaryDir('one'), temporaryDir('two')] as const
let etcd: EtcdServer
let port: number
let one: Kapell
let two: Kapell
let kubectl: Kubectl

const start = (index: 0 | 1): Promise<Kapell> =>
  startKapell({
    dataDir: dirs[index].path,
    port,
    args: [
      ...['--components', 'apiserver,controllers,scheduler', '--store', 'etcd', '--etcd-servers', etcd.endpoint],
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
  for (const args of [
    ['link', 'add', link, 'type', 'bridge'],
    ['address', 'add', `${addresses[0]}/24`, 'dev', link],
    ['address', 'add', `${addresses[1]}/24`, 'dev', link],
    ['link', 'set', link, 'up'],
  ]) {
    const ran = await run('ip', args)
    if (ran.code !== 0) throw new Error(ran.stderr)
  }
  etcd = await startEtcd()
  port = await freePort()
  one = await start(0)
  // One cluster, one set of authorities.
  mkdirSync(join(dirs[1].path, 'pki'))
  for (const name of ['ca.crt', 'ca.key', 'front-proxy-ca.crt', 'front-proxy-ca.key', 'sa.key', 'sa.pub'])
    copyFileSync(join(dirs[0].path, 'pki', name), join(dirs[1].path, 'pki', name))
  two = await start(1)
  kubectl = new Kubectl(two.kubeconfig)
}, 120_000)
afterAll(async () => {
  for (const each of [one, two])
    if (each !== undefined && each.process.exitCode === null && each.process.signalCode === null) await each.stop()
  await etcd?.stop()
  await run('ip', ['link', 'delete', link])
  for (const { remove } of dirs) remove()
}, 60_000)

it('shows both to pods, and each takes what the other wrote and issued', async () => {
  await showing(...addresses)
  const first = new Kubectl(one.kubeconfig)
  await first.run('create', 'configmap', 'shared')
  expect(await kubectl.run('get', 'configmap', 'shared', '-o', 'name')).toBe('configmap/shared\n')
  const token = (await first.run('create', 'token', 'default')).trim()
  const asPod = ['--kubeconfig', '/dev/null', '--server', `https://${addresses[1]}:${port}`, '--token', token]
  asPod.push('--certificate-authority', join(dirs[1].path, 'pki', 'ca.crt'))
  const who = await kubectl.run(...asPod, 'auth', 'whoami', '-o', 'jsonpath={.status.userInfo.username}')
  expect(who).toBe('system:serviceaccount:default:default')
}, 60_000)

it('one is killed: it is shown no longer, clients of the other carry on, and controllers and scheduler go over to it', async () => {
  const before = await leaders()
  const watch = stream(kubectl.program, ['get', 'configmaps', '--watch', '--output-watch-events'], kubectl.env)
  await watch.says('shared')
  await one.kill()
  await kubectl.run('create', 'configmap', 'meanwhile')
  await watch.says('meanwhile')
  await showing(addresses[1])
  await kubectl.apply(deployment('web', { replicas: 1 }))
  const pods = await until(
    'the scheduler to look at the pod that the controllers made',
    async () => {
      const { items } = await kubectl.json<V1PodList>('get', 'pods', '-l', 'app=web')
      return items[0]?.status?.conditions?.some(({ type }) => type === 'PodScheduled') === true && items
    },
    { timeoutMs: 90_000 },
  )
  expect(pods).toHaveLength(1)
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
