import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { jest } from '@jest/globals'
import { openEmbeddedStore } from '@kapell/apiserver/storage/embedded/store'
import { openEtcdStore } from '@kapell/apiserver/storage/etcd/store'
import type { Revision, Storage } from '@kapell/apiserver/storage/storage'
import { createWatchCache, type RunningWatchCache } from '@kapell/apiserver/storage/watch-cache/watch-cache'
import { startEtcd, type EtcdServer } from './etcd-server.ts'
import { silentLog } from './silent-log.ts'

jest.setTimeout(60_000)

const prefix = '/registry/pods/'
const pod = (name: string, n: number): Buffer =>
  Buffer.from(`{"kind":"Pod","apiVersion":"v1","metadata":{"name":"${name}","namespace":"ns"},"n":${n}}`)

/** What holds for a cache over any store. */
function cacheSuite(open: () => Promise<Storage>): void {
  let storage: Storage
  let cache: RunningWatchCache
  beforeEach(async () => {
    storage = await open()
    cache = createWatchCache({ storage, prefix, log: silentLog })
    await cache.ready()
  })
  afterEach(async () => {
    await cache.close()
    await storage.close()
  })

  const contents = (): string[] =>
    [...cache.snapshot().entries(prefix)].map(
      ({ key, revision, object }) => `${key}@${revision} ${JSON.stringify(object)}`,
    )
  const truth = async (): Promise<string[]> =>
    (await storage.list(prefix)).items.map(({ key, revision, value }) => {
      const { metadata, ...rest } = JSON.parse(Buffer.from(value).toString()) as { metadata: object }
      const { kind, apiVersion, ...spec } = rest as Record<string, unknown>
      const served = { kind, apiVersion, metadata: { resourceVersion: String(revision), ...metadata }, ...spec }
      return `${key}@${revision} ${JSON.stringify(served)}`
    })
  const write = async (name: string, rounds: number): Promise<void> => {
    for (let i = 0; i < rounds; i++) {
      const key = `${prefix}ns/${name}`
      let revision = await storage.create(key, pod(name, 0))
      revision = await storage.update(key, pod(name, i), revision)
      if (i < rounds - 1) await storage.delete(key, revision)
    }
  }

  it('a consistent read sees every write acknowledged before it', async () => {
    for (let i = 0; i < 20; i++) {
      const key = `${prefix}ns/p${i}`
      const written = await storage.create(key, pod(`p${i}`, i))
      await cache.waitFor(await storage.revision())
      expect(cache.get(key)?.revision).toBe(written)
      await storage.create(`/registry/other/o${i}`, pod('o', i))
      await cache.waitFor(await storage.revision())
    }
    expect(contents()).toEqual(await truth())
  })

  it('agrees with the store after many writers, and its watch told the same story', async () => {
    const after = cache.revision()
    const abort = new AbortController()
    const told = new Map<string, Revision>()
    let last = after
    let wake = (): void => undefined
    const watching = (async () => {
      for await (const batch of cache.watch({ prefix, after, signal: abort.signal })) {
        for (const event of batch.events) {
          expect(event.revision).toBeGreaterThan(last)
          last = event.revision
          if (event.type === 'DELETED') told.delete(event.current.key)
          else told.set(event.current.key, event.revision)
        }
        wake()
      }
    })()
    await Promise.all(Array.from({ length: 8 }, (_, w) => write(`w${w}`, 5)))
    await cache.waitFor(await storage.revision())
    expect(contents()).toEqual(await truth())
    const newest = Math.max(...[...cache.snapshot().entries(prefix)].map((object) => object.revision))
    while (last < newest) await new Promise<void>((resolve) => (wake = resolve))
    abort.abort()
    await watching
    expect([...told].sort()).toEqual(
      [...cache.snapshot().entries(prefix)].map(({ key, revision }) => [key, revision]).sort(),
    )
  })
}

describe('watch cache over the embedded store', () => {
  let directory: string
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'kapell-cache-'))
  })
  afterEach(async () => {
    await rm(directory, { recursive: true, force: true })
  })
  cacheSuite(() => openEmbeddedStore({ directory, log: silentLog }))
})

describe('watch cache over etcd', () => {
  let etcd: EtcdServer
  let tests = 0
  beforeAll(async () => {
    etcd = await startEtcd()
  })
  afterAll(async () => {
    await etcd.stop()
  })
  const open = (): Promise<Storage> =>
    openEtcdStore({ endpoints: [etcd.endpoint], prefix: `/test-${tests++}`, log: silentLog })
  cacheSuite(open)

  it('goes on by itself when etcd was killed and is back', async () => {
    const storage = await open()
    const cache = createWatchCache({ storage, prefix, log: silentLog })
    await cache.ready()
    const before = await storage.create(`${prefix}ns/a`, pod('a', 1))
    await cache.waitFor(before)
    await etcd.restart()
    const after = await storage.create(`${prefix}ns/b`, pod('b', 1))
    await cache.waitFor(after, { timeoutMs: 30_000 })
    expect([...cache.snapshot().entries(prefix)].map((object) => object.name)).toEqual(['a', 'b'])
    await cache.close()
    await storage.close()
  })
})
