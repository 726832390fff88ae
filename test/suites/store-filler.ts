import { openEmbeddedStore } from '@kapell/apiserver/storage/embedded/store'
import { StorageError } from '@kapell/apiserver/storage/storage'
import { silentLog } from './silent-log.ts'

/** A process of its own that writes until the disk is full, and tells what then still works. Argument: directory. */
const storage = await openEmbeddedStore({ directory: process.argv[2] ?? '', log: silentLog })
const outcome = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'ok',
    (error: unknown) => (error instanceof StorageError ? error.reason : String(error)),
  )
const value = Buffer.alloc(3500)
let written = 0
let failure: unknown
while (failure === undefined) {
  await storage.create(`/k${written}`, value).then(
    () => (written += 1),
    (error: unknown) => (failure = error),
  )
}
const first = await storage.get('/k0')
const told = {
  reason: (failure as StorageError).reason,
  message: (failure as StorageError).message,
  read: (await storage.list('/')).count === written,
  again: await Promise.all([0, 1, 2].map((i) => outcome(storage.create(`/again-${i}`, value)))),
  remove: await outcome(storage.delete('/k0', first?.revision ?? 0)),
}
await storage.close()
process.stdout.write(`${JSON.stringify(told)}\n`)
