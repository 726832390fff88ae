import type { TLSSocket } from 'node:tls'
import type { UserInfo } from '../authentication/user.ts'
import type { Flow } from '../flow-control/flow-control.ts'
import type { RequestInfo } from './request-info.ts'

/** One request on its way through the pipeline; each step fills in what it finds out. */
export interface RequestContext {
  readonly method: string
  /** Percent-encoded, without the query. */
  readonly path: string
  readonly rawQuery: string
  readonly query: URLSearchParams
  header(name: string): string | undefined
  headerNames(): readonly string[]
  headers(): Iterable<[string, string]>
  /** The TLS connection, for client certificates; absent in-process. */
  readonly connection?: TLSSocket
  readonly remoteAddress: string
  /** True for an HTTP/1.1 request that wants the connection upgraded. */
  readonly upgrade: boolean
  /** Aborts when the client goes away or the deadline passes. */
  readonly signal: AbortSignal
  /** Ends the request early, as the deadline does. */
  abort(reason: Error): void
  /** The server's time when the request came in. */
  readonly now: Date
  /** Milliseconds of a monotonic clock. */
  readonly startedAt: number
  /** The whole body; rejects with 413 above the limit. */
  body(): Promise<Uint8Array>
  /** The body as it arrives, for requests that are passed on; read once. */
  bodyStream(): AsyncIterable<Uint8Array>
  /** Who asks; set before the pipeline for in-process callers, else by authentication. */
  user: UserInfo
  authenticated: boolean
  info: RequestInfo
  /** What the request was taken for, when it failed on its way. */
  flow?: Flow
  /** Warning header texts of the answer. */
  readonly warnings: string[]
  /** What admission adds to the audit of the request, by key. */
  auditAnnotations?: Map<string, string>
}
