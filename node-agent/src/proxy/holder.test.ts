import type { V1Node, V1Service } from '@kapell/openapi/types'
import { linksFor } from './announce.ts'
import { holderOf, holdersFor, possibleHolders } from './holder.ts'

const node = (name: string, ready = 'True', labels: Record<string, string> = {}): V1Node => ({
  metadata: { name, labels },
  status: { conditions: [{ type: 'Ready', status: ready }] },
})

it('nodes that are ready and not excluded may hold addresses', () => {
  expect(
    possibleHolders([
      node('c'),
      node('a'),
      node('b', 'Unknown'),
      node('d', 'True', { 'node.kubernetes.io/exclude-from-external-load-balancers': '' }),
      { metadata: { name: 'e', deletionTimestamp: '2026-01-01T00:00:00Z' }, status: node('e').status! },
    ]),
  ).toEqual(['a', 'c'])
  expect(possibleHolders([node('b', 'Unknown'), node('a', 'False')])).toEqual(['a', 'b'])
})

describe('who holds an address', () => {
  const nodes = ['a', 'b', 'c', 'd']
  const addresses = Array.from({ length: 200 }, (_, at) => `192.0.2.${at}`)

  it('is the same whoever asks, in whatever order, and nobody without nodes', () => {
    for (const each of addresses) expect(holderOf(each, [...nodes].reverse())).toBe(holderOf(each, nodes))
    expect(holderOf('192.0.2.1', [])).toBeUndefined()
  })

  it('is every node in turn', () => {
    const counts = nodes.map((each) => addresses.filter((address) => holderOf(address, nodes) === each).length)
    for (const count of counts) expect(count).toBeGreaterThan(20)
  })

  it('changes only for addresses of a node that goes', () => {
    const left = nodes.filter((each) => each !== 'b')
    for (const each of addresses)
      if (holderOf(each, nodes) !== 'b') expect(holderOf(each, left)).toBe(holderOf(each, nodes))
  })

  it('has an endpoint when the policy is Local', () => {
    const service: V1Service = { spec: { externalTrafficPolicy: 'Local' } }
    const slices = [
      {
        addressType: 'IPv4',
        endpoints: [
          { addresses: ['10.0.0.1'], nodeName: 'a', conditions: { ready: false } },
          { addresses: ['10.0.0.2'], nodeName: 'c' },
        ],
      },
    ]
    expect(holdersFor(service, slices, nodes)).toEqual(['c'])
    expect(holdersFor({ spec: {} }, slices, nodes)).toEqual(nodes)
    expect(holdersFor(service, [{ addressType: 'IPv4', endpoints: null as never }], nodes)).toEqual([])
  })
})

it.each([
  ['192.0.2.200', ['eth0']],
  ['10.1.2.3', ['eth1', 'eth2']],
  ['203.0.113.1', ['eth0', 'eth1', 'eth2']],
])('neighbours are told of %s on %j', (address, links) => {
  const all = [
    { name: 'eth0', cidr: '192.0.2.1/24' },
    { name: 'eth1', cidr: '10.1.0.1/16' },
    { name: 'eth2', cidr: '10.1.2.1/24' },
  ]
  expect(linksFor(address, all)).toEqual(links)
})
