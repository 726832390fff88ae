import type { V1Affinity, V1Node, V1Pod, V1PodAffinityTerm } from '@kapell/openapi/types'
import { SchedulerCache } from '@kapell/scheduler/cache'
import { podInfo } from '@kapell/scheduler/framework/pod-info'
import { Framework } from '@kapell/scheduler/framework/runtime'
import { interPodAffinity } from '@kapell/scheduler/plugins/inter-pod-affinity/index'
import { nodeResourcesFit } from '@kapell/scheduler/plugins/node-resources-fit'
import { podTopologySpread } from '@kapell/scheduler/plugins/pod-topology-spread/index'
import {
  naiveAffinityAllows,
  naiveAffinityScore,
  naiveSpreadAllows,
  type PlacedPod,
} from '../suites/naive-scheduling.ts'

/** Small and fast, and the same everywhere: mulberry32. */
function random(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

const namespaceLabels: Record<string, Record<string, string>> = { a: { team: 'x' }, b: { team: 'y' } }

class RandomCluster {
  readonly #next: () => number
  #sequence = 0

  constructor(seed: number) {
    this.#next = random(seed)
  }

  chance(share: number): boolean {
    return this.#next() < share
  }

  pick<T>(from: readonly T[]): T {
    return from[Math.floor(this.#next() * from.length)] as T
  }

  node(): V1Node {
    const name = `n${++this.#sequence}`
    const labels: Record<string, string> = { host: name }
    if (this.chance(0.9)) labels['zone'] = this.pick(['z1', 'z2', 'z3'])
    return { metadata: { name, labels }, status: { allocatable: { cpu: '4', memory: '8Gi', pods: '8' } } }
  }

  pod(): V1Pod {
    const name = `p${++this.#sequence}`
    const affinity: V1Affinity = {}
    if (this.chance(0.2)) affinity.podAffinity = { requiredDuringSchedulingIgnoredDuringExecution: [this.#term()] }
    if (this.chance(0.2)) affinity.podAntiAffinity = { requiredDuringSchedulingIgnoredDuringExecution: [this.#term()] }
    if (this.chance(0.2))
      affinity.podAffinity = {
        ...affinity.podAffinity,
        preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 7, podAffinityTerm: this.#term() }],
      }
    if (this.chance(0.2))
      affinity.podAntiAffinity = {
        ...affinity.podAntiAffinity,
        preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 3, podAffinityTerm: this.#term() }],
      }
    const spread = {
      maxSkew: this.pick([1, 2]),
      topologyKey: this.pick(['zone', 'host']),
      whenUnsatisfiable: 'DoNotSchedule' as const,
      labelSelector: { matchLabels: { app: this.pick(['one', 'two']) } },
      ...(this.chance(0.2) ? { minDomains: 4 } : {}),
    }
    return {
      metadata: {
        name,
        uid: name,
        namespace: this.pick(['a', 'b']),
        labels: { app: this.pick(['one', 'two', 'three']) },
      },
      spec: {
        containers: [{ name: 'c', image: 'i', resources: { requests: { cpu: this.pick(['100m', '1']) } } }],
        affinity,
        ...(this.chance(0.3) ? { topologySpreadConstraints: [spread] } : {}),
      },
    }
  }

  #term(): V1PodAffinityTerm {
    return {
      topologyKey: this.pick(['zone', 'host', 'absent']),
      labelSelector: { matchLabels: { app: this.pick(['one', 'two', 'three']) } },
      ...(this.chance(0.3) ? { namespaceSelector: { matchLabels: { team: this.pick(['x', 'y']) } } } : {}),
      ...(this.chance(0.2) ? { namespaces: ['b'] } : {}),
    }
  }
}

const handle = {
  namespaceLabels: (name: string) => namespaceLabels[name],
  namespacesGeneration: () => 0,
  serviceSelectors: () => [],
  controllerSelector: () => undefined,
}

/** Pods come, go and are refused, nodes come and go: after each step the next decision is compared. */
function compareDecisions(seed: number, steps: number): void {
  const cluster = new RandomCluster(seed)
  const cache = new SchedulerCache()
  const framework = new Framework([
    { plugin: nodeResourcesFit(), weight: 0 },
    { plugin: podTopologySpread(handle), weight: 0 },
    { plugin: interPodAffinity(handle), weight: 1 },
  ])
  const nodes: V1Node[] = []
  const placed: PlacedPod[] = []
  const addNode = (): void => {
    const node = cluster.node()
    nodes.push(node)
    cache.setNode(node)
  }
  for (let i = 0; i < 6; i++) addNode()
  const labelsOf = (name: string): Record<string, string> => namespaceLabels[name] ?? {}
  for (let step = 0; step < steps; step++) {
    if (cluster.chance(0.05)) addNode()
    if (cluster.chance(0.03) && nodes.length > 3) {
      const gone = cluster.pick(nodes)
      nodes.splice(nodes.indexOf(gone), 1)
      cache.removeNode(gone.metadata?.name ?? '')
      for (const there of placed.filter(({ node }) => node === gone)) {
        placed.splice(placed.indexOf(there), 1)
        cache.removePod(there.pod.metadata?.uid ?? '')
      }
    }
    if (cluster.chance(0.35) && placed.length > 0) {
      const gone = cluster.pick(placed)
      placed.splice(placed.indexOf(gone), 1)
      cache.removePod(gone.pod.metadata?.uid ?? '')
    }
    const pod = cluster.pod()
    const info = podInfo(pod)
    const fits = (node: V1Node): boolean => {
      const there = cache.get(node.metadata?.name ?? '')
      if (there === undefined || framework.verdictOn(info, there, cache)?.plugin === 'NodeResourcesFit') return false
      return naiveSpreadAllows(pod, node, nodes, placed) && naiveAffinityAllows(pod, node, placed, labelsOf)
    }
    const feasible = nodes.filter(fits)
    const scores = feasible.map((node) => naiveAffinityScore(pod, node, placed, labelsOf))
    const best = normalized(scores)
    const allowed = feasible.filter((_, i) => best[i] === Math.max(...best)).map((node) => node.metadata?.name)
    const decided = framework.place(info, cache, (count) => Math.floor(count / 2)).nodeName
    const what = `seed ${seed}, step ${step}: ${decided ?? 'no node'}`
    const isRight = decided === undefined ? allowed.length === 0 : allowed.includes(decided)
    expect(isRight ? what : `${what} is not among ${JSON.stringify(allowed)}`).toBe(what)
    const node = nodes.find(({ metadata }) => metadata?.name === decided)
    if (node === undefined) continue
    placed.push({ pod, node })
    cache.assume(info, node.metadata?.name ?? '')
  }
}

/** As the plug-in brings its sums into 0 to 100: rounding makes ties. */
function normalized(scores: readonly number[]): number[] {
  const lowest = Math.min(...scores)
  const span = Math.max(...scores) - lowest
  return scores.map((score) => (span === 0 ? 0 : Math.floor((100 * (score - lowest)) / span)))
}

describe('decisions with counters equal those of the plain rules', () => {
  it.each(Array.from({ length: 30 }, (_, i) => [i + 1]))('on random cluster %i', (seed) => compareDecisions(seed, 120))
})
