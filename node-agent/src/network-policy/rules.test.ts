import type { V1NetworkPolicy, V1NetworkPolicySpec, V1Pod } from '@kapell/openapi/types'
import { mergePorts } from './blocks.ts'
import { directionsOf, policyTable } from './rules.ts'
import { podView, type PodView } from './view.ts'

const pod = (name: string, address: string, extra: Partial<PodView> = {}): PodView => ({
  namespace: 'a',
  labels: { app: name },
  address,
  nodeName: 'n1',
  ports: [],
  ...extra,
})
const web = pod('web', '10.0.0.1', { ports: [{ name: 'http', protocol: 'TCP', port: 8080 }] })
const db = pod('db', '10.0.0.2')
const far = pod('far', '10.0.1.3', { nodeName: 'n2' })
const other = pod('web', '10.0.1.4', {
  namespace: 'b',
  nodeName: 'n2',
  ports: [{ name: 'http', protocol: 'TCP', port: 80 }],
})
const namespaces = new Map([
  ['a', { team: 'one' }],
  ['b', { team: 'two' }],
])
const policy = (spec: V1NetworkPolicySpec, name = 'p', namespace = 'a'): V1NetworkPolicy => ({
  metadata: { name, namespace },
  spec,
})
const toWeb = { podSelector: { matchLabels: { app: 'web' } } }

/** The chain of one pod and direction, with sets replaced by what is in them. */
function chainOf(direction: 'ingress' | 'egress', address: string, ...policies: V1NetworkPolicy[]) {
  const state = policyTable({ nodeName: 'n1', policies, pods: [web, db, far, other], namespaces })
  const chain = state.elements.get(`${direction} ${address}`)?.value?.replace('jump ', '')
  const inSet = (set: string) =>
    `[${[...state.elements.values()]
      .filter((each) => each.set === set)
      .map(({ key }) => key)
      .join(' ')}]`
  return chain === undefined
    ? undefined
    : state.chains
        .get(chain)
        ?.map((each) => each.replaceAll(/@((pods|ports)-[0-9a-f]+)/g, (_, set: string) => inSet(set)))
}

describe('what a policy becomes', () => {
  it.each<[rule: string, spec: V1NetworkPolicySpec, lines: string[]]>([
    ['no rule denies all', toWeb, ['drop']],
    ['an empty rule allows all', { ...toWeb, ingress: [{}] }, ['return', 'drop']],
    [
      'a pod selector chooses pods of the same namespace, on any node',
      { ...toWeb, ingress: [{ from: [{ podSelector: {} }] }] },
      ['ip saddr [10.0.0.1 10.0.0.2 10.0.1.3] return', 'drop'],
    ],
    [
      'a namespace selector chooses all pods there',
      { ...toWeb, ingress: [{ from: [{ namespaceSelector: { matchLabels: { team: 'two' } } }] }] },
      ['ip saddr [10.0.1.4] return', 'drop'],
    ],
    [
      'both selectors in one peer must match',
      {
        ...toWeb,
        ingress: [{ from: [{ namespaceSelector: {}, podSelector: { matchLabels: { app: 'web' } } }] }],
      },
      ['ip saddr [10.0.0.1 10.0.1.4] return', 'drop'],
    ],
    [
      'peers are alternatives',
      {
        ...toWeb,
        ingress: [{ from: [{ podSelector: { matchLabels: { app: 'db' } } }, { ipBlock: { cidr: '192.0.2.0/24' } }] }],
      },
      ['ip saddr [10.0.0.2] return', 'ip saddr 192.0.2.0/24 return', 'drop'],
    ],
    [
      'an address block has exceptions, also of everything',
      {
        ...toWeb,
        ingress: [
          { from: [{ ipBlock: { cidr: '0.0.0.0/0', except: ['10.0.0.0/8', '192.0.2.7/32'] } }] },
          { from: [{ ipBlock: { cidr: '2001:db8::/32' } }] },
        ],
      },
      ['ip saddr != 10.0.0.0/8 ip saddr != 192.0.2.7/32 return', 'drop'],
    ],
    [
      'ports, ranges and protocols',
      {
        ...toWeb,
        ingress: [
          {
            ports: [
              { port: 80 },
              { port: 8000, endPort: 8100 },
              { port: 8050 },
              { port: 53, protocol: 'UDP' },
              { protocol: 'SCTP' },
            ],
          },
        ],
      },
      ['tcp dport { 80, 8000-8100 } return', 'udp dport { 53 } return', 'meta l4proto sctp return', 'drop'],
    ],
    [
      'a named port is that of the pods of the namespace',
      { ...toWeb, ingress: [{ from: [{ ipBlock: { cidr: '192.0.2.0/24' } }], ports: [{ port: 'http' }] }] },
      ['ip saddr 192.0.2.0/24 ip daddr . meta l4proto . th dport [10.0.0.1 . tcp . 8080] return', 'drop'],
    ],
    [
      'a named port of another protocol is nobody’s',
      { ...toWeb, ingress: [{ ports: [{ port: 'http', protocol: 'UDP' }] }] },
      ['ip daddr . meta l4proto . th dport [] return', 'drop'],
    ],
  ])('ingress: %s', (_, spec, lines) => {
    expect(chainOf('ingress', web.address, policy({ policyTypes: ['Ingress'], ...spec }))).toEqual(lines)
  })

  it.each<[rule: string, spec: V1NetworkPolicySpec, lines: string[] | undefined]>([
    ['is free unless a policy is about it', toWeb, undefined],
    ['is closed by the type alone', { ...toWeb, policyTypes: ['Egress'] }, ['drop']],
    [
      'is closed by its rules without the type',
      { ...toWeb, egress: [{ to: [{ podSelector: { matchLabels: { app: 'db' } } }], ports: [{ port: 5432 }] }] },
      ['ip daddr [10.0.0.2] tcp dport { 5432 } return', 'drop'],
    ],
    [
      'has the named ports of the peers, each its own',
      { ...toWeb, egress: [{ to: [{ namespaceSelector: {} }], ports: [{ port: 'http' }] }] },
      ['ip daddr . meta l4proto . th dport [10.0.0.1 . tcp . 8080 10.0.1.4 . tcp . 80] return', 'drop'],
    ],
    [
      'cannot tell a named port of an address',
      { ...toWeb, egress: [{ to: [{ ipBlock: { cidr: '192.0.2.0/24' } }], ports: [{ port: 'http' }] }] },
      ['drop'],
    ],
  ])('egress: %s', (_, spec, lines) => {
    expect(chainOf('egress', web.address, policy(spec))).toEqual(lines)
  })

  it('adds policies up, selects in its own namespace only, and leaves pods of other nodes to them', () => {
    const deny = policy({ podSelector: {} }, 'deny')
    const allow = policy({ ...toWeb, ingress: [{ ports: [{ port: 80 }] }] }, 'allow')
    expect(chainOf('ingress', web.address, deny, allow)).toEqual(['tcp dport { 80 } return', 'drop'])
    expect(chainOf('ingress', db.address, deny, allow)).toEqual(['drop'])
    expect(chainOf('ingress', db.address, allow)).toBeUndefined()
    expect(chainOf('ingress', far.address, deny)).toBeUndefined()
    expect(chainOf('ingress', web.address, policy({ podSelector: {} }, 'deny', 'b'))).toBeUndefined()
  })

  it('shares chains and peers among pods and policies that have the same', () => {
    const rule = { ingress: [{ from: [{ podSelector: { matchLabels: { app: 'db' } } }] }] }
    const { chains, sets } = policyTable({
      nodeName: 'n1',
      policies: [policy({ podSelector: {}, ...rule }, 'one'), policy({ podSelector: {}, ...rule }, 'two')],
      pods: [web, db],
      namespaces,
    })
    expect([chains.size, sets.size]).toEqual([1, 1])
    expect([...chains.values()][0]).toHaveLength(2)
  })
})

it.each<[V1NetworkPolicySpec, string[]]>([
  [{ podSelector: {} }, ['ingress']],
  [{ podSelector: {}, egress: [{}] }, ['ingress', 'egress']],
  [{ podSelector: {}, policyTypes: ['Egress'] }, ['egress']],
  [{ podSelector: {}, policyTypes: ['Egress', 'Ingress'] }, ['ingress', 'egress']],
])('directions of %j', (spec, expected) => {
  expect(directionsOf(policy(spec))).toEqual(expected)
})

it.each<[what: string, change: (pod: V1Pod) => void, seen: boolean]>([
  ['a running pod', () => {}, true],
  ['one without an address', (p) => delete p.status!.podIP, false],
  ["one on the node's network", (p) => (p.spec!.hostNetwork = true), false],
  ['one that has ended', (p) => (p.status!.phase = 'Succeeded'), false],
  ['one that is going', (p) => (p.metadata!.deletionTimestamp = new Date(0) as never), true],
  ['one of IPv6 only', (p) => (p.status!.podIP = 'fd00::1'), false],
])('policies see %s: %#', (_, change, seen) => {
  const one: V1Pod = {
    metadata: { name: 'x', namespace: 'a' },
    spec: { containers: [{ name: 'c' }], nodeName: 'n1' },
    status: { phase: 'Running', podIP: '10.0.0.9' },
  }
  change(one)
  expect(podView(one) !== undefined).toBe(seen)
})

it('merges ports that touch', () => {
  expect(
    mergePorts([
      [80, 80],
      [100, 200],
      [81, 81],
      [150, 300],
    ]),
  ).toEqual(['80-81', '100-300'])
})
