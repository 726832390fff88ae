import type { IncomingMessage } from 'node:http'
import type { Http2ServerRequest } from 'node:http2'
import type { TLSSocket } from 'node:tls'
import { anonymous } from '../authentication/authenticator.ts'
import type { RequestContext } from '../pipeline/context.ts'
import { parseRequestInfo } from '../pipeline/request-info.ts'
import { gatherBody } from './request-body.ts'

const noQuery = new URLSearchParams()

export function splitTarget(target: string): { path: string; rawQuery: string } {
  const at = target.indexOf('?')
  return at < 0 ? { path: target, rawQuery: '' } : { path: target.slice(0, at), rawQuery: target.slice(at + 1) }
}

/** The context of a request that came over HTTP/1.1 or HTTP/2. */
export function httpContext(
  request: IncomingMessage | Http2ServerRequest,
  options: { upgrade: boolean; now: Date; onClose: (listener: () => void) => void },
): RequestContext {
  const { path, rawQuery } = splitTarget(request.url ?? '/')
  const query = rawQuery === '' ? noQuery : new URLSearchParams(rawQuery)
  const method = request.method ?? 'GET'
  const socket =
    'stream' in request && request.stream !== undefined
      ? (request.stream.session?.socket as TLSSocket | undefined)
      : (request.socket as TLSSocket)
  let controller: AbortController | undefined
  let body: Promise<Uint8Array> | undefined
  const lengthHeader = request.headers['content-length']
  const declared = lengthHeader === undefined ? undefined : Number(lengthHeader)
  const ensure = (): AbortController => {
    if (controller === undefined) {
      const made = new AbortController()
      controller = made
      options.onClose(() => made.abort(new Error('the client went away')))
    }
    return controller
  }
  return {
    method,
    path,
    rawQuery,
    query,
    header: (name) => {
      const value = request.headers[name]
      return Array.isArray(value) ? value.join(', ') : value
    },
    headers: function* () {
      for (const [name, value] of Object.entries(request.headers)) {
        if (value !== undefined && !name.startsWith(':')) yield [name, Array.isArray(value) ? value.join(', ') : value]
      }
    },
    ...(socket === undefined ? {} : { connection: socket }),
    remoteAddress: socket?.remoteAddress ?? '',
    upgrade: options.upgrade,
    get signal() {
      return ensure().signal
    },
    abort: (reason) => ensure().abort(reason),
    now: options.now,
    startedAt: performance.now(),
    body: () => (body ??= gatherBody(request as AsyncIterable<Uint8Array>, declared)),
    bodyStream: () => request as AsyncIterable<Uint8Array>,
    user: anonymous,
    authenticated: false,
    info: parseRequestInfo(method, path, query),
    warnings: [],
  }
}
