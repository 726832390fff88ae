import type { KubeList, KubeObject } from './meta/object.ts'
import type { CoreV1Event, V1Deployment, V1Lease, V1MicroTime, V1ObjectMeta, V1Pod, V1PodList } from './types.ts'

/** What matters here is that this file type-checks: models fit the shapes that every room shares. */
test('a generated kind is a KubeObject, and its list a KubeList', () => {
  const meta: V1ObjectMeta = { name: 'a', creationTimestamp: '2026-01-01T00:00:00Z', managedFields: [{ fieldsV1: {} }] }
  const pod: V1Pod = { metadata: meta, spec: { containers: [{ name: 'c', resources: { limits: { cpu: '1' } } }] } }
  const renewTime: V1MicroTime = '2026-01-01T00:00:00.000000Z'
  const lease: V1Lease = { spec: { renewTime } }
  const event: CoreV1Event = { metadata: {}, involvedObject: {} }
  const deployment: V1Deployment = {
    spec: { selector: {}, template: {}, strategy: { rollingUpdate: { maxSurge: '25%' } } },
  }
  const objects: KubeObject[] = [pod, lease, event, deployment]
  const list: KubeList<V1Pod> = { items: [pod] } satisfies V1PodList
  expect(objects).toHaveLength(4)
  expect(list.items[0]?.spec?.containers[0]?.name).toBe('c')
})
