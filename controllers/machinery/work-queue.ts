import type { Clock } from './clock.ts'
import type { Metrics } from './metrics.ts'
import { createRateLimiter, type RateLimiter } from './rate-limiter.ts'

/**
 * Keys to work on. Its contract, as client-go's queue gives it:
 * - a key waits at most once, however often it is added (coalescing);
 * - a key is worked on by one worker at a time: added while it is processed, it comes again after `done`;
 * - keys come in the order they were added;
 * - a key added with a delay comes at the earliest of its wanted times.
 */
export interface WorkQueue {
  add(key: string): void
  addAfter(key: string, delayMs: number): void
  /** Adds a key that failed, after its back-off. */
  addRateLimited(key: string): void
  /** The key went well: its back-off starts anew. */
  forget(key: string): void
  failures(key: string): number
  /** The next key, waiting for one; undefined once shut down and empty. Every key got must be `done`. */
  get(): Promise<string | undefined>
  done(key: string): void
  /** Keys that wait to be got. */
  readonly length: number
  /** Takes nothing more; what waits is still given out. */
  shutDown(): void
}

export interface WorkQueueOptions {
  /** Label of its metrics. */
  name: string
  clock: Clock
  metrics?: Metrics
  rateLimiter?: RateLimiter
}

export function createWorkQueue(options: WorkQueueOptions): WorkQueue {
  const { clock } = options
  const limiter = options.rateLimiter ?? createRateLimiter({ clock })
  const dirty = new Set<string>()
  const processing = new Set<string>()
  /** Sets keep the order of insertion: this is the queue itself. */
  const queue = new Set<string>()
  const delayed = new Map<string, { atMs: number; cancel: () => void }>()
  const waiters: ((key: string | undefined) => void)[] = []
  const measure = measurements(options, () => queue.size)
  let shut = false

  const take = (key: string): string => {
    queue.delete(key)
    processing.add(key)
    dirty.delete(key)
    measure.got(key)
    return key
  }
  const enqueue = (key: string): void => {
    queue.add(key)
    const waiter = waiters.shift()
    if (waiter !== undefined) waiter(take(key))
  }
  const add = (key: string): void => {
    if (shut || dirty.has(key)) return
    measure.added(key)
    dirty.add(key)
    if (!processing.has(key)) enqueue(key)
  }
  const addAfter = (key: string, delayMs: number): void => {
    if (shut) return
    if (delayMs <= 0) {
      add(key)
      return
    }
    const atMs = clock.now().getTime() + delayMs
    const known = delayed.get(key)
    if (known !== undefined && known.atMs <= atMs) return
    known?.cancel()
    const cancel = clock.after(delayMs, () => {
      delayed.delete(key)
      add(key)
    })
    delayed.set(key, { atMs, cancel })
  }

  return {
    add,
    addAfter,
    addRateLimited: (key) => {
      measure.retried()
      addAfter(key, limiter.when(key))
    },
    forget: (key) => limiter.forget(key),
    failures: (key) => limiter.failures(key),
    get: () => {
      const next = queue.values().next()
      if (next.done !== true) return Promise.resolve(take(next.value))
      if (shut) return Promise.resolve(undefined)
      return new Promise((resolve) => waiters.push(resolve))
    },
    done: (key) => {
      processing.delete(key)
      measure.finished(key)
      if (dirty.has(key)) enqueue(key)
    },
    get length() {
      return queue.size
    },
    shutDown: () => {
      shut = true
      for (const { cancel } of delayed.values()) cancel()
      delayed.clear()
      for (const waiter of waiters.splice(0)) waiter(undefined)
    },
  }
}

interface Measurements {
  added(key: string): void
  got(key: string): void
  finished(key: string): void
  retried(): void
}

const durations = [1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 0.1, 1, 10]

/** Names, types and buckets as upstream's metrics list gives them. */
function measurements(options: WorkQueueOptions, depth: () => number): Measurements {
  const { metrics, clock } = options
  if (metrics === undefined) return { added: () => {}, got: () => {}, finished: () => {}, retried: () => {} }
  const labels = { name: options.name }
  const addedMs = new Map<string, number>()
  const startedMs = new Map<string, number>()
  const nowMs = (): number => clock.now().getTime()
  const secondsSince = (ms: number | undefined): number => (ms === undefined ? 0 : Math.max(nowMs() - ms, 0) / 1000)
  const adds = metrics.counter('workqueue_adds_total', 'Total number of adds handled by workqueue', labels)
  const retries = metrics.counter('workqueue_retries_total', 'Total number of retries handled by workqueue', labels)
  metrics.gauge('workqueue_depth', 'Current depth of workqueue', labels, depth)
  metrics.gauge(
    'workqueue_unfinished_work_seconds',
    'Seconds of work that is in progress and not yet seen by work_duration.',
    labels,
    () => [...startedMs.values()].reduce((sum, ms) => sum + secondsSince(ms), 0),
  )
  metrics.gauge(
    'workqueue_longest_running_processor_seconds',
    'Seconds the longest running processor of the workqueue has been running.',
    labels,
    () => [...startedMs.values()].reduce((most, ms) => Math.max(most, secondsSince(ms)), 0),
  )
  const waited = metrics.histogram(
    'workqueue_queue_duration_seconds',
    'Seconds an item stays in workqueue before being requested.',
    labels,
    durations,
  )
  const worked = metrics.histogram(
    'workqueue_work_duration_seconds',
    'Seconds processing an item from workqueue takes.',
    labels,
    durations,
  )
  return {
    added: (key) => {
      adds.inc()
      addedMs.set(key, nowMs())
    },
    got: (key) => {
      waited.observe(secondsSince(addedMs.get(key)))
      addedMs.delete(key)
      startedMs.set(key, nowMs())
    },
    finished: (key) => {
      worked.observe(secondsSince(startedMs.get(key)))
      startedMs.delete(key)
    },
    retried: () => retries.inc(),
  }
}
