import type { V1NetworkPolicy, V1NetworkPolicySpec, V1Pod } from '@kapell/openapi/types'
import { run, tryRun } from '@kapell/node-agent/runtime/exec'
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { PolicyOrder } from './net/policy-child.ts'

/**
 * Network policies met by real packets: a node with three pods and a machine outside, each a network namespace of its
 * own, joined as our CNI network joins them. Nothing of this machine is touched.
 */
const id = `kq${process.pid}`
const names = ['node', 'web', 'client', 'stranger', 'outside'] as const
type Name = (typeof names)[number]
const ns = (name: Name) => `${id}${name}`
const gateway = '10.201.0.1'
const address: Record<Name, string> = {
  node: '198.51.100.1',
  web: '10.201.0.2',
  client: '10.201.0.3',
  stranger: '10.201.0.4',
  outside: '198.51.100.2',
}
const children: ChildProcessWithoutNullStreams[] = []
const script = (name: string) => fileURLToPath(new URL(`net/${name}.ts`, import.meta.url))

function inside(name: Name, ...args: string[]): ChildProcessWithoutNullStreams {
  const child = spawn('ip', ['netns', 'exec', ns(name), process.execPath, ...args])
  child.stderr.pipe(process.stderr)
  children.push(child)
  return child
}

/** A process that answers each line with a line. */
function talkTo(name: Name, ...args: string[]) {
  const child = inside(name, ...args)
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const hear = async () => (await lines.next()).value as string
  const ask = (line: string) => {
    child.stdin.write(`${line}\n`)
    return hear()
  }
  return { child, hear, ask }
}

let node: ReturnType<typeof talkTo>
const clients = new Map<Name, ReturnType<typeof talkTo>>()

/** Who answers, or "no" when nobody does in time. */
async function get(from: Name, url: string): Promise<string> {
  let client = clients.get(from)
  if (client === undefined) clients.set(from, (client = talkTo(from, script('http-client'))))
  const answer = await client.ask(`1 http://${url}/`)
  return answer.includes('timeout') ? 'no' : answer.split(' ')[1]!
}

async function tell(order: PolicyOrder): Promise<void> {
  expect(JSON.parse(await node.ask(JSON.stringify(order)))).toEqual({ warnings: [] })
}

const pod = (name: Name, namespace: string, ports: { name: string; containerPort: number }[] = []): V1Pod => ({
  metadata: { name, namespace, labels: { app: name } },
  spec: { nodeName: 'node1', containers: [{ name: 'c', ports }] },
  status: { phase: 'Running', podIP: address[name] },
})
const policy = (name: string, spec: V1NetworkPolicySpec, namespace = 'a'): V1NetworkPolicy => ({
  metadata: { name, namespace },
  spec,
})
const toWeb = { podSelector: { matchLabels: { app: 'web' } } }
const denyAll = policy('p', { podSelector: {}, policyTypes: ['Ingress', 'Egress'] })

async function joinNamespaces(): Promise<void> {
  const ip = (name: Name, input: string) => run('ip', ['-n', ns(name), '-batch', '-'], { input })
  for (const name of names) {
    await run('ip', ['netns', 'add', ns(name)])
    await run('ip', ['-n', ns(name), 'link', 'set', 'lo', 'up'])
    if (name === 'node') continue
    await run('ip', ['-batch', '-'], {
      input: `link add ${name} netns ${ns('node')} type veth peer name eth0 netns ${ns(name)}\n`,
    })
    if (name === 'outside') {
      await ip('node', `address add ${address.node}/24 dev outside\nlink set outside up\n`)
      await ip(
        'outside',
        `address add ${address.outside}/24 dev eth0\nlink set eth0 up\nroute add 10.201.0.0/24 via ${address.node}\n`,
      )
    } else {
      await ip(
        'node',
        `address add ${gateway}/32 dev ${name}\nlink set ${name} up\nroute add ${address[name]}/32 dev ${name}\n`,
      )
      await ip(
        name,
        `address add ${address[name]}/32 dev eth0\nlink set eth0 up\nroute add ${gateway}/32 dev eth0\nroute add default via ${gateway}\n`,
      )
    }
  }
  await run('ip', ['netns', 'exec', ns('node'), 'sh', '-c', 'echo 1 > /proc/sys/net/ipv4/ip_forward'])
}

async function serve(name: Name, port: number): Promise<void> {
  await once(inside(name, script('http-server'), name, String(port)).stdout, 'data')
}

describe.each(['library', 'command'] as const)('network policies through the %s', (kind) => {
  beforeAll(async () => {
    await joinNamespaces()
    await Promise.all([
      serve('web', 8080),
      serve('web', 8081),
      serve('client', 8080),
      serve('outside', 8080),
      serve('node', 8080),
    ])
    node = talkTo('node', script('policy-child'), 'node1', '10.201.0.0/24', kind)
    expect(JSON.parse(await node.hear())).toEqual({ ready: kind })
    await tell({
      namespaces: [
        { metadata: { name: 'a', labels: { team: 'one' } } },
        { metadata: { name: 'b', labels: { team: 'two' } } },
      ],
      pods: [pod('web', 'a', [{ name: 'http', containerPort: 8080 }]), pod('client', 'a'), pod('stranger', 'b')],
    })
  }, 60_000)

  afterAll(async () => {
    clients.clear()
    for (const child of children.splice(0)) child.kill('SIGKILL')
    for (const name of names) await tryRun('ip', ['netns', 'delete', ns(name)])
  }, 60_000)

  it('without one everything is allowed', async () => {
    for (const from of ['client', 'stranger', 'outside', 'node'] as const)
      expect(await get(from, `${address.web}:8080`)).toBe('web')
  }, 30_000)

  it('one that denies all leaves a pod itself and its node, both ways', async () => {
    await tell({ policies: [denyAll] })
    expect(await get('stranger', `${address.web}:8080`)).toBe('no')
    expect(await get('outside', `${address.web}:8080`)).toBe('no')
    expect(await get('client', `${address.outside}:8080`)).toBe('no')
    expect(await get('client', `${address.client}:8080`)).toBe('client')
    expect(await get('node', `${address.web}:8080`)).toBe('web')
    expect(await get('client', `${gateway}:8080`)).toBe('node')
  }, 30_000)

  it.each<[what: string, spec: V1NetworkPolicySpec, allowed: Name[], refused: Name[]]>([
    [
      'by label',
      { ...toWeb, ingress: [{ from: [{ podSelector: { matchLabels: { app: 'client' } } }] }] },
      ['client'],
      ['stranger', 'outside'],
    ],
    [
      'by namespace',
      { ...toWeb, ingress: [{ from: [{ namespaceSelector: { matchLabels: { team: 'two' } } }] }] },
      ['stranger'],
      ['client'],
    ],
    [
      'by address, but for some',
      { ...toWeb, ingress: [{ from: [{ ipBlock: { cidr: '10.201.0.0/24', except: [`${address.stranger}/32`] } }] }] },
      ['client'],
      ['stranger'],
    ],
    [
      'by the name of a port',
      { ...toWeb, ingress: [{ ports: [{ port: 'http' }] }] },
      ['client', 'stranger', 'outside'],
      [],
    ],
    [
      'by a range of ports',
      { ...toWeb, ingress: [{ ports: [{ port: 8000, endPort: 8080 }] }] },
      ['client', 'outside'],
      [],
    ],
    ['not by another port', { ...toWeb, ingress: [{ ports: [{ port: 8081 }] }] }, [], ['client']],
    ['not by another protocol', { ...toWeb, ingress: [{ ports: [{ port: 8080, protocol: 'UDP' }] }] }, [], ['client']],
  ])(
    'lets in %s',
    async (_, spec, allowed, refused) => {
      await tell({ policies: [policy('p', spec)] })
      for (const from of allowed) expect(await get(from, `${address.web}:8080`)).toBe('web')
      const answers = refused.map((from) => get(from, `${address.web}:8080`))
      expect(await Promise.all(answers)).toEqual(refused.map(() => 'no'))
    },
    30_000,
  )

  it('lets out by label and port, also through a Service, to whom replies come back', async () => {
    const spec = {
      podSelector: { matchLabels: { app: 'client' } },
      policyTypes: ['Egress'],
      egress: [{ to: [toWeb], ports: [{ port: 'http' }] }],
    }
    await tell({
      policies: [policy('p', spec)],
      service: { metadata: { name: 'web', namespace: 'a' }, spec: { clusterIP: '10.96.7.7', ports: [{ port: 80 }] } },
      slice: {
        metadata: { name: 'web-1', namespace: 'a', labels: { 'kubernetes.io/service-name': 'web' } },
        addressType: 'IPv4',
        ports: [{ name: '', port: 8080, protocol: 'TCP' }],
        endpoints: [{ addresses: [address.web], nodeName: 'node1' }],
      },
    })
    expect(await get('client', `${address.web}:8080`)).toBe('web')
    expect(await get('client', '10.96.7.7')).toBe('web')
    expect(await get('client', `${address.web}:8081`)).toBe('no')
    expect(await get('client', `${address.outside}:8080`)).toBe('no')
    expect(await get('stranger', '10.96.7.7')).toBe('web')
    expect(await get('stranger', `${address.client}:8080`)).toBe('client')
  }, 30_000)

  it('leaves connections that are there, and takes pods as their labels change', async () => {
    const line = `
      const socket = require('net').connect(8080, '${address.web}', () => console.log('up'))
      socket.on('data', (all) => console.log(String(all).split('\\r\\n')[0]))
      process.stdin.on('data', () => socket.write('GET / HTTP/1.1\\r\\nhost: x\\r\\n\\r\\n'))`
    await tell({ remove: ['a/p'] })
    const talk = talkTo('stranger', '-e', line)
    expect(await talk.hear()).toBe('up')
    await tell({ policies: [denyAll] })
    expect(await get('stranger', `${address.web}:8080`)).toBe('no')
    expect(await talk.ask('')).toBe('HTTP/1.1 200 OK')
    await tell({ pods: [{ ...pod('web', 'a'), spec: { ...pod('web', 'a').spec!, hostNetwork: true } }] })
    expect(await get('stranger', `${address.web}:8080`)).toBe('web')
    await tell({ pods: [pod('web', 'a')], policies: [policy('p', { podSelector: { matchLabels: { app: 'else' } } })] })
    expect(await get('stranger', `${address.web}:8080`)).toBe('web')
    await tell({ pods: [{ ...pod('web', 'a'), metadata: { name: 'web', namespace: 'a', labels: { app: 'else' } } }] })
    expect(await get('stranger', `${address.web}:8080`)).toBe('no')
  }, 30_000)

  it('leaves nothing behind', async () => {
    await tell({ close: true })
    const rules = await run('ip', ['netns', 'exec', ns('node'), 'nft', 'list', 'ruleset'])
    expect(rules).toBe('')
  }, 30_000)
})
