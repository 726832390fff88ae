import type { V1ClusterRole, V1ClusterRoleBinding } from '@kapell/openapi/types'
import { clusterRoleBindingResource, clusterRoleResource } from '../authorization/rbac-rules.ts'
import { FakeObjects, fakeServices, testNow } from '../resources/testing/fake-services.ts'
import { bootstrap } from './index.ts'
import { aggregateRules } from './rbac/aggregate.ts'
import { reconcileRbac } from './rbac/reconcile.ts'

const start = (objects: FakeObjects): Promise<void> =>
  bootstrap({
    objects,
    config: fakeServices().config,
    advertise: { address: '192.0.2.1', port: 6443 },
    authentication: { clientCa: 'PEM' },
    now: testNow,
    serves: ({ version }) => /^v\d+$/.test(version),
  })

describe('bootstrap', () => {
  const objects = new FakeObjects()
  beforeAll(() => start(objects))

  it.each<[what: string, group: string, plural: string, count: number]>([
    ['the system namespaces', '', 'namespaces', 4],
    ['cluster roles', 'rbac.authorization.k8s.io', 'clusterroles', 74],
    ['cluster role bindings', 'rbac.authorization.k8s.io', 'clusterrolebindings', 55],
    ['roles', 'rbac.authorization.k8s.io', 'roles', 7],
    ['role bindings', 'rbac.authorization.k8s.io', 'rolebindings', 7],
    ['priority classes', 'scheduling.k8s.io', 'priorityclasses', 2],
    ['flow schemas', 'flowcontrol.apiserver.k8s.io', 'flowschemas', 11],
    ['priority levels', 'flowcontrol.apiserver.k8s.io', 'prioritylevelconfigurations', 8],
    ['API services', 'apiregistration.k8s.io', 'apiservices', 21],
    ['the service range', 'networking.k8s.io', 'servicecidrs', 1],
  ])('makes %s', (_what, group, plural, count) => {
    expect(objects.list({ group, plural })).toHaveLength(count)
  })

  it('makes the Service that pods reach the API by', () => {
    const at = { namespace: 'default', name: 'kubernetes' }
    expect(objects.get({ group: '', plural: 'services' }, at)).toMatchObject({ spec: { clusterIP: '10.96.0.1' } })
  })

  it('changes nothing when it runs again', async () => {
    const before = JSON.stringify(objects.list({ group: 'rbac.authorization.k8s.io', plural: 'clusterroles' }))
    await start(objects)
    expect(JSON.stringify(objects.list({ group: 'rbac.authorization.k8s.io', plural: 'clusterroles' }))).toBe(before)
  })
})

describe('reconcileRbac', () => {
  it('gives back what was taken, and keeps what was added', async () => {
    const objects = new FakeObjects()
    await reconcileRbac(objects)
    const name = 'system:discovery'
    await objects.update<V1ClusterRole>(clusterRoleResource, { name }, (role) => {
      role.rules = [{ verbs: ['get'], nonResourceURLs: ['/mine'] }]
    })
    await objects.update<V1ClusterRoleBinding>(clusterRoleBindingResource, { name }, (binding) => {
      binding.subjects = []
    })
    await reconcileRbac(objects)
    const urls = objects
      .get<V1ClusterRole>(clusterRoleResource, { name })
      ?.rules?.flatMap((r) => r.nonResourceURLs ?? [])
    expect(urls).toEqual(expect.arrayContaining(['/mine', '/api']))
    expect(objects.get<V1ClusterRoleBinding>(clusterRoleBindingResource, { name })?.subjects).toHaveLength(1)
  })
  it('keeps away from what is marked so', async () => {
    const objects = new FakeObjects()
    await reconcileRbac(objects)
    const name = 'system:discovery'
    await objects.update<V1ClusterRole>(clusterRoleResource, { name }, (role) => {
      role.rules = []
      role.metadata = { ...role.metadata, annotations: { 'rbac.authorization.kubernetes.io/autoupdate': 'false' } }
    })
    await reconcileRbac(objects)
    expect(objects.get<V1ClusterRole>(clusterRoleResource, { name })?.rules).toEqual([])
  })
})

describe('aggregateRules', () => {
  const rule = (resource: string) => ({ verbs: ['get'], apiGroups: [''], resources: [resource] })
  const takes = (label: string) => ({ clusterRoleSelectors: [{ matchLabels: { [label]: 'true' } }] })
  it('follows a chain', () => {
    const roles: V1ClusterRole[] = [
      { metadata: { name: 'top' }, aggregationRule: takes('to-top') },
      { metadata: { name: 'middle', labels: { 'to-top': 'true' } }, aggregationRule: takes('to-middle') },
      { metadata: { name: 'leaf', labels: { 'to-middle': 'true' } }, rules: [rule('pods')] },
    ]
    expect(aggregateRules(roles).get('top')).toEqual([rule('pods')])
  })
  it('ends where roles take from each other', () => {
    const roles: V1ClusterRole[] = [
      { metadata: { name: 'a', labels: { 'to-b': 'true' } }, aggregationRule: takes('to-a'), rules: [rule('pods')] },
      { metadata: { name: 'b', labels: { 'to-a': 'true' } }, aggregationRule: takes('to-b'), rules: [rule('nodes')] },
    ]
    expect(aggregateRules(roles).size).toBe(2)
  })
})
