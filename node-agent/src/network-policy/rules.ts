import type { V1NetworkPolicy, V1NetworkPolicyPeer, V1NetworkPolicyPort } from '@kapell/openapi/types'
import { createHash } from 'node:crypto'
import { familyOf, type Family } from '../proxy/family.ts'
import { elementId, emptyState, type TableState } from '../proxy/script.ts'
import { mergePorts } from './blocks.ts'
import { selectorOrNothing, type PodView, type PolicyWorld } from './view.ts'

type Direction = 'ingress' | 'egress'
interface Rule {
  peers: readonly V1NetworkPolicyPeer[]
  ports: readonly V1NetworkPolicyPort[]
}

const hash = (value: unknown): string => createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 16)
const keyOf = ({ metadata }: V1NetworkPolicy): string => `${metadata?.namespace ?? ''}/${metadata?.name ?? ''}`

/**
 * The fixed part of the table. Only forwarded packets are asked about: what the node itself sends to its pods (probes)
 * and what they send to it is always allowed. A connection once allowed stays. Addresses are those after Services.
 */
export const policyBase = ({ nft: ip, address }: Family): string => `
  set self { type ${address} . ${address}; }
  map egress { type ${address} : verdict; }
  map ingress { type ${address} : verdict; }
  chain policies {
    type filter hook forward priority filter; policy accept;
    ct state established,related accept
    ${ip} saddr . ${ip} daddr @self accept
    ${ip} saddr vmap @egress
    ${ip} daddr vmap @ingress
  }`

/** Which directions a policy is about. Source: the API's NetworkPolicySpec.policyTypes. */
export function directionsOf({ spec }: V1NetworkPolicy): Direction[] {
  const types = spec?.policyTypes ?? ['Ingress', ...((spec?.egress ?? []).length > 0 ? ['Egress'] : [])]
  return [
    ...(types.includes('Ingress') ? (['ingress'] as const) : []),
    ...(types.includes('Egress') ? (['egress'] as const) : []),
  ]
}

/**
 * Everything that the policies of the cluster put into this node's table. A pod that policies select has an entry in the
 * map of the direction, which leads to a chain shared by all pods that the same policies select: it returns for what is
 * allowed and drops the rest. Peers that are pods are sets, so that a pod that comes or goes is one element.
 */
export function policyTable(world: PolicyWorld): TableState<string> {
  const made = new TableMaker(world)
  for (const pod of world.pods) if (pod.nodeName === world.nodeName) made.addPod(pod)
  return made.state
}

class TableMaker {
  readonly state = emptyState<string>()
  readonly #world: PolicyWorld
  readonly #family: Family
  readonly #podsOf = new Map<string, PodView[]>()
  readonly #policiesOf = new Map<
    string,
    { key: string; policy: V1NetworkPolicy; selects: (pod: PodView) => boolean }[]
  >()
  readonly #lines = new Map<string, string[]>()
  readonly #peers = new Map<string, readonly PodView[]>()

  constructor(world: PolicyWorld) {
    this.#world = world
    this.#family = familyOf(world.family)
    for (const pod of world.pods) push(this.#podsOf, pod.namespace, pod)
    const sorted = world.policies
      .map((policy) => ({ key: keyOf(policy), policy }))
      .sort((a, b) => (a.key < b.key ? -1 : 1))
    for (const { key, policy } of sorted) {
      const selector = selectorOrNothing(policy.spec?.podSelector ?? {})
      push(this.#policiesOf, policy.metadata?.namespace ?? '', {
        key,
        policy,
        selects: (pod) => selector.matches(pod.labels),
      })
    }
  }

  addPod(pod: PodView): void {
    const policies = (this.#policiesOf.get(pod.namespace) ?? []).filter(({ selects }) => selects(pod))
    for (const direction of ['ingress', 'egress'] as const) {
      const own = policies.filter(({ policy }) => directionsOf(policy).includes(direction))
      if (own.length === 0) continue
      const chain = `${direction === 'ingress' ? 'in' : 'out'}-${hash(own.map(({ key }) => key))}`
      if (!this.state.chains.has(chain)) {
        const lines = own.flatMap(({ key, policy }) => this.#linesOf(key, policy, direction))
        this.state.chains.set(chain, [...new Set(lines), 'drop'])
      }
      this.#element(direction, pod.address, `jump ${chain}`)
      // Nobody can keep a pod from itself.
      this.#element('self', `${pod.address} . ${pod.address}`)
    }
  }

  #linesOf(key: string, policy: V1NetworkPolicy, direction: Direction): string[] {
    const id = `${direction} ${key}`
    let lines = this.#lines.get(id)
    if (lines === undefined) {
      const namespace = policy.metadata?.namespace ?? ''
      lines = rulesOf(policy, direction).flatMap((rule) => this.#ruleLines(rule, direction, namespace))
      this.#lines.set(id, lines)
    }
    return lines
  }

  /** One line for each pair of a peer and a way to name ports. */
  #ruleLines({ peers, ports }: Rule, direction: Direction, namespace: string): string[] {
    const side = `${this.#family.nft} ${direction === 'ingress' ? 'saddr' : 'daddr'}`
    const numbers = numberedPorts(ports)
    const names = ports.flatMap(({ port, protocol = 'TCP' }) =>
      typeof port === 'string' ? [{ name: port, protocol }] : [],
    )
    const each = peers.length === 0 ? [undefined] : peers
    return each.flatMap((peer) => {
      if (peer?.ipBlock !== undefined) {
        const block = blockMatch(peer.ipBlock, side, this.#family)
        if (block === undefined) return []
        // Which port a name stands for, only a pod can tell.
        const own = direction === 'ingress' ? names.map((one) => this.#namedPort(namespace, one)) : []
        return [...numbers, ...own].map((port) => line(block, port))
      }
      const match = peer === undefined ? '' : `${side} @${this.#peerSet(peer, namespace)}`
      return [
        ...numbers.map((port) => line(match, port)),
        ...names.map((one) =>
          direction === 'ingress'
            ? line(match, this.#namedPort(namespace, one))
            : line(this.#namedPort(peer === undefined ? undefined : this.#peerPods(peer, namespace), one)),
        ),
      ]
    })
  }

  /** The set of a peer's pods, filled when first asked for. */
  #peerSet(peer: V1NetworkPolicyPeer, namespace: string): string {
    const name = `pods-${peerId(peer, namespace)}`
    if (this.state.sets.has(name)) return name
    this.state.sets.set(name, `{ type ${this.#family.address}; }`)
    for (const pod of this.#peerPods(peer, namespace).pods) this.#element(name, pod.address)
    return name
  }

  #peerPods(peer: V1NetworkPolicyPeer, namespace: string): { id: string; pods: readonly PodView[] } {
    const id = peerId(peer, namespace)
    let pods = this.#peers.get(id)
    if (pods === undefined) {
      const podSelector = selectorOrNothing(peer.podSelector ?? {})
      const ofNamespace = selectorOrNothing(peer.namespaceSelector)
      const from =
        peer.namespaceSelector === undefined
          ? [namespace]
          : [...this.#world.namespaces].filter(([, labels]) => ofNamespace.matches(labels)).map(([name]) => name)
      pods = from.flatMap((name) => (this.#podsOf.get(name) ?? []).filter(({ labels }) => podSelector.matches(labels)))
      this.#peers.set(id, pods)
    }
    return { id, pods }
  }

  /** Where a port of this name leads, as a match: among all pods, those of a namespace, or those of a peer. */
  #namedPort(
    where: string | { id: string; pods: readonly PodView[] } | undefined,
    { name, protocol }: { name: string; protocol: string },
  ): string {
    const id = typeof where === 'object' ? `peer ${where.id}` : `namespace ${where ?? '*'}`
    const set = `ports-${hash([id, name, protocol])}`
    if (!this.state.sets.has(set)) {
      this.state.sets.set(set, `{ type ${this.#family.address} . inet_proto . inet_service; }`)
      const among =
        typeof where === 'object'
          ? where.pods
          : where === undefined
            ? this.#world.pods
            : (this.#podsOf.get(where) ?? [])
      for (const pod of among) {
        for (const port of pod.ports) {
          if (port.name !== name || port.protocol !== protocol) continue
          this.#element(set, `${pod.address} . ${protocol.toLowerCase()} . ${port.port}`)
        }
      }
    }
    return `${this.#family.nft} daddr . meta l4proto . th dport @${set}`
  }

  #element(set: string, key: string, value?: string): void {
    const element = { set, key, ...(value === undefined ? {} : { value }) }
    this.state.elements.set(elementId(element), element)
  }
}

const line = (...matches: string[]): string => [...matches.filter((match) => match !== ''), 'return'].join(' ')

const peerId = ({ podSelector, namespaceSelector }: V1NetworkPolicyPeer, namespace: string): string =>
  hash([namespaceSelector === undefined ? namespace : { namespaceSelector }, podSelector])

function rulesOf({ spec }: V1NetworkPolicy, direction: Direction): Rule[] {
  return direction === 'ingress'
    ? (spec?.ingress ?? []).map(({ from = [], ports = [] }) => ({
        peers: from,
        ports,
      }))
    : (spec?.egress ?? []).map(({ to = [], ports = [] }) => ({ peers: to, ports }))
}

/** The range as a match, or undefined when it is none of the family's. */
function blockMatch(
  { cidr, except = [] }: { cidr: string; except?: readonly string[] },
  side: string,
  family: Family,
): string | undefined {
  const block = family.block(cidr)
  if (block === undefined) return undefined
  const without = except.map((each) => family.block(each)).filter((each) => each !== undefined)
  // "0.0.0.0/0" or "::/0" is every address there is here.
  return [...(block.endsWith('/0') ? [] : [`${side} ${block}`]), ...without.map((each) => `${side} != ${each}`)].join(
    ' ',
  )
}

/** Matches of ports that are numbers, one a protocol; [''] when a rule names no port at all. */
function numberedPorts(ports: readonly V1NetworkPolicyPort[]): string[] {
  if (ports.length === 0) return ['']
  const ranges = new Map<string, [number, number][] | 'all'>()
  for (const { port, endPort, protocol = 'TCP' } of ports) {
    const known = ranges.get(protocol)
    if (typeof port === 'string' || known === 'all' || !['TCP', 'UDP', 'SCTP'].includes(protocol)) continue
    if (port === undefined) ranges.set(protocol, 'all')
    else ranges.set(protocol, [...(known ?? []), [port, Math.max(port, endPort ?? port)]])
  }
  return [...ranges].map(([protocol, list]) =>
    list === 'all'
      ? `meta l4proto ${protocol.toLowerCase()}`
      : `${protocol.toLowerCase()} dport { ${mergePorts(list).join(', ')} }`,
  )
}

function push<T>(map: Map<string, T[]>, key: string, value: T): void {
  const list = map.get(key)
  if (list === undefined) map.set(key, [value])
  else list.push(value)
}
