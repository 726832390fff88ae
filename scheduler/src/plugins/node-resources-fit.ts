import type { V1Node, V1Pod } from '@kapell/openapi/types'
import { podRequests, type Resources } from '@kapell/controllers/machinery/placement/resources'
import { nodeInfo, type NodeInfo } from '../framework/node-info.ts'
import { podInfo, type PodInfo } from '../framework/pod-info.ts'
import type { Plugin } from '../framework/plugin.ts'
import { allocatableChanges } from './node-changes.ts'
import { cpuAndMemory, scoreByStrategy, type ScoringStrategy } from './resource-scoring.ts'

interface Shortage {
  reason: string
  /** With the amounts, for people. */
  detail: () => string
  /** More than the node has in all: nobody could make room. */
  beyondNode: boolean
}

export interface FitArgs {
  scoringStrategy?: ScoringStrategy
  /** Extended resources that are not looked at, by name and by the part of the name before the slash. */
  ignoredResources?: readonly string[]
  ignoredResourceGroups?: readonly string[]
}

type Ignored = (resourceName: string, node: NodeInfo) => boolean

/** A node must have room for what the pod asks; by default, among those that do, the emptier are better. */
export function nodeResourcesFit(
  args: FitArgs = {},
  isLeftToOthers: (resourceName: string, node: NodeInfo) => boolean = () => false,
): Plugin {
  const { scoringStrategy = { type: 'LeastAllocated', resources: cpuAndMemory } } = args
  const isIgnored: Ignored = (name, node) =>
    (args.ignoredResources?.includes(name) ?? false) ||
    (args.ignoredResourceGroups?.includes(name.split('/')[0] ?? '') ?? false) ||
    isLeftToOthers(name, node)
  const emptyNode = remembered((node: V1Node) => nodeInfo(node))
  const infoOf = remembered(podInfo)
  const couldHold = (node: V1Node, pod: V1Pod): boolean =>
    shortages(infoOf(pod), emptyNode(node), isIgnored).length === 0
  const requestsOf = remembered(podRequests)
  return {
    name: 'NodeResourcesFit',
    local: true,
    filter: (_state, pod, node) => {
      const short = shortages(pod, node, isIgnored)
      if (short.length === 0) return undefined
      const code = short.some((s) => s.beyondNode) ? 'unresolvable' : 'unschedulable'
      return { code, plugin: 'NodeResourcesFit', reasons: short.map((s) => s.reason) }
    },
    details: (pod, node) => shortages(pod, node, isIgnored).map(({ detail }) => detail()),
    score: (_state, pod, node) => scoreByStrategy(scoringStrategy, pod, node),
    queueingHints: [
      { event: 'NodeAdd', isUseful: (pod, _before, after) => couldHold(after as V1Node, pod) },
      {
        event: 'NodeUpdate',
        isUseful: (...change) => allocatableChanges(...change) && couldHold(change[2] as V1Node, change[0]),
      },
      { event: 'AssignedPodDelete' },
      {
        event: 'AssignedPodUpdate',
        isUseful: (_pod, before, after) => isLess(requestsOf(after as V1Pod), requestsOf(before as V1Pod)),
      },
      { event: 'PodUpdate' },
    ],
  }
}

/** A pod that is there was resized, and some of what it asked for is free. */
function isLess(is: Resources, was: Resources): boolean {
  return (
    is.milliCpu < was.milliCpu ||
    is.memoryBytes < was.memoryBytes ||
    is.ephemeralStorageBytes < was.ephemeralStorageBytes ||
    [...was.scalar].some(([name, amount]) => (is.scalar.get(name) ?? 0) < amount)
  )
}

/** One event is asked about for every pod that waits. */
function remembered<K extends object, V>(make: (key: K) => V): (key: K) => V {
  const known = new WeakMap<K, V>()
  return (key) => {
    const value = known.get(key) ?? make(key)
    known.set(key, value)
    return value
  }
}

function shortages(pod: PodInfo, node: NodeInfo, isIgnored: Ignored): Shortage[] {
  const { requests } = pod
  const { allocatable, requested } = node
  const short: Shortage[] = []
  if (node.pods.size + 1 > allocatable.pods)
    short.push({
      reason: 'Too many pods',
      beyondNode: false,
      detail: () => `all ${allocatable.pods} places for pods are taken`,
    })
  const check = (name: string, wanted: number, has: number, used: number): void => {
    if (wanted <= 0 || wanted <= has - used) return
    const detail = (): string =>
      `${name}: asks ${show(name, wanted)}, ${show(name, has - used)} of ${show(name, has)} are free`
    short.push({ reason: `Insufficient ${name}`, beyondNode: wanted > has, detail })
  }
  check('cpu', requests.milliCpu, allocatable.milliCpu, requested.milliCpu)
  check('memory', requests.memoryBytes, allocatable.memoryBytes, requested.memoryBytes)
  check(
    'ephemeral-storage',
    requests.ephemeralStorageBytes,
    allocatable.ephemeralStorageBytes,
    requested.ephemeralStorageBytes,
  )
  for (const [name, wanted] of requests.scalar)
    if (!isIgnored(name, node)) check(name, wanted, allocatable.scalar.get(name) ?? 0, requested.scalar.get(name) ?? 0)
  return short
}

/** Amounts as people write them. */
function show(name: string, amount: number): string {
  if (name === 'cpu') return amount % 1000 === 0 ? String(amount / 1000) : `${amount}m`
  if (name !== 'memory' && name !== 'ephemeral-storage') return String(amount)
  return `${Math.round(amount / 2 ** 20)}Mi`
}
