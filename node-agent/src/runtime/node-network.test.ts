import type { V1Node } from '@kapell/openapi/types'
import { isIn, standpointOf, waysFrom, type NodeNetwork, type Way } from './node-network.ts'

const node = (name: string, podCIDRs: string[] | undefined, ...addresses: string[]): V1Node => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name },
  spec: podCIDRs === undefined ? {} : { podCIDR: podCIDRs[0]!, podCIDRs },
  status: { addresses: addresses.map((address) => ({ type: 'InternalIP', address })) },
})
const network: NodeNetwork = {
  subnet: '172.30.0.0/24',
  subnet6: 'fd6b:6170:172:30:0::/80',
  gateway: '192.0.2.1',
  inside: { gateway: '172.30.0.1', gateway6: 'fd6b:6170:172:30::1' },
}
const pods = (at: number) => [`10.244.${at}.0/24`, `fd00:10:244:${at}::/64`]
const [in0, in1, joined] = [
  node('in-0', pods(0), '172.30.0.2', 'fd6b:6170:172:30::2'),
  node('in-1', pods(1), '172.30.0.3', 'fd6b:6170:172:30::3'),
  node('joined', pods(2), '192.0.2.9'),
]
const all = [in0, in1, joined]

it('leads to the pods of every other node that has a range and an address', () => {
  const some = [node('a', ['10.244.0.0/24'], '192.0.2.2'), node('b', ['10.244.1.0/24'], '192.0.2.3')]
  some.push(node('c', undefined, '192.0.2.4'))
  expect(waysFrom(some, { own: 'a' })).toEqual([{ range: '10.244.1.0/24', via: '192.0.2.3', overlayTo: '192.0.2.3' }])
  expect(waysFrom(some, {})).toHaveLength(2)
})

it.each<[string, { own?: string; isMachine?: boolean }, Way[]]>([
  [
    'a node inside: its neighbours itself, all others by way of the machine',
    { own: 'in-0' },
    [
      { range: '10.244.1.0/24', via: '172.30.0.3' },
      { range: 'fd00:10:244:1::/64', via: 'fd6b:6170:172:30::3' },
      { range: '10.244.2.0/24', via: '172.30.0.1' },
      { range: 'fd00:10:244:2::/64', via: 'fd6b:6170:172:30::1' },
    ],
  ],
  [
    'the machine: those inside over its bridge, the others as they are reached',
    { isMachine: true },
    [
      { range: '10.244.0.0/24', via: '172.30.0.2' },
      { range: 'fd00:10:244:0::/64', via: 'fd6b:6170:172:30::2' },
      { range: '10.244.1.0/24', via: '172.30.0.3' },
      { range: 'fd00:10:244:1::/64', via: 'fd6b:6170:172:30::3' },
      { range: '10.244.2.0/24', via: '192.0.2.9', overlayTo: '192.0.2.9' },
      { range: 'fd00:10:244:2::/64', overlayTo: '192.0.2.9' },
    ],
  ],
  [
    'a node outside: those inside and their addresses by way of the machine, IPv6 over the overlay',
    { own: 'joined' },
    [
      { range: '172.30.0.0/24', via: '192.0.2.1', overlayTo: '192.0.2.1' },
      { range: 'fd6b:6170:172:30:0::/80', overlayTo: '192.0.2.1' },
      { range: '10.244.0.0/24', via: '192.0.2.1', overlayTo: '192.0.2.1' },
      { range: 'fd00:10:244:0::/64', overlayTo: '192.0.2.1' },
      { range: '10.244.1.0/24', via: '192.0.2.1', overlayTo: '192.0.2.1' },
      { range: 'fd00:10:244:1::/64', overlayTo: '192.0.2.1' },
    ],
  ],
])('from %s', (_, from, ways) => {
  expect(waysFrom(all, { ...from, network })).toEqual(ways)
})

it.each([
  ['both have such an address', ['2001:db8::1'], ['2001:db8::2'], '2001:db8::2'],
  ['only the other one has', [], ['2001:db8::2'], undefined],
  ['only this one has', ['2001:db8::1'], [], undefined],
])('sends IPv6 straight between two machines when %s', (_, own, other, via) => {
  const two = [node('a', pods(0), '192.0.2.1', ...own), node('b', pods(1), '192.0.2.2', ...other)]
  const way = waysFrom(two, { own: 'a' }).find(({ range }) => range.includes(':'))
  expect(way).toEqual({ range: 'fd00:10:244:1::/64', overlayTo: '192.0.2.2', ...(via === undefined ? {} : { via }) })
})

it('tells where one stands, and which addresses are inside', () => {
  expect(standpointOf(network, in1, false)).toBe('inside')
  expect(standpointOf(network, joined, false)).toBe('outside')
  expect(standpointOf(network, undefined, true)).toBe('machine')
  expect(isIn('172.30.0.0/24', '172.30.1.1')).toBe(false)
  expect(isIn('172.30.0.0/24', '::1')).toBe(false)
  expect(isIn('fd6b:6170:172:30:0::/80', 'fd6b:6170:172:30::7')).toBe(true)
})
