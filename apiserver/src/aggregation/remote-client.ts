import { Agent, request, type RequestOptions } from 'node:https'
import type { ClientRequest, IncomingMessage } from 'node:http'
import { isIP } from 'node:net'
import type { KeyPair } from '../certificates/issue.ts'
import { bodyOf } from '../server/bounded-body.ts'
import { serverUnreachableText } from '../server/webhook-errors.ts'
import type { Place } from './locate.ts'
import { serverNameOf, type RemoteService } from './remote-service.ts'

/** Idle connections that are kept to one server. */
const maxFreeSockets = 32
const connectTimeoutMs = 10_000
/** No document that a server describes itself with is larger. */
const maxDocumentBytes = 64 * 1024 * 1024

export interface Fetched {
  status: number
  headers: IncomingMessage['headers']
  body: Buffer
}

/** The connections to the servers behind this one; they know it by its client certificate. */
export interface RemoteClient {
  /** Starts a request whose body the caller writes. Never redirected. */
  open(remote: RemoteService, place: Place, options: RequestOptions & { fresh?: boolean }): ClientRequest
  /** A whole document. Rejects, in the original's words, with what went wrong on the way. */
  fetch(
    remote: RemoteService,
    place: Place,
    options: { path: string; headers: Record<string, string | string[]>; timeoutMs: number },
  ): Promise<Fetched>
  /** Connections made under an older APIService are used no more. */
  forget(name: string): void
  close(): void
}

export const authorityText = ({ host, port }: Place): string =>
  isIP(host) === 6 ? `[${host}]:${port}` : `${host}:${port}`

export function createRemoteClient(identity: KeyPair): RemoteClient {
  const agents = new Map<string, Agent>()
  const agentOf = (name: string): Agent => {
    let agent = agents.get(name)
    if (agent === undefined)
      agents.set(name, (agent = new Agent({ keepAlive: true, maxFreeSockets, scheduling: 'lifo' })))
    return agent
  }
  const open: RemoteClient['open'] = (remote, place, { fresh = false, headers, ...options }) => {
    const outgoing = request({
      ...options,
      agent: fresh ? false : agentOf(remote.name),
      host: place.host,
      port: place.port,
      servername: serverNameOf(remote),
      cert: identity.certificate,
      key: identity.key,
      headers: { ...headers, host: authorityText(place) },
      ...(remote.ca === undefined ? {} : { ca: remote.ca }),
      ...(remote.insecureSkipTlsVerify ? { rejectUnauthorized: false } : {}),
    })
    outgoing.on('socket', (socket) => {
      if (!socket.connecting) return
      const timer = setTimeout(
        () => outgoing.destroy(Object.assign(new Error('timeout'), { code: 'ETIMEDOUT' })),
        connectTimeoutMs,
      )
      const stop = (): void => clearTimeout(timer)
      socket.once('secureConnect', stop)
      socket.once('close', stop)
    })
    return outgoing
  }
  return {
    open,
    fetch: (remote, place, { path, headers, timeoutMs }) =>
      new Promise((resolve, reject) => {
        const signal = AbortSignal.timeout(timeoutMs)
        const url = `https://${authorityText(place)}${path}`
        const fail = (error: Error): void => {
          const why = serverUnreachableText(signal, error, place)
          const more = signal.aborted ? ' (Client.Timeout exceeded while awaiting headers)' : ''
          reject(new Error(`Get ${JSON.stringify(url)}: ${why}${more}`, { cause: error }))
        }
        const outgoing = open(remote, place, { method: 'GET', path, headers, signal })
        outgoing.on('error', fail)
        outgoing.on('response', (answer) => {
          bodyOf(answer, maxDocumentBytes).then(
            (body) => resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body }),
            fail,
          )
        })
        outgoing.end()
      }),
    forget: (name) => {
      agents.get(name)?.destroy()
      agents.delete(name)
    },
    close: () => {
      for (const agent of agents.values()) agent.destroy()
      agents.clear()
    },
  }
}
