import type { KubeObject } from '@kapell/openapi/meta/object'
import { parseApiVersion } from '@kapell/openapi/meta/object'
import type { ResourceRef } from '@kapell/openapi/meta/resource-ref'
import { isReason } from '@kapell/openapi/meta/status'
import type { ApiClient } from './client.ts'
import type { Clock } from './clock.ts'
import { createEventRecorder, type EventRecorder } from './event-recorder.ts'
import type { InformerFactory, InformerScope } from './informer-factory.ts'
import { errorText, type Logger } from './log.ts'
import type { Metrics } from './metrics.ts'
import { isNamespaceTerminating } from './namespace-terminating.ts'
import { controllerOf } from './owner-refs.ts'
import { createRateLimiter } from './rate-limiter.ts'
import type { SharedInformer } from './shared-informer.ts'
import { keyOf, type Lister } from './store.ts'
import { createWorkQueue, type WorkQueue } from './work-queue.ts'

/** Thrown by a reconcile that must not be tried again until something changes. */
export class Terminal extends Error {}

/** When to come back without a change; nothing: only when something changes. */
export interface ReconcileResult {
  afterMs?: number
}

/** So many conflicts in a row are nothing to speak of. */
const quietFailures = 5

/** What the process gives to each controller. */
export interface ControllerEnvironment {
  /** A client that acts as this controller. */
  clientFor(controller: string): ApiClient
  /** The same, for answers of metadata only. */
  metadataClientFor(controller: string): ApiClient
  informers: InformerFactory
  clock: Clock
  log: Logger
  metrics: Metrics
  signal: AbortSignal
  /** PEM of the cluster's certificate authority. */
  rootCa: string
  /**
   * What signs certificates of approved requests, and tokens that are kept in Secrets: PEM, keys in PKCS #8. Without it
   * none are signed.
   */
  signing?: { certificate: string; key: string; serviceAccountKey?: string }
  /** Addresses for Services of type LoadBalancer: "CIDR", "from-to" or "none"; absent: the nodes' own. */
  loadBalancerRange?: string
  /** Of all nodes' pods; absent: nodes are given no ranges. */
  clusterCidr?: string
  random: () => number
}

/** What a controller's `setup` sees. */
export interface ControllerContext extends ControllerEnvironment {
  client: ApiClient
  events: EventRecorder
  queue: WorkQueue
  /** The informer of a kind; the controller starts once it is in sync. */
  informer<T extends KubeObject>(ref: ResourceRef<T>, scope?: InformerScope<T>): SharedInformer<T>
  lister<T extends KubeObject>(ref: ResourceRef<T>, scope?: InformerScope<T>): Lister<T>
}

export interface ControllerDefinition<D = unknown, T extends KubeObject = KubeObject> {
  /** As upstream names it: "deployment-controller". Also its service account, unless that is said to be another. */
  name: string
  /** A name that begins with "system:" is the controller manager's own. */
  serviceAccount?: string
  /** The source of its events, when that is not its name. */
  component?: string
  /** The label of its queue's metrics, as upstream names it: "deployment". */
  queue: string
  /** Every change of one enqueues its key. */
  primary?: ResourceRef<T>
  /** Changes of these enqueue the primary that is their managing owner. */
  owns?: readonly ResourceRef[]
  workers?: number
  /** Bounds of the back-off of a key that failed; client-go's when absent. */
  retry?: { firstMs: number; maxMs: number }
  /** Builds what reconcile needs, and whatever else wakes it: handlers call `queue.add`. */
  setup: (context: ControllerContext) => D
  /** Makes the world of `key` as wanted. Throw: again after back-off. Terminal: not again. */
  reconcile: (key: string, dependencies: D) => Promise<ReconcileResult | void>
}

export interface Controller {
  readonly name: string
  /** Starts it; resolves once its workers run. */
  start(environment: ControllerEnvironment): Promise<{ stopped: Promise<void> }>
}

export function defineController<D, T extends KubeObject>(definition: ControllerDefinition<D, T>): Controller {
  return { name: definition.name, start: (environment) => start(definition, environment) }
}

async function start<D, T extends KubeObject>(
  definition: ControllerDefinition<D, T>,
  environment: ControllerEnvironment,
): Promise<{ stopped: Promise<void> }> {
  const { name, primary, owns = [] } = definition
  const { clock, log, signal, metrics } = environment
  const client = environment.clientFor(definition.serviceAccount ?? name)
  const rateLimiter = createRateLimiter({ clock, ...definition.retry })
  const queue = createWorkQueue({ name: definition.queue, clock, metrics, rateLimiter })
  const events = createEventRecorder({ client, component: definition.component ?? name, clock, log, signal })
  const used = new Set<SharedInformer<KubeObject>>()
  const informer: ControllerContext['informer'] = (ref, scope) => {
    const found = environment.informers.informer(ref, scope)
    used.add(found as unknown as SharedInformer<KubeObject>)
    return found
  }
  const context: ControllerContext = {
    ...environment,
    client,
    queue,
    events,
    informer,
    lister: (ref, scope) => informer(ref, scope).lister,
  }
  const dependencies = definition.setup(context)
  if (primary !== undefined) {
    const enqueue = (object: T): void => queue.add(keyOf(object))
    informer(primary).onChange({ add: enqueue, update: (_, next) => enqueue(next), delete: enqueue })
    for (const owned of owns) watchOwned(informer(owned), primary, queue)
  }
  signal.addEventListener('abort', () => queue.shutDown(), { once: true })

  const run = async (): Promise<void> => {
    for (;;) {
      const key = await queue.get()
      if (key === undefined || signal.aborted) return
      try {
        const result = await definition.reconcile(key, dependencies)
        queue.forget(key)
        if (result?.afterMs !== undefined) queue.addAfter(key, result.afterMs)
      } catch (error) {
        if (!signal.aborted) failed(error, key)
      } finally {
        queue.done(key)
      }
    }
  }
  const failed = (error: unknown, key: string): void => {
    if (error instanceof Terminal) {
      queue.forget(key)
      log.warn(`${name}: ${key}: ${error.message}`)
      return
    }
    if (isNamespaceTerminating(error)) {
      queue.forget(key)
      return
    }
    queue.addRateLimited(key)
    // At first it means only that the cache was behind.
    const behind = isReason(error, 'Conflict', 'NotFound') && queue.failures(key) <= quietFailures
    const level = behind ? 'debug' : 'warn'
    log[level](`${name}: ${key}: ${errorText(error)}; trying again`, {
      failures: queue.failures(key),
      ...(error instanceof TypeError ? { stack: error.stack } : {}),
    })
  }

  try {
    await Promise.all([...used].map((one) => one.synced()))
  } catch (error) {
    if (!signal.aborted) throw error
  }
  const workers = Array.from({ length: definition.workers ?? 1 }, run)
  return {
    stopped: Promise.all(workers).then(() => {}),
  }
}

function watchOwned(informer: SharedInformer<KubeObject>, owner: ResourceRef, queue: WorkQueue): void {
  const enqueueOwner = (object: KubeObject): void => {
    const ref = controllerOf(object)
    if (ref === undefined || ref.kind !== owner.kind || parseApiVersion(ref.apiVersion).group !== owner.group) return
    const namespace = object.metadata?.namespace
    queue.add(owner.namespaced && namespace !== undefined ? `${namespace}/${ref.name}` : ref.name)
  }
  informer.onChange({
    add: enqueueOwner,
    update: (old, next) => {
      enqueueOwner(next)
      if (controllerOf(old)?.uid !== controllerOf(next)?.uid) enqueueOwner(old)
    },
    delete: enqueueOwner,
  })
}
