import { join } from 'node:path'
import { open } from 'lmdb'
import { openEmbeddedStore, type EmbeddedStorage } from '@kapell/apiserver/storage/embedded/store'
import { createWatchCache } from '@kapell/apiserver/storage/watch-cache/watch-cache'
import { silentLog } from '../suites/silent-log.ts'
import { inTurns, rate, rowText, samplePod, withDirectory, type Bench, type Print } from './harness.ts'

const value = Buffer.from(
  JSON.stringify({ ...samplePod('pod'), status: { phase: 'Pending', message: 'm'.repeat(1400) } }),
)
const prefix = '/registry/pods/'

/** LMDB as it comes, one put a client, each awaited until flushed. */
function openRaw(directory: string) {
  const env = open<Buffer, string>({ path: join(directory, 'raw.mdb'), encoding: 'binary', cache: false })
  let next = 0
  return {
    put: async () => {
      await env.put(`/registry/pods/raw/${next++}`, value)
      await new Promise<void>((resolve) => void env.flushed.then(() => resolve()))
    },
    close: () => env.close(),
  }
}

async function creates(print: Print): Promise<void> {
  await withDirectory(async (directory) => {
    const storage = await openEmbeddedStore({ directory: join(directory, 'ours'), log: silentLog })
    const raw = openRaw(directory)
    let next = 0
    for (const clients of [1, 16, 128]) {
      const { ours, lmdb } = await inTurns(3, {
        ours: () => rate({ clients, milliseconds: 700, work: () => storage.create(`${prefix}ns/${next++}`, value) }),
        lmdb: () => rate({ clients, milliseconds: 700, work: () => raw.put() }),
      })
      print({
        what: `durable creates of ${value.length} bytes, ${clients} clients`,
        value: ours,
        unit: '/s',
        of: { what: `raw lmdb awaited (${Math.round(lmdb)}/s)`, value: lmdb },
      })
    }
    await raw.close()
    await storage.close()
  })
}

async function fill(storage: EmbeddedStorage, count: number): Promise<void> {
  await Promise.all(
    Array.from({ length: count }, (_, i) => storage.create(`${prefix}ns/p${String(i).padStart(6, '0')}`, value)),
  )
}

async function cached(print: Print): Promise<void> {
  await withDirectory(async (directory) => {
    const storage = await openEmbeddedStore({ directory, log: silentLog })
    await fill(storage, 5000)
    const opening = performance.now()
    const cache = createWatchCache({ storage, prefix, log: silentLog })
    await cache.ready()
    print({ what: 'watch cache filled with 5,000 objects', value: performance.now() - opening, unit: 'ms' })
    const all = Array.from(cache.snapshot().entries(prefix), (object) => object.json)
    const { splice, concatenate } = await inTurns(5, {
      splice: () =>
        rate({
          clients: 1,
          milliseconds: 200,
          work: () => {
            const parts: Uint8Array[] = []
            for (const object of cache.snapshot().entries(prefix)) parts.push(object.json)
            return Promise.resolve(Buffer.concat(parts))
          },
        }),
      concatenate: () => rate({ clients: 1, milliseconds: 200, work: () => Promise.resolve(Buffer.concat(all)) }),
    })
    print({
      what: 'list of 5,000 from a snapshot',
      value: splice,
      unit: '/s',
      of: { what: `concatenating the same bytes (${Math.round(concatenate)}/s)`, value: concatenate },
    })
    await churn({ storage, cache, print })
    await cache.close()
    await storage.close()
  })
}

/** Snapshots among writes: each write copies one chunk at most. */
async function churn(at: {
  storage: EmbeddedStorage
  cache: ReturnType<typeof createWatchCache>
  print: Print
}): Promise<void> {
  const { storage, cache, print } = at
  const revisions = new Map<number, number>()
  for (let i = 0; i < 64; i++) {
    revisions.set(i, (await storage.get(`${prefix}ns/p${String(i * 78).padStart(6, '0')}`))?.revision ?? 0)
  }
  const update = async (client: number): Promise<void> => {
    const key = `${prefix}ns/p${String(client * 78).padStart(6, '0')}`
    revisions.set(client, await storage.update(key, value, revisions.get(client) ?? 0))
  }
  const { alone, listed } = await inTurns(3, {
    alone: () => rate({ clients: 64, milliseconds: 500, work: update }),
    listed: () =>
      rate({
        clients: 64,
        milliseconds: 500,
        work: async (client) => {
          await update(client)
          let first = 0
          for (const object of cache.snapshot().entries(prefix))
            if (++first > 20) break
            else void object
        },
      }),
  })
  print({
    what: 'updates with a fresh snapshot after each, 64 clients',
    value: listed,
    unit: '/s',
    of: { what: `updates alone (${Math.round(alone)}/s)`, value: alone },
  })
}

async function fanOut(print: Print): Promise<void> {
  await withDirectory(async (directory) => {
    const storage = await openEmbeddedStore({ directory, log: silentLog })
    const cache = createWatchCache({ storage, prefix, log: silentLog })
    await cache.ready()
    const abort = new AbortController()
    const watchers = 200
    let delivered = 0
    let bytes = 0
    const running = Array.from({ length: watchers }, async () => {
      for await (const { events } of cache.watch({ prefix, after: cache.revision(), signal: abort.signal })) {
        for (const event of events) {
          bytes += event.frame().length
          delivered += 1
        }
      }
    })
    const start = performance.now()
    const writes = 2000
    await fill(storage, writes)
    while (delivered < watchers * writes) await new Promise(setImmediate)
    const seconds = (performance.now() - start) / 1000
    print({ what: `watch deliveries, ${writes} writes × ${watchers} watchers`, value: delivered / seconds, unit: '/s' })
    print({ what: 'bytes handed out', value: bytes / seconds / 2 ** 20, unit: 'MB/s' })
    abort.abort()
    await Promise.all(running)
    await cache.close()
    await storage.close()
  })
}

export const storeBench: Bench = {
  name: 'store',
  about: 'the embedded store against LMDB itself; lists, snapshots and fan-out of the watch cache',
  run: async (print) => {
    await creates(print)
    await cached(print)
    await fanOut(print)
  },
}

if (import.meta.main) await storeBench.run((row) => console.log(rowText(row)))
