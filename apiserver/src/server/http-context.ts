import type { TLSSocket } from 'node:tls'
import { anonymous } from '../authentication/authenticator.ts'
import type { RequestContext } from '../pipeline/context.ts'
import type { UserInfo } from '../authentication/user.ts'
import { parseRequestInfo, type RequestInfo } from '../pipeline/request-info.ts'
import type { Incoming } from './http-exchange.ts'

const noQuery = new URLSearchParams()

export function splitTarget(target: string): { path: string; rawQuery: string } {
  const at = target.indexOf('?')
  return at < 0 ? { path: target, rawQuery: '' } : { path: target.slice(0, at), rawQuery: target.slice(at + 1) }
}

/** A request that came over HTTP/1.1 or HTTP/2. */
export class HttpContext implements RequestContext {
  readonly method: string
  readonly path: string
  readonly rawQuery: string
  readonly query: URLSearchParams
  readonly upgrade: boolean
  readonly now: Date
  readonly startedAt = performance.now()
  readonly warnings: string[] = []
  user: UserInfo = anonymous
  authenticated = false
  info: RequestInfo
  readonly connection?: TLSSocket
  readonly #request: Incoming
  readonly #onClose: (listener: () => void) => void
  #controller: AbortController | undefined
  #body: Promise<Uint8Array> | undefined

  /** `onClose` registers what to do when the client goes away. */
  constructor(request: Incoming, options: { upgrade: boolean; now: Date; onClose: (listener: () => void) => void }) {
    const { path, rawQuery } = splitTarget(request.url ?? '/')
    this.#request = request
    this.#onClose = options.onClose
    this.method = request.method ?? 'GET'
    this.path = path
    this.rawQuery = rawQuery
    this.query = rawQuery === '' ? noQuery : new URLSearchParams(rawQuery)
    this.upgrade = options.upgrade
    this.now = options.now
    this.info = parseRequestInfo(this.method, path, this.query)
    if (request.connection !== undefined) this.connection = request.connection
  }

  get remoteAddress(): string {
    return this.connection?.remoteAddress ?? ''
  }

  header(name: string): string | undefined {
    const value = this.#request.headers[name]
    return Array.isArray(value) ? value.join(', ') : value
  }

  headerNames(): readonly string[] {
    return Object.keys(this.#request.headers)
  }

  *headers(): Iterable<[string, string]> {
    for (const name of this.headerNames()) {
      const value = this.header(name)
      if (value !== undefined && !name.startsWith(':')) yield [name, value]
    }
  }

  get signal(): AbortSignal {
    return this.#ensureController().signal
  }

  abort(reason: Error): void {
    this.#ensureController().abort(reason)
  }

  body(): Promise<Uint8Array> {
    if (this.#body === undefined) {
      const length = this.header('content-length')
      this.#body = this.#request.gather(length === undefined ? undefined : Number(length))
    }
    return this.#body
  }

  bodyStream(): AsyncIterable<Uint8Array> {
    return this.#request.chunks()
  }

  #ensureController(): AbortController {
    if (this.#controller === undefined) {
      const made = new AbortController()
      this.#controller = made
      this.#onClose(() => made.abort(new Error('the client went away')))
    }
    return this.#controller
  }
}
