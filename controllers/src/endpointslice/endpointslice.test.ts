import type { V1EndpointSlice, V1Pod, V1Service } from '@kapell/openapi/types'
import { desiredGroups, hintsFor, newSlice } from './desired.ts'
import { planSlices } from './reconcile.ts'

const service = (more: Partial<NonNullable<V1Service['spec']>> = {}): V1Service => ({
  metadata: { name: 's', namespace: 'a', uid: 'su' },
  spec: { selector: { a: 'b' }, ports: [{ port: 80, targetPort: 'http', protocol: 'TCP' }], ...more },
})
function pod(
  i: number,
  more: { ready?: boolean; deleting?: boolean; port?: number; phase?: string; ip?: string } = {},
): V1Pod {
  return {
    metadata: {
      name: `p${i}`,
      namespace: 'a',
      uid: `u${i}`,
      ...(more.deleting === true ? { deletionTimestamp: 'now' } : {}),
    },
    spec: {
      nodeName: 'n',
      containers: [{ name: 'c', ports: [{ name: 'http', containerPort: more.port ?? 8080, protocol: 'TCP' }] }],
    },
    status: {
      phase: more.phase ?? 'Running',
      podIP: more.ip ?? `10.0.${i >> 8}.${i & 255}`,
      conditions: [{ type: 'Ready', status: more.ready === false ? 'False' : 'True' }],
    },
  }
}
const many = (count: number, from = 1): V1Pod[] => Array.from({ length: count }, (_, i) => pod(from + i))
const groupsOf = (pods: V1Pod[], s = service()) => desiredGroups(s, pods, () => undefined)
let serial = 0
const stored = (slice: V1EndpointSlice): V1EndpointSlice => ({
  ...slice,
  metadata: { ...slice.metadata, name: `s-${++serial}` },
})
const existingFor = (pods: V1Pod[], s = service()): V1EndpointSlice[] =>
  planSlices(s, [], groupsOf(pods, s)).create.map(stored)
const counts = (s: V1Service, existing: V1EndpointSlice[], pods: V1Pod[]) => {
  const plan = planSlices(s, existing, groupsOf(pods, s))
  return [plan.create.length, plan.update.length, plan.delete.length]
}

describe('conditions of an endpoint', () => {
  it.each([
    ['ready', {}, {}, [true, true, false]],
    ['not ready', { ready: false }, {}, [false, false, false]],
    ['leaving but still serving', { deleting: true }, {}, [false, true, true]],
    ['not ready, published all the same', { ready: false }, { publishNotReadyAddresses: true }, [true, false, false]],
  ])('%s', (_, state, spec, [ready, serving, terminating]) => {
    const [group] = groupsOf([pod(1, state)], service(spec))
    expect(group?.endpoints[0]?.conditions).toEqual({ ready, serving, terminating })
  })
  it.each([
    ['ended', { phase: 'Succeeded' }],
    ['without an address', { ip: '' }],
  ])('a pod %s is no endpoint', (_, state) => {
    expect(groupsOf([pod(1, state)])).toEqual([{ addressType: 'IPv4', ports: [], endpoints: [] }])
  })
})

describe('slices', () => {
  it('hold a hundred endpoints each', () => {
    const made = planSlices(service(), [], groupsOf(many(250))).create
    expect(made.map(({ endpoints }) => endpoints?.length)).toEqual([100, 100, 50])
  })
  it('a Service with no pods has one empty slice', () => {
    const [slice] = planSlices(service(), [], groupsOf([])).create
    expect(slice).toMatchObject({ endpoints: [], ports: [], metadata: { generateName: 's-' } })
  })
  it('the empty slice serves for the first endpoints', () =>
    expect(counts(service(), existingFor([]), many(3))).toEqual([0, 1, 0]))
  it('and the last endpoint leaves one behind', () =>
    expect(counts(service(), existingFor(many(3)), [])).toEqual([0, 1, 0]))
  it('nothing changed: nothing is written', () =>
    expect(counts(service(), existingFor(many(150)), many(150))).toEqual([0, 0, 0]))
  it('a new endpoint fills a slice with room', () =>
    expect(counts(service(), existingFor(many(150)), many(151))).toEqual([0, 1, 0]))
  it('full ones stay untouched', () => expect(counts(service(), existingFor(many(100)), many(101))).toEqual([1, 0, 0]))
  it('a slice that lost all goes', () =>
    expect(counts(service(), existingFor(many(150)), many(100))).toEqual([0, 0, 1]))
  it('pods with different ports have slices of their own', () => {
    expect(groupsOf([pod(1), pod(2, { port: 9090 })]).map(({ ports }) => ports[0]?.port)).toEqual([8080, 9090])
  })
  it('new labels of the Service go to each slice', () => {
    const existing = existingFor(many(150))
    expect(
      counts({ ...service(), metadata: { ...service().metadata, labels: { x: 'y' } } }, existing, many(150)),
    ).toEqual([0, 2, 0])
  })
  it('a headless Service says so', () => {
    const s = service({ clusterIP: 'None' })
    expect(newSlice(s, { addressType: 'IPv4', ports: [], endpoints: [] }, []).metadata?.labels).toMatchObject({
      'service.kubernetes.io/headless': '',
    })
  })
  it('each family has its own', () => {
    const s = service({ ipFamilies: ['IPv4', 'IPv6'] })
    const dual = { ...pod(1), status: { ...pod(1).status, podIPs: [{ ip: '10.0.0.1' }, { ip: 'fd00::1' }] } }
    expect(groupsOf([dual], s).map(({ addressType, endpoints }) => [addressType, endpoints[0]?.addresses])).toEqual([
      ['IPv4', ['10.0.0.1']],
      ['IPv6', ['fd00::1']],
    ])
  })
})

describe('hints by trafficDistribution', () => {
  const zone = { forZones: [{ name: 'z' }] }
  it.each<[distribution: string | undefined, node: string | undefined, zone: string | undefined, expected: unknown]>([
    ['PreferClose', 'n', 'z', zone],
    ['PreferSameZone', 'n', 'z', zone],
    ['PreferSameZone', 'n', undefined, undefined],
    ['PreferSameNode', 'n', 'z', { forNodes: [{ name: 'n' }], ...zone }],
    ['PreferSameNode', 'n', undefined, { forNodes: [{ name: 'n' }] }],
    [undefined, 'n', 'z', undefined],
  ])('%s on node %s in zone %s', (distribution, node, zoneName, expected) => {
    expect(hintsFor(distribution, node, zoneName)).toEqual(expected)
  })

  it('are those of ready endpoints', () => {
    const groups = desiredGroups(
      service({ trafficDistribution: 'PreferSameZone' }),
      [pod(1), pod(2, { ready: false })],
      () => 'z',
    )
    expect(groups[0]!.endpoints.map(({ hints }) => hints)).toEqual([zone, undefined])
  })
})
