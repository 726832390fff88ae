import type { V1Endpoints, V1EndpointSlice } from '@kapell/openapi/types'
import { FakeObjects } from '../resources/testing/fake-services.ts'
import { silentLog } from '../server/log.ts'
import { StorageError, type Storage, type Stored } from '../storage/storage.ts'
import { createKubernetesEndpoints } from './kubernetes-endpoints.ts'
import { createServerLeases } from './server-leases.ts'

/** As much of a store as leases need; what has a time to live goes when the test says so. */
function fakeStore() {
  const keys = new Map<string, Stored & { ttlSeconds: number | undefined }>()
  let revision = 0
  const put = (key: string, value: Uint8Array, ttlSeconds: number | undefined): Promise<number> => {
    keys.set(key, { key, value, revision: ++revision, ttlSeconds })
    return Promise.resolve(revision)
  }
  const storage: Pick<Storage, 'get' | 'list' | 'create' | 'update' | 'delete'> = {
    get: (key) => Promise.resolve(keys.get(key)),
    list: (prefix) => {
      const items = [...keys.values()].filter(({ key }) => key.startsWith(prefix))
      return Promise.resolve({ items, revision, more: false, count: items.length })
    },
    create: (key, value, ttl) =>
      keys.has(key) ? Promise.reject(new StorageError('exists', 'exists')) : put(key, value, ttl),
    update: (key, value, expected, ttl) =>
      keys.get(key)?.revision === expected ? put(key, value, ttl) : Promise.reject(new StorageError('conflict', 'c')),
    delete: (key, expected) => {
      if (keys.get(key)?.revision !== expected) return Promise.reject(new StorageError('conflict', 'c'))
      keys.delete(key)
      return Promise.resolve(++revision)
    },
  }
  return { storage: storage as Storage, keys }
}

function setUp() {
  const { storage, keys } = fakeStore()
  const objects = new FakeObjects()
  const leases = createServerLeases(storage)
  const server = (address: string) =>
    createKubernetesEndpoints({ leases, objects, advertise: { address, port: 6443 }, log: silentLog })
  const at = { namespace: 'default', name: 'kubernetes' }
  const shown = () => {
    const slice = objects.get<V1EndpointSlice>({ group: 'discovery.k8s.io', plural: 'endpointslices' }, at)
    const endpoints = objects.get<V1Endpoints>({ group: '', plural: 'endpoints' }, at)
    expect(endpoints?.subsets?.[0]?.addresses?.map(({ ip }) => ip)).toEqual(
      slice?.endpoints?.flatMap(({ addresses }) => addresses),
    )
    if (slice !== undefined) expect(slice.ports).toEqual([{ name: 'https', port: 6443, protocol: 'TCP' }])
    return slice?.endpoints?.flatMap(({ addresses }) => addresses)
  }
  return { server, keys, shown, objects }
}

it('each server adds its own address', async () => {
  const { server, shown, keys } = setUp()
  await server('192.0.2.2').reconcile()
  expect(shown()).toEqual(['192.0.2.2'])
  await server('192.0.2.1').reconcile()
  expect(shown()).toEqual(['192.0.2.1', '192.0.2.2'])
  expect([...keys.values()].map(({ key, ttlSeconds }) => [key, ttlSeconds])).toEqual([
    ['/registry/masterleases/192.0.2.2', 15],
    ['/registry/masterleases/192.0.2.1', 15],
  ])
})

it('each look renews the lease by another value', async () => {
  const { server, keys } = setUp()
  const one = server('192.0.2.1')
  await one.reconcile()
  await one.reconcile()
  const { value } = keys.get('/registry/masterleases/192.0.2.1')!
  expect(JSON.parse(new TextDecoder().decode(value))).toEqual({
    kind: 'Endpoints',
    apiVersion: 'v1',
    metadata: { generation: 2 },
    subsets: [{ addresses: [{ ip: '192.0.2.1' }] }],
  })
})

it('one that dies is taken away by those that are left, once its lease has ended', async () => {
  const { server, shown, keys } = setUp()
  const [one, two] = [server('192.0.2.1'), server('192.0.2.2')]
  await one.reconcile()
  await two.reconcile()
  keys.delete('/registry/masterleases/192.0.2.1')
  await two.reconcile()
  expect(shown()).toEqual(['192.0.2.2'])
})

it('one that stops takes itself away; the last leaves the endpoints as they are', async () => {
  const { server, shown } = setUp()
  const [one, two] = [server('192.0.2.1'), server('192.0.2.2')]
  await one.join()
  await two.join()
  await one.leave()
  expect(shown()).toEqual(['192.0.2.2'])
  await two.leave()
  expect(shown()).toEqual(['192.0.2.2'])
})

it('a server on a loopback address takes no part', async () => {
  const { server, keys, shown } = setUp()
  const one = server('127.0.0.1')
  await one.join()
  await one.leave()
  expect([keys.size, shown()]).toEqual([0, undefined])
})
