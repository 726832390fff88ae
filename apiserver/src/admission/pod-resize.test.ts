import type { V1Node, V1Pod, V1PodSpec } from '@kapell/openapi/types'
import { resources } from '../resources/index.ts'
import { FakeObjects, fakeServices, testNow } from '../resources/testing/fake-services.ts'
import type { AdmissionPlugin } from './admission.ts'
import { nodeDeclaredFeatureValidator } from './node-declared-features.ts'
import { podResizeValidator } from './pod-resize-validator.ts'

const definition = resources.find((r) => r.definition.plural === 'pods' && r.definition.group === '')!.definition
const nodes = { group: '', plural: 'nodes' }
const node = (declaredFeatures: string[] = []): V1Node => ({
  metadata: { name: 'n' },
  status: { allocatable: { cpu: '2', memory: '1Gi' }, declaredFeatures },
})
const pod = (spec: Partial<V1PodSpec>): V1Pod => ({
  metadata: { name: 'p', namespace: 'a' },
  spec: { nodeName: 'n', containers: [{ name: 'c', image: 'x' }], ...spec },
})
const asking = (requests: Record<string, string>, name = 'c') => ({ name, image: 'x', resources: { requests } })

async function change(plugin: AdmissionPlugin, next: V1Pod, old: V1Pod, on: V1Node | undefined): Promise<void> {
  const objects = on === undefined ? new FakeObjects() : new FakeObjects().put(nodes, on)
  const attributes = {
    operation: 'UPDATE' as const,
    resource: definition,
    subresource: 'resize',
    namespace: 'a',
    name: 'p',
    object: next,
    oldObject: old,
    options: {},
    user: { username: 'bob', groups: [] },
    dryRun: false,
    now: testNow,
    warn: () => undefined,
  }
  if (plugin.handles(attributes)) await plugin.validate?.(attributes, fakeServices(objects))
}

const forbidden = (why: string): string => `pods "p" is forbidden: ${why}`

describe('PodResizeValidator', () => {
  it.each<[string, Partial<V1PodSpec>, string | undefined]>([
    ['what fits', { containers: [asking({ cpu: '2', memory: '1Gi' })] }, undefined],
    [
      'limits are no matter',
      { containers: [{ name: 'c', image: 'x', resources: { limits: { cpu: '9' } } }] },
      undefined,
    ],
    ['no node yet', { nodeName: '', containers: [asking({ cpu: '9' })] }, undefined],
    [
      'each that is too much is told of',
      {
        initContainers: [{ ...asking({ cpu: '10m' }, 's'), restartPolicy: 'Always' }],
        containers: [asking({ cpu: '3', memory: '3Gi' })],
      },
      "node didn't have enough allocatable resources: cpu, requested: 3010, allocatable: 2000; memory, requested: 3221225472, allocatable: 1073741824",
    ],
  ])('%s', async (_rule, spec, why) => {
    const answer = change(podResizeValidator, pod(spec), pod({}), node())
    if (why === undefined) return expect(answer).resolves.toBeUndefined()
    return expect(answer).rejects.toMatchObject({
      status: { code: 403, message: forbidden(why), details: { causes: [{ reason: 'NodeCapacity' }] } },
    })
  })

  it('a node that is gone has nothing', () =>
    expect(change(podResizeValidator, pod({}), pod({}), undefined)).rejects.toThrow(forbidden('node "n" not found')))
})

describe('NodeDeclaredFeatureValidator', () => {
  const refused = (feature: string): string =>
    forbidden(`pod update requires features ${feature} which are not available on node "n"`)
  it.each<[string, Partial<V1PodSpec>, Partial<V1PodSpec>, string | undefined]>([
    ['containers are resized everywhere', { containers: [asking({ cpu: '1' })] }, {}, undefined],
    [
      'sidecars as well',
      { initContainers: [{ ...asking({ cpu: '2' }, 's'), restartPolicy: 'Always' }] },
      { initContainers: [{ ...asking({ cpu: '1' }, 's'), restartPolicy: 'Always' }] },
      undefined,
    ],
    [
      'steps of initialisation not',
      { initContainers: [asking({ cpu: '2' }, 'i')] },
      { initContainers: [asking({ cpu: '1' }, 'i')] },
      'InPlacePodVerticalScalingInitContainers',
    ],
    [
      'nor whole pods',
      { resources: { requests: { cpu: '2' } } },
      { resources: { requests: { cpu: '1' } } },
      'InPlacePodLevelResourcesVerticalScaling',
    ],
  ])('%s', async (_rule, next, old, feature) => {
    const on = (declared: string[]): Promise<void> =>
      change(nodeDeclaredFeatureValidator, pod(next), pod(old), node(declared))
    if (feature === undefined) return expect(on([])).resolves.toBeUndefined()
    await expect(on([])).rejects.toThrow(refused(feature))
    await expect(on([feature])).resolves.toBeUndefined()
  })
})
