import type { KubeList, KubeObject, WatchEvent } from '@kapell/openapi/meta/object'
import type { ResourceRef } from '@kapell/openapi/meta/resource-ref'

/** The typed client of controllers, scheduler and agents. Failure answers are thrown as ApiError. */
export interface ApiClient {
  resource<T extends KubeObject>(ref: ResourceRef<T>, namespace?: string): ResourceClient<T>
  /** Anything else, by path: JSON in, JSON out. */
  raw(
    method: 'GET' | 'POST' | 'PUT' | 'DELETE' | 'PATCH',
    path: string,
    body?: unknown,
    options?: CallOptions,
  ): Promise<unknown>
}

export interface CallOptions {
  signal?: AbortSignal
}

export interface ListOptions extends CallOptions {
  labelSelector?: string
  fieldSelector?: string
  limit?: number
  continue?: string
  resourceVersion?: string
  resourceVersionMatch?: 'Exact' | 'NotOlderThan'
}

export interface WatchOptions extends CallOptions {
  labelSelector?: string
  fieldSelector?: string
  resourceVersion?: string
  allowWatchBookmarks?: boolean
  timeoutSeconds?: number
  /** Streaming list: the state first, then a bookmark that says so, then changes. */
  sendInitialEvents?: boolean
}

export interface DeleteOptions extends CallOptions {
  gracePeriodSeconds?: number
  propagationPolicy?: 'Orphan' | 'Background' | 'Foreground'
  preconditions?: { uid?: string; resourceVersion?: string }
}

export type PatchType = 'json' | 'merge' | 'strategic' | 'apply'

export interface ResourceClient<T extends KubeObject> {
  get(name: string, options?: CallOptions & { resourceVersion?: string }): Promise<T>
  list(options?: ListOptions): Promise<KubeList<T>>
  /** Ends quietly when the server closes the stream; an ERROR event is thrown as ApiError. */
  watch(options?: WatchOptions): AsyncIterable<WatchEvent<T>>
  create(object: T, options?: CallOptions): Promise<T>
  update(object: T, options?: CallOptions & { subresource?: string }): Promise<T>
  updateStatus(object: T, options?: CallOptions): Promise<T>
  patch(
    name: string,
    type: PatchType,
    body: unknown,
    options?: CallOptions & { subresource?: string; fieldManager?: string; force?: boolean },
  ): Promise<T>
  delete(name: string, options?: DeleteOptions): Promise<void>
  /** POST to a subresource of an object: binding, eviction, token. */
  createSubresource<R extends KubeObject>(
    name: string,
    subresource: string,
    body: KubeObject,
    options?: CallOptions,
  ): Promise<R>
}
