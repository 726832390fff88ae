import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { WatchBatch } from '../storage.ts'
import { FakeClock } from '../testing/fake-clock.ts'
import { openEmbeddedStore, type EmbeddedStorage } from './store.ts'

const nothing = (): void => undefined
const log = { debug: nothing, info: nothing, warn: nothing, error: nothing }
const bytes = (text: string): Buffer => Buffer.from(text)

describe('embedded store', () => {
  let directory: string
  let clock: FakeClock
  let storage: EmbeddedStorage
  const open = () =>
    openEmbeddedStore({
      directory,
      log,
      clock,
      history: { keepAtLeastMs: 25_000, keepMs: 60_000, keepRevisions: 1000, everyMs: 10_000 },
    })

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'kapell-store-'))
    clock = new FakeClock()
    storage = await open()
  })
  afterEach(async () => {
    await storage.close()
    await rm(directory, { recursive: true, force: true })
  })

  const settled = (revision: number): Promise<boolean> =>
    storage.get('/a', revision).then(
      () => true,
      () => false,
    )
  const until = async (condition: () => Promise<boolean>): Promise<void> => {
    while (!(await condition())) await new Promise(setImmediate)
  }

  it('drops history by age, and only that', async () => {
    const first = await storage.create('/a', bytes('1'))
    const second = await storage.update('/a', bytes('2'), first)
    clock.step(40_000)
    const third = await storage.update('/a', bytes('3'), second)
    clock.step(15_000)
    expect(await settled(first)).toBe(true)
    clock.step(10_000)
    await until(async () => !(await settled(first)))
    expect(Buffer.from((await storage.get('/a', second))?.value ?? []).toString()).toBe('2')
    expect((await storage.get('/a', third))?.revision).toBe(third)
  })

  it('drops history by length, but not the newest of it', async () => {
    let revision = await storage.create('/a', bytes('0'))
    const first = revision
    for (let i = 0; i < 1100; i++) revision = await storage.update('/a', bytes(String(i)), revision)
    clock.step(20_000)
    expect(await settled(first)).toBe(true)
    clock.step(10_000)
    await until(async () => !(await settled(first)))
    expect(await settled(revision - 1000)).toBe(true)
  })

  it('a swept deletion leaves nothing behind, and one written over meanwhile is kept', async () => {
    const a = await storage.create('/a', bytes('1'))
    const gone = await storage.delete('/a', a)
    const b = await storage.create('/b', bytes('1'))
    await storage.delete('/b', b)
    const [, again] = await Promise.all([storage.compact(gone + 2), storage.create('/b', bytes('2'))])
    await storage.compact(again)
    expect(await storage.get('/a')).toBeUndefined()
    expect((await storage.get('/b'))?.revision).toBe(again)
    expect((await storage.list('/')).items.map((item) => item.key)).toEqual(['/b'])
    await storage.close()
    storage = await open()
    expect((await storage.list('/', { at: again })).items.map((item) => item.key)).toEqual(['/b'])
  })

  it('expires values when their time is over, also after a restart', async () => {
    const abort = new AbortController()
    await storage.create('/event', bytes('1'), 60)
    await storage.create('/later', bytes('1'), 7200)
    await storage.close()
    storage = await open()
    const watch = storage.watch('/', await storage.revision(), abort.signal)[Symbol.asyncIterator]()
    expect(((await watch.next()).value as WatchBatch).events).toEqual([])
    const next = watch.next()
    clock.step(61_000)
    const { events } = (await next).value as WatchBatch
    expect(events.map((event) => `${event.type} ${event.key}`)).toEqual(['delete /event'])
    expect((await storage.list('/')).items.map((item) => item.key)).toEqual(['/later'])
    abort.abort()
    await watch.return?.()
  })

  it('a watch that does not keep up reads the log instead of filling memory', async () => {
    const abort = new AbortController()
    const after = await storage.revision()
    const watch = storage.watch('/', after, abort.signal)[Symbol.asyncIterator]()
    await watch.next()
    const total = 5000
    await Promise.all(Array.from({ length: total }, (_, i) => storage.create(`/k${i}`, bytes('x'))))
    const seen: number[] = []
    while (seen.length < total) {
      const { events } = (await watch.next()).value as WatchBatch
      expect(events.length).toBeLessThanOrEqual(2048)
      seen.push(...events.map((event) => event.revision))
    }
    expect(seen).toEqual(Array.from({ length: total }, (_, i) => after + 1 + i))
    abort.abort()
    await watch.return?.()
  })

  it('hands the writer’s own bytes to watches: nothing is read again', async () => {
    const abort = new AbortController()
    const watch = storage.watch('/', await storage.revision(), abort.signal)[Symbol.asyncIterator]()
    await watch.next()
    const value = bytes('shared')
    await storage.create('/a', value)
    const { events } = (await watch.next()).value as WatchBatch
    expect(events[0]?.value).toBe(value)
    abort.abort()
    await watch.return?.()
  })

  it('refuses keys and values that are too long', async () => {
    await expect(storage.create(`/${'k'.repeat(2000)}`, bytes('x'))).rejects.toMatchObject({ reason: 'tooLarge' })
    expect(await storage.get(`/${'k'.repeat(50_000)}`)).toBeUndefined()
    await expect(storage.create('/a', Buffer.alloc(5 * 1024 * 1024))).rejects.toMatchObject({ reason: 'tooLarge' })
  })
})
