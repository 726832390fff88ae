/**
 * How a request reaches an API server, over HTTPS or in-process: the same pipeline answers both.
 * A transport carries its caller's identity; requests do not.
 */
export interface ApiRequest {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** Path and query, percent-encoded: "/api/v1/pods?limit=500". */
  path: string
  /** Lower-case names. */
  headers?: Record<string, string>
  body?: Uint8Array
  /** Aborting ends the request, a running watch included. */
  signal?: AbortSignal
}

export interface ApiResponse {
  status: number
  /** Lower-case names. */
  headers: Record<string, string>
  /** The body as it arrives; read once. */
  stream(): AsyncIterable<Uint8Array>
  /** The whole body. */
  bytes(): Promise<Uint8Array>
}

/** Rejects only when no answer came (connection lost, aborted); a failure Status is an answer. */
export type Transport = (request: ApiRequest) => Promise<ApiResponse>
