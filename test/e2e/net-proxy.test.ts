import type { V1EndpointSlice, V1Service } from '@kapell/openapi/types'
import { run, tryRun } from '@kapell/node-agent/runtime/exec'
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { ProxyOrder } from './net/proxy-child.ts'

/**
 * Real packets through the real kernel: a node, two pods and a machine outside, each a network namespace of its own,
 * joined as our CNI network joins them. The proxy runs in the node's namespace and touches nothing of this machine.
 */
const id = `kp${process.pid}`
const ns = { node: `${id}n`, pod1: `${id}a`, pod2: `${id}b`, outside: `${id}o` }
const [pod1, pod2, gateway, nodeIp, outsideIp] = [
  '10.200.0.2',
  '10.200.0.3',
  '10.200.0.1',
  '198.51.100.1',
  '198.51.100.2',
]
const servers: ChildProcessWithoutNullStreams[] = []
let proxy: ProxyChild

const inside = (where: keyof typeof ns, command: string[]) =>
  tryRun('ip', ['netns', 'exec', ns[where], ...command], { timeoutMs: 20_000 })

interface HttpClient {
  child: ChildProcessWithoutNullStreams
  waiting: Map<string, (answer: string) => void>
}
const clients = new Map<string, HttpClient>()
let questions = 0

/** What a server answers: its name and the address it saw; or the error in one word. */
async function ask(from: keyof typeof ns, url: string): Promise<{ pod: string; client: string }> {
  const { child, waiting } = clients.get(from) ?? startClient(from)
  const number = String((questions += 1))
  const answer = await new Promise<string>((resolve) => {
    waiting.set(number, resolve)
    child.stdin.write(`${number} http://${url}/\n`)
  })
  const [pod = '', client = ''] = answer.split(' ')
  return { pod, client }
}

function startClient(from: keyof typeof ns): HttpClient {
  const script = fileURLToPath(new URL('net/http-client.ts', import.meta.url))
  const child = spawn('ip', ['netns', 'exec', ns[from], process.execPath, script])
  const waiting: HttpClient['waiting'] = new Map()
  createInterface({ input: child.stdout }).on('line', (line) => {
    const [number = ''] = line.split(' ')
    waiting.get(number)?.(line.slice(number.length + 1))
    waiting.delete(number)
  })
  servers.push(child)
  const made = { child, waiting }
  clients.set(from, made)
  return made
}

const askMany = async (from: keyof typeof ns, url: string, times: number) =>
  [...new Set((await Promise.all(Array.from({ length: times }, () => ask(from, url)))).map((each) => each.pod))].sort()

class ProxyChild {
  readonly #child: ChildProcessWithoutNullStreams
  readonly #lines: AsyncIterator<string>

  constructor(prefer: string) {
    const script = fileURLToPath(new URL('net/proxy-child.ts', import.meta.url))
    this.#child = spawn('ip', ['netns', 'exec', ns.node, process.execPath, script, 'node1', '10.200.0.0/24', prefer])
    this.#child.stderr.pipe(process.stderr)
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]()
  }

  async answer(): Promise<{ ready?: string; warnings?: string[] }> {
    const line = await this.#lines.next()
    if (line.done === true) throw new Error('the proxy process ended')
    return JSON.parse(line.value) as { ready?: string; warnings?: string[] }
  }

  async tell(order: ProxyOrder): Promise<void> {
    this.#child.stdin.write(`${JSON.stringify(order)}\n`)
    const { warnings } = await this.answer()
    expect(warnings).toEqual([])
  }

  end(): void {
    this.#child.stdin.end()
  }
}

const service = (name: string, spec: V1Service['spec'], status?: V1Service['status']): V1Service => ({
  metadata: { name, namespace: 'default' },
  spec: { ...spec, clusterIPs: [spec!.clusterIP!] },
  ...(status && { status }),
})
const slice = (name: string, pods: readonly string[], protocol = 'TCP'): V1EndpointSlice => ({
  metadata: { name: `${name}-1`, namespace: 'default', labels: { 'kubernetes.io/service-name': name } },
  addressType: 'IPv4',
  ports: [{ name: '', port: 8080, protocol }],
  endpoints: pods.map((address) => ({ addresses: [address], nodeName: address === pod2 ? 'node2' : 'node1' })),
})

async function joinNamespaces(): Promise<void> {
  for (const each of Object.values(ns)) {
    await run('ip', ['netns', 'add', each])
    await run('ip', ['-n', each, 'link', 'set', 'lo', 'up'])
  }
  for (const [peer, address] of [
    ['pod1', pod1],
    ['pod2', pod2],
  ] as const) {
    await run('ip', ['-batch', '-'], {
      input: `link add ${peer} netns ${ns.node} type veth peer name eth0 netns ${ns[peer]}\n`,
    })
    await run('ip', ['-n', ns.node, '-batch', '-'], {
      input: `address add ${gateway}/32 dev ${peer}\nlink set ${peer} up\nroute add ${address}/32 dev ${peer}\n`,
    })
    await run('ip', ['-n', ns[peer], '-batch', '-'], {
      input: `address add ${address}/32 dev eth0\nlink set eth0 up\nroute add ${gateway}/32 dev eth0\nroute add default via ${gateway}\n`,
    })
  }
  await run('ip', [
    'link',
    'add',
    'uplink',
    'netns',
    ns.node,
    'type',
    'veth',
    'peer',
    'name',
    'eth0',
    'netns',
    ns.outside,
  ])
  await run('ip', ['-n', ns.node, '-batch', '-'], {
    input: `address add ${nodeIp}/24 dev uplink\nlink set uplink up\nroute add default via ${outsideIp}\n`,
  })
  await run('ip', ['-n', ns.outside, '-batch', '-'], {
    input: `address add ${outsideIp}/24 dev eth0\nlink set eth0 up\nroute add 203.0.113.0/24 via ${nodeIp}\n`,
  })
  // Namespaces inherit settings of the machine, where another cluster may run.
  const setting = 'echo 1 > /proc/sys/net/ipv4/ip_forward; echo 0 > /proc/sys/net/ipv4/conf/all/route_localnet'
  expect((await inside('node', ['sh', '-c', setting])).code).toBe(0)
}

async function serve(where: keyof typeof ns, port: number): Promise<void> {
  const script = fileURLToPath(new URL('net/http-server.ts', import.meta.url))
  const child = spawn('ip', ['netns', 'exec', ns[where], process.execPath, script, where, String(port)])
  servers.push(child)
  await new Promise((resolve) => child.stdout.once('data', resolve))
}

describe.each(['library', 'command'] as const)('Services on nftables through the %s', (kind) => {
  beforeAll(async () => {
    await joinNamespaces()
    await serve('pod1', 8080)
    await serve('pod2', 8080)
    await serve('outside', 8080)
    proxy = new ProxyChild(kind)
    expect(await proxy.answer()).toEqual({ ready: kind })
  }, 60_000)

  afterAll(async () => {
    // Absent when the beginning failed.
    ;(proxy as ProxyChild | undefined)?.end()
    clients.clear()
    for (const each of servers.splice(0)) each.kill('SIGKILL')
    for (const each of Object.values(ns)) await tryRun('ip', ['netns', 'delete', each])
  }, 60_000)

  it('leads a ClusterIP to every endpoint, from the node and from pods, also from a pod to itself', async () => {
    await proxy.tell({ set: { service: service('web', { clusterIP: '10.96.0.20', ports: [{ port: 80 }] }) } })
    expect(await ask('node', '10.96.0.20')).toMatchObject({ pod: 'ECONNREFUSED' })
    await proxy.tell({ set: { slice: slice('web', [pod1, pod2]) } })
    expect(await askMany('node', '10.96.0.20', 30)).toEqual(['pod1', 'pod2'])
    expect(await askMany('pod1', '10.96.0.20', 30)).toEqual(['pod1', 'pod2'])
    await proxy.tell({ set: { slice: slice('web', [pod2]) } })
    expect(await ask('pod1', '10.96.0.20')).toEqual({ pod: 'pod2', client: pod1 })
    await proxy.tell({ set: { slice: slice('web', [pod1]) } })
    expect(await ask('pod1', '10.96.0.20')).toEqual({ pod: 'pod1', client: gateway })
  }, 60_000)

  it('refuses connections to a Service without endpoints and to a port it does not have', async () => {
    await proxy.tell({ set: { slice: slice('web', []) } })
    for (const from of ['node', 'pod1'] as const) {
      expect((await ask(from, '10.96.0.20')).pod).toBe('ECONNREFUSED')
      expect((await ask(from, '10.96.0.20:81')).pod).toBe('ECONNREFUSED')
    }
  }, 60_000)

  it('opens a node port on every address, hiding the client, and on loopback', async () => {
    const spec = { type: 'NodePort', clusterIP: '10.96.0.20', ports: [{ port: 80, nodePort: 30080 }] }
    await proxy.tell({ set: { service: service('web', spec), slice: slice('web', [pod1, pod2]) } })
    expect(await askMany('outside', `${nodeIp}:30080`, 30)).toEqual(['pod1', 'pod2'])
    expect(await ask('outside', `${nodeIp}:30080`)).toMatchObject({ client: gateway })
    expect(await askMany('node', `${nodeIp}:30080`, 30)).toEqual(['pod1', 'pod2'])
    expect(await askMany('node', '127.0.0.1:30080', 30)).toEqual(['pod1', 'pod2'])
    expect(await askMany('pod1', `${nodeIp}:30080`, 30)).toEqual(['pod1', 'pod2'])
    await proxy.tell({ set: { slice: slice('web', []) } })
    expect((await ask('outside', `${nodeIp}:30080`)).pod).toBe('ECONNREFUSED')
  }, 60_000)

  it("keeps the client address with externalTrafficPolicy Local, and uses this node's endpoints only", async () => {
    const spec = {
      type: 'NodePort',
      externalTrafficPolicy: 'Local',
      clusterIP: '10.96.0.20',
      ports: [{ port: 80, nodePort: 30080 }],
    }
    await proxy.tell({ set: { service: service('web', spec), slice: slice('web', [pod1, pod2]) } })
    expect(await askMany('outside', `${nodeIp}:30080`, 20)).toEqual(['pod1'])
    expect(await ask('outside', `${nodeIp}:30080`)).toEqual({ pod: 'pod1', client: outsideIp })
    expect(await askMany('node', `${nodeIp}:30080`, 30)).toEqual(['pod1', 'pod2'])
  }, 60_000)

  it('answers on external and load balancer addresses, within the source ranges', async () => {
    const spec = { type: 'LoadBalancer', clusterIP: '10.96.0.20', externalIPs: ['203.0.113.7'], ports: [{ port: 80 }] }
    const status = { loadBalancer: { ingress: [{ ip: '203.0.113.8' }] } }
    await proxy.tell({ set: { service: service('web', spec, status), slice: slice('web', [pod1]) } })
    expect((await ask('outside', '203.0.113.7')).pod).toBe('pod1')
    expect((await ask('outside', '203.0.113.8')).pod).toBe('pod1')
    const narrowed = { ...spec, loadBalancerSourceRanges: ['192.0.2.0/24'] }
    await proxy.tell({ set: { service: service('web', narrowed, status) } })
    expect((await ask('outside', '203.0.113.7')).pod).toBe('pod1')
    expect((await ask('outside', '203.0.113.8')).pod).not.toBe('pod1')
  }, 60_000)

  it('keeps a client at one endpoint with session affinity', async () => {
    const spec = { clusterIP: '10.96.0.30', sessionAffinity: 'ClientIP', ports: [{ port: 80 }] }
    await proxy.tell({ set: { service: service('sticky', spec), slice: slice('sticky', [pod1, pod2]) } })
    const first = await ask('node', '10.96.0.30')
    expect(await askMany('node', '10.96.0.30', 20)).toEqual([first.pod])
    const other = first.pod === 'pod1' ? pod2 : pod1
    await proxy.tell({ set: { slice: slice('sticky', [other]) } })
    expect(await askMany('node', '10.96.0.30', 10)).toEqual([other === pod1 ? 'pod1' : 'pod2'])
  }, 60_000)

  it('uses an endpoint that ends but still serves when no other is ready', async () => {
    const ending = slice('web', [pod2])
    ending.endpoints![0]!.conditions = { ready: false, serving: true, terminating: true }
    await proxy.tell({
      set: { service: service('web', { clusterIP: '10.96.0.20', ports: [{ port: 80 }] }), slice: ending },
    })
    expect((await ask('node', '10.96.0.20')).pod).toBe('pod2')
  }, 60_000)

  it("publishes host ports and lets pods out under the node's address", async () => {
    await proxy.tell({
      hostPorts: { pod: 'default/a', ports: [{ protocol: 'TCP', hostPort: 8888, podIp: pod1, containerPort: 8080 }] },
    })
    expect(await ask('outside', `${nodeIp}:8888`)).toEqual({ pod: 'pod1', client: outsideIp })
    expect((await ask('node', '127.0.0.1:8888')).pod).toBe('pod1')
    await proxy.tell({ hostPorts: { pod: 'default/a', ports: [] } })
    expect((await ask('outside', `${nodeIp}:8888`)).pod).toBe('ECONNREFUSED')
    expect(await ask('pod1', `${outsideIp}:8080`)).toEqual({ pod: 'outside', client: nodeIp })
    expect(await ask('pod1', `${pod2}:8080`)).toEqual({ pod: 'pod2', client: pod1 })
  }, 60_000)

  it('leads a UDP client that goes on sending to the endpoint that is left', async () => {
    const echo = `
      const s = require('dgram').createSocket('udp4'); s.bind(8080, () => console.log('up'))
      s.on('message', (m, from) => s.send(process.argv[1], from.port, from.address))`
    for (const where of ['pod1', 'pod2'] as const) {
      const child = spawn('ip', ['netns', 'exec', ns[where], process.execPath, '-e', echo, where])
      servers.push(child)
      await new Promise((resolve) => child.stdout.once('data', resolve))
    }
    const client = spawn('ip', [
      'netns',
      'exec',
      ns.node,
      process.execPath,
      '-e',
      `
      const s = require('dgram').createSocket('udp4'); s.bind(0)
      s.on('message', (m) => console.log(String(m)))
      process.stdin.on('data', () => s.send('x', 53, '10.96.0.40'))`,
    ])
    servers.push(client)
    const answers = createInterface({ input: client.stdout })[Symbol.asyncIterator]()
    const ping = async () => {
      client.stdin.write('x')
      return (await answers.next()).value as string
    }
    const spec = { clusterIP: '10.96.0.40', ports: [{ port: 53, protocol: 'UDP' }] }
    await proxy.tell({ set: { service: service('udp', spec), slice: slice('udp', [pod1], 'UDP') } })
    expect(await ping()).toBe('pod1')
    expect(await ping()).toBe('pod1')
    await proxy.tell({ set: { slice: slice('udp', [pod2], 'UDP') } })
    expect(await ping()).toBe('pod2')
  }, 60_000)

  it('answers names at the address of the name server, over UDP and TCP', async () => {
    const ports = [
      { name: 'dns', port: 53, protocol: 'UDP' },
      { name: 'dns-tcp', port: 53, protocol: 'TCP' },
    ]
    await proxy.tell({
      set: { service: service('kube-dns', { clusterIP: '10.96.0.10', internalTrafficPolicy: 'Local', ports }) },
    })
    const server = { ...slice('kube-dns', [gateway]), ports }
    await proxy.tell({ set: { slice: server } })
    const many = Array.from({ length: 60 }, (_, at) => `10.200.0.${at + 2}`)
    await proxy.tell({ set: { service: service('many', { clusterIP: 'None' }), slice: slice('many', many) } })
    const script = `
      const resolver = new (require('dns').promises.Resolver)({ timeout: 3000, tries: 1 })
      resolver.setServers(['10.96.0.10'])
      const name = (service) => resolver.resolve4(service + '.default.svc.cluster.local')
      Promise.all([name('udp'), name('many').then((all) => all.length)]).then((all) => console.log(JSON.stringify(all)))`
    for (const from of ['pod1', 'pod2', 'node'] as const) {
      const answer = await inside(from, [process.execPath, '-e', script])
      expect(answer).toMatchObject({ code: 0, stdout: '[["10.96.0.40"],60]\n' })
    }
  }, 60_000)

  it('leaves nothing behind', async () => {
    await proxy.tell({ remove: { service: 'default/web', slice: 'default/web-1' } })
    await proxy.tell({ close: true })
    expect((await inside('node', ['nft', 'list', 'ruleset'])).stdout).toBe('')
    expect((await inside('node', ['cat', '/proc/sys/net/ipv4/conf/all/route_localnet'])).stdout.trim()).toBe('0')
  }, 60_000)
})
