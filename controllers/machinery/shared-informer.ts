import type { KubeObject } from '@kapell/openapi/meta/object'
import type { ResourceClient } from './client.ts'
import type { Clock } from './clock.ts'
import { HandlerQueue, type ChangeHandlers } from './handler-queue.ts'
import type { InformerMeasures } from './informer-metrics.ts'
import type { Logger } from './log.ts'
import { runReflector, type ReflectorSink } from './reflector.ts'
import { IndexedStore, keyOf, type Indexers, type Lister } from './store.ts'

export type { ChangeHandlers } from './handler-queue.ts'

export interface OnChangeOptions {
  /** Tells every object as updated (old and new the same) this often. */
  resyncMs?: number
}

/** One watch of a kind, shared by all who read it. */
export interface SharedInformer<T extends KubeObject> {
  readonly lister: Lister<T>
  /**
   * Tells of changes, in order for one object; a newcomer is told of all that is there as added. A handler that
   * returns a promise is waited for, delays no other handler, and sees only the latest of what it missed meanwhile.
   * The answer takes the handlers away.
   */
  onChange(handlers: ChangeHandlers<T>, options?: OnChangeOptions): () => void
  /** Once the first state is in the cache and told to every handler of that time. Rejects when stopped before. */
  synced(): Promise<void>
  readonly hasSynced: boolean
  addIndexers(indexers: Indexers<T>): void
}

export interface SharedInformerOptions<T extends KubeObject> {
  name: string
  resource: Pick<ResourceClient<T>, 'list' | 'watch'>
  clock: Clock
  log: Logger
  signal: AbortSignal
  labelSelector?: string
  fieldSelector?: string
  indexers?: Indexers<T>
  /** Shapes each object before it is kept; by default managedFields are dropped, as nobody reads them. */
  transform?: (object: T) => T
  /** Freezes every object to its leaves: tests find writers of shared objects with it. */
  freeze?: boolean
  streamingList?: boolean
  measures?: InformerMeasures
  random?: () => number
}

/** Starts at once. */
export function createSharedInformer<T extends KubeObject>(options: SharedInformerOptions<T>): SharedInformer<T> {
  const { clock, log, signal, name, measures } = options
  const store = new IndexedStore<T>(options.indexers)
  const queues = new Set<HandlerQueue<T>>()
  measures?.queued(() => [...queues].reduce((sum, queue) => sum + queue.length, 0))
  const first = Promise.withResolvers<void>()
  // Nobody may be waiting when it is stopped early.
  first.promise.catch(() => {})
  let hasSynced = false
  signal.addEventListener('abort', () => first.reject(new Error(`${name}: stopped before the first list`)), {
    once: true,
  })

  const keep = options.transform ?? dropManagedFields
  const shape = (object: T): T => (options.freeze === true ? deepFreeze(keep(object)) : keep(object))

  const put = (object: T): void => {
    const key = keyOf(object)
    const next = shape(object)
    const old = store.set(key, next)
    if (old === undefined) for (const queue of queues) queue.add(key, next)
    else if (old.metadata?.resourceVersion !== next.metadata?.resourceVersion)
      for (const queue of queues) queue.update(key, old, next)
  }
  const remove = (key: string, last?: T): void => {
    const old = store.delete(key)
    if (old !== undefined) for (const queue of queues) queue.delete(key, last ?? old)
  }
  const sink: ReflectorSink<T> = {
    replace: (objects) => {
      const present = new Set(objects.map(keyOf))
      for (const key of [...store.keys()]) if (!present.has(key)) remove(key)
      for (const object of objects) put(object)
      if (hasSynced) return
      hasSynced = true
      void Promise.all([...queues].map((queue) => queue.drained())).then(() => first.resolve())
    },
    change: (type, object) => {
      const start = measures === undefined ? 0 : performance.now()
      if (type === 'DELETED') remove(keyOf(object), shape(object))
      else put(object)
      measures?.processed((performance.now() - start) / 1000)
    },
  }
  void runReflector({ ...options, sink })

  return {
    lister: store,
    get hasSynced() {
      return hasSynced
    },
    synced: () => first.promise,
    addIndexers: (indexers) => store.addIndexers(indexers),
    onChange: (handlers, { resyncMs } = {}) => {
      const queue = new HandlerQueue(handlers, name, log)
      for (const object of store.list()) queue.add(keyOf(object), object)
      queues.add(queue)
      const stop = new AbortController()
      if (resyncMs !== undefined) {
        const resync = (): void => {
          for (const object of store.list()) queue.update(keyOf(object), object, object)
        }
        signal.addEventListener('abort', () => stop.abort(), { once: true })
        clock.every(resyncMs, resync, stop.signal)
      }
      return () => {
        queues.delete(queue)
        stop.abort()
      }
    },
  }
}

function dropManagedFields<T extends KubeObject>(object: T): T {
  if (object.metadata !== undefined) delete object.metadata.managedFields
  return object
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value)
    for (const child of Object.values(value)) deepFreeze(child)
  }
  return value
}
