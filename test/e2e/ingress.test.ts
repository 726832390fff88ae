import { once } from 'node:events'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer, request, type IncomingMessage, type Server } from 'node:http'
import { connect as connectSocket, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { connect } from 'node:tls'
import { buildImageArchive } from '@kapell/node-agent/images/build'
import { selfSigned } from '@kapell/node-agent/ingress/default-certificate'
import type { V1Ingress, V1Node } from '@kapell/openapi/types'
import { WebSocket, WebSocketServer } from 'ws'
import { freePort, Kubectl, startKapell, temporaryDir, type Kapell } from './support/kapell.ts'
import { leftovers } from './support/machine.ts'
import { until } from './support/wait.ts'

/** Ingresses on a real cluster by stock kubectl, asked as browsers do. */
const image = 'localhost/test/ingress:1'
const { path: dataDir, remove } = temporaryDir('ingress')
let kapell: Kapell
let kubectl: Kubectl
let ports: { http: number; https: number }
let nodeIp: string
let outside: Server
let finishLong: (() => void) | undefined

const pods = (name: string): object[] => [
  {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name },
    spec: {
      replicas: 1,
      selector: { matchLabels: { app: name } },
      template: {
        metadata: { labels: { app: name } },
        spec: {
          terminationGracePeriodSeconds: 0,
          containers: [
            {
              name: 'web',
              image,
              command: [
                'sh',
                '-c',
                `mkdir -p /tmp/www/cart/open; for at in . cart cart/open; do echo ${name} > /tmp/www/$at/index.html; done; exec httpd -f -p 8080 -h /tmp/www`,
              ],
              ports: [{ name: 'http', containerPort: 8080 }],
              readinessProbe: { tcpSocket: { port: 'http' }, periodSeconds: 1 },
            },
          ],
        },
      },
    },
  },
  {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name },
    spec: { selector: { app: name }, ports: [{ name: 'web', port: 80, targetPort: 'http' }] },
  },
]
const to = (name: string, port: object = { name: 'web' }): object => ({ service: { name, port } })
const path = (text: string, pathType: string, name: string): object => ({ path: text, pathType, backend: to(name) })
const ingress = (name: string, spec: object): object => ({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'Ingress',
  metadata: { name },
  spec,
})
const list = (...items: object[]): object => ({ apiVersion: 'v1', kind: 'List', items })

async function get(host: string, url = '/'): Promise<{ status: number; text: string }> {
  const options = { host: nodeIp, port: ports.http, path: url, headers: { host }, agent: false }
  const sent = request(options).end()
  const [response] = (await once(sent, 'response')) as [IncomingMessage]
  return {
    status: response.statusCode!,
    text: Buffer.concat(await response.toArray())
      .toString()
      .trim(),
  }
}
const answers = (host: string, url: string, wanted: string | number): Promise<unknown> =>
  until(`${host}${url} to answer ${wanted}`, async () => {
    const { status, text } = await get(host, url)
    return (typeof wanted === 'number' ? status : text) === wanted
  })

/** The name in the certificate that is shown to who asks for a host. */
async function certificateFor(servername: string): Promise<string> {
  const socket = connect({ port: ports.https, host: nodeIp, servername, rejectUnauthorized: false })
  await once(socket, 'secureConnect')
  const { CN } = socket.getPeerCertificate().subject
  socket.destroy()
  return String(CN)
}

async function putCertificate(name: string, commonName: string): Promise<void> {
  const pem = await selfSigned(commonName, new Date())
  const at = pem.indexOf('-----BEGIN PRIVATE')
  const [cert, key] = [join(dataDir, 'cert.pem'), join(dataDir, 'key.pem')]
  writeFileSync(cert, pem.slice(0, at))
  writeFileSync(key, pem.slice(at))
  const made = await kubectl.run(
    'create',
    'secret',
    'tls',
    name,
    '--cert',
    cert,
    '--key',
    key,
    '--dry-run=client',
    '-o',
    'json',
  )
  await kubectl.apply(JSON.parse(made))
}

beforeAll(async () => {
  mkdirSync(join(dataDir, 'images'))
  await buildImageArchive(
    {
      name: image,
      files: { '/bin/busybox': { content: readFileSync('/bin/busybox'), mode: 0o755 } },
      links: Object.fromEntries('sh echo httpd mkdir'.split(' ').map((name) => [`/bin/${name}`, '/bin/busybox'])),
      directories: ['/tmp', '/proc', '/sys', '/dev'],
      env: { PATH: '/bin' },
      cmd: ['sh'],
    },
    join(dataDir, 'images', 'ingress.tar'),
  )
  ports = { http: await freePort(), https: await freePort() }
  kapell = await startKapell({
    dataDir,
    port: await freePort(),
    args: [
      ...['--agent-port', '0', '--pod-cidr', '10.181.0.0/24', '--service-cluster-ip-range', '10.182.0.0/16'],
      ...['--ingress-ports', `${ports.http},${ports.https}`],
    ],
  })
  kubectl = new Kubectl(kapell.kubeconfig)
  const [node] = (await kubectl.json<{ items: V1Node[] }>('get', 'nodes')).items
  nodeIp = node!.status!.addresses!.find(({ type }) => type === 'InternalIP')!.address
  await kubectl.apply(list(...pods('shop'), ...pods('cart'), ...pods('rest')))
  for (const name of ['shop', 'cart', 'rest'])
    await kubectl.run('rollout', 'status', `deployment/${name}`, '--timeout=60s')

  // A server that is no pod, for what busybox cannot do.
  outside = createServer(({ url }, response) => {
    if (url !== '/long') return response.end('outside')
    response.write('begun ')
    finishLong = () => response.end('done')
  })
  new WebSocketServer({ server: outside }).on('connection', (socket) =>
    socket.on('message', (data) => socket.send(data)),
  )
  outside.listen(0, nodeIp)
  await once(outside, 'listening')
  const { port } = outside.address() as AddressInfo
  await kubectl.apply(
    list(
      {
        apiVersion: 'v1',
        kind: 'Service',
        metadata: { name: 'outside' },
        spec: { ports: [{ name: 'web', port: 80, targetPort: port }] },
      },
      {
        apiVersion: 'discovery.k8s.io/v1',
        kind: 'EndpointSlice',
        metadata: { name: 'outside', labels: { 'kubernetes.io/service-name': 'outside' } },
        addressType: 'IPv4',
        endpoints: [{ addresses: [nodeIp], conditions: { ready: true } }],
        ports: [{ name: 'web', port, protocol: 'TCP' }],
      },
    ),
  )
}, 180_000)

afterAll(async () => {
  outside.closeAllConnections()
  outside.close()
  if (kapell.process.exitCode === null) await kapell.stop()
  remove()
}, 60_000)

it('is born with a class that is the default, and listens only once there is something to serve', async () => {
  expect(await kubectl.run('get', 'ingressclass')).toMatch(/kapell \(default\) +kapell\.io\/ingress/)
  const socket = connectSocket(ports.http, nodeIp)
  const [error] = (await once(socket, 'error')) as [NodeJS.ErrnoException]
  expect(error.code).toBe('ECONNREFUSED')
})

it('leads hosts and paths of the three types to Services, and shows its address', async () => {
  await kubectl.apply(
    ingress('shop', {
      rules: [
        {
          host: 'shop.example',
          http: {
            paths: [
              path('/', 'Prefix', 'shop'),
              path('/cart/', 'Exact', 'cart'),
              path('/cart/open', 'ImplementationSpecific', 'cart'),
            ],
          },
        },
        { host: '*.shop.example', http: { paths: [path('/', 'Prefix', 'rest')] } },
      ],
    }),
  )
  const shown = await until('its address', async () => {
    const found = await kubectl.json<V1Ingress>('get', 'ingress', 'shop')
    return found.status?.loadBalancer?.ingress?.[0]?.ip === undefined ? undefined : found
  })
  expect(shown.spec?.ingressClassName).toBe('kapell')
  expect(shown.status?.loadBalancer?.ingress).toEqual([{ ip: nodeIp }])
  expect(await kubectl.run('get', 'ingress', 'shop')).toMatch(
    new RegExp(`shop +kapell +shop\\.example,\\*\\.shop\\.example +${nodeIp} +80 `),
  )
  await answers('shop.example', '/', 'shop')
  expect((await get('shop.example', '/cart/')).text).toBe('cart')
  expect((await get('shop.example', '/cart/index.html')).text).toBe('shop')
  expect((await get('shop.example', '/cart/open/')).text).toBe('cart')
  expect((await get('www.shop.example', '/cart/')).text).toBe('rest')
  expect(await get('else.example')).toEqual({ status: 404, text: '404 no Ingress has a rule for this host and path' })
}, 60_000)

it('has a default for what no rule is for', async () => {
  await kubectl.apply(ingress('rest', { defaultBackend: to('rest', { number: 80 }) }))
  await answers('else.example', '/', 'rest')
  expect((await get('shop.example')).text).toBe('shop')
})

it('shows each host its certificate, and tells of one that is rubbish', async () => {
  await putCertificate('one', 'one.example')
  await putCertificate('two', 'two.example')
  await kubectl.run(
    'create',
    'secret',
    'generic',
    'rubbish',
    '--from-literal=tls.crt=rubbish',
    '--from-literal=tls.key=x',
  )
  await kubectl.apply(
    ingress('tls', {
      tls: [
        { hosts: ['one.example'], secretName: 'one' },
        { hosts: ['two.example'], secretName: 'two' },
        { hosts: ['bad.example'], secretName: 'rubbish' },
      ],
      rules: ['one.example', 'two.example', 'bad.example'].map((host) => ({
        host,
        http: { paths: [path('/', 'Prefix', 'shop')] },
      })),
    }),
  )
  await until('the first certificate', async () => (await certificateFor('one.example')) === 'one.example')
  expect(await certificateFor('two.example')).toBe('two.example')
  expect(await certificateFor('bad.example')).toBe('ingress.kapell.invalid')
  expect(await certificateFor('else.example')).toBe('ingress.kapell.invalid')
  const told = await until('an event', async () => {
    const text = await kubectl.run('describe', 'ingress', 'tls')
    return text.includes('InvalidCertificate') && text
  })
  expect(told).toContain('"tls.crt" of Secret "default/rubbish" holds no certificate in PEM')
  await kubectl.run('delete', 'secret', 'rubbish')
  await putCertificate('rubbish', 'bad.example')
  await until('the mended certificate', async () => (await certificateFor('bad.example')) === 'bad.example')
}, 60_000)

it('carries WebSockets; new rules and certificates leave them and long answers alone', async () => {
  const live = (paths: object[]): object =>
    ingress('live', {
      tls: [{ hosts: ['live.example'], secretName: 'live' }],
      rules: [{ host: 'live.example', http: { paths } }],
    })
  await putCertificate('live', 'live.example')
  await kubectl.apply(live([path('/', 'Prefix', 'outside')]))
  await until('its certificate', async () => (await certificateFor('live.example')) === 'live.example')
  const long = request({
    host: nodeIp,
    port: ports.http,
    path: '/long',
    headers: { host: 'live.example' },
    agent: false,
  }).end()
  const [response] = (await once(long, 'response')) as [IncomingMessage]
  const socket = new WebSocket(`wss://${nodeIp}:${ports.https}/ws`, {
    headers: { host: 'live.example' },
    rejectUnauthorized: false,
  })
  await once(socket, 'open')
  const echo = async (text: string): Promise<string> => {
    const answered = once(socket, 'message')
    socket.send(text)
    return String((await answered)[0])
  }
  expect(await echo('before')).toBe('before')

  await kubectl.apply(live([path('/', 'Prefix', 'outside'), path('/cart', 'Prefix', 'cart')]))
  await answers('live.example', '/cart/', 'cart')
  await putCertificate('live', 'renewed.example')
  await until('the renewed certificate', async () => (await certificateFor('live.example')) === 'renewed.example')
  expect(await echo('after')).toBe('after')
  socket.terminate()
  finishLong?.()
  expect(Buffer.concat(await response.toArray()).toString()).toBe('begun done')
}, 60_000)

it('follows pods as they come and go, and says 503 while there is none', async () => {
  await kubectl.run('scale', 'deployment/cart', '--replicas=0')
  await answers('shop.example', '/cart/', 503)
  await kubectl.run('scale', 'deployment/cart', '--replicas=2')
  await answers('shop.example', '/cart/', 'cart')
}, 60_000)

it('stops listening with the last Ingress, and leaves nothing when stopped', async () => {
  await kubectl.apply(ingress('again', { defaultBackend: to('rest') }))
  await kubectl.run('delete', 'ingress', '--all')
  await until('the port to close', async () => {
    const socket = connectSocket(ports.http, nodeIp)
    const closed = await Promise.race([
      once(socket, 'error').then(() => true),
      once(socket, 'connect').then(() => false),
    ])
    socket.destroy()
    return closed
  })
  await kubectl.apply(ingress('last', { defaultBackend: to('rest') }))
  await until('the port to open', async () => (await get('x.example').catch(() => undefined))?.text === 'rest')
  await kapell.stop()
  expect(await leftovers(dataDir, '10.181.0.')).toEqual([])
}, 60_000)
