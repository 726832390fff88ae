import type { V1Endpoint, V1EndpointSlice, V1Service } from '@kapell/openapi/types'
import { staleConnections } from './conntrack.ts'
import { chooseEndpoints } from './endpoints.ts'
import { hostPortRules } from './host-ports.ts'
import { desiredRules, isProxied, type ServiceRules } from './rules.ts'

const node = { nodeName: 'n1', clusterCidr: '10.244.0.0/16' }
const service = (spec: V1Service['spec'], extra: Partial<V1Service> = {}): V1Service => ({
  metadata: { name: 'web', namespace: 'default' },
  spec: { clusterIP: '10.96.0.20', ports: [{ port: 80, protocol: 'TCP' }], ...spec },
  ...extra,
})
const slice = (...endpoints: [address: string, node: string, conditions?: object][]): V1EndpointSlice => ({
  metadata: { name: 'web-1', namespace: 'default', labels: { 'kubernetes.io/service-name': 'web' } },
  addressType: 'IPv4',
  ports: [{ name: '', port: 8080, protocol: 'TCP' }],
  endpoints: endpoints.map(([address, nodeName, conditions]) => ({
    addresses: [address],
    nodeName,
    ...(conditions && { conditions }),
  })),
})
const both = slice(['10.244.0.2', 'n1'], ['10.244.1.3', 'n2'])

/** Chain and set names without their hashes, so that tables below stay readable. */
const plain = (text: string) => text.replace(/(svc|svl|ext|flt|end|aff)-[0-9a-f-]+/g, '$1')
const elements = (rules: ServiceRules) =>
  rules.elements.map(({ set, key, value }) => plain(`${set} ${key}${value === undefined ? '' : ` -> ${value}`}`)).sort()
const chains = (rules: ServiceRules) =>
  Object.fromEntries(
    [...rules.chains].map(([name, lines]) => [
      plain(name),
      lines.map((line) => plain(line).replace(/ comment ".*"/, '')),
    ]),
  )

describe('which Services are ours', () => {
  it.each([
    ['a plain one', service({}), true],
    ['a headless one', service({ clusterIP: 'None' }), false],
    ['one without an address yet', service({ clusterIP: '' }), false],
    ['an external name', service({ type: 'ExternalName', externalName: 'x.org' }), false],
    [
      'one for another proxy',
      service({}, { metadata: { labels: { 'service.kubernetes.io/service-proxy-name': 'x' } } }),
      false,
    ],
    [
      'one that is called headless, although it has an address',
      service({}, { metadata: { labels: { 'service.kubernetes.io/headless': '' } } }),
      false,
    ],
  ])('%s: %#', (_, object, expected) => {
    expect(isProxied(object)).toBe(expected)
  })
})

describe('chooseEndpoints', () => {
  const port = { port: 80, protocol: 'TCP' }
  const addresses = (...endpoints: Parameters<typeof slice>) => {
    const { cluster, local } = chooseEndpoints([slice(...endpoints)], port, { nodeName: 'n1' })
    return { cluster: cluster.map((each) => each.address), local: local.map((each) => each.address) }
  }
  const ending = { ready: false, serving: true, terminating: true }
  it.each<[string, Parameters<typeof slice>, string[], string[]]>([
    [
      'no conditions count as ready',
      [
        ['a', 'n1'],
        ['b', 'n2'],
      ],
      ['a', 'b'],
      ['a'],
    ],
    [
      'not ready is left out',
      [
        ['a', 'n1', { ready: false }],
        ['b', 'n2', { ready: true }],
      ],
      ['b'],
      [],
    ],
    [
      'ending and serving only when none is ready',
      [
        ['a', 'n1', ending],
        ['b', 'n2', ending],
      ],
      ['a', 'b'],
      ['a'],
    ],
    [
      'ending and serving is kept for local traffic alone',
      [
        ['a', 'n1', ending],
        ['b', 'n2'],
      ],
      ['b'],
      ['a'],
    ],
    ['ending without serving never', [['a', 'n1', { ready: false, serving: false, terminating: true }]], [], []],
    [
      'twice the same counts once',
      [
        ['a', 'n1'],
        ['a', 'n1'],
      ],
      ['a'],
      ['a'],
    ],
  ])('%s', (_, endpoints, cluster, local) => {
    expect(addresses(...endpoints)).toEqual({ cluster, local })
  })
  it('matches ports by name and protocol, and takes IPv4 only', () => {
    const named = {
      ...both,
      ports: [
        { name: 'a', port: 1, protocol: 'TCP' },
        { name: 'b', port: 2, protocol: 'TCP' },
        { name: 'b', port: 3, protocol: 'UDP' },
      ],
    }
    const of = (name: string, protocol: string) =>
      chooseEndpoints(
        [named, { ...named, addressType: 'IPv6' }],
        { name, protocol, port: 80 },
        { nodeName: 'n1' },
      ).cluster.map((each) => each.port)
    expect(of('b', 'UDP')).toEqual([3, 3])
    expect(of('b', 'TCP')).toEqual([2, 2])
    expect(of('c', 'TCP')).toEqual([])
  })
})

describe('hints', () => {
  const hinted = (...endpoints: [address: string, hints: V1Endpoint['hints']][]): V1EndpointSlice => ({
    addressType: 'IPv4',
    ports: [{ name: '', port: 8080, protocol: 'TCP' }],
    endpoints: endpoints.map(([address, hints]) => ({ addresses: [address], ...(hints && { hints }) })),
  })
  const node = (name: string, zone?: string) => ({
    forNodes: [{ name }],
    ...(zone === undefined ? {} : { forZones: [{ name: zone }] }),
  })
  const zone = (name: string) => ({ forZones: [{ name }] })
  it.each<[rule: string, endpoints: [string, V1Endpoint['hints']][], expected: string[]]>([
    [
      'for this zone are followed',
      [
        ['a', zone('z1')],
        ['b', zone('z2')],
      ],
      ['a'],
    ],
    [
      'for other zones only are not',
      [
        ['a', zone('z2')],
        ['b', zone('z3')],
      ],
      ['a', 'b'],
    ],
    [
      'count when all have them',
      [
        ['a', zone('z1')],
        ['b', undefined],
      ],
      ['a', 'b'],
    ],
    [
      'for this node come before the zone',
      [
        ['a', node('n1', 'z1')],
        ['b', node('n2', 'z1')],
      ],
      ['a'],
    ],
    [
      'for other nodes leave the zone',
      [
        ['a', node('n3', 'z1')],
        ['b', node('n2', 'z2')],
      ],
      ['a'],
    ],
    [
      'for nodes alone leave all',
      [
        ['a', node('n3')],
        ['b', node('n2')],
      ],
      ['a', 'b'],
    ],
  ])('%s', (_, endpoints, expected) => {
    const chosen = chooseEndpoints([hinted(...endpoints)], { port: 80 }, { nodeName: 'n1', zone: 'z1' })
    expect(chosen.cluster.map(({ address }) => address)).toEqual(expected)
  })
})

describe('desiredRules', () => {
  it('spreads a ClusterIP over its endpoints', () => {
    const rules = desiredRules([service({})], [both], node)
    expect(elements(rules)).toEqual([
      'cluster-ips 10.96.0.20',
      'endpoints 10.96.0.20 . tcp . 80 . 655360 -> 10.244.0.2 . 8080',
      'endpoints 10.96.0.20 . tcp . 80 . 655361 -> 10.244.1.3 . 8080',
      'hairpin 10.244.0.2 . 10.244.0.2',
      'service-ips 10.96.0.20 . tcp . 80 -> goto pick-2',
    ])
    expect(rules.chains.size).toBe(0)
  })

  it('gives a port of very many endpoints a chain of its own', () => {
    const many = slice(...Array.from({ length: 33 }, (_, at): [string, string] => [`10.244.1.${at}`, 'n2']))
    const rules = desiredRules([service({})], [many], node)
    expect(elements(rules)).toEqual(['cluster-ips 10.96.0.20', 'service-ips 10.96.0.20 . tcp . 80 -> goto svc'])
    expect(chains(rules).svc![0]).toMatch(
      /^meta l4proto tcp dnat ip to numgen random mod 33 map { 0 : 10.244.1.0 . 8080/,
    )
  })

  it.each([
    [
      'refuses without endpoints',
      {},
      [],
      ['cluster-ips 10.96.0.20', 'no-endpoint-services 10.96.0.20 . tcp . 80 -> goto reject-it'],
    ],
    [
      'drops internal Local traffic when only others have endpoints',
      { internalTrafficPolicy: 'Local' },
      [slice(['10.244.1.3', 'n2'])],
      ['cluster-ips 10.96.0.20', 'no-endpoint-services 10.96.0.20 . tcp . 80 -> drop'],
    ],
    [
      'refuses node ports without endpoints',
      { type: 'NodePort', ports: [{ port: 80, nodePort: 30080 }] },
      [],
      [
        'cluster-ips 10.96.0.20',
        'no-endpoint-nodeports tcp . 30080 -> goto reject-it',
        'no-endpoint-services 10.96.0.20 . tcp . 80 -> goto reject-it',
      ],
    ],
    [
      'serves IPv4 addresses of both families',
      { clusterIPs: ['10.96.0.20', 'fd00::1'] },
      [slice(['10.244.1.3', 'n2'])],
      [
        'cluster-ips 10.96.0.20',
        'endpoints 10.96.0.20 . tcp . 80 . 655360 -> 10.244.1.3 . 8080',
        'service-ips 10.96.0.20 . tcp . 80 -> goto pick-1',
      ],
    ],
    [
      'opens node ports, external and balancer addresses',
      {
        type: 'LoadBalancer',
        externalIPs: ['203.0.113.7', 'nonsense'],
        ports: [{ port: 80, nodePort: 30080 }],
      },
      [slice(['10.244.1.3', 'n2'])],
      [
        'cluster-ips 10.96.0.20',
        'endpoints 10.96.0.20 . tcp . 80 . 655360 -> 10.244.1.3 . 8080',
        'nodeport-endpoints tcp . 30080 . 655360 -> 10.244.1.3 . 8080',
        'service-ips 10.96.0.20 . tcp . 80 -> goto pick-1',
        'service-ips 203.0.113.7 . tcp . 80 -> goto ext',
        'service-ips 203.0.113.8 . tcp . 80 -> goto ext',
        'service-nodeports tcp . 30080 -> goto node-1',
      ],
    ],
  ])('%s', (_, spec, slices, expected) => {
    const status = {
      loadBalancer: { ingress: [{ ip: '203.0.113.8' }, { ip: '203.0.113.9', ipMode: 'Proxy' }, { hostname: 'x' }] },
    }
    expect(
      elements(desiredRules([service(spec, { status })], slices, node)).filter(
        (each) => !/203.0.113.8/.test(each) || 'externalIPs' in spec,
      ),
    ).toEqual(expected)
  })

  it('masquerades external traffic with policy Cluster', () => {
    expect(chains(desiredRules([service({ externalIPs: ['203.0.113.7'] })], [both], node))).toMatchObject({
      ext: ['meta mark set meta mark or 0x4000 goto svc'],
    })
  })

  it('keeps external traffic local with policy Local, but not that of the cluster itself', () => {
    const spec = { type: 'NodePort', externalTrafficPolicy: 'Local', ports: [{ port: 80, nodePort: 30080 }] }
    expect(chains(desiredRules([service(spec)], [both], node)).ext).toEqual([
      'ip saddr 10.244.0.0/16 goto svc',
      'fib saddr type local meta mark set meta mark or 0x4000 goto svc',
      'goto svl',
    ])
    expect(chains(desiredRules([service(spec)], [slice(['10.244.1.3', 'n2'])], node)).ext!.at(-1)).toBe('drop')
  })

  it('lets only the source ranges through to a balancer address, leaving out what is no range', () => {
    const spec = {
      type: 'LoadBalancer',
      loadBalancerSourceRanges: ['10.0.0.0/8', ' 192.0.2.0/24 ', '300.0.0.0/8', '::/0'],
    }
    const status = { loadBalancer: { ingress: [{ ip: '203.0.113.8' }] } }
    const rules = desiredRules([service(spec, { status })], [both], node)
    expect(chains(rules).flt).toEqual(['ip saddr { 10.0.0.0/8, 192.0.2.0/24 } goto ext', 'drop'])
    expect(elements(rules)).toContain('service-ips 203.0.113.8 . tcp . 80 -> goto flt')
  })

  it('remembers clients with affinity', () => {
    const spec = { sessionAffinity: 'ClientIP', sessionAffinityConfig: { clientIP: { timeoutSeconds: 60 } } }
    const rules = desiredRules([service(spec)], [both], node)
    expect([...rules.sets.values()]).toEqual(
      Array(2).fill('{ type ipv4_addr; size 65536; flags dynamic,timeout; timeout 60s; }'),
    )
    expect(chains(rules).svc).toEqual([
      'ip saddr @aff goto end',
      'ip saddr @aff goto end',
      'numgen random mod 2 vmap { 0 : goto end, 1 : goto end }',
    ])
    expect([...rules.sets.keys()].length).toBe(new Set(rules.sets.keys()).size)
  })

  it('gives an address and port that two claim to the first', () => {
    const first = service({ externalIPs: ['203.0.113.7'] })
    const second = {
      ...service({ clusterIP: '10.96.0.21', externalIPs: ['203.0.113.7'] }),
      metadata: { name: 'other', namespace: 'default' },
    }
    const rules = desiredRules([first, second], [both], node)
    expect(elements(rules).filter((each) => each.startsWith('service-ips 203.0.113.7'))).toEqual([
      'service-ips 203.0.113.7 . tcp . 80 -> goto ext',
    ])
  })

  it('costs a packet the same number of rules however many Services there are', () => {
    const many = Array.from({ length: 200 }, (_, at) => ({
      ...service({ clusterIP: `10.96.1.${at}` }),
      metadata: { name: `s${at}`, namespace: 'default' },
    }))
    const rules = desiredRules(
      many,
      many.map((each) => ({
        ...both,
        metadata: { ...both.metadata, labels: { 'kubernetes.io/service-name': each.metadata.name } },
      })),
      node,
    )
    expect(rules.chains.size).toBe(0)
  })
})

it('publishes host ports on all addresses or on one', () => {
  const rules = hostPortRules([
    { protocol: 'TCP', hostPort: 80, podIp: '10.244.0.2', containerPort: 8080 },
    { protocol: 'UDP', hostPort: 53, hostIp: '192.0.2.1', podIp: '10.244.0.2', containerPort: 5353 },
    { protocol: 'TCP', hostPort: 81, podIp: 'fd00::2', containerPort: 81 },
  ])
  expect(elements(rules)).toEqual([
    'hairpin 10.244.0.2 . 10.244.0.2',
    'hairpin 10.244.0.2 . 10.244.0.2',
    'hostports tcp . 80 -> 10.244.0.2 . 8080',
    'hostports-by-ip 192.0.2.1 . udp . 53 -> 10.244.0.2 . 5353',
  ])
})

it('remembers of UDP where each kind of traffic is led: with policy Local to endpoints here, while they end, too', () => {
  const udp = { ports: [{ port: 53, protocol: 'UDP' }], internalTrafficPolicy: 'Local' }
  const here = (conditions: object) => ({
    ...slice(['10.244.0.2', 'n1', conditions], ['10.244.1.3', 'n2']),
    ports: [{ name: '', port: 8080, protocol: 'UDP' }],
  })
  const ending = { ready: false, serving: true, terminating: true }
  const led = (of: V1EndpointSlice[], spec: V1Service['spec'] = udp) =>
    desiredRules([service(spec)], of, node).udp.map(({ choices }) =>
      choices.map((places) => places.map(({ address }) => address)),
    )
  expect(led([here(ending)])).toEqual([[['10.244.0.2']]])
  expect(led([{ ...here({}), endpoints: null as never }])).toEqual([[[]]])
  const external = { ports: [{ port: 53, protocol: 'UDP', nodePort: 30053 }], externalTrafficPolicy: 'Local' }
  expect(led([here(ending)], external)).toEqual([[['10.244.1.3']], [['10.244.1.3'], ['10.244.0.2']]])
})

describe('staleConnections', () => {
  const placesOf = (endpoints: string[], port = 5353) => endpoints.map((address) => ({ address, port }))
  const entry = (endpoints: string[], address: string | undefined = '10.96.0.10') => ({
    ...(address && { address }),
    port: 53,
    choices: [placesOf(endpoints)],
  })
  it.each([
    [
      'an endpoint that went',
      [entry(['a', 'b'])],
      [entry(['b'])],
      ['-D -p udp --orig-dst 10.96.0.10 --orig-port-dst 53 --reply-src a --reply-port-src 5353'],
    ],
    [
      'a Service that went',
      [entry(['a'])],
      [],
      ['-D -p udp --orig-dst 10.96.0.10 --orig-port-dst 53 --reply-src a --reply-port-src 5353'],
    ],
    [
      'a node port',
      [entry(['a'], '')],
      [entry([], '')],
      ['-D -p udp --orig-port-dst 53 --reply-src a --reply-port-src 5353'],
    ],
    ['the first endpoint', [entry([])], [entry(['a'])], ['-D -p udp --orig-dst 10.96.0.10 --orig-port-dst 53']],
    ['no change', [entry(['a'])], [entry(['a'])], []],
    [
      'another port of the same endpoint',
      [entry(['a'])],
      [{ ...entry([]), choices: [placesOf(['a'], 5354)] }],
      ['-D -p udp --orig-dst 10.96.0.10 --orig-port-dst 53 --reply-src a --reply-port-src 5353'],
    ],
    ['one more endpoint', [entry(['a'])], [entry(['a', 'b'])], []],
    [
      'the first endpoint on this node, where others do not count',
      [{ ...entry([]), choices: [placesOf(['b']), []] }],
      [{ ...entry([]), choices: [placesOf(['a', 'b']), placesOf(['a'])] }],
      ['-D -p udp --orig-dst 10.96.0.10 --orig-port-dst 53'],
    ],
  ])('forgets for %s', (_, before, after, expected) => {
    expect(staleConnections(before, after).map((args) => args.join(' '))).toEqual(expected)
  })
})
