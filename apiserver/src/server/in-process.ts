import type { ApiResponse, Transport } from '@kapell/openapi/wire/transport'
import type { UserInfo } from '../authentication/user.ts'
import type { RequestContext } from '../pipeline/context.ts'
import type { Handler } from '../pipeline/pipeline.ts'
import { parseRequestInfo } from '../pipeline/request-info.ts'
import { lastingChunks, type Answer } from './answer.ts'
import { splitTarget } from './http-context.ts'
import { maxBodyBytes } from './request-body.ts'
import { requestEntityTooLarge } from '@kapell/openapi/meta/status'

const none = new Uint8Array()

async function* once(bytes: Uint8Array): AsyncIterable<Uint8Array> {
  yield bytes
}

async function gather(parts: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const all: Uint8Array[] = []
  for await (const part of parts) all.push(part)
  return Buffer.concat(all)
}

function asResponse(answer: Answer): ApiResponse {
  const headers: Record<string, string> = {}
  for (const [name, value] of Object.entries(answer.headers)) {
    headers[name] = Array.isArray(value) ? value.join(', ') : value
  }
  const { body } = answer
  return {
    status: answer.status,
    headers,
    stream: () => (body === undefined ? once(none) : lastingChunks(answer)),
    bytes: async () => (body === undefined ? none : body instanceof Uint8Array ? body : gather(lastingChunks(answer))),
  }
}

/** A door into the server without sockets: the same pipeline answers, with `user` already known. */
export function inProcessTransport(options: {
  handler: Handler
  user: UserInfo
  closing: AbortSignal
  now: () => Date
}): Transport {
  const { handler, user, closing } = options
  const groups = user.groups.some((group) => group === 'system:authenticated' || group === 'system:unauthenticated')
    ? user.groups
    : [...user.groups, 'system:authenticated']
  const caller: UserInfo = { ...user, groups }
  return async (request) => {
    closing.throwIfAborted()
    request.signal?.throwIfAborted()
    const { path, rawQuery } = splitTarget(request.path)
    const query = new URLSearchParams(rawQuery)
    const controller = new AbortController()
    let signal: AbortSignal | undefined
    const outer = request.signal === undefined ? [closing] : [closing, request.signal]
    const headers = request.headers ?? {}
    const body = request.body ?? none
    const context: RequestContext = {
      method: request.method,
      path,
      rawQuery,
      query,
      header: (name) => headers[name],
      headerNames: () => Object.keys(headers),
      headers: () => Object.entries(headers),
      remoteAddress: '127.0.0.1',
      upgrade: false,
      get signal() {
        return (signal ??= AbortSignal.any([controller.signal, ...outer]))
      },
      abort: (reason) => controller.abort(reason),
      now: options.now(),
      startedAt: performance.now(),
      body: () =>
        body.length > maxBodyBytes
          ? Promise.reject(requestEntityTooLarge(`Request entity too large: limit is ${maxBodyBytes}`))
          : Promise.resolve(body),
      bodyStream: () => once(body),
      user: caller,
      authenticated: true,
      info: parseRequestInfo(request.method, path, query),
      warnings: [],
    }
    const answer = await handler(context)
    // Whoever gave up does not want to read of it.
    request.signal?.throwIfAborted()
    return asResponse(context.method === 'HEAD' ? { ...answer, body: none } : answer)
  }
}
