import type { KubeObject } from '@kapell/openapi/meta/object'
import { groupResource, type ResourceRef } from '@kapell/openapi/meta/resource-ref'
import type { ApiClient } from './client.ts'
import { realClock, type Clock } from './clock.ts'
import { informerMetrics } from './informer-metrics.ts'
import type { Logger } from './log.ts'
import type { Metrics } from './metrics.ts'
import { createSharedInformer, type SharedInformer } from './shared-informer.ts'
import type { Indexers } from './store.ts'

export interface InformerScope<T extends KubeObject> {
  namespace?: string
  labelSelector?: string
  fieldSelector?: string
  indexers?: Indexers<T>
}

/** One informer a kind and scope in this process, started when first asked for. */
export interface InformerFactory {
  informer<T extends KubeObject>(ref: ResourceRef<T>, scope?: InformerScope<T>): SharedInformer<T>
  /** Once every informer asked for so far has its first state. */
  synced(): Promise<void>
}

export interface InformerFactoryOptions {
  client: ApiClient
  log: Logger
  signal: AbortSignal
  clock?: Clock
  freeze?: boolean
  streamingList?: boolean
  /** With them informers are measured, in the name of `component`. */
  measured?: { metrics: Metrics; component: string }
}

export function createInformerFactory(options: InformerFactoryOptions): InformerFactory {
  const { client, log, signal, clock = realClock } = options
  const informers = new Map<string, SharedInformer<KubeObject>>()
  const { measured } = options
  const measuresOf = measured === undefined ? undefined : informerMetrics(measured.metrics, measured.component)
  return {
    informer: <T extends KubeObject>(ref: ResourceRef<T>, scope: InformerScope<T> = {}) => {
      const { indexers, ...where } = scope
      const id = JSON.stringify([
        ref.group,
        ref.version,
        ref.plural,
        where.namespace,
        where.labelSelector,
        where.fieldSelector,
      ])
      const known = informers.get(id) as unknown as SharedInformer<T> | undefined
      if (known !== undefined) {
        if (indexers !== undefined) known.addIndexers(indexers)
        return known
      }
      const informer = createSharedInformer<T>({
        name: groupResource(ref),
        resource: client.resource(ref, where.namespace),
        clock,
        log,
        signal,
        ...(measuresOf === undefined ? {} : { measures: measuresOf(ref) }),
        ...(where.labelSelector === undefined ? {} : { labelSelector: where.labelSelector }),
        ...(where.fieldSelector === undefined ? {} : { fieldSelector: where.fieldSelector }),
        ...(indexers === undefined ? {} : { indexers }),
        ...(options.freeze === undefined ? {} : { freeze: options.freeze }),
        ...(options.streamingList === undefined ? {} : { streamingList: options.streamingList }),
      })
      informers.set(id, informer as unknown as SharedInformer<KubeObject>)
      return informer
    },
    synced: async () => {
      await Promise.all([...informers.values()].map((informer) => informer.synced()))
    },
  }
}
