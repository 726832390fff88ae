import { silentLogger } from '@kapell/controllers/machinery/log'
import { endpointSlices, nodes, services } from '@kapell/openapi/meta/refs'
import type { Nft } from './nft.ts'
import { startProxy, type ProxyOptions } from './proxy.ts'
import { RuleBook } from './rule-book.ts'
import { emptyRules, type ServiceRules } from './rules.ts'
import { changeScript, elementId, fullScript, emptyState } from './script.ts'
import { fakeInformers } from './testing.ts'

/** Records scripts; refuses those that hold a forbidden word. */
function fakeNft() {
  const scripts: string[] = []
  const state = { refuse: (_: string): boolean => false, hasTable: false }
  const nft: Nft = {
    kind: 'command',
    run: (script) => {
      if (state.refuse(script)) return Promise.reject(new Error('refused'))
      scripts.push(script)
      return Promise.resolve()
    },
    hasTable: () => Promise.resolve(state.hasTable),
    close: () => Promise.resolve(),
  }
  return { nft, scripts, state, last: () => scripts.at(-1) ?? '' }
}

const service = (name: string, clusterIP: string) => ({
  metadata: { name, namespace: 'default' },
  spec: { clusterIP, ports: [{ port: 80 }] },
})
const slice = (name: string, ...addresses: string[]) => ({
  metadata: { name: `${name}-1`, namespace: 'default', labels: { 'kubernetes.io/service-name': name } },
  addressType: 'IPv4',
  ports: [{ name: '', port: 8080, protocol: 'TCP' }],
  endpoints: addresses.map((address) => ({ addresses: [address] })),
})

async function start(extra: Partial<ProxyOptions> = {}) {
  const informers = fakeInformers()
  const fake = fakeNft()
  const begin = async () => {
    const proxy = await startProxy({
      informers,
      nodeName: 'n1',
      podCidr: '10.244.0.0/24',
      log: silentLogger,
      nft: fake.nft,
      host: { undo: () => Promise.resolve() },
      checkMs: 0,
      ...extra,
    })
    await proxy.synced()
    return proxy
  }
  return { informers, ...fake, begin }
}

describe('startProxy', () => {
  it('writes the whole table first and then only what changes', async () => {
    const { informers, begin, scripts, last } = await start()
    informers.set(services, service('a', '10.96.0.1'))
    const proxy = await begin()
    expect(scripts.length).toBe(2)
    expect(last()).toContain('delete table ip kapell\ntable ip kapell {')
    expect(last()).toContain('add element ip kapell no-endpoint-services { 10.96.0.1 . tcp . 80 : goto reject-it }')

    informers.set(endpointSlices, slice('a', '10.244.0.2'))
    await proxy.settled()
    expect(last().split('\n')).toEqual([
      'delete element ip kapell no-endpoint-services { 10.96.0.1 . tcp . 80 }',
      'add element ip kapell endpoints { 10.96.0.1 . tcp . 80 . 655360 : 10.244.0.2 . 8080 }',
      'add element ip kapell service-ips { 10.96.0.1 . tcp . 80 : goto pick-1 }',
      '',
    ])
    const before = scripts.length
    informers.set(endpointSlices, slice('a', '10.244.0.2'))
    await proxy.settled()
    expect(scripts.length).toBe(before)
    await proxy.close()
    expect(last()).toBe('add table ip kapell\ndelete table ip kapell\n')
  })

  it('tells once of SCTP that the kernel does not know', async () => {
    const warnings: string[] = []
    const warn: ProxyOptions['warn'] = ({ metadata }, message) => void warnings.push(`${metadata?.name}: ${message}`)
    const { informers, begin } = await start({ warn, knowsSctp: () => false })
    const ports = [{ port: 80 }, { name: 's', port: 81, protocol: 'SCTP' }]
    informers.set(services, { ...service('a', '10.96.0.1'), spec: { clusterIP: '10.96.0.1', ports } })
    informers.set(services, service('b', '10.96.0.2'))
    const proxy = await begin()
    informers.set(endpointSlices, slice('a', '10.244.0.2'))
    await proxy.settled()
    expect(warnings).toEqual(['a: the kernel of node n1 does not track SCTP: its SCTP ports do not answer there'])
    await proxy.close()
  })

  it('takes changes that come together in one script, and leaves the rules when asked to', async () => {
    const { informers, begin, scripts, last } = await start()
    const proxy = await begin()
    const before = scripts.length
    for (let at = 1; at <= 50; at += 1) informers.set(services, service(`s${at}`, `10.96.0.${at}`))
    await proxy.settled()
    expect(scripts.length).toBe(before + 1)
    await proxy.close({ keepRules: true })
    expect(last()).not.toContain('delete table')
  })

  it('keeps the rules of an earlier run until it knows better', async () => {
    const { begin, scripts, state } = await start()
    state.hasTable = true
    await (await begin()).close({ keepRules: true })
    expect(scripts.length).toBe(1)
  })

  it('loses one bad object only, when nftables refuses it', async () => {
    const { informers, begin, scripts, state } = await start()
    state.refuse = (script) => script.includes('10.96.0.66')
    informers.set(services, service('bad', '10.96.0.66'))
    informers.set(services, service('good', '10.96.0.1'))
    const proxy = await begin()
    const written = scripts.join('')
    expect(written).toContain('10.96.0.1 . tcp . 80')
    expect(written).not.toContain('10.96.0.66')
    await proxy.close()
  })

  it('tries again until nftables takes the rules', async () => {
    const { informers, begin, last, state } = await start()
    const proxy = await begin()
    let refusals = 0
    state.refuse = () => (refusals += 1) <= 3
    informers.set(services, service('a', '10.96.0.1'))
    await proxy.settled()
    state.refuse = () => false
    expect(refusals).toBeGreaterThan(2)
    expect(last()).toContain('10.96.0.1 . tcp . 80')
    await proxy.close()
  })

  it('keeps to its own zone where it is told to, once it knows it', async () => {
    const { informers, begin, last } = await start()
    informers.set(services, service('a', '10.96.0.1'))
    const hinted = slice('a', '10.244.0.2', '10.244.0.3')
    informers.set(endpointSlices, {
      ...hinted,
      endpoints: hinted.endpoints.map((each, at) => ({ ...each, hints: { forZones: [{ name: `z${at}` }] } })),
    })
    const proxy = await begin()
    expect(last()).toContain('goto pick-2')
    informers.set(nodes, { metadata: { name: 'n1', labels: { 'topology.kubernetes.io/zone': 'z1' } } })
    await proxy.settled()
    expect(last()).toContain('add element ip kapell service-ips { 10.96.0.1 . tcp . 80 : goto pick-1 }')
    expect(last()).toContain('10.96.0.1 . tcp . 80 . 655360 : 10.244.0.3 . 8080')
    await proxy.close()
  })

  it('adds and removes host ports', async () => {
    const { begin, last } = await start()
    const proxy = await begin()
    proxy.setHostPorts('default/a', [{ protocol: 'TCP', hostPort: 80, podIp: '10.244.0.2', containerPort: 8080 }])
    await proxy.settled()
    expect(last()).toContain('add element ip kapell hostports { tcp . 80 : 10.244.0.2 . 8080 }')
    proxy.setHostPorts('default/a', [])
    await proxy.settled()
    expect(last()).toContain('delete element ip kapell hostports { tcp . 80 }')
    await proxy.close()
  })
})

describe('RuleBook', () => {
  const rules = (value: string, extra: Partial<ServiceRules> = {}): ServiceRules => ({
    ...emptyRules(),
    elements: [{ set: 'hostports', key: 'tcp . 80', value }],
    ...extra,
  })
  const valueOf = (book: RuleBook) => book.wanted.elements.get(elementId({ set: 'hostports', key: 'tcp . 80' }))?.value

  it('hands an element on to the next owner when the first goes', () => {
    const book = new RuleBook()
    book.put('a', rules('1'))
    book.put('b', rules('2'))
    expect(valueOf(book)).toBe('1')
    book.put('a', undefined)
    expect(valueOf(book)).toBe('2')
    book.put('b', undefined)
    expect(valueOf(book)).toBeUndefined()
  })

  it('tells changes once, and all again after a reset to nothing', () => {
    const book = new RuleBook()
    book.put('a', rules('1', { chains: new Map([['c', ['x']]]) }))
    expect(book.takeChange().after.chains).toEqual(new Map([['c', ['x']]]))
    expect(book.takeChange()).toEqual({ before: emptyState(), after: emptyState() })
    book.reset('nothing')
    const { before, after } = book.takeChange()
    expect(before).toEqual(emptyState())
    expect(after.elements.size).toBe(1)
  })
})

describe('changeScript', () => {
  it('replaces values, refills chains, and takes unused ones away afterwards', () => {
    const state = (value: string, chain: string, name: string) => ({
      chains: new Map([
        ['c', [chain]],
        [name, ['accept']],
      ]),
      sets: new Map(),
      elements: new Map([['k', { set: 'hostports' as const, key: 'tcp . 80', value }]]),
    })
    expect(changeScript(state('1', 'x', 'old'), state('2', 'y', 'new'), 'ip t')).toEqual({
      apply: [
        'add chain ip t c',
        'add chain ip t new',
        'flush chain ip t c',
        'add rule ip t c y',
        'add rule ip t new accept',
        'delete element ip t hostports { tcp . 80 }',
        'add element ip t hostports { tcp . 80 : 2 }',
        'flush chain ip t old',
        '',
      ].join('\n'),
      tidy: 'delete chain ip t old\n',
    })
  })
  it('is empty when nothing differs', () => {
    expect(changeScript(emptyState(), emptyState(), 'ip t')).toEqual({ apply: '', tidy: '' })
  })
  it('has a fixed part that masquerades pods on their way out only', () => {
    const script = fullScript(emptyState(), { table: 't', podCidr: '10.244.1.0/24', clusterCidr: '10.244.0.0/16' })
    expect(script).toContain('ip saddr 10.244.1.0/24 ip daddr != 10.244.0.0/16 masquerade')
    // What a pod sends outside its connection's window is not translated back: the client would end the connection.
    expect(script).toContain('ip saddr 10.244.0.0/16 meta l4proto tcp ct state invalid drop')
  })
})

it.each<[rule: string, nodePortAddresses: string[] | undefined, expected: string[]]>([
  ['every address', undefined, ['fib daddr type local']],
  ['some', ['192.0.2.1/32', '10.0.0.0/8'], ['ip daddr { 192.0.2.1/32, 10.0.0.0/8 } fib daddr type local']],
  ['none of this family', [], []],
])('answers node ports on %s', (_, nodePortAddresses, expected) => {
  const ranges = { table: 't', podCidr: '10.244.1.0/24', clusterCidr: '10.244.0.0/16' }
  const script = fullScript(emptyState(), {
    ...ranges,
    ...(nodePortAddresses === undefined ? {} : { nodePortAddresses }),
  })
  for (const map of ['service-nodeports', 'no-endpoint-nodeports']) {
    const lines = script.split('\n').filter((line) => line.endsWith(`vmap @${map}`))
    expect(lines.map((line) => line.trim().replace(` meta l4proto . th dport vmap @${map}`, ''))).toEqual(expected)
  }
})
