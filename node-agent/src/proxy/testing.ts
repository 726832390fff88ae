import type { InformerFactory } from '@kapell/controllers/machinery/informer-factory'
import type { SharedInformer } from '@kapell/controllers/machinery/shared-informer'
import { IndexedStore, keyOf } from '@kapell/controllers/machinery/store'
import type { KubeObject } from '@kapell/openapi/meta/object'
import type { ResourceRef } from '@kapell/openapi/meta/resource-ref'

/** Informers without a server: a test sets what they hold, and handlers are told at once. */
export interface FakeInformers extends InformerFactory {
  set<T extends KubeObject>(ref: ResourceRef<T>, object: T): void
  remove<T extends KubeObject>(ref: ResourceRef<T>, key: string): void
}

interface Held {
  store: IndexedStore<KubeObject>
  handlers: Set<Parameters<SharedInformer<KubeObject>['onChange']>[0]>
}

export function fakeInformers(): FakeInformers {
  const held = new Map<string, Held>()
  const of = (ref: ResourceRef<never> | ResourceRef): Held => {
    const id = `${ref.group}/${ref.plural}`
    const known = held.get(id)
    if (known !== undefined) return known
    const made: Held = { store: new IndexedStore<KubeObject>(), handlers: new Set() }
    held.set(id, made)
    return made
  }
  const informer = (
    ref: ResourceRef,
    scope?: { indexers?: Record<string, (object: KubeObject) => readonly string[]> },
  ) => {
    const { store, handlers } = of(ref)
    if (scope?.indexers !== undefined) store.addIndexers(scope.indexers)
    const shared: SharedInformer<KubeObject> = {
      lister: store,
      hasSynced: true,
      synced: () => Promise.resolve(),
      addIndexers: (indexers) => store.addIndexers(indexers),
      onChange: (handler) => {
        handlers.add(handler)
        for (const object of store.list()) void handler.add?.(object)
        return () => handlers.delete(handler)
      },
    }
    return shared
  }
  return {
    informer: informer as unknown as InformerFactory['informer'],
    synced: () => Promise.resolve(),
    set: (ref, object) => {
      const { store, handlers } = of(ref)
      const old = store.set(keyOf(object), object)
      for (const handler of handlers) {
        if (old === undefined) void handler.add?.(object)
        else void handler.update?.(old, object)
      }
    },
    remove: (ref, key) => {
      const { store, handlers } = of(ref)
      const old = store.delete(key)
      if (old !== undefined) for (const handler of handlers) void handler.delete?.(old)
    },
  }
}
