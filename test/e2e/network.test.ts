import type { V1NetworkPolicySpec, V1Pod, V1Service } from '@kapell/openapi/types'
import { buildImageArchive } from '@kapell/node-agent/images/build'
import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePort, Kubectl, run, startKapell, temporaryDir, type Kapell } from './support/kapell.ts'
import { leftovers } from './support/machine.ts'
import { until } from './support/wait.ts'

/** Who may talk to whom, and load balancers, on a real cluster with real pods, by stock kubectl. */
const image = 'localhost/test/net:1'
const podPrefix = '10.231.0.'
const { path: dataDir, remove } = temporaryDir('network')
const kubectl = new Kubectl(join(dataDir, 'kubeconfig'))
let cluster: Kapell

const pod = (name: string, namespace: string, command: string[], extra: object = {}) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace, labels: { app: name } },
  spec: {
    terminationGracePeriodSeconds: 0,
    containers: [{ name: 'c', image, imagePullPolicy: 'Never', command, ...extra }],
  },
})
const web = pod('web', 'one', ['sh', '-c', 'mkdir /w; echo web > /w/index.html; exec httpd -f -p 8080 -h /w'], {
  ports: [{ name: 'http', containerPort: 8080 }],
  readinessProbe: { httpGet: { port: 'http', path: '/' }, periodSeconds: 1 },
})

async function policy(spec: V1NetworkPolicySpec): Promise<void> {
  await kubectl.apply({
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name: 'p', namespace: 'one' },
    spec,
  })
}

/** What a pod gets from HOST:PORT: the page, or '' when nobody answers in time. */
async function ask(namespace: string, name: string, address: string): Promise<string> {
  const line = `echo 'GET / HTTP/1.0' | nc -w 1 ${address.replace(':', ' ')}`
  const { stdout } = await kubectl.try(['exec', '-n', namespace, name, '--', 'sh', '-c', line])
  return stdout.trim().split('\n').at(-1) ?? ''
}
const untilAnswer = (answer: string, namespace: string, name: string, address: string) =>
  until(
    `${namespace}/${name} to get "${answer}" from ${address}`,
    async () => (await ask(namespace, name, address)) === answer,
  )

beforeAll(async () => {
  mkdirSync(join(dataDir, 'images'))
  await buildImageArchive(
    {
      name: image,
      files: { '/bin/busybox': { content: readFileSync('/bin/busybox'), mode: 0o755 } },
      links: Object.fromEntries(
        ['sh', 'mkdir', 'sleep', 'httpd', 'nc', 'echo'].map((name) => [`/bin/${name}`, '/bin/busybox']),
      ),
      directories: ['/tmp', '/proc', '/sys', '/dev'],
      env: { PATH: '/bin' },
      cmd: ['sh'],
    },
    join(dataDir, 'images', 'net.tar'),
  )
  cluster = await startKapell({
    dataDir,
    port: await freePort(),
    args: [
      ...['--agent-port', '0', '--pod-cidr', `${podPrefix}0/24`, '--service-cluster-ip-range', '10.232.0.0/16'],
      ...['--load-balancer-range', '203.0.113.200-203.0.113.201'],
    ],
  })
  for (const name of ['one', 'two']) await kubectl.run('create', 'namespace', name)
  for (const name of ['one', 'two'])
    await until(
      `the service account of ${name}`,
      async () => (await kubectl.try(['get', 'sa', 'default', '-n', name])).code === 0,
    )
  await kubectl.apply({
    apiVersion: 'v1',
    kind: 'List',
    items: [web, pod('friend', 'one', ['sleep', '3600']), pod('stranger', 'two', ['sleep', '3600'])],
  })
  for (const [namespace, name] of [
    ['one', 'web'],
    ['one', 'friend'],
    ['two', 'stranger'],
  ] as const)
    await kubectl.run('wait', '-n', namespace, `pod/${name}`, '--for=condition=Ready', '--timeout=60s')
}, 180_000)

afterAll(async () => {
  if ((cluster as Kapell | undefined)?.process.exitCode === null) await cluster.stop()
  remove()
}, 60_000)

it('keeps pods apart by policies, by namespace, label and port, while probes go on', async () => {
  const at = `${(await kubectl.json<V1Pod>('get', '-n', 'one', 'pod', 'web')).status?.podIP}:8080`
  await untilAnswer('web', 'one', 'friend', at)
  await untilAnswer('web', 'two', 'stranger', at)
  await policy({ podSelector: {} })
  await untilAnswer('', 'two', 'stranger', at)
  expect(await ask('one', 'friend', at)).toBe('')
  await policy({
    podSelector: { matchLabels: { app: 'web' } },
    ingress: [{ from: [{ podSelector: { matchLabels: { app: 'friend' } } }], ports: [{ port: 'http' }] }],
  })
  await untilAnswer('web', 'one', 'friend', at)
  expect(await ask('two', 'stranger', at)).toBe('')
  await policy({
    podSelector: { matchLabels: { app: 'web' } },
    ingress: [{ from: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'two' } } }] }],
  })
  await untilAnswer('web', 'two', 'stranger', at)
  expect(await ask('one', 'friend', at)).toBe('')
  // A pod made anew has another address, which is guarded as well.
  await kubectl.run('delete', '-n', 'one', 'pod', 'web')
  await kubectl.apply(web)
  await kubectl.run('wait', '-n', 'one', 'pod/web', '--for=condition=Ready', '--timeout=60s')
  const next = `${(await kubectl.json<V1Pod>('get', '-n', 'one', 'pod', 'web')).status?.podIP}:8080`
  await untilAnswer('web', 'two', 'stranger', next)
  expect(await ask('one', 'friend', next)).toBe('')
  await kubectl.run('delete', '-n', 'one', 'networkpolicy', 'p')
  await untilAnswer('web', 'one', 'friend', next)
}, 120_000)

it('gives a load balancer an address that answers, and a health check beside it', async () => {
  await kubectl.apply({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'web', namespace: 'one' },
    spec: {
      type: 'LoadBalancer',
      externalTrafficPolicy: 'Local',
      selector: { app: 'web' },
      ports: [{ port: 80, targetPort: 'http' }],
    },
  })
  const address = '203.0.113.200'
  await kubectl.run(
    'wait',
    '-n',
    'one',
    'service/web',
    `--for=jsonpath={.status.loadBalancer.ingress[0].ip}=${address}`,
  )
  expect(await kubectl.run('get', '-n', 'one', 'service', 'web')).toMatch(
    /LoadBalancer +10\.232\.\S+ +203\.0\.113\.200 /,
  )
  // Asked only while it is an address of this machine: no packet may leave it.
  const isOurs = async () => (await run('ip', ['-o', 'address'])).stdout.includes(`${address}/32`)
  const fetchHere = (url: string) => fetch(url, { signal: AbortSignal.timeout(2000), headers: { connection: 'close' } })
  await until('the address to be taken', isOurs)
  await until('the address to answer', async () => {
    const answer = await fetchHere(`http://${address}/`).catch(() => undefined)
    return (await answer?.text())?.trim() === 'web'
  })
  await untilAnswer('web', 'two', 'stranger', `${address}:80`)
  await expect(fetchHere(`http://${address}:81/`)).rejects.toThrow('fetch failed')
  const { spec } = await kubectl.json<V1Service>('get', '-n', 'one', 'service', 'web')
  const health = await fetchHere(`http://127.0.0.1:${spec?.healthCheckNodePort}/healthz`)
  expect([health.status, await health.json()]).toEqual([
    200,
    { service: { namespace: 'one', name: 'web' }, localEndpoints: 1, serviceProxyHealthy: true },
  ])
  await kubectl.run('delete', '-n', 'one', 'service', 'web')
  await until('the address to be given back', async () => !(await isOurs()))
}, 60_000)

it('leaves no rule and no address behind', async () => {
  expect(await cluster.stop()).toBe(0)
  expect(await leftovers(dataDir, podPrefix)).toEqual([])
  expect(await leftovers(dataDir, '203.0.113.20')).toEqual([])
}, 60_000)
