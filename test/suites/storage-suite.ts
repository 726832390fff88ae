import { setTimeout as delay } from 'node:timers/promises'
import { StorageError, type Revision, type Storage, type StoredEvent } from '@kapell/apiserver/storage/storage'

/** What the suite needs of an implementation. */
export interface StorageUnderTest {
  /** A store with nothing under the returned prefix. */
  open(): Promise<{ storage: Storage; prefix: string; reopen: () => Promise<Storage>; dispose: () => Promise<void> }>
}

export const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
export const text = (value: Uint8Array | undefined): string | undefined =>
  value === undefined ? undefined : new TextDecoder().decode(value)

/** The reason of the StorageError that the promise fails with. */
export async function reasonOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise
  } catch (error) {
    if (error instanceof StorageError) return error.reason
    throw error
  }
  return 'nothing'
}

/** Collects a watch's events until `enough`. */
export async function collect(
  storage: Storage,
  options: { prefix: string; after: Revision; enough: (events: StoredEvent[]) => boolean },
): Promise<StoredEvent[]> {
  const events: StoredEvent[] = []
  if (options.enough(events)) return events
  const abort = new AbortController()
  for await (const batch of storage.watch(options.prefix, options.after, abort.signal)) {
    for (const event of batch.events) events.push({ ...event, value: event.value.slice() })
    if (options.enough(events)) break
  }
  abort.abort()
  return events
}

const summary = (event: StoredEvent): string =>
  `${event.type} ${event.key.split('/').pop()} ${text(event.value)}${event.previous === undefined ? '' : ` was ${text(event.previous.value)}`}`

/** The behaviour every store has. Call inside a describe block. */
export function storageSuite(under: StorageUnderTest): void {
  let storage: Storage
  let root: string
  let reopen: () => Promise<Storage>
  let dispose: () => Promise<void>

  beforeEach(async () => {
    const opened = await under.open()
    storage = opened.storage
    root = opened.prefix
    reopen = opened.reopen
    dispose = opened.dispose
  })
  afterEach(async () => {
    await dispose()
  })

  const key = (name: string): string => `${root}pods/${name}`
  const pods = (): string => `${root}pods/`

  describe('keys', () => {
    it('a created key can be read with the revision of its creation', async () => {
      const before = await storage.revision()
      const revision = await storage.create(key('a'), bytes('1'))
      expect(revision).toBeGreaterThan(before)
      const stored = await storage.get(key('a'))
      expect([stored?.key, text(stored?.value), stored?.revision]).toEqual([key('a'), '1', revision])
      expect(await storage.revision()).toBeGreaterThanOrEqual(revision)
    })

    it('a missing key is undefined', async () => {
      expect(await storage.get(key('nothing'))).toBeUndefined()
    })

    it('creating an existing key fails', async () => {
      await storage.create(key('a'), bytes('1'))
      expect(await reasonOf(storage.create(key('a'), bytes('2')))).toBe('exists')
      expect(text((await storage.get(key('a')))?.value)).toBe('1')
    })

    it('an update needs the newest revision', async () => {
      const first = await storage.create(key('a'), bytes('1'))
      const second = await storage.update(key('a'), bytes('2'), first)
      expect(second).toBeGreaterThan(first)
      expect(await reasonOf(storage.update(key('a'), bytes('3'), first))).toBe('conflict')
      expect(text((await storage.get(key('a')))?.value)).toBe('2')
    })

    it('updating or deleting a missing key fails', async () => {
      expect(await reasonOf(storage.update(key('x'), bytes('3'), 5))).toBe('notFound')
      expect(await reasonOf(storage.delete(key('x'), 5))).toBe('notFound')
    })

    it('a delete needs the newest revision and makes one', async () => {
      const first = await storage.create(key('a'), bytes('1'))
      const second = await storage.update(key('a'), bytes('2'), first)
      expect(await reasonOf(storage.delete(key('a'), first))).toBe('conflict')
      const gone = await storage.delete(key('a'), second)
      expect(gone).toBeGreaterThan(second)
      expect(await storage.get(key('a'))).toBeUndefined()
      expect(await storage.create(key('a'), bytes('again'))).toBeGreaterThan(gone)
    })

    it('values of every size and any bytes come back as they were', async () => {
      for (const size of [0, 1, 2000, 5000, 1_000_000]) {
        const value = new Uint8Array(size).map((_, i) => (i * 31) & 255)
        await storage.create(key(`size-${size}`), value)
        expect(Buffer.compare((await storage.get(key(`size-${size}`)))?.value ?? bytes('?'), value)).toBe(0)
      }
    })

    it('of many racing updates from one revision exactly one wins', async () => {
      const first = await storage.create(key('a'), bytes('0'))
      const results = await Promise.allSettled(
        Array.from({ length: 20 }, (_, i) => storage.update(key('a'), bytes(String(i)), first)),
      )
      const won = results.flatMap((result, i) => (result.status === 'fulfilled' ? [String(i)] : []))
      expect(won).toHaveLength(1)
      expect(text((await storage.get(key('a')))?.value)).toBe(won[0])
      for (const result of results) {
        if (result.status === 'rejected') expect((result.reason as StorageError).reason).toBe('conflict')
      }
    })

    it('of many racing creates exactly one wins', async () => {
      const outcomes = await Promise.all(
        Array.from({ length: 20 }, (_, i) => reasonOf(storage.create(key('a'), bytes(String(i))))),
      )
      expect(outcomes.filter((outcome) => outcome === 'nothing')).toHaveLength(1)
      expect(outcomes.filter((outcome) => outcome === 'exists')).toHaveLength(19)
    })

    it('read, change, write in a loop from many writers loses no increment', async () => {
      await storage.create(key('counter'), bytes('0'))
      const increment = async (): Promise<void> => {
        for (;;) {
          const now = await storage.get(key('counter'))
          const next = bytes(String(Number(text(now?.value)) + 1))
          if ((await reasonOf(storage.update(key('counter'), next, now?.revision ?? 0))) === 'nothing') return
        }
      }
      await Promise.all(Array.from({ length: 8 }, increment))
      expect(text((await storage.get(key('counter')))?.value)).toBe('8')
    })
  })

  describe('lists', () => {
    it('are ordered by bytes and hold nothing outside the prefix', async () => {
      for (const name of ['b', 'a', 'a-b', 'a/b', 'a0', 'B']) await storage.create(key(name), bytes(name))
      await storage.create(`${root}pods0`, bytes('next prefix'))
      await storage.create(`${root}pod`, bytes('shorter'))
      const { items, more, count, revision } = await storage.list(pods())
      expect(items.map((item) => item.key)).toEqual(['B', 'a', 'a-b', 'a/b', 'a0', 'b'].map(key))
      expect(items.map((item) => text(item.value))).toEqual(['B', 'a', 'a-b', 'a/b', 'a0', 'b'])
      expect([more, count]).toEqual([false, 6])
      expect(revision).toBe(await storage.revision())
    })

    it('an empty prefix is an empty list at the newest revision', async () => {
      const { items, more, count, revision } = await storage.list(`${root}none/`)
      expect([items, more, count]).toEqual([[], false, 0])
      expect(revision).toBe(await storage.revision())
    })

    it('pages at the first page’s revision make one consistent list, whatever is written in between', async () => {
      for (let i = 0; i < 25; i++) await storage.create(key(`p${String(i).padStart(2, '0')}`), bytes(`v${i}`))
      const first = await storage.list(pods(), { limit: 10 })
      expect([first.items.length, first.more, first.count]).toEqual([10, true, 25])
      const changed = await storage.get(key('p15'))
      await storage.update(key('p15'), bytes('changed'), changed?.revision ?? 0)
      const removed = await storage.get(key('p20'))
      await storage.delete(key('p20'), removed?.revision ?? 0)
      await storage.create(key('p05x'), bytes('new'))
      await storage.create(key('p22x'), bytes('new'))
      const all = [...first.items]
      for (let more = true; more;) {
        const page = await storage.list(pods(), { at: first.revision, after: all.at(-1)?.key ?? '', limit: 10 })
        expect(page.revision).toBe(first.revision)
        expect(page.count).toBe(25 - all.length)
        all.push(...page.items)
        more = page.more
      }
      expect(all.map((item) => text(item.value))).toEqual(Array.from({ length: 25 }, (_, i) => `v${i}`))
    })
  })

  describe('the past', () => {
    it('any revision between can be read', async () => {
      const created = await storage.create(key('a'), bytes('1'))
      const updated = await storage.update(key('a'), bytes('2'), created)
      const other = await storage.create(key('b'), bytes('b'))
      const deleted = await storage.delete(key('a'), updated)
      const again = await storage.create(key('a'), bytes('3'))
      const read = async (at: Revision): Promise<unknown> => {
        const one = await storage.get(key('a'), at)
        const list = await storage.list(pods(), { at })
        expect(list.items.find((item) => item.key === key('a'))?.revision).toBe(one?.revision)
        return [text(one?.value), list.items.length, list.count]
      }
      expect(await read(created)).toEqual(['1', 1, 1])
      expect(await read(updated)).toEqual(['2', 1, 1])
      expect(await read(other)).toEqual(['2', 2, 2])
      expect(await read(deleted)).toEqual([undefined, 1, 1])
      expect(await read(again)).toEqual(['3', 2, 2])
    })

    it('a revision that is not reached yet is refused', async () => {
      const at = (await storage.revision()) + 1000
      expect(await reasonOf(storage.get(key('a'), at))).toBe('future')
      expect(await reasonOf(storage.list(pods(), { at }))).toBe('future')
    })

    it('compaction keeps the newest values and refuses what is older', async () => {
      const a1 = await storage.create(key('a'), bytes('1'))
      const a2 = await storage.update(key('a'), bytes('2'), a1)
      const b1 = await storage.create(key('b'), bytes('b'))
      await storage.delete(key('b'), b1)
      const a3 = await storage.update(key('a'), bytes('3'), a2)
      const last = await storage.create(key('c'), bytes('c'))
      await storage.compact(a3)
      expect(text((await storage.get(key('a')))?.value)).toBe('3')
      expect(text((await storage.get(key('a'), a3))?.value)).toBe('3')
      expect((await storage.list(pods(), { at: a3 })).items.map((item) => text(item.value))).toEqual(['3'])
      expect((await storage.list(pods())).items.map((item) => text(item.value))).toEqual(['3', 'c'])
      expect(await reasonOf(storage.get(key('a'), a1))).toBe('compacted')
      expect(await reasonOf(storage.list(pods(), { at: a1 }))).toBe('compacted')
      const next = storage.watch(pods(), a1, new AbortController().signal)[Symbol.asyncIterator]()
      expect(await reasonOf(next.next())).toBe('compacted')
      const events = await collect(storage, { prefix: pods(), after: a3, enough: (seen) => seen.length === 1 })
      expect(events.map((event) => event.revision)).toEqual([last])
      expect(await storage.create(key('b'), bytes('back'))).toBeGreaterThan(last)
    })
  })

  describe('watches', () => {
    it('tell what was written after the revision, old and new, with what was there before', async () => {
      await storage.create(key('before'), bytes('0'))
      const after = await storage.revision()
      const created = await storage.create(key('a'), bytes('1'))
      await storage.create(`${root}services/s`, bytes('not ours'))
      const enough = (seen: StoredEvent[]): boolean => seen.length === 4
      const watching = collect(storage, { prefix: pods(), after, enough })
      const updated = await storage.update(key('a'), bytes('2'), created)
      const deleted = await storage.delete(key('a'), updated)
      const again = await storage.create(key('a'), bytes('3'))
      const events = await watching
      expect(events.map(summary)).toEqual(['put a 1', 'put a 2 was 1', 'delete a  was 2', 'put a 3'])
      expect(events.map((event) => event.revision)).toEqual([created, updated, deleted, again])
      expect(events.map((event) => event.previous?.revision)).toEqual([undefined, created, updated, undefined])
    })

    it('miss nothing and repeat nothing while many write, wherever they start', async () => {
      const start = await storage.revision()
      const writers = 8
      const rounds = 20
      const enough = (seen: StoredEvent[]): boolean => seen.length >= writers * rounds
      const early = collect(storage, { prefix: pods(), after: start, enough })
      const written = new Map<Revision, string>()
      await Promise.all(
        Array.from({ length: writers }, async (_, w) => {
          let revision = await storage.create(key(`w${w}`), bytes('0'))
          written.set(revision, `w${w}=0`)
          for (let i = 1; i < rounds; i++) {
            revision = await storage.update(key(`w${w}`), bytes(String(i)), revision)
            written.set(revision, `w${w}=${i}`)
          }
        }),
      )
      const inOrder = [...written].sort(([a], [b]) => a - b)
      const middle = inOrder[40]?.[0] ?? 0
      const tell = (event: StoredEvent): [Revision, string] => [
        event.revision,
        `${event.key.split('/').pop()}=${text(event.value)}`,
      ]
      expect((await early).map(tell)).toEqual(inOrder)
      const late = await collect(storage, { prefix: pods(), after: start, enough })
      expect(late.map(tell)).toEqual(inOrder)
      const rest = inOrder.length - 41
      const half = await collect(storage, { prefix: pods(), after: middle, enough: (seen) => seen.length >= rest })
      expect(half.map(tell)).toEqual(inOrder.slice(41))
    })

    it('end when aborted', async () => {
      const abort = new AbortController()
      const watching = (async () => {
        for await (const batch of storage.watch(pods(), await storage.revision(), abort.signal)) void batch
        return 'ended'
      })()
      await delay(0)
      abort.abort()
      expect(await watching).toBe('ended')
    })

    it('say how far they are complete when asked, though nothing of theirs changed', async () => {
      const abort = new AbortController()
      const after = await storage.revision()
      const iterator = storage.watch(pods(), after, abort.signal)[Symbol.asyncIterator]()
      const revision = await storage.create(`${root}services/s`, bytes('other'))
      const asking = setInterval(() => storage.requestProgress?.(pods()), 20)
      for (let progress = 0; progress < revision;) {
        const { value } = (await iterator.next()) as { value: { events: unknown[]; progress: Revision } }
        expect(value.events).toEqual([])
        progress = value.progress
      }
      clearInterval(asking)
      abort.abort()
      await iterator.return?.()
    })
  })

  it('a value with a time to live is deleted when it is over, and watches see that', async () => {
    const after = await storage.revision()
    await storage.create(key('stays'), bytes('x'))
    await storage.create(key('event'), bytes('x'), 1)
    const renewed = await storage.create(key('renewed'), bytes('x'), 1)
    await storage.update(key('renewed'), bytes('y'), renewed)
    const events = await collect(storage, {
      prefix: pods(),
      after,
      enough: (seen) => seen.some((event) => event.type === 'delete'),
    })
    expect(events.filter((event) => event.type === 'delete').map((event) => event.key)).toEqual([key('event')])
    const left = await storage.list(pods())
    expect(left.items.map((item) => item.key)).toEqual([key('renewed'), key('stays')])
  })

  it('all is there after closing and opening again', async () => {
    const a1 = await storage.create(key('a'), bytes('1'))
    const a2 = await storage.update(key('a'), bytes('2'), a1)
    const b = await storage.create(key('b'), bytes('b'))
    await storage.close()
    storage = await reopen()
    expect(await storage.revision()).toBeGreaterThanOrEqual(b)
    expect(text((await storage.get(key('a')))?.value)).toBe('2')
    expect(text((await storage.get(key('a'), a1))?.value)).toBe('1')
    expect((await storage.list(pods())).count).toBe(2)
    const events = await collect(storage, { prefix: pods(), after: a1, enough: (seen) => seen.length === 2 })
    expect(events.map((event) => event.revision)).toEqual([a2, b])
    expect(await storage.create(key('c'), bytes('c'))).toBeGreaterThan(b)
  })

  it('after closing, every call fails as unavailable', async () => {
    await storage.close()
    expect(await reasonOf(storage.get(key('a')))).toBe('unavailable')
    expect(await reasonOf(storage.create(key('a'), bytes('a')))).toBe('unavailable')
    expect(await reasonOf(storage.revision())).toBe('unavailable')
  })
}
