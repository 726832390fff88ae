import { HistogramFamily, type HistogramChild, type MetricsRegistry } from '../metrics/metrics.ts'
import { durationBuckets } from '../metrics/request-metrics.ts'
import type { Storage } from '../storage/storage.ts'

const operations = ['get', 'list', 'create', 'update', 'delete'] as const
type Timers = Record<(typeof operations)[number], HistogramChild>

const root = '/registry/'

/** The part of a key that names its resource: "pods", or "example.com/things". */
function placeOf(key: string): string {
  const slash = key.indexOf('/', root.length)
  const first = key.slice(root.length, slash < 0 ? undefined : slash)
  if (!first.includes('.') || slash < 0) return first
  const second = key.indexOf('/', slash + 1)
  return key.slice(root.length, second < 0 ? undefined : second)
}

/** The storage with its operations timed, under upstream's metric name. */
export function timedStorage(storage: Storage, registry: MetricsRegistry): Storage {
  const family = registry.add(
    new HistogramFamily({
      name: 'etcd_request_duration_seconds',
      help: 'How long the store took, by operation and resource.',
      labels: ['operation', 'group', 'resource'],
      buckets: durationBuckets,
    }),
  )
  const known = new Map<string, Timers>()
  const timersOf = (key: string): Timers => {
    const place = placeOf(key)
    let timers = known.get(place)
    if (timers === undefined) {
      const slash = place.indexOf('/')
      const [group, resource] = slash < 0 ? ['', place] : [place.slice(0, slash), place.slice(slash + 1)]
      timers = Object.fromEntries(
        operations.map((name) => [name, family.child(name, group, resource)]),
      ) as unknown as Timers
      known.set(place, timers)
    }
    return timers
  }
  const timed = async <T>(timer: HistogramChild, work: Promise<T>, start: number): Promise<T> => {
    try {
      return await work
    } finally {
      timer.observe((performance.now() - start) / 1000)
    }
  }
  const requestProgress = storage.requestProgress?.bind(storage)
  const isNewest = storage.isNewest?.bind(storage)
  const now = (): number => performance.now()
  return {
    get: async (key, at) => {
      const start = now()
      const found = await storage.get(key, at)
      timersOf(key).get.observe((now() - start) / 1000)
      return found
    },
    list: (prefix, page) => timed(timersOf(prefix).list, storage.list(prefix, page), now()),
    create: (key, value, ttl) => timed(timersOf(key).create, storage.create(key, value, ttl), now()),
    update: (key, value, expected, ttl) =>
      timed(timersOf(key).update, storage.update(key, value, expected, ttl), now()),
    delete: (key, expected) => timed(timersOf(key).delete, storage.delete(key, expected), now()),
    watch: (prefix, after, signal) => storage.watch(prefix, after, signal),
    compact: (before) => storage.compact(before),
    revision: () => storage.revision(),
    close: () => storage.close(),
    ...(requestProgress === undefined ? {} : { requestProgress }),
    ...(isNewest === undefined ? {} : { isNewest }),
  }
}
