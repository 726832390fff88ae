import type { V1Pod, V2HorizontalPodAutoscaler } from '@kapell/openapi/types'
import { normalize, rulesOf, type History } from './behavior.ts'
import { evaluate, EvaluationError, type Situation } from './evaluate.ts'
import type { MetricsReader } from './metrics.ts'
import { byAverage, byShare, byTotal, byUtilization, type PodMetric } from './replicas.ts'

const nowMs = Date.parse('2026-01-01T01:00:00Z')
const tolerance = { up: 0.1, down: 0.1 }
type State = 'ready' | 'starting' | 'pending' | 'failed' | 'leaving'
const pod = (name: string, state: State = 'ready'): V1Pod => ({
  metadata: { name, ...(state === 'leaving' ? { deletionTimestamp: 'now' } : {}) },
  status: {
    phase: state === 'pending' ? 'Pending' : state === 'failed' ? 'Failed' : 'Running',
    startTime: state === 'starting' ? '2026-01-01T00:59:50Z' : '2026-01-01T00:00:00Z',
    conditions: [
      { type: 'Ready', status: state === 'starting' ? 'False' : 'True', lastTransitionTime: '2026-01-01T00:01:00Z' },
    ],
  },
})
const using = (values: Record<string, number>): Map<string, PodMetric> =>
  new Map(Object.entries(values).map(([name, value]) => [name, { value, timestampMs: nowMs, windowMs: 60_000 }]))

describe('by a percentage of what is requested', () => {
  const size = (pods: V1Pod[], values: Record<string, number>, target = 50) =>
    byUtilization({
      pods,
      metrics: using(values),
      currentReplicas: pods.length,
      tolerance,
      isCpu: true,
      nowMs,
      target,
      requests: () => new Map(pods.map(({ metadata }) => [metadata?.name ?? '', 100])),
    }).replicas
  const [a, b, c] = [pod('a'), pod('b'), pod('c')]
  it.each([
    ['twice the target: twice as many', [a, b], { a: 100, b: 100 }, 4],
    ['half of it: half as many', [a, b], { a: 25, b: 25 }, 1],
    ['near it: as it is', [a, b], { a: 54, b: 54 }, 2],
    ['rounded up', [a, b, c], { a: 60, b: 60, c: 60 }, 4],
    ['a starting pod counts as idle when growing', [a, pod('b', 'starting')], { a: 100, b: 500 }, 2],
    ['a pod without a metric uses nothing when growing', [a, b, c], { a: 100, b: 100 }, 4],
    ['and all it asked for when shrinking', [a, b, c], { a: 10, b: 10 }, 3],
    ['what failed or leaves is left out', [a, pod('b', 'failed'), pod('c', 'leaving')], { a: 100, b: 1, c: 1 }, 2],
  ])('%s', (_, pods, values, expected) => expect(size(pods, values)).toBe(expected))
  it('with no metric of a ready pod it cannot be told', () => {
    expect(() => size([pod('a', 'pending')], { a: 100 })).toThrow('did not receive metrics for targeted pods')
  })
})

it('by an average, a total and a share', () => {
  const pods = [pod('a'), pod('b')]
  const average = byAverage({
    pods,
    metrics: using({ a: 30, b: 10 }),
    currentReplicas: 2,
    tolerance,
    isCpu: false,
    nowMs,
    target: 10,
  })
  expect(average).toMatchObject({ replicas: 4, averageValue: 20 })
  expect(byTotal({ value: 30, target: 10, currentReplicas: 2, readyPods: 2, tolerance })).toBe(6)
  expect(byShare({ value: 55, target: 10, currentReplicas: 2, tolerance })).toBe(6)
  expect(byShare({ value: 21, target: 10, currentReplicas: 2, tolerance })).toBe(2)
})

describe('how fast', () => {
  const hpa = (behavior?: object): V2HorizontalPodAutoscaler =>
    ({ spec: { maxReplicas: 100, behavior } }) as unknown as V2HorizontalPodAutoscaler
  const run = (wanted: number, current: number, history: Partial<History> = {}, behavior?: object) =>
    normalize({
      wanted,
      current,
      min: 1,
      max: 100,
      rules: rulesOf(hpa(behavior)),
      history: { recommendations: [], events: [], ...history },
      nowMs,
    })
  it.each([
    ['doubles or adds four, what is more', 50, 2, {}, undefined, { replicas: 6, limited: 'ScaleUpLimit' }],
    ['doubles', 50, 10, {}, undefined, { replicas: 20, limited: 'ScaleUpLimit' }],
    [
      'what grew within the period counts',
      50,
      20,
      { events: [{ atMs: nowMs - 5000, change: 10 }] },
      undefined,
      { replicas: 20 },
    ],
    [
      'shrinks to the highest of five minutes',
      1,
      10,
      { recommendations: [{ atMs: nowMs - 60_000, replicas: 8 }] },
      undefined,
      { replicas: 8, stabilized: 'ScaleDownStabilized' },
    ],
    [
      'older ones count no more',
      1,
      10,
      { recommendations: [{ atMs: nowMs - 400_000, replicas: 8 }] },
      undefined,
      { replicas: 1 },
    ],
    ['not beyond the bounds', 500, 90, {}, undefined, { replicas: 100, limited: 'TooManyReplicas' }],
    [
      'not at all when switched off',
      1,
      10,
      {},
      { scaleDown: { selectPolicy: 'Disabled' } },
      { replicas: 10, limited: 'ScaleDownLimit' },
    ],
    [
      'by the strictest rule when told so',
      1,
      10,
      {},
      {
        scaleDown: {
          selectPolicy: 'Min',
          policies: [
            { type: 'Pods', value: 1, periodSeconds: 60 },
            { type: 'Percent', value: 50, periodSeconds: 60 },
          ],
        },
      },
      { replicas: 9 },
    ],
    [
      'waits before it grows when told so',
      20,
      10,
      { recommendations: [{ atMs: nowMs - 10_000, replicas: 12 }] },
      { scaleUp: { stabilizationWindowSeconds: 60 } },
      { replicas: 12, stabilized: 'ScaleUpStabilized' },
    ],
  ])('%s', (_, wanted, current, history, behavior, expected) => {
    expect(run(wanted, current, history, behavior)).toMatchObject(expected)
  })
})

describe('what is said when a metric gives no size', () => {
  const none = (): Promise<never> => Promise.reject(new Error('none here'))
  const reader: MetricsReader = { resource: none, pods: none, object: none, external: none }
  const situation = (pods: V1Pod[], read: Partial<MetricsReader> = {}): Situation => ({
    namespace: 'ns',
    selector: 'app=x',
    pods,
    currentReplicas: pods.length,
    tolerance,
    nowMs,
    reader: { ...reader, ...read },
    pluralOf: () => Promise.resolve('services'),
  })
  const failure = async (spec: object, at: Situation): Promise<EvaluationError> => {
    try {
      await evaluate(spec as never, at)
    } catch (error) {
      if (error instanceof EvaluationError) return error
    }
    throw new Error('it gave a size')
  }
  const cpu = { type: 'Resource', resource: { name: 'cpu', target: { averageUtilization: 50 } } }
  const metric = { name: 'q', selector: { matchLabels: { a: 'b' } } }
  it.each([
    [
      cpu,
      'failed to get cpu utilization: unable to get metrics for resource cpu: none here',
      'failed to get cpu resource metric value: ',
    ],
    [
      { type: 'Pods', pods: { metric: { name: 'q' }, target: { averageValue: '1' } } },
      'unable to get metric q: unable to fetch metrics from custom metrics API: none here',
      'failed to get pods metric value: ',
    ],
    [
      {
        type: 'Object',
        object: { metric: { name: 'q' }, describedObject: { kind: 'Service', name: 's' }, target: { value: '1' } },
      },
      'unable to get metric q: Service on ns s/unable to fetch metrics from custom metrics API: none here',
      'failed to get object metric value: ',
    ],
    [
      { type: 'External', external: { metric: { name: 'q' }, target: { value: '1' } } },
      'unable to get external metric ns/q/nil: unable to fetch metrics from external metrics API: none here',
      'failed to get q external metric value: failed to get external metric q: ',
    ],
    [
      { type: 'External', external: { metric, target: { averageValue: '1' } } },
      'unable to get external metric ns/q/&LabelSelector{MatchLabels:map[string]string{a: b,},MatchExpressions:[]LabelSelectorRequirement{},}: unable to fetch metrics from external metrics API: none here',
      'failed to get q external metric value: failed to get q external metric: ',
    ],
  ])('%j', async (spec, message, prefix) => {
    expect(await failure(spec, situation([pod('a')]))).toMatchObject({ message, summary: prefix + message })
  })
  it('pods that are not ready come before requests that are missing', async () => {
    const read = (values: Record<string, number>) => ({ resource: () => Promise.resolve(using(values)) })
    const spec = { containers: [{ name: 'c' }] }
    const of = async (state: State) =>
      (await failure(cpu, situation([{ ...pod('a', state), spec }], read({ a: 1 })))).message
    expect(await of('starting')).toBe(
      'failed to get cpu utilization: did not receive metrics for targeted pods (pods might be unready)',
    )
    expect(await of('ready')).toBe('failed to get cpu utilization: missing request for cpu in container c of Pod a')
  })
  it('an average is told in the format of its target', async () => {
    const target = { averageValue: '100Mi' }
    const { status } = await evaluate(
      { type: 'Resource', resource: { name: 'memory', target: { type: 'AverageValue', ...target } } },
      situation([pod('a')], { resource: () => Promise.resolve(using({ a: 200 * 2 ** 20 * 1000 })) }),
    )
    expect(status.resource?.current.averageValue).toBe('200Mi')
  })
})
