import { HistogramFamily, type HistogramChild, type MetricsRegistry } from '../metrics/metrics.ts'
import { durationBuckets } from '../metrics/request-metrics.ts'
import type { Storage } from '../storage/storage.ts'

/** The storage with its operations timed, under upstream's metric name. */
export function timedStorage(storage: Storage, registry: MetricsRegistry): Storage {
  const family = registry.add(
    new HistogramFamily({
      name: 'etcd_request_duration_seconds',
      help: 'How long the store took, by operation.',
      labels: ['operation', 'type'],
      buckets: durationBuckets,
    }),
  )
  const child = (operation: string): HistogramChild => family.child(operation, '')
  const children = {
    get: child('get'),
    list: child('list'),
    create: child('create'),
    update: child('update'),
    delete: child('delete'),
  }
  const timed = async <T>(handle: HistogramChild, run: () => Promise<T>): Promise<T> => {
    const start = performance.now()
    try {
      return await run()
    } finally {
      handle.observe((performance.now() - start) / 1000)
    }
  }
  const requestProgress = storage.requestProgress?.bind(storage)
  return {
    get: async (key, at) => {
      const start = performance.now()
      const found = await storage.get(key, at)
      children.get.observe((performance.now() - start) / 1000)
      return found
    },
    list: (prefix, page) => timed(children.list, () => storage.list(prefix, page)),
    create: (key, value, ttl) => timed(children.create, () => storage.create(key, value, ttl)),
    update: (key, value, expected, ttl) => timed(children.update, () => storage.update(key, value, expected, ttl)),
    delete: (key, expected) => timed(children.delete, () => storage.delete(key, expected)),
    watch: (prefix, after, signal) => storage.watch(prefix, after, signal),
    compact: (before) => storage.compact(before),
    revision: () => storage.revision(),
    close: () => storage.close(),
    ...(requestProgress === undefined ? {} : { requestProgress }),
  }
}
