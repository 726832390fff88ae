import { StorageError, type StoredEvent } from '../storage.ts'
import { FakeClock } from '../testing/fake-clock.ts'
import { ScriptedStorage } from '../testing/scripted-storage.ts'
import type { CacheWatchBatch } from './types.ts'
import { createWatchCache, type RunningWatchCache } from './watch-cache.ts'

const nothing = (): void => undefined
const log = { debug: nothing, info: nothing, warn: nothing, error: nothing }
const prefix = '/registry/pods/'
const pod = (name: string, more = ''): string =>
  `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"${name}","namespace":"ns"}${more}}`
const key = (name: string): string => `${prefix}ns/${name}`
const texts = (batch: CacheWatchBatch): string[] =>
  batch.events.map((event) => `${event.type} ${event.current.name}@${event.current.object.metadata?.resourceVersion}`)

describe('watch cache', () => {
  let storage: ScriptedStorage
  let clock: FakeClock
  let cache: RunningWatchCache

  const start = async (capacity?: number): Promise<void> => {
    cache = createWatchCache({ storage, prefix, log, clock, ...(capacity === undefined ? {} : { capacity }) })
    await cache.ready()
  }
  const tell = async (...events: StoredEvent[]): Promise<void> => {
    storage.tell(...events)
    await cache.waitFor(storage.newest)
  }
  const watch = (after: number, at = prefix) => {
    const abort = new AbortController()
    const iterator = cache.watch({ prefix: at, after, signal: abort.signal })[Symbol.asyncIterator]()
    return { abort, next: async () => (await iterator.next()).value as CacheWatchBatch, iterator }
  }

  beforeEach(() => {
    storage = new ScriptedStorage()
    clock = new FakeClock()
  })
  afterEach(async () => {
    await cache.close()
  })

  it('holds what the store holds, resourceVersion spliced in', async () => {
    storage.write(key('b'), pod('b'))
    storage.write(key('a'), pod('a'))
    storage.write('/registry/podtemplates/ns/x', pod('x'))
    await start()
    expect(cache.revision()).toBe(4)
    const a = cache.get(key('a'))
    expect([a?.namespace, a?.name, a?.revision]).toEqual(['ns', 'a', 3])
    expect(Buffer.from(a?.json ?? []).toString()).toContain('"metadata":{"resourceVersion":"3","name":"a"')
    expect(a?.object.metadata).toEqual({ name: 'a', namespace: 'ns', resourceVersion: '3' })
    expect([...cache.snapshot().entries(prefix)].map((each) => each.name)).toEqual(['a', 'b'])
  })

  it('follows the watch; a snapshot stays at its moment', async () => {
    storage.write(key('a'), pod('a'))
    await start()
    const before = cache.snapshot()
    await tell(storage.write(key('b'), pod('b')), storage.write(key('a'), pod('a', ',"x":1')), storage.remove(key('b')))
    expect([...before.entries(prefix)].map((each) => `${each.name}@${each.revision}`)).toEqual(['a@2'])
    const now = cache.snapshot()
    expect([...now.entries(prefix)].map((each) => `${each.name}@${each.revision}`)).toEqual(['a@4'])
    expect([before.revision, before.size, now.revision, now.size]).toEqual([2, 1, 5, 1])
    expect(cache.snapshot()).toBe(now)
  })

  it('tells watchers what happened after their revision, and encodes each event once', async () => {
    storage.write(key('a'), pod('a'))
    await start()
    await tell(storage.write(key('b'), pod('b')), storage.write(key('a'), pod('a', ',"x":1')))
    const one = watch(2)
    const two = watch(3)
    const first = await one.next()
    expect(texts(first)).toEqual(['ADDED b@3', 'MODIFIED a@4'])
    expect(first.progress).toBe(4)
    expect(first.events[1]?.previous?.revision).toBe(2)
    const other = await two.next()
    expect(texts(other)).toEqual(['MODIFIED a@4'])
    expect(other.events[0]?.frame()).toBe(first.events[1]?.frame())
    expect(Buffer.from(other.events[0]?.frame() ?? []).toString()).toBe(
      `{"type":"MODIFIED","object":${Buffer.from(cache.get(key('a'))?.json ?? []).toString()}}\n`,
    )
  })

  it('a deletion carries the last state at the revision of the deletion', async () => {
    storage.write(key('a'), pod('a'))
    await start()
    await tell(storage.remove(key('a')))
    const [event] = (await watch(2).next()).events
    expect(event?.type).toBe('DELETED')
    expect(event?.current.object).toEqual({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'a', namespace: 'ns', resourceVersion: '3' },
    })
    expect(event?.previous?.revision).toBe(2)
    expect(cache.get(key('a'))).toBeUndefined()
  })

  it('a watcher hears of its own prefix only, and every second how far it is complete', async () => {
    await start()
    const watcher = watch(1, `${prefix}ns/`)
    expect(await watcher.next()).toEqual({ events: [], progress: 1 })
    const next = watcher.next()
    await Promise.resolve()
    await tell({ ...storage.write(`${prefix}other/a`, pod('a')) })
    clock.step(1000)
    expect(await next).toEqual({ events: [], progress: 2 })
    const after = watcher.next()
    await tell(storage.write(key('a'), pod('a')))
    expect(texts(await after)).toEqual(['ADDED a@3'])
  })

  it('several keys changed by one commit are all told', async () => {
    await start()
    const one = storage.write(key('a'), pod('a'))
    const two = { ...storage.write(key('b'), pod('b')), revision: one.revision }
    storage.newest = one.revision
    await tell(one, two)
    const batch = await watch(1).next()
    expect(texts(batch)).toEqual(['ADDED a@2', 'ADDED b@2'])
    expect(batch.progress).toBe(2)
  })

  it('a watcher from before the ring is refused, one that falls behind is cut off', async () => {
    await start(10)
    const slow = watch(1)
    await slow.next()
    const waiting = slow.next()
    await tell(storage.write(key('p0'), pod('p0')))
    await waiting
    for (let i = 1; i < 20; i++) await tell(storage.write(key(`p${i}`), pod(`p${i}`)))
    await expect(slow.next()).rejects.toMatchObject({ reason: 'compacted' })
    await expect(watch(5).next()).rejects.toMatchObject({ reason: 'compacted' })
    const ten = await watch(storage.newest - 10).next()
    expect(ten.events).toHaveLength(10)
  })

  it('one that only waits does not fall behind, whatever happens elsewhere', async () => {
    await start(10)
    const patient = watch(1, `${prefix}ns/`)
    await patient.next()
    const waiting = patient.next()
    await Promise.resolve()
    for (let i = 0; i < 50; i++) await tell(storage.write(`${prefix}other/p${i}`, pod('p')))
    await tell(storage.write(key('a'), pod('a')))
    expect(texts(await waiting)).toEqual(['ADDED a@52'])
  })

  it('goes on after a lost watch where it stopped, without listing again', async () => {
    await start()
    await tell(storage.write(key('a'), pod('a')))
    storage.push(new StorageError('unavailable', 'gone'))
    while (storage.watches.length < 2) {
      clock.step(50)
      await new Promise(setImmediate)
    }
    await tell(storage.write(key('b'), pod('b')))
    expect(storage.watches).toEqual([1, 2])
    expect(storage.lists).toBe(1)
    expect(texts(await watch(1).next())).toEqual(['ADDED a@2', 'ADDED b@3'])
  })

  it('lists again when the store has compacted, and cuts off its watchers', async () => {
    storage.write(key('a'), pod('a'))
    await start()
    const watcher = watch(2)
    await watcher.next()
    const cut = expect(watcher.next()).rejects.toMatchObject({ reason: 'compacted' })
    await Promise.resolve()
    storage.write(key('b'), pod('b'))
    storage.remove(key('a'))
    storage.push(new StorageError('compacted', 'too late'))
    const caughtUp = cache.waitFor(4, { timeoutMs: 60_000 })
    while (storage.lists < 2) {
      clock.step(50)
      await new Promise(setImmediate)
    }
    await caughtUp
    await cut
    expect([...cache.snapshot().entries(prefix)].map((each) => each.name)).toEqual(['b'])
    await expect(watch(2).next()).rejects.toMatchObject({ reason: 'compacted' })
  })

  it('keeps trying while the store does not answer', async () => {
    storage.listFailure = new StorageError('unavailable', 'down')
    cache = createWatchCache({ storage, prefix, log, clock })
    while (storage.lists < 4) {
      clock.step(5000)
      await new Promise(setImmediate)
    }
    storage.listFailure = undefined
    const ready = cache.ready()
    while (cache.revision() === 0) {
      clock.step(5000)
      await new Promise(setImmediate)
    }
    await ready
  })

  it('waiting for a revision asks the store for progress', async () => {
    await start()
    storage.newest = 9
    storage.onProgressRequest = () => storage.push({ events: [], progress: 9 })
    await cache.waitFor(9)
    expect(cache.revision()).toBe(9)
    expect(storage.progressRequests).toBe(1)
  })

  it('waiting for a revision that does not come fails after the timeout, or when aborted', async () => {
    await start()
    const failed = expect(cache.waitFor(99)).rejects.toMatchObject({ reason: 'future' })
    clock.step(3000)
    await failed
    const abort = new AbortController()
    const aborted = expect(cache.waitFor(99, { signal: abort.signal })).rejects.toThrow('enough')
    abort.abort(new Error('enough'))
    await aborted
  })

  it('has no timer running while nobody watches', async () => {
    await start()
    const watcher = watch(1)
    await watcher.next()
    const ended = watcher.iterator.next()
    await Promise.resolve()
    watcher.abort.abort()
    expect((await ended).done).toBe(true)
    clock.step(60_000)
    expect(clock.pending).toBe(0)
  })
})
