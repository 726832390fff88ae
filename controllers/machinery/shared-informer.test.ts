import type { KubeObject } from '@kapell/openapi/meta/object'
import { badRequest, serviceUnavailable } from '@kapell/openapi/meta/status'
import { FakeClock, settle } from './clock.ts'
import { silentLogger } from './log.ts'
import { createSharedInformer, type SharedInformer } from './shared-informer.ts'
import { goneError, scriptedResource, type ScriptedResource } from './testing/scripted-resource.ts'

interface Item extends KubeObject {
  color?: string
}
const item = (name: string, version: string, color = 'red'): Item => ({
  metadata: { namespace: 'a', name, resourceVersion: version },
  color,
})

function start(streamingList = false): {
  clock: FakeClock
  server: ScriptedResource<Item>
  stop: AbortController
  open: () => SharedInformer<Item>
} {
  const clock = new FakeClock()
  const server = scriptedResource<Item>()
  const stop = new AbortController()
  return {
    clock,
    server,
    stop,
    open: () =>
      createSharedInformer<Item>({
        name: 'items',
        resource: server,
        clock,
        log: silentLogger,
        signal: stop.signal,
        streamingList,
        freeze: true,
        random: () => 0,
        indexers: { color: (o) => [o.color ?? ''] },
      }),
  }
}

function record(informer: SharedInformer<Item>): string[] {
  const seen: string[] = []
  informer.onChange({
    add: (o) => void seen.push(`add ${o.metadata?.name} ${o.color}`),
    update: (old, o) => void seen.push(`update ${o.metadata?.name} ${old.color}>${o.color}`),
    delete: (o) => void seen.push(`delete ${o.metadata?.name}`),
  })
  return seen
}

describe('a shared informer', () => {
  test('lists, then follows the watch, in order', async () => {
    const { server, open } = start()
    server.setState([item('x', '1')], '5')
    const informer = open()
    const seen = record(informer)
    await informer.synced()
    await settle()
    expect(server.watches[0]).toMatchObject({ resourceVersion: '5', allowWatchBookmarks: true })
    server.emit({ type: 'ADDED', object: item('y', '6') })
    server.emit({ type: 'MODIFIED', object: item('x', '7', 'blue') })
    server.emit({ type: 'DELETED', object: item('y', '8') })
    await settle()
    expect(seen).toEqual(['add x red', 'add y red', 'update x red>blue', 'delete y'])
    expect(informer.lister.byIndex('color', 'blue')).toHaveLength(1)
    expect(informer.lister.byIndex('color', 'red')).toHaveLength(0)
    expect(informer.lister.get('a/x')?.color).toBe('blue')
  })

  test('a handler that comes late is told of all there is', async () => {
    const { server, open } = start()
    server.setState([item('x', '1'), item('y', '2')], '5')
    const informer = open()
    await informer.synced()
    expect(record(informer)).toEqual(['add x red', 'add y red'])
  })

  test('a watch that ends resumes from the last version seen, bookmarks included', async () => {
    const { server, clock, open } = start()
    const informer = open()
    await informer.synced()
    await settle()
    server.emit({ type: 'BOOKMARK', object: { metadata: { resourceVersion: '41' } } })
    await settle()
    server.close()
    await clock.advance(2000)
    expect(server.watches.at(-1)?.resourceVersion).toBe('41')
    expect(server.lists).toHaveLength(1)
  })

  test('after 410 it lists again and tells the difference only', async () => {
    const { server, clock, open } = start()
    server.setState([item('x', '1'), item('y', '2'), item('z', '3')], '5')
    const informer = open()
    const seen = record(informer)
    await informer.synced()
    await settle()
    seen.length = 0
    server.setState([item('x', '1'), item('y', '9', 'green'), item('w', '8')], '20')
    server.fail(goneError())
    await clock.advance(3000)
    expect(seen).toEqual(['delete z', 'update y red>green', 'add w red'])
    expect(server.watches.at(-1)?.resourceVersion).toBe('20')
  })

  test('backs off while the server refuses, and keeps what it has', async () => {
    const { server, clock, open } = start()
    for (let i = 0; i < 3; i++) server.failList(serviceUnavailable('down'))
    server.setState([item('x', '1')], '5')
    const informer = open()
    await settle()
    expect(server.lists).toHaveLength(1)
    await clock.advance(799)
    expect(server.lists).toHaveLength(1)
    await clock.advance(1)
    expect(server.lists).toHaveLength(2)
    await clock.advance(1600 + 3200)
    expect(informer.lister.size).toBe(1)
  })

  test('a server that ends every watch at once is not asked in a tight loop', async () => {
    const { server, clock, open } = start()
    const informer = open()
    await informer.synced()
    for (let i = 0; i < 60; i++) {
      await settle()
      server.close()
      await clock.advance(500)
    }
    expect(server.watches.length).toBeLessThan(10)
  })

  test('streams the first state where the server can', async () => {
    const { server, open } = start(true)
    const informer = open()
    const seen = record(informer)
    await settle()
    expect(server.watches[0]).toMatchObject({ sendInitialEvents: true })
    server.emit({ type: 'ADDED', object: item('x', '1') })
    await settle()
    expect(informer.hasSynced).toBe(false)
    server.emit({
      type: 'BOOKMARK',
      object: { metadata: { resourceVersion: '9', annotations: { 'k8s.io/initial-events-end': 'true' } } },
    })
    await informer.synced()
    expect(seen).toEqual(['add x red'])
    expect(server.lists).toHaveLength(0)
  })

  test('falls back to lists where streaming is refused', async () => {
    const { server, open } = start(true)
    server.fail(badRequest('sendInitialEvents is forbidden'))
    server.setState([item('x', '1')], '5')
    const informer = open()
    await informer.synced()
    expect(informer.lister.size).toBe(1)
  })

  test('a slow handler delays no other, and then sees each object once, with its latest state', async () => {
    const { server, open } = start()
    const informer = open()
    await informer.synced()
    await settle()
    const slow: string[] = []
    const gate = Promise.withResolvers<void>()
    const note = async (text: string): Promise<void> => {
      slow.push(text)
      await gate.promise
    }
    informer.onChange({
      add: (o) => note(`add ${o.metadata?.name} ${o.color}`),
      update: (old, o) => note(`update ${o.metadata?.name} ${old.color}>${o.color}`),
      delete: (o) => note(`delete ${o.metadata?.name}`),
    })
    const quick = record(informer)
    server.emit({ type: 'ADDED', object: item('x', '1') })
    server.emit({ type: 'ADDED', object: item('y', '2') })
    server.emit({ type: 'MODIFIED', object: item('x', '3', 'blue') })
    server.emit({ type: 'MODIFIED', object: item('x', '4', 'green') })
    server.emit({ type: 'ADDED', object: item('z', '5') })
    server.emit({ type: 'DELETED', object: item('z', '6') })
    await settle(8)
    expect(quick).toHaveLength(6)
    expect(slow).toEqual(['add x red'])
    gate.resolve()
    await settle(8)
    expect(slow).toEqual(['add x red', 'add y red', 'update x red>green'])
  })

  test('a handler that throws does not stop the others', async () => {
    const { server, open } = start()
    server.setState([item('x', '1')], '5')
    const informer = open()
    informer.onChange({
      add: () => {
        throw new Error('mine')
      },
    })
    const seen = record(informer)
    await informer.synced()
    expect(seen).toEqual(['add x red'])
  })

  test('cached objects cannot be changed by readers', async () => {
    const { server, open } = start()
    server.setState([item('x', '1')], '5')
    const informer = open()
    await informer.synced()
    expect(() => {
      informer.lister.get('a/x')!.metadata!.name = 'other'
    }).toThrow(TypeError)
  })

  test('resync tells everything as updated', async () => {
    const { server, clock, open } = start()
    server.setState([item('x', '1')], '5')
    const informer = open()
    await informer.synced()
    let updates = 0
    informer.onChange({ update: () => void updates++ }, { resyncMs: 1000 })
    await clock.advance(3000)
    expect(updates).toBe(3)
  })

  test('a silent watch is cut past its own timeout and resumed', async () => {
    const { server, clock, open } = start()
    const informer = open()
    await informer.synced()
    await settle()
    await clock.advance(330_000 + 1)
    await clock.advance(2000)
    expect(server.watches).toHaveLength(2)
    expect(server.lists).toHaveLength(1)
  })

  test('stopped before the first list, synced rejects', async () => {
    const { server, stop, open } = start()
    server.failList(serviceUnavailable('down'))
    const informer = open()
    await settle()
    stop.abort()
    await expect(informer.synced()).rejects.toThrow('stopped before the first list')
  })
})
