import type { V1Pod } from '@kapell/openapi/types'
import { podResources } from './pod-resources.ts'

const pod = (spec: Partial<NonNullable<V1Pod['spec']>>): V1Pod => ({ spec: { containers: [], ...spec } })

describe('the resources of a whole pod', () => {
  it.each<[string, V1Pod, object]>([
    ['none', pod({ containers: [{ name: 'c' }] }), { resources: {} }],
    [
      'those of its containers together',
      pod({
        containers: [
          { name: 'c', resources: { requests: { cpu: '50m', 'ephemeral-storage': '1Mi' } } },
          { name: 'd', resources: { limits: { memory: '50Mi' }, requests: { memory: '50Mi', cpu: '1' } } },
        ],
      }),
      {
        resources: {
          limits: { memory: '50Mi' },
          requests: { cpu: '1050m', memory: '50Mi' },
        },
        allocatedResources: { cpu: '1050m', 'ephemeral-storage': '1Mi', memory: '50Mi' },
      },
    ],
    [
      'a step of initialisation that needs more, beside the sidecars',
      pod({
        initContainers: [
          { name: 's', restartPolicy: 'Always', resources: { requests: { cpu: '1' } } },
          { name: 'i', resources: { requests: { cpu: '3' } } },
        ],
        containers: [{ name: 'c', resources: { requests: { cpu: '2' } } }],
      }),
      { resources: { requests: { cpu: '4' } }, allocatedResources: { cpu: '4' } },
    ],
    [
      'what is stated for the pod',
      pod({
        resources: { requests: { cpu: '100m' }, limits: { cpu: '300m' } },
        containers: [{ name: 'c', resources: { requests: { cpu: '20m' } } }],
      }),
      { resources: { limits: { cpu: '300m' }, requests: { cpu: '100m' } }, allocatedResources: { cpu: '100m' } },
    ],
  ])('%s', (_rule, of, resources) => {
    expect(podResources(of)).toEqual(resources)
  })
})
