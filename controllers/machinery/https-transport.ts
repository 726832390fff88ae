import type { Agent, Dispatcher } from 'undici'
import type { ApiResponse, Transport } from '@kapell/openapi/wire/transport'

export interface HttpsTransportOptions {
  /** "https://127.0.0.1:6443". */
  server: string
  /** PEM; the system's roots when absent. */
  ca?: string
  /** PEM of a client certificate and its key. */
  cert?: string
  key?: string
  /**
   * The certificate and key to show now, instead: once the answer is another object, new connections show that one.
   * What is under way on the old ones goes on to its end.
   */
  identity?: () => ClientIdentity
  /** The server's certificate is not checked: for what proves itself otherwise. */
  insecure?: boolean
  /** A bearer token, or where to read it now: tokens on disk are renewed. */
  token?: string | (() => Promise<string> | string)
  /** Name to check the server's certificate against, when it is not the host's. */
  serverName?: string
  connectTimeoutMs?: number
}

/** PEM. */
export interface ClientIdentity {
  cert: string
  key: string
}

export type HttpsTransport = Transport & { close(): Promise<void> }

/** A transport to a server over TLS, with kept-alive connections. undici is loaded with the first request. */
export function httpsTransport(options: HttpsTransportOptions): HttpsTransport {
  let agent: Promise<Agent> | undefined
  let shown: ClientIdentity | undefined
  /** Agents of earlier identities that still have requests under way. */
  const retired = new Set<Agent>()
  const open = async (identity: ClientIdentity | undefined): Promise<Agent> => {
    const undici = await import('undici')
    const { cert, key } = identity ?? options
    return new undici.Agent({
      keepAliveTimeout: 60_000,
      // A watch is silent as long as nothing changes.
      bodyTimeout: 0,
      headersTimeout: 90_000,
      connect: {
        timeout: options.connectTimeoutMs ?? 10_000,
        ...(options.ca === undefined ? {} : { ca: options.ca }),
        ...(cert === undefined ? {} : { cert }),
        ...(key === undefined ? {} : { key }),
        ...(options.serverName === undefined ? {} : { servername: options.serverName }),
        ...(options.insecure === true ? { rejectUnauthorized: false } : {}),
      },
    })
  }
  const retire = async (old: Promise<Agent>): Promise<void> => {
    const ending = await old
    retired.add(ending)
    // Waits for what is under way: a watch may last for an hour.
    await ending.close().catch(() => {})
    retired.delete(ending)
  }
  const current = (): Promise<Agent> => {
    const identity = options.identity?.()
    if (agent !== undefined && identity !== shown) {
      void retire(agent)
      agent = undefined
    }
    shown = identity
    return (agent ??= open(identity))
  }

  const transport: Transport = async (request) => {
    const dispatcher = await current()
    const token = typeof options.token === 'function' ? await options.token() : options.token
    const response = await dispatcher.request({
      origin: options.server,
      path: request.path,
      method: request.method,
      headers: { ...request.headers, ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) },
      ...(request.body === undefined ? {} : { body: request.body }),
      ...(request.signal === undefined ? {} : { signal: request.signal }),
    })
    return answer(response)
  }
  return Object.assign(transport, {
    close: async () => {
      const all = [...retired]
      if (agent !== undefined) all.push(await agent)
      agent = undefined
      await Promise.all(all.map((one) => one.destroy()))
    },
  })
}

function answer(response: Dispatcher.ResponseData): ApiResponse {
  const headers: Record<string, string> = {}
  for (const [name, value] of Object.entries(response.headers))
    if (value !== undefined) headers[name.toLowerCase()] = Array.isArray(value) ? value.join(', ') : value
  return {
    status: response.statusCode,
    headers,
    stream: () => response.body as AsyncIterable<Uint8Array>,
    bytes: () => response.body.bytes(),
  }
}
