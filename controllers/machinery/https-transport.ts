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
  /** A bearer token, or where to read it now: tokens on disk are renewed. */
  token?: string | (() => Promise<string> | string)
  /** Name to check the server's certificate against, when it is not the host's. */
  serverName?: string
  connectTimeoutMs?: number
}

export type HttpsTransport = Transport & { close(): Promise<void> }

/** A transport to a server over TLS, with kept-alive connections. undici is loaded with the first request. */
export function httpsTransport(options: HttpsTransportOptions): HttpsTransport {
  let agent: Promise<Agent> | undefined
  const open = async (): Promise<Agent> => {
    const undici = await import('undici')
    return new undici.Agent({
      keepAliveTimeout: 60_000,
      // A watch is silent as long as nothing changes.
      bodyTimeout: 0,
      headersTimeout: 90_000,
      connect: {
        timeout: options.connectTimeoutMs ?? 10_000,
        ...(options.ca === undefined ? {} : { ca: options.ca }),
        ...(options.cert === undefined ? {} : { cert: options.cert }),
        ...(options.key === undefined ? {} : { key: options.key }),
        ...(options.serverName === undefined ? {} : { servername: options.serverName }),
      },
    })
  }

  const transport: Transport = async (request) => {
    agent ??= open()
    const dispatcher = await agent
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
      await (await agent)?.destroy()
      agent = undefined
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
