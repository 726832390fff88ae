import type { ApiClient } from '@kapell/controllers/machinery/client'
import { FakeClock } from '@kapell/controllers/machinery/clock'
import { silentLogger } from '@kapell/controllers/machinery/log'
import { notFound } from '@kapell/openapi/meta/status'
import type { V1Node } from '@kapell/openapi/types'
import type { Cri } from '../cri/client.ts'
import { createNodeStatus, type NodeStatus } from './node-status.ts'

/** An API server with room for one node. */
function setUp(more: { deleted?: () => void } = {}) {
  let stored: V1Node | undefined
  const calls: string[] = []
  const merge = (status: V1Node['status']): V1Node => {
    const conditions = new Map(
      [...(stored?.status?.conditions ?? []), ...(status?.conditions ?? [])].map((c) => [c.type, c]),
    )
    const addresses = (status?.addresses ?? []).filter(({ type }) => type !== undefined)
    stored = { ...stored!, status: { ...stored!.status, ...status, addresses, conditions: [...conditions.values()] } }
    return stored
  }
  const resource = {
    get: () => {
      calls.push('get')
      return stored === undefined
        ? Promise.reject(notFound({ group: '', plural: 'nodes' }, 'a'))
        : Promise.resolve(structuredClone(stored))
    },
    create: (node: V1Node) => {
      calls.push('create')
      stored = structuredClone({ ...node, metadata: { ...node.metadata, uid: `uid-${calls.length}` } })
      return Promise.resolve(structuredClone(stored))
    },
    patch: (_name: string, _type: string, body: V1Node) => {
      calls.push('patch')
      return Promise.resolve(structuredClone(merge(body.status)))
    },
  }
  const cri = {
    runtime: { status: () => Promise.resolve({ status: { conditions: [] } }) },
    images: { listImages: () => Promise.resolve({ images: [] }) },
  }
  const status: NodeStatus = createNodeStatus({
    client: { resource: () => resource } as unknown as ApiClient,
    cri: cri as unknown as Cri,
    recorder: { event: () => {}, flushed: () => Promise.resolve() },
    clock: new FakeClock(),
    log: silentLogger,
    signal: new AbortController().signal,
    nodeName: 'a',
    nodeIp: '192.0.2.1',
    hostname: 'a',
    podCidr: undefined,
    labels: {},
    annotations: {},
    taints: [],
    machine: { cpus: 1, memoryBytes: 1, diskBytes: 1, hugePages: {}, info: {} as never },
    maxPods: 1,
    kubeletVersion: 'v',
    runtimeVersion: 'r',
    port: 10250,
    dataDir: '/',
    pressures: () => [],
    problem: () => '',
    ...more,
  })
  return {
    status,
    calls,
    ready: () => stored?.status?.conditions?.find(({ type }) => type === 'Ready')?.status,
    callUnknown: () => {
      for (const condition of stored?.status?.conditions ?? []) condition.status = 'Unknown'
    },
    capacity: () => stored?.status?.capacity ?? {},
    allocatable: () => stored?.status?.allocatable ?? {},
    remove: () => {
      stored = undefined
    },
  }
}

it('gives pods all of what others say that the node has', async () => {
  const { status, calls, capacity, allocatable } = setUp()
  await status.register()
  capacity()['example.com/dongle'] = '4'
  await status.refresh()
  expect(allocatable()).toMatchObject({ 'example.com/dongle': '4', cpu: '1' })
  expect(capacity()).toMatchObject({ 'example.com/dongle': '4' })
  const before = calls.length
  await status.refresh()
  expect(calls.slice(before)).toEqual(['get'])
})

it('writes its status only when it is another', async () => {
  const { status, calls } = setUp()
  await status.register()
  await status.refresh()
  await status.refresh()
  expect(calls.filter((call) => call === 'patch').length).toBeLessThanOrEqual(1)
})

it('a node that was called Unknown while it was cut off is Ready again with its next look', async () => {
  const { status, ready, callUnknown } = setUp()
  await status.register()
  await status.refresh()
  callUnknown()
  await status.refresh()
  expect(ready()).toBe('True')
})

it('a node that was deleted comes back as a new one', async () => {
  const { status, ready, remove } = setUp()
  await status.register()
  const before = status.uid()
  remove()
  await status.refresh()
  expect(ready()).toBe('True')
  expect(status.uid()).not.toBe(before)
})

it('or leaves, when that is what its deletion means', async () => {
  let left = false
  const { status, ready, remove } = setUp({ deleted: () => (left = true) })
  await status.register()
  remove()
  await status.refresh()
  expect([left, ready()]).toEqual([true, undefined])
})
