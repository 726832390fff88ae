import { parseAddressRanges } from '@kapell/controllers/machinery/address-range'
import type { V1EndpointSlice, V1Node, V1Service } from '@kapell/openapi/types'
import { chooseFromRanges, chooseNodes, isOurs, usableNodes } from './choose.ts'

const service = (spec: V1Service['spec'] = {}, held: string[] = []): V1Service => ({
  metadata: { name: 's', namespace: 'a' },
  spec: { type: 'LoadBalancer', ports: [{ port: 80 }], ...spec },
  status: { loadBalancer: { ingress: held.map((ip) => ({ ip })) } },
})
const ranges = parseAddressRanges('192.0.2.1-192.0.2.3')!
const both = parseAddressRanges('192.0.2.1-192.0.2.3,2001:db8::1-2001:db8::2')!
const dual = { ipFamilies: ['IPv6', 'IPv4'] }

it.each<[string, V1Service, boolean]>([
  ['of the type', service(), true],
  ['of another type', service({ type: 'ClusterIP' }), false],
  ['of our class', service({ loadBalancerClass: 'kapell.io/load-balancer' }), true],
  ['of another class', service({ loadBalancerClass: 'example.com/lb' }), false],
  ['that is going', { ...service(), metadata: { deletionTimestamp: new Date(0) as never } }, false],
])('a Service %s: %#', (_, one, ours) => {
  expect(isOurs(one)).toBe(ours)
})

describe('out of a range', () => {
  it.each<[rule: string, service: V1Service, taken: string[], expected: unknown]>([
    ['the first that is free', service(), ['192.0.2.1'], { addresses: ['192.0.2.2'] }],
    ['what it has, it keeps', service({}, ['192.0.2.3']), [], { addresses: ['192.0.2.3'] }],
    ['what it has outside the range, it loses', service({}, ['10.0.0.1']), [], { addresses: ['192.0.2.1'] }],
    ['what another has, too, it loses', service({}, ['192.0.2.3']), ['192.0.2.3'], { addresses: ['192.0.2.1'] }],
    ['what it asks for', service({ loadBalancerIP: '192.0.2.2' }, ['192.0.2.3']), [], { addresses: ['192.0.2.2'] }],
    [
      'what it asks for is taken',
      service({ loadBalancerIP: '192.0.2.2' }),
      ['192.0.2.2'],
      { problem: 'the address 192.0.2.2 is taken' },
    ],
    [
      'what it asks for is elsewhere',
      service({ loadBalancerIP: '10.0.0.1' }),
      [],
      { problem: 'the address 10.0.0.1 is not in the range 192.0.2.1-192.0.2.3' },
    ],
    [
      'all are taken',
      service(),
      ['192.0.2.1', '192.0.2.2', '192.0.2.3'],
      { problem: 'no address is free in the range 192.0.2.1-192.0.2.3' },
    ],
    ['IPv6 alone', service({ ipFamilies: ['IPv6'] }), [], { problem: 'no IPv6 addresses are given out' }],
  ])('%s', (_, one, taken, expected) => {
    expect(chooseFromRanges(one, ranges, new Set(taken))).toEqual(expected)
  })
})

describe('out of a range of each family', () => {
  it.each<[rule: string, service: V1Service, taken: string[], expected: unknown]>([
    ['one of each, in the order of the Service', service(dual), [], { addresses: ['2001:db8::1', '192.0.2.1'] }],
    ['IPv6 alone', service({ ipFamilies: ['IPv6'] }), ['2001:db8::1'], { addresses: ['2001:db8::2'] }],
    ['IPv4 alone', service(), [], { addresses: ['192.0.2.1'] }],
    [
      'what it has, it keeps',
      service(dual, ['192.0.2.2', '2001:db8::2']),
      [],
      { addresses: ['2001:db8::2', '192.0.2.2'] },
    ],
    [
      'what it asks for, and of the other family any',
      service({ ...dual, loadBalancerIP: '2001:db8::2' }),
      [],
      { addresses: ['2001:db8::2', '192.0.2.1'] },
    ],
    [
      'when one is used up, the other',
      service(dual),
      ['2001:db8::1', '2001:db8::2'],
      { addresses: ['192.0.2.1'], problem: 'no address is free in the range 2001:db8::1-2001:db8::2' },
    ],
  ])('%s', (_, one, taken, expected) => {
    expect(chooseFromRanges(one, both, new Set(taken))).toEqual(expected)
  })
})

describe("of the nodes' own", () => {
  const nodes = [
    { name: 'n1', address: '192.0.2.1' },
    { name: 'n2', address: '192.0.2.2' },
  ]
  const slices: V1EndpointSlice[] = [
    {
      addressType: 'IPv4',
      endpoints: [
        { addresses: ['10.0.0.1'], nodeName: 'n1', conditions: { ready: false } },
        { addresses: ['10.0.0.2'], nodeName: 'n2' },
      ],
    },
  ]
  it.each<[rule: string, service: V1Service, taken: string[], expected: unknown]>([
    ['all', service(), [], { addresses: ['192.0.2.1', '192.0.2.2'] }],
    ['where the port is free', service(), ['192.0.2.1 TCP 80'], { addresses: ['192.0.2.2'] }],
    ['where the protocol is another', service(), ['192.0.2.1 UDP 80'], { addresses: ['192.0.2.1', '192.0.2.2'] }],
    [
      'nowhere free',
      service(),
      ['192.0.2.1 TCP 80', '192.0.2.2 TCP 80'],
      { problem: 'on no node the ports are free: 80/TCP' },
    ],
    [
      'with policy Local where endpoints are',
      service({ externalTrafficPolicy: 'Local' }),
      [],
      { addresses: ['192.0.2.2'] },
    ],
    ['the one asked for', service({ loadBalancerIP: '192.0.2.1' }), [], { addresses: ['192.0.2.1'] }],
    [
      'one that is none of theirs',
      service({ loadBalancerIP: '10.0.0.1' }),
      [],
      { problem: 'the address 10.0.0.1 is not one of a ready node' },
    ],
  ])('%s', (_, one, taken, expected) => {
    expect(chooseNodes(one, { nodes, slices, taken: new Set(taken) })).toEqual(expected)
  })

  it('of the families that the Service has', () => {
    const more = [...nodes, { name: 'n1', address: '2001:db8::1' }]
    const chosen = (ipFamilies: string[], of = more) =>
      chooseNodes(service({ ipFamilies }), { nodes: of, slices, taken: new Set() })
    expect(chosen(['IPv6'])).toEqual({ addresses: ['2001:db8::1'] })
    expect(chosen(['IPv6', 'IPv4'])).toEqual({ addresses: ['2001:db8::1', '192.0.2.1', '192.0.2.2'] })
    expect(chosen(['IPv6'], nodes)).toEqual({ problem: 'no node has an IPv6 address' })
  })

  it('waits for pods with policy Local, and for nodes', () => {
    const local = service({ externalTrafficPolicy: 'Local' })
    expect(chooseNodes(local, { nodes, slices: [], taken: new Set() })).toEqual({ addresses: [] })
    expect(chooseNodes(service(), { nodes: [], slices, taken: new Set() })).toEqual({ problem: 'no node is ready' })
  })

  it('takes ready nodes that are not excluded, by their outer address', () => {
    const node = (name: string, ready: string, labels = {}, outer?: string): V1Node => ({
      metadata: { name, labels },
      status: {
        conditions: [{ type: 'Ready', status: ready }],
        addresses: [
          { type: 'InternalIP', address: `10.0.0.${name.slice(1)}` },
          ...(outer === undefined ? [] : [{ type: 'ExternalIP', address: outer }]),
        ],
      },
    })
    const excluded = { 'node.kubernetes.io/exclude-from-external-load-balancers': '' }
    expect(
      usableNodes([
        node('n1', 'True'),
        node('n2', 'False'),
        node('n3', 'True', excluded),
        node('n4', 'True', {}, '192.0.2.9'),
      ]),
    ).toEqual([
      { name: 'n1', address: '10.0.0.1' },
      { name: 'n4', address: '192.0.2.9' },
    ])
  })
})
