import type { V1Lease } from '@kapell/openapi/types'
import { FakeObjects } from '../resources/testing/fake-services.ts'
import { silentLog } from '../server/log.ts'
import { createIdentityLease, identityName } from './identity-lease.ts'

const resource = { group: 'coordination.k8s.io', plural: 'leases' }

function setUp() {
  const objects = new FakeObjects()
  let nowMs = Date.parse('2026-01-01T00:00:00Z')
  const server = (port: number) =>
    createIdentityLease({
      objects,
      hostname: 'host',
      advertise: { address: '192.0.2.1', port },
      now: () => new Date(nowMs),
      log: silentLog,
    })
  const lease = (name: string) => objects.get<V1Lease>(resource, { namespace: 'kube-system', name })
  return { objects, server, lease, pass: (seconds: number) => (nowMs += seconds * 1000) }
}

it('names a server the same each time, and no two alike', () => {
  expect(identityName('a')).toMatch(/^apiserver-[a-z2-7]{26}$/)
  expect(identityName('a')).toBe(identityName('a'))
  const { server } = setUp()
  expect(server(1).name).not.toBe(server(2).name)
})

it('shows the server, and renews what it shows', async () => {
  const { server, lease, pass } = setUp()
  const one = server(6443)
  await one.renew()
  expect(lease(one.name)).toMatchObject({
    metadata: {
      labels: { 'apiserver.kubernetes.io/identity': 'kube-apiserver', 'kubernetes.io/hostname': 'host' },
      annotations: { 'kubernetes.io/peer-advertise-address': '192.0.2.1:6443' },
    },
    spec: { leaseDurationSeconds: 3600, renewTime: '2026-01-01T00:00:00.000000Z' },
  })
  expect(lease(one.name)?.spec?.holderIdentity).toMatch(new RegExp(`^${one.name}_[0-9a-f-]{36}$`))
  pass(10)
  await one.renew()
  expect(lease(one.name)?.spec?.renewTime).toBe('2026-01-01T00:00:10.000000Z')
})

it('a server that starts again holds its lease anew', async () => {
  const { server, lease } = setUp()
  await server(6443).renew()
  const before = lease(server(6443).name)?.spec?.holderIdentity
  const again = server(6443)
  await again.renew()
  expect(lease(again.name)?.spec?.holderIdentity).not.toBe(before)
})

it('removes what servers have left, once it has run out, and no lease of others', async () => {
  const { objects, server, lease, pass } = setUp()
  const [gone, here] = [server(1), server(2)]
  await gone.renew()
  objects.put(resource, {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { namespace: 'kube-system', name: 'kube-scheduler' },
  })
  pass(3600)
  await here.join()
  expect(lease(gone.name)).toBeDefined()
  pass(3600)
  await here.renew()
  await here.collect()
  here.leave()
  expect(lease(gone.name)).toBeUndefined()
  expect(lease(here.name)).toBeDefined()
  expect(lease('kube-scheduler')).toBeDefined()
})
