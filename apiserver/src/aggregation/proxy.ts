import type { ClientRequest, IncomingMessage } from 'node:http'
import { isRemoteUserHeader, remoteUserHeaders } from '../authentication/remote-user.ts'
import { tunnelAnswer } from '../endpoints/connect/tunnel.ts'
import type { RequestContext } from '../pipeline/context.ts'
import { textAnswer, type Answer } from '../server/answer.ts'
import { serverUnreachableText } from '../server/webhook-errors.ts'
import type { Place } from './locate.ts'
import { authorityText, type RemoteClient } from './remote-client.ts'
import type { RemoteService } from './remote-service.ts'

/** Headers that belong to one connection only. */
const hopByHop = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'http2-settings',
])

export interface ProxyTarget {
  remote: RemoteService
  place: Place
  client: RemoteClient
}

/** What a server behind this one is told: all that the client said, save for its credentials, and who the client is. */
export function proxiedHeaders(context: RequestContext, place: Place): Record<string, string | string[]> {
  const headers: Record<string, string | string[]> = {}
  for (const [name, value] of context.headers()) {
    if (hopByHop.has(name) || name === 'host' || name === 'authorization') continue
    if (isRemoteUserHeader(name) || name.startsWith('impersonate-') || name === 'x-forwarded-for') continue
    headers[name] = name === 'x-stream-protocol-version' ? value.split(/,\s*/) : value
  }
  const before = context.header('x-forwarded-for')
  headers['x-forwarded-for'] = before === undefined ? context.remoteAddress : `${before}, ${context.remoteAddress}`
  headers['x-forwarded-host'] = authorityText(place)
  headers['x-forwarded-proto'] = 'https'
  headers['x-forwarded-uri'] = context.path
  return { ...headers, ...remoteUserHeaders(context.user) }
}

function answerHeaders(response: IncomingMessage): Record<string, string | string[]> {
  const headers: Record<string, string | string[]> = {}
  for (const [name, value] of Object.entries(response.headers)) {
    // The client has a connection of its own, and this server's audit id.
    if (value !== undefined && !hopByHop.has(name) && name !== 'audit-id') headers[name] = value
  }
  return headers
}

export const unavailable = (): Answer => textAnswer(503, 'service unavailable\n')

const pathOf = ({ path, rawQuery }: RequestContext): string => (rawQuery === '' ? path : `${path}?${rawQuery}`)

async function sendBody(context: RequestContext, outgoing: ClientRequest): Promise<void> {
  if (context.method !== 'GET' && context.method !== 'HEAD') {
    for await (const chunk of context.bodyStream()) {
      if (!outgoing.write(chunk)) await new Promise((resolve) => outgoing.once('drain', resolve))
    }
  }
  outgoing.end()
}

function answerOf(response: IncomingMessage): Answer {
  const status = response.statusCode ?? 502
  if (status >= 300 && status < 400 && response.headers.location !== undefined) {
    response.resume()
    const text = 'the backend attempted to redirect this request, which is not permitted'
    return {
      status: 502,
      headers: { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-cache, private' },
      body: new TextEncoder().encode(text),
    }
  }
  return { status, headers: answerHeaders(response), body: response as AsyncIterable<Uint8Array> }
}

/** Passes a request on; answers and watches come back as they arrive, and end when the client goes away. */
export function proxyRequest(context: RequestContext, target: ProxyTarget, attempt = 0): Promise<Answer> {
  const { remote, place, client } = target
  return new Promise((resolve, reject) => {
    const outgoing = client.open(remote, place, {
      method: context.method,
      path: pathOf(context),
      headers: proxiedHeaders(context, place),
    })
    const stop = (): void => void outgoing.destroy()
    context.signal.addEventListener('abort', stop, { once: true })
    let answered = false
    outgoing.on('error', (error: NodeJS.ErrnoException) => {
      context.signal.removeEventListener('abort', stop)
      if (answered) return
      const bodyless = context.method === 'GET' || context.method === 'HEAD'
      // A kept connection that the other side had just closed says nothing about the server.
      if (error.code === 'ECONNRESET' && outgoing.reusedSocket && bodyless && attempt === 0) {
        proxyRequest(context, target, 1).then(resolve, reject)
        return
      }
      const why = serverUnreachableText(context.signal, error, place)
      resolve(textAnswer(503, `error trying to reach service: ${why}\n`))
    })
    outgoing.on('response', (response) => {
      answered = true
      response.on('close', () => context.signal.removeEventListener('abort', stop))
      resolve(answerOf(response))
    })
    sendBody(context, outgoing).catch((error: unknown) => outgoing.destroy(error as Error))
  })
}

/** Passes an upgrade on: after the handshake the two connections are joined, byte by byte. */
export function proxyUpgrade(context: RequestContext, { remote, place, client }: ProxyTarget): Promise<Answer> {
  return new Promise((resolve) => {
    const outgoing = client.open(remote, place, {
      method: context.method,
      path: pathOf(context),
      headers: {
        ...proxiedHeaders(context, place),
        connection: 'Upgrade',
        upgrade: context.header('upgrade') ?? '',
      },
      fresh: true,
    })
    const stop = (): void => void outgoing.destroy()
    context.signal.addEventListener('abort', stop, { once: true })
    outgoing.on('error', (error) => {
      const why = serverUnreachableText(context.signal, error, place)
      resolve(textAnswer(503, `error dialing backend: ${why}\n`))
    })
    outgoing.on('upgrade', (response, peer, peerHead) => {
      peer.on('error', () => peer.destroy())
      resolve(tunnelAnswer(response, peer, peerHead))
    })
    outgoing.on('response', (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.length < 64 && chunks.push(chunk))
      response.on('close', () => {
        const { status, headers } = answerOf(response)
        const { 'content-length': _length, ...rest } = headers
        resolve({ status, headers: rest, body: Buffer.concat(chunks) })
      })
    })
    outgoing.end()
  })
}
