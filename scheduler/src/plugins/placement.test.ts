import type { V1Affinity, V1Node, V1Pod, V1TopologySpreadConstraint } from '@kapell/openapi/types'
import { SchedulerCache } from '../cache.ts'
import type { Handle } from '../framework/handle.ts'
import { Nominations } from '../framework/nominations.ts'
import { podInfo } from '../framework/pod-info.ts'
import { Framework } from '../framework/runtime.ts'
import { defaultPlugins } from './index.ts'

/** Whole placements with the default plug-ins, on small clusters. */
const node = (name: string, more: { zone?: string; taint?: string; cpu?: string } = {}): V1Node => ({
  metadata: {
    name,
    labels: {
      'kubernetes.io/hostname': name,
      ...(more.zone === undefined ? {} : { 'topology.kubernetes.io/zone': more.zone }),
    },
  },
  spec: more.taint === undefined ? {} : { taints: [{ key: more.taint, effect: 'NoSchedule' }] },
  status: { allocatable: { cpu: more.cpu ?? '4', memory: '8Gi', pods: '10' } },
})

let sequence = 0
const pod = (
  more: { app?: string; namespace?: string; priority?: number; cpu?: string; spec?: Partial<V1Pod['spec']> } = {},
): V1Pod => ({
  metadata: {
    name: `p${++sequence}`,
    uid: `u${sequence}`,
    namespace: more.namespace ?? 'd',
    labels: { app: more.app ?? 'a' },
  },
  spec: {
    containers: [{ name: 'c', image: 'i', resources: { requests: { cpu: more.cpu ?? '100m', memory: '1Mi' } } }],
    priority: more.priority ?? 0,
    ...more.spec,
  },
})

function setUp(nodes: V1Node[], handle: Partial<Handle> = {}) {
  const cache = new SchedulerCache()
  nodes.forEach((n) => cache.setNode(n))
  const nominations = new Nominations()
  const evicted: string[] = []
  const framework: Framework = new Framework(
    defaultPlugins({
      namespaceLabels: () => ({}),
      serviceSelectors: () => [],
      controllerSelector: () => undefined,
      namespacesGeneration: () => 0,
      budgets: () => ({ all: [], generation: 0 }),
      isLocal: (p, s) => framework.isLocal(p, s),
      nominations,
      verdictOn: (p, n, s) => framework.verdictOn(p, n, s),
      evict: (victim) => Promise.resolve(void evicted.push(victim.pod.metadata?.name ?? '')),
      ...handle,
    }),
  )
  const place = (p: V1Pod) => framework.place(podInfo(p), cache, () => 0, nominations)
  const put = (p: V1Pod, on: string): V1Pod => {
    cache.setPod(podInfo(p), on)
    return p
  }
  const preempt = (p: V1Pod) => {
    const placement = place(p)
    return framework.postFilter(placement.state, podInfo(p), cache, placement.rejected)
  }
  const reasonOn = (p: V1Pod, name: string): string | undefined => {
    const on = cache.get(name)
    return on === undefined ? undefined : framework.verdictOn(podInfo(p), on, cache)?.reasons[0]
  }
  return { cache, nominations, reasonOn, place, put, preempt, evicted }
}

const spread = (more: Partial<V1TopologySpreadConstraint> = {}): V1Pod =>
  pod({
    spec: {
      topologySpreadConstraints: [
        {
          maxSkew: 1,
          topologyKey: 'topology.kubernetes.io/zone',
          whenUnsatisfiable: 'DoNotSchedule',
          labelSelector: { matchLabels: { app: 'a' } },
          ...more,
        },
      ],
    },
  })
describe('PodTopologySpread', () => {
  const zones = [node('n1', { zone: 'z1' }), node('n2', { zone: 'z1' }), node('n3', { zone: 'z2' })]

  it('keeps domains within maxSkew of the emptiest', () => {
    const { place, put, reasonOn } = setUp(zones)
    put(pod(), 'n1')
    expect(place(spread()).nodeName).toBe('n3')
    expect(reasonOn(spread(), 'n2')).toBe("node(s) didn't match pod topology spread constraints")
  })

  it('counts only pods of the namespace that the selector matches', () => {
    const { place, put } = setUp(zones)
    put(pod({ namespace: 'other' }), 'n1')
    put(pod({ app: 'other' }), 'n1')
    expect(place(spread()).rejected.values()).toEqual([])
  })

  it('takes the emptiest for 0 while there are fewer domains than minDomains', () => {
    const { place, put } = setUp(zones)
    put(pod(), 'n1')
    put(pod(), 'n3')
    expect(place(spread({ minDomains: 3 })).nodeName).toBeUndefined()
    expect(place(spread()).nodeName).toBeDefined()
  })

  it('refuses nodes without the topology key', () => {
    const { reasonOn } = setUp([...zones, node('bare')])
    expect(reasonOn(spread(), 'bare')).toBe(
      "node(s) didn't match pod topology spread constraints (missing required label)",
    )
  })

  it('only prefers when asked to schedule anyway', () => {
    const { place, put } = setUp(zones)
    for (let i = 0; i < 3; i++) put(pod(), 'n1')
    put(pod(), 'n2')
    expect(place(spread({ whenUnsatisfiable: 'ScheduleAnyway' })).nodeName).toBe('n3')
  })

  it('spreads pods of one Service over hosts without being asked', () => {
    const { place, put } = setUp([node('n1'), node('n2'), node('n3')], { serviceSelectors: () => [{ app: 'a' }] })
    put(pod({ cpu: '0' }), 'n1')
    put(pod({ cpu: '0' }), 'n3')
    expect(place(pod()).nodeName).toBe('n2')
  })
})

describe('InterPodAffinity', () => {
  const term = { topologyKey: 'kubernetes.io/hostname', labelSelector: { matchLabels: { app: 'db' } } }
  const wanting = (affinity: V1Affinity, app = 'a'): V1Pod => pod({ app, spec: { affinity } })
  const near: V1Affinity = { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term] } }
  const apart: V1Affinity = { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term] } }
  const nodes = [node('n1'), node('n2')]

  it('goes where the wanted pod is', () => {
    const { place, put, reasonOn } = setUp(nodes)
    put(pod({ app: 'db' }), 'n2')
    expect(place(wanting(near)).nodeName).toBe('n2')
    expect(reasonOn(wanting(near), 'n1')).toBe("node(s) didn't match pod affinity rules")
  })

  it('waits when the wanted pod is nowhere, unless it is itself the first of its kind', () => {
    const { place } = setUp(nodes)
    expect(place(wanting(near)).nodeName).toBeUndefined()
    expect(place(wanting(near, 'db')).nodeName).toBeDefined()
  })

  it('stays away from the unwanted pod', () => {
    const { place, put, reasonOn } = setUp(nodes)
    put(pod({ app: 'db' }), 'n1')
    expect(place(wanting(apart)).nodeName).toBe('n2')
    expect(reasonOn(wanting(apart), 'n1')).toBe("node(s) didn't match pod anti-affinity rules")
  })

  it('respects what pods that are there want kept away', () => {
    const { place, put, reasonOn } = setUp(nodes)
    put(wanting(apart), 'n1')
    expect(place(pod({ app: 'db' })).nodeName).toBe('n2')
    expect(reasonOn(pod({ app: 'db' }), 'n1')).toBe("node(s) didn't satisfy existing pods anti-affinity rules")
  })

  it('looks into other namespaces only when told to', () => {
    const { place, put } = setUp(nodes, {
      namespaceLabels: (name): Record<string, string> => (name === 'o' ? { team: 'x' } : {}),
    })
    put(pod({ app: 'db', namespace: 'o' }), 'n1')
    const everywhere = { ...term, namespaceSelector: { matchLabels: { team: 'x' } } }
    expect(place(wanting(apart)).rejected.values()).toEqual([])
    expect(
      place(wanting({ podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [everywhere] } })).nodeName,
    ).toBe('n2')
  })

  it('weighs preferences', () => {
    const { place, put } = setUp(nodes)
    put(pod({ app: 'db' }), 'n2')
    const preferred = {
      podAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 100, podAffinityTerm: term }] },
    }
    expect(place(wanting(preferred)).nodeName).toBe('n2')
  })
})

describe('DefaultPreemption', () => {
  it('removes the fewest, least important pods that make room', () => {
    const { put, preempt, evicted } = setUp([node('n1', { cpu: '1' })])
    put(pod({ cpu: '400m', priority: 5 }), 'n1')
    const least = put(pod({ cpu: '400m', priority: 1 }), 'n1')
    const result = preempt(pod({ cpu: '500m', priority: 10 }))
    expect(result.nominatedNodeName).toBe('n1')
    expect(evicted).toEqual([least.metadata?.name])
  })

  it('never removes pods of the same or a higher priority, and says so', () => {
    const { put, preempt, evicted } = setUp([node('n1', { cpu: '1' }), node('n2', { taint: 't' })])
    put(pod({ cpu: '900m', priority: 10 }), 'n1')
    const result = preempt(pod({ cpu: '500m', priority: 10 }))
    expect(evicted).toEqual([])
    expect(result.message).toBe(
      'no new claims to deallocate, preemption: 0/2 nodes are available: ' +
        '1 No preemption victims found for incoming pod, 1 Preemption is not helpful for scheduling.',
    )
  })

  it('says what would still be in the way without those that can be removed', () => {
    const { put, preempt, evicted } = setUp([node('n1', { cpu: '1' })])
    put(pod({ cpu: '700m', priority: 10 }), 'n1')
    put(pod({ cpu: '300m', priority: 1 }), 'n1')
    expect([preempt(pod({ cpu: '500m', priority: 10 })).message, evicted]).toEqual([
      'no new claims to deallocate, preemption: 0/1 nodes are available: 1 Insufficient cpu.',
      [],
    ])
  })

  it('prefers the node where less important pods must go', () => {
    const { put, preempt } = setUp([node('n1', { cpu: '1' }), node('n2', { cpu: '1' })])
    put(pod({ cpu: '1', priority: 5 }), 'n1')
    put(pod({ cpu: '1', priority: 1 }), 'n2')
    expect(preempt(pod({ cpu: '500m', priority: 10 })).nominatedNodeName).toBe('n2')
  })

  it('does nothing for a pod whose policy is Never', () => {
    const { put, preempt, evicted } = setUp([node('n1', { cpu: '1' })])
    put(pod({ cpu: '1' }), 'n1')
    const result = preempt(pod({ cpu: '1', priority: 10, spec: { preemptionPolicy: 'Never' } }))
    expect([result.message, evicted]).toEqual([
      'no new claims to deallocate, preemption: not eligible due to preemptionPolicy=Never.',
      [],
    ])
  })

  it('keeps the room it made for others of the same priority', () => {
    const { nominations, place } = setUp([node('n1', { cpu: '1' })])
    nominations.set(podInfo(pod({ cpu: '800m', priority: 10 })), 'n1')
    expect(place(pod({ cpu: '500m', priority: 5 })).nodeName).toBeUndefined()
    expect(place(pod({ cpu: '500m', priority: 20 })).nodeName).toBe('n1')
  })
})
