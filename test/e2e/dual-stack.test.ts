import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { buildImageArchive } from '@kapell/node-agent/images/build'
import type { V1EndpointSlice, V1Node, V1Pod, V1Service } from '@kapell/openapi/types'
import { freePort, Kubectl, run, startKapell, temporaryDir, type Kapell } from './support/kapell.ts'
import { leftovers } from './support/machine.ts'
import { until } from './support/wait.ts'

/** Pods and Services with addresses of both families, by stock kubectl on a real runtime. */
const image = 'localhost/test/dual:1'
const { path: dataDir, remove } = temporaryDir('dual')
let kapell: Kapell
let kubectl: Kubectl
let service: V1Service
let web: V1Pod

const pod = (name: string, command: string): object => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, labels: { app: name } },
  spec: {
    terminationGracePeriodSeconds: 0,
    containers: [
      {
        name: 'c',
        image,
        command: ['sh', '-c', command],
        env: [{ name: 'IPS', valueFrom: { fieldRef: { fieldPath: 'status.podIPs' } } }],
        ports: [{ name: 'http', containerPort: 8080 }],
      },
    ],
  },
})
const exec = (name: string, command: string): Promise<string> => kubectl.run('exec', name, '--', 'sh', '-c', command)
/** What a pod gets from an address, '' when nobody answers. */
const get = async (from: string, address: string, port: number): Promise<string> =>
  (await exec(from, `printf 'GET / HTTP/1.0\\r\\n\\r\\n' | nc -w 2 ${address} ${port} || true`))
    .trim()
    .split('\n')
    .at(-1)!
const ipsOf = ({ status }: V1Pod): string[] => (status?.podIPs ?? []).map(({ ip }) => ip)

beforeAll(async () => {
  mkdirSync(join(dataDir, 'images'))
  await buildImageArchive(
    {
      name: image,
      files: { '/bin/busybox': { content: readFileSync('/bin/busybox'), mode: 0o755 } },
      links: Object.fromEntries(
        'sh echo httpd mkdir sleep nc printf nslookup cat'.split(' ').map((name) => [`/bin/${name}`, '/bin/busybox']),
      ),
      directories: ['/tmp', '/proc', '/sys', '/dev'],
      env: { PATH: '/bin' },
      cmd: ['sh'],
    },
    join(dataDir, 'images', 'dual.tar'),
  )
  const ranges = ['--pod-cidr', '10.191.0.0/24,fd00:10:191::/64']
  ranges.push('--service-cluster-ip-range', '10.192.0.0/16,fd00:10:192::/112')
  const port = await freePort()
  kapell = await startKapell({ dataDir, port, args: ['--agent-port', '0', '--ingress-ports', 'none', ...ranges] })
  kubectl = new Kubectl(kapell.kubeconfig)
  await kubectl.apply({
    apiVersion: 'v1',
    kind: 'List',
    items: [
      pod('web', 'mkdir -p /tmp/www; echo served > /tmp/www/index.html; exec httpd -f -p 8080 -h /tmp/www'),
      pod('client', 'sleep 3600'),
      pod('other', 'sleep 3600'),
      {
        apiVersion: 'v1',
        kind: 'Service',
        metadata: { name: 'web' },
        spec: {
          type: 'NodePort',
          ipFamilyPolicy: 'RequireDualStack',
          selector: { app: 'web' },
          ports: [{ port: 80, targetPort: 'http' }],
        },
      },
      {
        apiVersion: 'v1',
        kind: 'Service',
        metadata: { name: 'six' },
        spec: { ipFamilies: ['IPv6'], selector: { app: 'web' }, ports: [{ port: 80, targetPort: 'http' }] },
      },
    ],
  })
  await kubectl.run('wait', 'pods', '--all', '--for=condition=Ready', '--timeout=90s')
  service = await kubectl.json<V1Service>('get', 'service', 'web')
  web = await kubectl.json<V1Pod>('get', 'pod', 'web')
}, 180_000)

afterAll(async () => {
  if (kapell.process.exitCode === null) await kapell.stop()
  remove()
}, 60_000)

it('gives the node two ranges, pods two addresses, and Services one of each family', async () => {
  const [node] = (await kubectl.json<{ items: V1Node[] }>('get', 'nodes')).items
  expect(node?.spec?.podCIDRs).toEqual(['10.191.0.0/24', 'fd00:10:191::/64'])
  expect(ipsOf(web)).toEqual([
    expect.stringMatching(/^10\.191\.0\.\d+$/),
    expect.stringMatching(/^fd00:10:191::[0-9a-f]+$/),
  ])
  expect((await exec('web', 'echo $IPS')).trim()).toBe(ipsOf(web).join(','))
  expect(await exec('web', 'cat /etc/hosts')).toContain(`${ipsOf(web)[1]}\tweb`)
  expect(service.spec?.ipFamilies).toEqual(['IPv4', 'IPv6'])
  expect(service.spec?.clusterIPs).toEqual([
    expect.stringMatching(/^10\.192\./),
    expect.stringMatching(/^fd00:10:192::/),
  ])
  const { items } = await kubectl.json<{ items: V1EndpointSlice[] }>(
    ...['get', 'endpointslices', '-l', 'kubernetes.io/service-name=web'],
  )
  expect(items.map(({ addressType, endpoints }) => [addressType, endpoints?.[0]?.addresses[0]]).sort()).toEqual([
    ['IPv4', ipsOf(web)[0]],
    ['IPv6', ipsOf(web)[1]],
  ])
})

it('carries both: by pod address, Service and node port, and to the machine itself', async () => {
  for (const address of ipsOf(web)) expect(await get('client', address, 8080)).toBe('served')
  for (const address of service.spec!.clusterIPs!)
    await until(`Service ${address}`, async () => (await get('client', address, 80)) === 'served')
  // A pod reaches itself through its own Service.
  expect(await get('web', service.spec!.clusterIPs![1]!, 80)).toBe('served')
  const six = await kubectl.run('get', 'service', 'six', '-o', 'jsonpath={.spec.clusterIP}')
  expect(await get('client', six, 80)).toBe('served')
  const fromHere = async (address: string, port: number): Promise<string> =>
    (await (await fetch(`http://[${address}]:${port}/`, { headers: { connection: 'close' } })).text()).trim()
  expect(await fromHere(six, 80)).toBe('served')
  const [node] = (await kubectl.json<{ items: V1Node[] }>('get', 'nodes')).items
  const own = node!.status!.addresses!.filter(({ type }) => type === 'InternalIP').map(({ address }) => address)
  for (const address of own.filter((each) => each.includes(':')))
    expect(await fromHere(address, service.spec!.ports![0]!.nodePort!)).toBe('served')
}, 60_000)

it('names Services by both', async () => {
  const found = await exec('client', 'nslookup web.default.svc.cluster.local')
  for (const address of service.spec!.clusterIPs!) expect(found).toContain(address)
  const only = await exec('client', 'nslookup -type=aaaa six.default.svc.cluster.local')
  expect(only).toContain('fd00:10:192::')
})

it('holds policies against both', async () => {
  const addresses = ipsOf(web)
  const reached = async (from: string): Promise<string[]> =>
    (await Promise.all(addresses.map((address) => get(from, address, 8080)))).map((text) => text || 'nobody')
  const policy = (ingress: object[]): object => ({
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name: 'web' },
    spec: { podSelector: { matchLabels: { app: 'web' } }, policyTypes: ['Ingress'], ingress },
  })
  await kubectl.apply(policy([{ from: [{ podSelector: { matchLabels: { app: 'client' } } }] }]))
  await until('strangers to be kept out', async () => (await reached('other')).join() === 'nobody,nobody')
  expect(await reached('client')).toEqual(['served', 'served'])
  const own = ipsOf(await kubectl.json<V1Pod>('get', 'pod', 'other'))
  await kubectl.apply(policy([{ from: [{ ipBlock: { cidr: `${own[1]}/128` } }] }]))
  await until('the block of one family', async () => (await reached('other')).join() === 'nobody,served')
  expect(await reached('client')).toEqual(['nobody', 'nobody'])
}, 60_000)

it('leaves nothing when stopped', async () => {
  await kapell.stop()
  expect(await leftovers(dataDir, '10.191.0.')).toEqual([])
  expect((await run('ip', ['-6', 'route'])).stdout).not.toContain('fd00:10:19')
}, 60_000)
