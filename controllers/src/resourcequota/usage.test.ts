import type { V1Pod, V1ResourceQuota } from '@kapell/openapi/types'
import { addClaim, addPod, addService, kindCounted, podInScopes, usedOf, type Usage } from './usage.ts'

const used = (fill: (usage: Usage) => void): Record<string, string> => {
  const usage: Usage = new Map()
  fill(usage)
  return Object.fromEntries([...usage].map(([name, amount]) => [name, amount.toString()]))
}
const pod = (more: Partial<V1Pod> = {}): V1Pod => ({
  spec: {
    containers: [
      { name: 'a', resources: { requests: { cpu: '500m', memory: '1Gi' }, limits: { cpu: '1' } } },
      { name: 'b', resources: { requests: { cpu: '1' } } },
    ],
    initContainers: [{ name: 'i', resources: { requests: { cpu: '2', memory: '512Mi' } } }],
  },
  ...more,
})

describe('what counts against a quota', () => {
  it('a pod: its containers together or its hungriest init container', () => {
    expect(used((usage) => addPod(usage, pod()))).toEqual({
      'count/pods': '1',
      pods: '1',
      'requests.cpu': '2',
      cpu: '2',
      'requests.memory': '1Gi',
      memory: '1Gi',
      'limits.cpu': '1',
    })
  })
  it('an ended pod is only an object', () => {
    expect(used((usage) => addPod(usage, pod({ status: { phase: 'Succeeded' } })))).toEqual({ 'count/pods': '1' })
  })
  it('services with their ports', () => {
    const ports = [{ port: 1 }, { port: 2 }]
    expect(used((usage) => addService(usage, { spec: { type: 'LoadBalancer', ports } }))).toEqual({
      services: '1',
      'count/services': '1',
      'services.loadbalancers': '1',
      'services.nodeports': '2',
    })
  })
  it('claims with their storage, by class too', () => {
    const spec = { storageClassName: 'fast', resources: { requests: { storage: '5Gi' } } }
    expect(used((usage) => addClaim(usage, { spec }))).toMatchObject({
      'requests.storage': '5Gi',
      'fast.storageclass.storage.k8s.io/requests.storage': '5Gi',
      'fast.storageclass.storage.k8s.io/persistentvolumeclaims': '1',
    })
  })
  it('told for exactly what is limited', () => {
    const quota: V1ResourceQuota = { spec: { hard: { pods: '5', 'count/jobs.batch': '1' } } }
    const usage: Usage = new Map()
    addPod(usage, pod())
    expect(usedOf(quota, usage)).toEqual({ pods: '1', 'count/jobs.batch': '0' })
  })
})

it.each([
  ['pods', 'pods'],
  ['requests.cpu', 'pods'],
  ['requests.nvidia.com/gpu', 'pods'],
  ['requests.storage', 'persistentvolumeclaims'],
  ['services.nodeports', 'services'],
  ['count/deployments.apps', 'deployments.apps'],
  ['secrets', 'secrets'],
  ['gold.storageclass.storage.k8s.io/requests.storage', 'persistentvolumeclaims'],
  ['unheard-of', undefined],
])('%s counts %s', (name, kind) => expect(kindCounted(name)).toBe(kind))

it.each([
  ['Terminating', { activeDeadlineSeconds: 5, containers: [] }, true],
  ['NotTerminating', { activeDeadlineSeconds: 5, containers: [] }, false],
  ['PriorityClass', { priorityClassName: 'high', containers: [] }, true],
  ['PriorityClass', { containers: [] }, false],
])('scope %s', (scope, spec, expected) => {
  expect(podInScopes({ spec: { scopes: [scope] } }, { spec })).toBe(expected)
})
