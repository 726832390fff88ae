import type { V1Node } from '@kapell/openapi/types'
import type { EndpointGroup } from './desired.ts'
import { isTopologyAware, withZoneHints, zoneShares } from './topology.ts'

const node = (
  zone: string | undefined,
  cpu: string | undefined,
  more: { ready?: boolean; role?: string } = {},
): V1Node => ({
  metadata: {
    labels: {
      ...(zone === undefined ? {} : { 'topology.kubernetes.io/zone': zone }),
      ...(more.role === undefined ? {} : { [more.role]: '' }),
    },
  },
  status: {
    ...(cpu === undefined ? {} : { allocatable: { cpu } }),
    conditions: [{ type: 'Ready', status: more.ready === false ? 'False' : 'True' }],
  },
})
/** "a3 b1": three pods in zone a and one in b. */
const group = (text: string, ready = true): EndpointGroup => ({
  addressType: 'IPv4',
  ports: [],
  endpoints: text.split(' ').flatMap((part) =>
    Array.from({ length: Number(part.slice(1)) }, (_, at) => ({
      addresses: [`${part[0]}${at}`],
      conditions: { ready },
      ...(part[0] === '?' ? {} : { zone: part[0]! }),
    })),
  ),
})
const cores = (...each: number[]): V1Node[] => each.map((cpu, at) => node('abc'[at], String(cpu)))
/** "a2 b1": how many are meant for each zone; or the problem. */
function shared(nodes: V1Node[], ...groups: EndpointGroup[]): string {
  const hints = withZoneHints(groups, zoneShares(nodes), () => undefined)
  if ('problem' in hints) return hints.problem
  const zones = hints.groups.flatMap(({ endpoints }) =>
    endpoints.flatMap((endpoint) => endpoint.hints?.forZones?.map(({ name }) => name) ?? []),
  )
  return [...new Set(zones)]
    .sort()
    .map((zone) => `${zone}${zones.filter((each) => each === zone).length}`)
    .join(' ')
}

it.each([
  [{ 'service.kubernetes.io/topology-mode': 'Auto' }, true],
  [{ 'service.kubernetes.io/topology-mode': 'auto' }, true],
  [{ 'service.kubernetes.io/topology-mode': 'Disabled' }, false],
  [{ 'service.kubernetes.io/topology-aware-hints': 'Auto' }, true],
  [{}, false],
])('annotations %j ask for it: %s', (annotations, aware) => {
  expect(isTopologyAware({ metadata: { annotations } })).toBe(aware)
})

const tooFew = (counts: string) => `Insufficient number of endpoints (${counts})`
const overloaded = (counts: string) =>
  `Unable to allocate minimum required endpoints to each zone without exceeding overload threshold (${counts})`
const noInformation = 'Insufficient Node information: allocatable CPU or zone not specified on one or more nodes'

// As the original answers.
it.each<[string, V1Node[], EndpointGroup[], string]>([
  ['each zone keeps its own', cores(4, 4), [group('a2 b2')], 'a2 b2'],
  ['one gives to the other', cores(4, 4), [group('a4')], 'a2 b2'],
  ['by their cores', cores(2, 4, 6), [group('c6')], 'a1 b2 c3'],
  ['the least each needs', cores(4, 4, 4), [group('a2 b1')], 'a1 b1 c1'],
  ['what is left over stays', cores(4, 4, 4), [group('a7')], 'a3 b2 c2'],
  ['no more moves than needed', cores(4, 4), [group('a4 b2')], 'a3 b3'],
  ['groups of other ports count together', cores(4, 4), [group('a2'), group('a2')], 'a2 b2'],
  ['those that are not ready do not count', cores(4, 4), [group('a2 b2'), group('a9', false)], 'a2 b2'],
  ['fewer than zones', cores(4, 4, 4), [group('a1 b1')], tooFew('2 endpoints, 3 zones')],
  ['too busy in one zone', cores(4, 4, 4), [group('a3 b1 c1')], overloaded('5 endpoints, 3 zones')],
  ['too busy by cores', cores(2, 4, 6), [group('a1 b1 c2')], overloaded('4 endpoints, 3 zones')],
  ['a large zone', cores(1, 1, 10), [group('a1 b1 c2')], overloaded('4 endpoints, 3 zones')],
  ['a node without a zone', [...cores(4, 4), node(undefined, '4')], [group('a2 b2')], noInformation],
  ['a node without cores', [...cores(4, 4), node('c', undefined)], [group('a2 b2')], noInformation],
  ['one zone', cores(4), [group('a2')], noInformation],
  [
    'the control plane does not count',
    [...cores(4, 4), node('c', '4', { role: 'node-role.kubernetes.io/control-plane' })],
    [group('a2 b2')],
    'a2 b2',
  ],
  [
    'nor do nodes that are not ready',
    [...cores(4, 4), node(undefined, '4', { ready: false })],
    [group('a2 b1 ?1')],
    'One or more endpoints do not have a zone specified',
  ],
])('%s', (_, nodes, groups, expected) => {
  expect(shared(nodes, ...groups)).toBe(expected)
})

it('moves the same endpoints again', () => {
  const groups = [group('a4')]
  const hints = withZoneHints(groups, zoneShares(cores(4, 4)), (address) => (address === 'a1' ? 'b' : undefined))
  const forB = ('groups' in hints ? hints.groups : []).flatMap(({ endpoints }) =>
    endpoints.filter((each) => each.hints?.forZones?.[0]?.name === 'b').map(({ addresses }) => addresses[0]),
  )
  expect(forB).toEqual(['a1', 'a3'])
})
