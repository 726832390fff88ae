import type { HttpsTransport } from '@kapell/controllers/machinery/https-transport'
import type { ApiRequest, ApiResponse } from '@kapell/openapi/wire/transport'

/** Transport to whichever of several API servers answers. */
export type FailoverTransport = HttpsTransport & {
  /** The servers there are now, beside the one it began with. */
  learn(servers: readonly string[]): void
}

export interface FailoverOptions {
  /** "https://192.0.2.1:6443"; always among those that are tried. */
  server: string
  /** Others that were known before. */
  others?: readonly string[]
  connect(server: string): HttpsTransport
  /** Told when another server is spoken to. */
  changed?(from: string, to: string): void
}

/** Nothing was sent: the same request may go to another server. */
const unreachable = new Set([
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'EHOSTDOWN',
  'ENETUNREACH',
  'ETIMEDOUT',
  'ENOTFOUND',
  'UND_ERR_CONNECT_TIMEOUT',
])
const maxServers = 32

/**
 * Stays with one server as long as that can be reached. When it cannot, its connections are ended, so that what waits on
 * them for a machine that is gone (a watch is silent for long) begins anew, with another server.
 */
export function failoverTransport(options: FailoverOptions): FailoverTransport {
  const { server, connect } = options
  let servers = listOf(server, options.others ?? [])
  let current = server
  const open = new Map<string, HttpsTransport>()
  const transportTo = (at: string): HttpsTransport => {
    let transport = open.get(at)
    if (transport === undefined) open.set(at, (transport = connect(at)))
    return transport
  }
  const drop = (at: string): void => {
    const transport = open.get(at)
    open.delete(at)
    transport?.close().catch(() => {})
  }

  const transport = async (request: ApiRequest): Promise<ApiResponse> => {
    const start = Math.max(0, servers.indexOf(current))
    const order = [...servers.slice(start), ...servers.slice(0, start)]
    let problem: unknown
    for (const at of order) {
      try {
        const answer = await transportTo(at)(request)
        if (at !== current) {
          options.changed?.(current, at)
          current = at
        }
        return answer
      } catch (error) {
        if (request.signal?.aborted === true || !unreachable.has(codeOf(error))) throw error
        problem = error
        if (order.length > 1) drop(at)
      }
    }
    throw problem
  }
  return Object.assign(transport, {
    learn: (others: readonly string[]) => {
      servers = listOf(server, others)
      // The one it speaks to may be leaving: it is left when it no longer answers.
      if (!servers.includes(current)) servers.push(current)
    },
    close: async () => {
      await Promise.all([...open.values()].map((each) => each.close()))
      open.clear()
    },
  })
}

const listOf = (server: string, others: readonly string[]): string[] =>
  [...new Set([server, ...others])].slice(0, maxServers)

function codeOf(error: unknown): string {
  const { code, cause } = error as { code?: unknown; cause?: unknown }
  if (typeof code === 'string') return code
  return typeof cause === 'object' && cause !== null ? codeOf(cause) : ''
}
