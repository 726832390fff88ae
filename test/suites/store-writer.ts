import { writeSync } from 'node:fs'
import { openEmbeddedStore } from '@kapell/apiserver/storage/embedded/store'
import { silentLog } from './silent-log.ts'

/**
 * A process of its own that writes into an embedded store with 16 writers until it is killed, and tells of every write
 * that was acknowledged: one line "<key> <revision> <length>". Arguments: directory, a name for its keys.
 */
const [directory = '', name = ''] = process.argv.slice(2)
const storage = await openEmbeddedStore({ directory, log: silentLog })

async function writer(w: number): Promise<void> {
  for (let i = 0; ; i++) {
    const key = `/registry/pods/${name}/w${w}-${Math.floor(i / 3)}`
    const value = Buffer.alloc(500 + ((i * 997) % 4000), 65 + (i % 26))
    const before = i % 3 === 0 ? undefined : await storage.get(key)
    const revision =
      before === undefined ? await storage.create(key, value) : await storage.update(key, value, before.revision)
    writeSync(1, `${key} ${revision} ${value.length}\n`)
  }
}

await Promise.all(Array.from({ length: 16 }, (_, w) => writer(w)))
