import { request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { ApiError, serviceUnavailable } from '@kapell/openapi/meta/status'
import type { RequestContext } from '../../pipeline/context.ts'
import { plainFailure } from '../../registry/storage-errors.ts'
import type { Answer } from '../../server/answer.ts'
import { rewriteAnswer } from './rewrite-links.ts'
import { tunnelAnswer } from './tunnel.ts'

/** Where a request is passed on to. */
export interface RelayTarget {
  secure: boolean
  host: string
  port: number
  /** Path and query. */
  path: string
  /** How we show ourselves, and whom we believe; for https only. */
  tls?: { ca?: string; cert?: string; key?: string; rejectUnauthorized?: boolean }
  /** Long texts of the peer's failures become the message of a Status. */
  statusFromBody?: boolean
  /** The proxy's root, for answers whose links shall lead through it again. */
  linkPrefix?: string
}

const connectTimeoutMs = 10_000

/** Headers that belong to one connection, or that tell the target more than it should know. */
const dropped = new Set([
  'host',
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'authorization',
  'cookie',
  'origin',
  'http2-settings',
])

const bearerProtocol = /(^|,\s*)base64url\.bearer\.authorization\.k8s\.io\.[^,]*/g

function forwardedHeaders(context: RequestContext): Record<string, string | string[]> {
  const headers: Record<string, string | string[]> = {}
  for (const [name, value] of context.headers()) {
    if (dropped.has(name) || name.startsWith('impersonate-')) continue
    if (name === 'sec-websocket-protocol') headers[name] = value.replace(bearerProtocol, '').replace(/^,\s*/, '')
    // SPDY clients offer their versions in several header lines, and so they arrive.
    else if (name === 'x-stream-protocol-version') headers[name] = value.split(/,\s*/)
    else headers[name] = value
  }
  headers['x-forwarded-for'] = context.remoteAddress
  return headers
}

function optionsOf(context: RequestContext, target: RelayTarget, upgrade: boolean): RequestOptions {
  const headers = forwardedHeaders(context)
  if (upgrade) {
    headers['connection'] = 'Upgrade'
    headers['upgrade'] = context.header('upgrade') ?? ''
  }
  return {
    method: context.method,
    host: target.host,
    port: target.port,
    path: target.path,
    headers,
    agent: false,
    ...(target.secure ? target.tls : {}),
  } as RequestOptions
}

function dialError(error: Error, target: RelayTarget): ApiError {
  const code = (error as NodeJS.ErrnoException).code ?? ''
  const why: Record<string, string> = {
    ECONNREFUSED: 'connect: connection refused',
    EHOSTUNREACH: 'connect: no route to host',
    ENETUNREACH: 'connect: network is unreachable',
    ETIMEDOUT: 'i/o timeout',
  }
  return plainFailure(`error dialing backend: dial tcp ${target.host}:${target.port}: ${why[code] ?? error.message}`)
}

function responseHeaders(response: IncomingMessage): Record<string, string | string[]> {
  const headers: Record<string, string | string[]> = {}
  for (const [name, value] of Object.entries(response.headers)) {
    if (value !== undefined && !dropped.has(name)) headers[name] = value
  }
  return headers
}

/** Passes a plain request on and its answer back, as it comes. */
export function relayRequest(context: RequestContext, target: RelayTarget): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const send = target.secure ? httpsRequest : httpRequest
    const outgoing = send(optionsOf(context, target, false))
    outgoing.setTimeout(connectTimeoutMs, () =>
      outgoing.destroy(Object.assign(new Error('timeout'), { code: 'ETIMEDOUT' })),
    )
    const stop = (): void => void outgoing.destroy()
    context.signal.addEventListener('abort', stop, { once: true })
    outgoing.on('error', (error) => reject(dialError(error, target)))
    outgoing.on('response', (response) => {
      outgoing.setTimeout(0)
      response.on('close', () => context.signal.removeEventListener('abort', stop))
      const status = response.statusCode ?? 502
      if (target.statusFromBody === true && status >= 400) {
        void textOf(response).then((text) => reject(peerFailure(status, text)), reject)
        return
      }
      const answer: Answer = {
        status,
        headers: responseHeaders(response),
        body: response as AsyncIterable<Uint8Array>,
      }
      const { linkPrefix: prefix } = target
      resolve(prefix === undefined ? answer : rewriteAnswer(answer, { host: `${target.host}:${target.port}`, prefix }))
    })
    void sendBody(context, outgoing).catch((error: unknown) => outgoing.destroy(error as Error))
  })
}

async function sendBody(context: RequestContext, outgoing: ReturnType<typeof httpRequest>): Promise<void> {
  if (context.method !== 'GET' && context.method !== 'HEAD') {
    for await (const chunk of context.bodyStream()) {
      if (!outgoing.write(chunk)) await new Promise((resolve) => outgoing.once('drain', resolve))
    }
  }
  outgoing.end()
}

const longestText = 16 * 1024

async function textOf(response: IncomingMessage): Promise<string> {
  let text = ''
  for await (const chunk of response) {
    text += String(chunk)
    if (text.length > longestText) break
  }
  return text.slice(0, longestText).trim()
}

function peerFailure(status: number, text: string): ApiError {
  const reasons: Record<number, string> = { 400: 'BadRequest', 403: 'Forbidden', 404: 'NotFound', 500: 'InternalError' }
  return new ApiError({
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message: text,
    ...(reasons[status] === undefined ? {} : { reason: reasons[status] }),
    code: status,
  })
}

/** Passes an upgrade on: after the handshake the two connections are joined, byte by byte. */
export function relayUpgrade(context: RequestContext, target: RelayTarget): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const send = target.secure ? httpsRequest : httpRequest
    const outgoing = send(optionsOf(context, target, true))
    outgoing.setTimeout(connectTimeoutMs, () =>
      outgoing.destroy(Object.assign(new Error('timeout'), { code: 'ETIMEDOUT' })),
    )
    const stop = (): void => void outgoing.destroy()
    context.signal.addEventListener('abort', stop, { once: true })
    outgoing.on('error', (error) => reject(dialError(error, target)))
    outgoing.on('upgrade', (response, peer, peerHead) => {
      peer.setTimeout(0)
      peer.setNoDelay(true)
      resolve(tunnelAnswer(response, peer, peerHead))
    })
    outgoing.on('response', (response) => {
      void textOf(response).then((text) => {
        const status = response.statusCode ?? 502
        if (target.statusFromBody === true && status >= 400) reject(peerFailure(status, text))
        else resolve({ status, headers: responseHeaders(response), body: Buffer.from(text) })
      }, reject)
    })
    outgoing.end()
  })
}

/** What a plain request to a streaming subresource is told. */
export function upgradeRequired(): ApiError {
  return plainFailure('Upgrade request required', 400)
}

export const unreachable = (why: string): ApiError => serviceUnavailable(why)
