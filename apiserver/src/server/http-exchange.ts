import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http'
import { constants, type ServerHttp2Stream } from 'node:http2'
import type { Readable, Writable } from 'node:stream'
import type { TLSSocket } from 'node:tls'
import type { Answer } from './answer.ts'

/** One request and its answer on the wire: what HTTP/1.1 and HTTP/2 have in common. */

export interface Incoming {
  readonly method?: string | undefined
  /** Path and query. */
  readonly url?: string | undefined
  readonly headers: IncomingHttpHeaders
  readonly connection: TLSSocket | undefined
  readonly body: Readable
}

export interface Outgoing {
  readonly writable: Writable
  /** The client is gone, or the answer is over. */
  readonly gone: boolean
  /** Sends status and headers. `whole`: no body follows. */
  head(status: number, headers: Answer['headers'], whole: boolean): void
  /** Ends an answer that cannot be given, or not in full. */
  fail(): void
}

export function incomingOfRequest(request: IncomingMessage): Incoming {
  const { method, url, headers, socket } = request
  return { method, url, headers, connection: socket as TLSSocket, body: request }
}

export function outgoingOfResponse(response: ServerResponse): Outgoing {
  return {
    writable: response,
    get gone() {
      return response.destroyed
    },
    head: (status, headers, whole) => {
      response.writeHead(status, headers)
      if (whole) response.end()
      else if (headers['content-length'] === undefined) response.flushHeaders()
    },
    fail: () => {
      if (!response.headersSent) response.writeHead(500)
      response.destroy()
    },
  }
}

export function incomingOfStream(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): Incoming {
  return {
    method: headers[':method'] as string | undefined,
    url: headers[':path'] as string | undefined,
    headers,
    connection: stream.session?.socket as TLSSocket | undefined,
    body: stream,
  }
}

/** Headers of a connection, which HTTP/2 does not have: answers that are passed on may carry them. */
const connectionHeaders = new Set(['connection', 'keep-alive', 'proxy-connection', 'transfer-encoding', 'upgrade'])

export function outgoingOfStream(stream: ServerHttp2Stream): Outgoing {
  return {
    writable: stream,
    get gone() {
      return stream.destroyed || stream.closed
    },
    head: (status, headers, whole) => {
      const fields: Record<string, string | string[] | number> = { ':status': status }
      for (const name of Object.keys(headers)) {
        const value = headers[name]
        if (value !== undefined && !connectionHeaders.has(name)) fields[name] = value
      }
      stream.respond(fields, whole ? { endStream: true } : undefined)
      // A body that nobody wants to the end is not waited for.
      if (stream.readableFlowing !== null && !stream.readableEnded) {
        stream.once('finish', () => stream.close(constants.NGHTTP2_NO_ERROR))
      }
    },
    fail: () => {
      if (!stream.headersSent && !stream.destroyed) stream.respond({ ':status': 500 })
      stream.destroy()
    },
  }
}

/** Calls back when more may be written or nothing more will be taken. */
function drained(writable: Writable, then: () => void): void {
  const done = (): void => {
    writable.removeListener('drain', done)
    writable.removeListener('close', done)
    then()
  }
  writable.on('drain', done)
  writable.on('close', done)
}

/** Resolves when the chunk has left this process's memory, or nothing more will be taken. */
function written(writable: Writable, chunk: Uint8Array): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      writable.removeListener('close', done)
      resolve()
    }
    writable.on('close', done)
    writable.write(chunk, done)
  })
}

async function sendBody(
  outgoing: Outgoing,
  body: AsyncIterable<Uint8Array>,
  options: { reusesChunks: boolean },
): Promise<void> {
  const { writable } = outgoing
  let gone = outgoing.gone
  writable.once('close', () => (gone = true))
  for await (const chunk of body) {
    if (gone) break
    if (options.reusesChunks) await written(writable, chunk)
    else if (!writable.write(chunk)) await new Promise<void>((resolve) => drained(writable, resolve))
    if (gone) break
  }
  if (!gone) writable.end()
}

export async function sendAnswer(outgoing: Outgoing, answer: Answer, method: string): Promise<void> {
  if (outgoing.gone) return
  const { status, headers, body } = answer
  if (body instanceof Uint8Array) {
    headers['content-length'] = String(body.length)
    outgoing.head(status, headers, method === 'HEAD')
    if (method !== 'HEAD') outgoing.writable.end(body)
    return
  }
  if (body === undefined || method === 'HEAD') {
    outgoing.head(status, headers, true)
    return
  }
  outgoing.head(status, headers, false)
  if (answer.live !== undefined) {
    const { writable } = outgoing
    await answer.live({
      write: (chunk) => writable.write(chunk),
      drained: (then) => drained(writable, then),
      get gone() {
        return outgoing.gone
      },
    })
    if (!outgoing.gone) writable.end()
    return
  }
  await sendBody(outgoing, body, { reusesChunks: answer.reusesChunks === true })
}
