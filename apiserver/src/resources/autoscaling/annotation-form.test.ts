import type { V2MetricSpec } from '@kapell/openapi/types'
import { newBehavior, newMetrics, oldBehavior, oldMetrics } from './annotation-form.ts'

const metric = { name: 'm', selector: { matchLabels: { a: 'b' } } }
const describedObject = { kind: 'Deployment', name: 'd', apiVersion: 'apps/v1' }

describe('what autoscaling/v1 keeps in annotations', () => {
  it.each<[string, V2MetricSpec, object]>([
    [
      'a resource',
      { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 60 } } },
      { name: 'cpu', targetAverageUtilization: 60 },
    ],
    [
      'a metric of pods',
      { type: 'Pods', pods: { metric, target: { type: 'AverageValue', averageValue: '1' } } },
      { metricName: 'm', targetAverageValue: '1', selector: metric.selector },
    ],
    [
      'a metric of an object, on average',
      { type: 'Object', object: { metric, describedObject, target: { type: 'AverageValue', averageValue: '6' } } },
      { target: describedObject, metricName: 'm', targetValue: '0', selector: metric.selector, averageValue: '6' },
    ],
    [
      'a metric from outside',
      { type: 'External', external: { metric, target: { type: 'Value', value: '8' } } },
      { metricName: 'm', metricSelector: metric.selector, targetValue: '8' },
    ],
    [
      'a resource of a container',
      {
        type: 'ContainerResource',
        containerResource: { name: 'memory', container: 'c', target: { type: 'Utilization', averageUtilization: 9 } },
      },
      { name: 'memory', targetAverageUtilization: 9, container: 'c' },
    ],
  ])('%s goes there and back', (_, spec, old) => {
    const there = oldMetrics([spec], 'target')
    expect(Object.values(there[0] as object)).toEqual([spec.type, old])
    expect(newMetrics(there as V2MetricSpec[], 'target')).toEqual([spec])
  })
  it('behavior goes there and back', () => {
    const policies = [{ type: 'Pods', value: 4, periodSeconds: 15 }]
    const behavior = { scaleUp: { stabilizationWindowSeconds: 0, selectPolicy: 'Max', policies, tolerance: '100m' } }
    const old = oldBehavior(behavior)
    expect(JSON.stringify(old)).toBe(
      '{"ScaleUp":{"StabilizationWindowSeconds":0,"SelectPolicy":"Max","Policies":[{"Type":"Pods","Value":4,"PeriodSeconds":15}],"Tolerance":"100m"},"ScaleDown":null}',
    )
    expect(newBehavior(old as object)).toEqual(behavior)
  })
})
