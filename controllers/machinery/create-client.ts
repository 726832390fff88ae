import type { KubeList, KubeObject, WatchEvent } from '@kapell/openapi/meta/object'
import { apiVersionOf } from '@kapell/openapi/meta/object'
import { resourcePath, type ResourceRef } from '@kapell/openapi/meta/resource-ref'
import { ApiError, type Status } from '@kapell/openapi/meta/status'
import type { ApiRequest, ApiResponse, Transport } from '@kapell/openapi/wire/transport'
import type { ApiClient, CallOptions, PatchType, ResourceClient } from './client.ts'
import { realClock, type Clock } from './clock.ts'
import { jsonLines } from './json-lines.ts'

export interface ClientOptions {
  /** Becomes the field manager's name (up to the slash). */
  userAgent?: string
  /** Answers carry apiVersion, kind and metadata only (PartialObjectMetadata): cheap watches of any kind. */
  metadataOnly?: boolean
  clock?: Clock
}

/** A server that is busy says when to come again; after so many times its answer is passed on. */
const maxBusyTries = 10
const maxBusyWaitSeconds = 30

const patchTypes: Record<PatchType, string> = {
  json: 'application/json-patch+json',
  merge: 'application/merge-patch+json',
  strategic: 'application/strategic-merge-patch+json',
  apply: 'application/apply-patch+yaml',
}

/** A client that speaks JSON over `transport`. Every failure answer is thrown as ApiError. */
export function createClient(transport: Transport, options: ClientOptions = {}): ApiClient {
  const send = senderOf(transport, options)
  return {
    resource: <T extends KubeObject>(ref: ResourceRef<T>, namespace?: string) => resourceClient(send, ref, namespace),
    raw: async (method, path, body, call = {}) => {
      const contentType = method === 'PATCH' ? patchTypes.merge : undefined
      return decode(await send({ method, path }, { ...call, body, contentType }))
    },
  }
}

interface SendOptions extends CallOptions {
  body?: unknown
  contentType?: string
  /** Lists of metadata are asked for by another name than objects and watches of it. */
  isList?: boolean
}

type Send = (request: Pick<ApiRequest, 'method' | 'path'>, options: SendOptions) => Promise<ApiResponse>

function senderOf(transport: Transport, options: ClientOptions): Send {
  const encoder = new TextEncoder()
  const { clock = realClock } = options
  const accept = (kind: string): string =>
    options.metadataOnly === true
      ? `application/json;as=${kind};g=meta.k8s.io;v=v1,application/json`
      : 'application/json'
  const agent: Record<string, string> = options.userAgent === undefined ? {} : { 'user-agent': options.userAgent }
  const baseOfOne = { accept: accept('PartialObjectMetadata'), ...agent }
  const baseOfList = { accept: accept('PartialObjectMetadataList'), ...agent }
  return async ({ method, path }, { body, contentType, signal, isList }) => {
    const base = isList === true ? baseOfList : baseOfOne
    const request: ApiRequest = {
      method,
      path,
      headers: body === undefined ? base : { ...base, 'content-type': contentType ?? 'application/json' },
      ...(body === undefined ? {} : { body: encoder.encode(JSON.stringify(body)) }),
      ...(signal === undefined ? {} : { signal }),
    }
    for (let tries = 1; ; tries++) {
      const response = await transport(request)
      const waitSeconds = busySeconds(response)
      if (waitSeconds === undefined || tries > maxBusyTries || signal?.aborted === true) {
        if (response.status >= 400) throw await failure(response)
        return response
      }
      await response.bytes()
      await clock.sleep(waitSeconds * 1000, signal)
    }
  }
}

/** How long the server asks to wait; undefined when it did not turn the request away. */
function busySeconds({ status, headers }: ApiResponse): number | undefined {
  const wait = Number(headers['retry-after'] ?? Number.NaN)
  if ((status !== 429 && status < 500) || !Number.isFinite(wait) || wait < 0) return undefined
  return Math.min(wait, maxBusyWaitSeconds)
}

async function decode(response: ApiResponse): Promise<unknown> {
  const bytes = await response.bytes()
  if (bytes.length === 0) return undefined
  const text = new TextDecoder().decode(bytes)
  // Health checks and versions of unknown groups answer in plain text.
  if (!(response.headers['content-type'] ?? 'application/json').includes('json')) return text
  return JSON.parse(text)
}

const reasons: Record<number, string> = {
  400: 'BadRequest',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'NotFound',
  405: 'MethodNotAllowed',
  406: 'NotAcceptable',
  409: 'Conflict',
  410: 'Gone',
  413: 'RequestEntityTooLarge',
  415: 'UnsupportedMediaType',
  422: 'Invalid',
  429: 'TooManyRequests',
  500: 'InternalError',
  503: 'ServiceUnavailable',
  504: 'Timeout',
}

/** The answer's own Status, or one made from its code when the body is something else (a proxy's page, say). */
async function failure(response: ApiResponse): Promise<ApiError> {
  const text = new TextDecoder().decode(await response.bytes())
  try {
    const status = JSON.parse(text) as Status
    if (status.kind === 'Status') return new ApiError({ ...status, code: status.code ?? response.status })
  } catch {
    // Not JSON: fall through to a Status of our own.
  }
  return new ApiError({
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message: text.slice(0, 1024).trim() || `the server answered ${response.status}`,
    reason: reasons[response.status] ?? 'Unknown',
    code: response.status,
  })
}

type Query = Record<string, string | number | boolean | undefined>

function withQuery(path: string, query: Query): string {
  const parts = Object.entries(query)
    .filter(([, value]) => value !== undefined && value !== '')
    .map(([name, value]) => `${name}=${encodeURIComponent(String(value))}`)
  return parts.length === 0 ? path : `${path}?${parts.join('&')}`
}

function resourceClient<T extends KubeObject>(send: Send, ref: ResourceRef<T>, namespace?: string): ResourceClient<T> {
  const at = (name?: string, subresource?: string): string =>
    resourcePath(ref, {
      ...(namespace === undefined ? {} : { namespace }),
      ...(name === undefined ? {} : { name }),
      ...(subresource === undefined ? {} : { subresource }),
    })
  const nameOf = (object: T): string => object.metadata?.name ?? ''
  const typed = (object: T): T => ({ ...object, apiVersion: apiVersionOf(ref), kind: ref.kind })

  const update = async (object: T, call: CallOptions & { subresource?: string } = {}): Promise<T> =>
    (await decode(
      await send({ method: 'PUT', path: at(nameOf(object), call.subresource) }, { ...call, body: typed(object) }),
    )) as T

  return {
    get: async (name, call = {}) =>
      (await decode(
        await send({ method: 'GET', path: withQuery(at(name), { resourceVersion: call.resourceVersion }) }, call),
      )) as T,

    list: async (call = {}) => {
      const { signal, ...query } = call
      const list = (await decode(
        await send(
          { method: 'GET', path: withQuery(at(), query) },
          { isList: true, ...(signal === undefined ? {} : { signal }) },
        ),
      )) as KubeList<T>
      // Items of a list do not name their kind; owner references and events made from them must.
      const items = list.items ?? []
      for (const item of items) {
        item.apiVersion ??= apiVersionOf(ref)
        item.kind ??= ref.kind
      }
      return { ...list, items }
    },

    watch: async function* (call = {}) {
      const { signal, ...query } = call
      const path = withQuery(at(), {
        watch: true,
        ...query,
        ...(query.sendInitialEvents === undefined ? {} : { resourceVersionMatch: 'NotOlderThan' }),
      })
      const stop = new AbortController()
      const abort = (): void => stop.abort(signal?.reason)
      if (signal?.aborted === true) abort()
      signal?.addEventListener('abort', abort, { once: true })
      try {
        const response = await send({ method: 'GET', path }, { signal: stop.signal })
        for await (const value of jsonLines(response.stream())) {
          const event = value as WatchEvent<T>
          if (event.type === 'ERROR') throw new ApiError(event.object as unknown as Status)
          yield event
        }
      } finally {
        signal?.removeEventListener('abort', abort)
        stop.abort()
      }
    },

    create: async (object, call = {}) =>
      (await decode(await send({ method: 'POST', path: at() }, { ...call, body: typed(object) }))) as T,

    update,
    updateStatus: (object, call = {}) => update(object, { ...call, subresource: 'status' }),

    patch: async (name, type, body, call = {}) => {
      const path = withQuery(at(name, call.subresource), { fieldManager: call.fieldManager, force: call.force })
      return (await decode(
        await send(
          { method: 'PATCH', path },
          { body, contentType: patchTypes[type], ...(call.signal === undefined ? {} : { signal: call.signal }) },
        ),
      )) as T
    },

    delete: async (name, call = {}) => {
      const { signal, ...options } = call
      const body = { kind: 'DeleteOptions', apiVersion: 'v1', ...options }
      const response = await send(
        { method: 'DELETE', path: at(name) },
        { body, ...(signal === undefined ? {} : { signal }) },
      )
      await response.bytes()
    },

    createSubresource: async <R extends KubeObject>(
      name: string,
      subresource: string,
      body: KubeObject,
      call: CallOptions = {},
    ) => (await decode(await send({ method: 'POST', path: at(name, subresource) }, { ...call, body }))) as R,
  }
}
