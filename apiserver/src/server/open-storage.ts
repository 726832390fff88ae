import type { Storage } from '../storage/storage.ts'
import type { ApiServerOptions } from '../options.ts'
import type { ServerLogger } from './log.ts'

/** The one place that chooses a store; drivers are loaded only when used. */
export async function openStorage(options: ApiServerOptions, log: ServerLogger): Promise<Storage> {
  const { storage } = options
  if (storage.type === 'embedded') {
    const { openEmbeddedStore } = await import('../storage/embedded/store.ts')
    return openEmbeddedStore({
      directory: storage.directory,
      log,
      ...(options.history === undefined ? {} : { history: options.history }),
    })
  }
  const { openEtcdStore } = await import('../storage/etcd/store.ts')
  return openEtcdStore({
    endpoints: storage.endpoints,
    log,
    ...(storage.tls === undefined ? {} : { tls: storage.tls }),
  })
}
