import type { V1Container, V1Pod } from '@kapell/openapi/types'
import { fitErrorMessage } from './fit-error.ts'
import type { Plugin, Verdict } from './plugin.ts'
import { podInfo } from './pod-info.ts'
import { podRequests } from '@kapell/controllers/machinery/placement/resources'
import { Framework } from './runtime.ts'
import { SchedulerCache } from '../cache.ts'

const container = (cpu: string, more: Partial<V1Container> = {}): V1Container => ({
  name: 'c',
  image: 'i',
  resources: { requests: { cpu } },
  ...more,
})

describe('podRequests', () => {
  it.each<[string, V1Pod['spec'], number]>([
    ['containers add up', { containers: [container('100m'), container('1')] }, 1100],
    [
      'an init container counts when it needs more',
      { containers: [container('1')], initContainers: [container('3')] },
      3000,
    ],
    [
      'a sidecar runs beside the containers',
      { containers: [container('1')], initContainers: [container('500m', { restartPolicy: 'Always' })] },
      1500,
    ],
    [
      'and beside the init containers after it',
      {
        containers: [container('1')],
        initContainers: [container('500m', { restartPolicy: 'Always' }), container('2')],
      },
      2500,
    ],
    ['overhead comes on top', { containers: [container('1')], overhead: { cpu: '250m' } }, 1250],
    [
      'requests of the pod replace the sum',
      { containers: [container('1')], resources: { requests: { cpu: '4' } } },
      4000,
    ],
  ])('%s', (_rule, spec, milliCpu) => {
    expect(podRequests({ spec }).milliCpu).toBe(milliCpu)
  })
})

describe('fitErrorMessage', () => {
  const verdict = (...reasons: string[]): Verdict => ({ code: 'unschedulable', plugin: 'X', reasons })

  it('counts each reason and sorts them', () => {
    const cpu = verdict('Insufficient cpu')
    const rejected = [verdict('Insufficient memory', 'Insufficient cpu'), cpu, cpu, verdict('Too many pods'), cpu]
    expect(fitErrorMessage(5, rejected)).toBe(
      '0/5 nodes are available: 1 Insufficient memory, 1 Too many pods, 4 Insufficient cpu.',
    )
  })

  it('ends with what making room would have brought', () => {
    expect(fitErrorMessage(1, [verdict('Too many pods')], { postFilter: 'preemption: no.' })).toBe(
      '0/1 nodes are available: 1 Too many pods. preemption: no.',
    )
  })
})

describe('Framework', () => {
  const cache = new SchedulerCache()
  for (const name of ['a', 'b', 'c']) cache.setNode({ metadata: { name } })
  const pod = podInfo({ metadata: { name: 'p', uid: 'u' }, spec: { containers: [] } })
  const prefers = (name: string, wanted: string): Plugin => ({
    name,
    score: (_state, _pod, node) => (node.name === wanted ? 100 : 0),
  })
  const refuses = (...names: string[]): Plugin => ({
    name: 'Refuses',
    filter: (_state, _pod, node) =>
      names.includes(node.name) ? { code: 'unschedulable', plugin: 'Refuses', reasons: ['no'] } : undefined,
  })

  it('weighs scores', () => {
    const framework = new Framework([
      { plugin: prefers('A', 'a'), weight: 1 },
      { plugin: prefers('B', 'b'), weight: 2 },
    ])
    expect(framework.place(pod, cache, () => 0).nodeName).toBe('b')
  })

  it('never takes a node that a filter refused, and says who refused', () => {
    const refusing = (...names: string[]) =>
      new Framework([
        { plugin: refuses(...names), weight: 0 },
        { plugin: prefers('A', 'a'), weight: 9 },
      ]).place(pod, cache, () => 0)
    expect(refusing('a', 'b').nodeName).toBe('c')
    const { rejected } = refusing('a', 'b', 'c')
    expect(cache.nodes.map((node) => rejected.of(node)?.plugin)).toEqual(['Refuses', 'Refuses', 'Refuses'])
  })

  it('breaks ties as it is told', () => {
    expect(new Framework([]).place(pod, cache, (count) => count - 1).nodeName).toBe('c')
  })

  it('refuses a profile that lists a plug-in twice', () => {
    expect(
      () =>
        new Framework([
          { plugin: refuses(), weight: 0 },
          { plugin: refuses(), weight: 1 },
        ]),
    ).toThrow('Refuses')
  })
})
