import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http'
import type { Writable } from 'node:stream'
import type { TLSSocket } from 'node:tls'
import type { Answer } from './answer.ts'
import type { ServerStream } from './http2/stream.ts'
import { gatherBody, readInto } from './request-body.ts'

/** One request and its answer on the wire: what HTTP/1.1 and HTTP/2 have in common. */

export interface Incoming {
  readonly method?: string | undefined
  /** Path and query. */
  readonly url?: string | undefined
  readonly headers: IncomingHttpHeaders
  readonly connection: TLSSocket | undefined
  /** The whole body; 413 when it is too large. Either this or the chunks, once. */
  gather(declaredLength: number | undefined): Promise<Uint8Array>
  chunks(): AsyncIterable<Uint8Array>
}

/** Where the body of an answer goes. */
export interface BodyOutgoing {
  /** The client is gone, or the answer is over. */
  readonly gone: boolean
  /** False: no more for now, until `drained`. */
  write(chunk: Uint8Array): boolean
  /** Calls back once, when more may be written or nothing more will be taken. */
  drained(then: () => void): void
  /** Writes; resolves when the chunk's memory may be used again, or nothing more will be taken. */
  written(chunk: Uint8Array): Promise<void>
  end(chunk?: Uint8Array): void
  /** Calls back when the client is gone, or the answer is over. */
  onClose(listener: () => void): void
}

export interface Outgoing extends BodyOutgoing {
  /** Sends status and headers. `whole`: no body follows. */
  head(status: number, headers: Answer['headers'], whole: boolean): void
  /** Ends an answer that cannot be given, or not in full. */
  fail(): void
}

export function incomingOfRequest(request: IncomingMessage): Incoming {
  const { method, url, headers, socket } = request
  return {
    ...{ method, url, headers, connection: socket as TLSSocket },
    gather: (declaredLength) => gatherBody((sink) => readInto(request, sink), declaredLength),
    chunks: () => request as AsyncIterable<Uint8Array>,
  }
}

/** A body written to a stream of node's. */
export function bodyInto(writable: Writable): BodyOutgoing {
  return {
    get gone() {
      return writable.destroyed
    },
    write: (chunk) => writable.write(chunk),
    drained: (then) => {
      const done = (): void => {
        writable.removeListener('drain', done)
        writable.removeListener('close', done)
        then()
      }
      writable.on('drain', done)
      writable.on('close', done)
    },
    written: (chunk) =>
      new Promise((resolve) => {
        const done = (): void => {
          writable.removeListener('close', done)
          resolve()
        }
        writable.on('close', done)
        writable.write(chunk, done)
      }),
    end: (chunk) => void (chunk === undefined ? writable.end() : writable.end(chunk)),
    onClose: (listener) => writable.on('close', listener),
  }
}

export function outgoingOfResponse(response: ServerResponse): Outgoing {
  return Object.assign(bodyInto(response), {
    head: (status: number, headers: Answer['headers'], whole: boolean) => {
      response.writeHead(status, headers)
      if (whole) response.end()
      else if (headers['content-length'] === undefined) response.flushHeaders()
    },
    fail: () => {
      if (!response.headersSent) response.writeHead(500)
      response.destroy()
    },
  })
}

export function incomingOfStream(stream: ServerStream, headers: IncomingHttpHeaders): Incoming {
  return {
    method: headers[':method'] as string | undefined,
    url: headers[':path'] as string | undefined,
    headers,
    connection: stream.socket,
    gather: (declaredLength) =>
      gatherBody((sink) => {
        stream.readBody({
          ...sink,
          data: (chunk) => {
            sink.data(chunk)
            stream.taken(chunk)
          },
        })
      }, declaredLength),
    chunks: () => stream.bodyChunks(),
  }
}

/** An answer on a stream of HTTP/2. */
export class StreamOutgoing implements Outgoing {
  readonly #stream: ServerStream

  constructor(stream: ServerStream) {
    this.#stream = stream
  }

  get gone(): boolean {
    return this.#stream.closed
  }

  head(status: number, headers: Answer['headers'], whole: boolean): void {
    this.#stream.respond({ status, headers }, whole)
  }

  write(chunk: Uint8Array): boolean {
    return this.#stream.write(chunk)
  }

  drained(then: () => void): void {
    this.#stream.drained(then)
  }

  written(chunk: Uint8Array): Promise<void> {
    // What could be sent was copied.
    if (this.#stream.write(chunk)) return Promise.resolve()
    return new Promise((resolve) => this.#stream.drained(resolve))
  }

  end(chunk?: Uint8Array): void {
    this.#stream.end(chunk)
  }

  onClose(listener: () => void): void {
    this.#stream.onClose(listener)
  }

  fail(): void {
    this.#stream.fail()
  }
}

async function sendBody(
  outgoing: BodyOutgoing,
  body: AsyncIterable<Uint8Array>,
  options: { reusesChunks: boolean },
): Promise<void> {
  let gone = outgoing.gone
  outgoing.onClose(() => (gone = true))
  for await (const chunk of body) {
    if (gone) break
    if (options.reusesChunks) await outgoing.written(chunk)
    else if (!outgoing.write(chunk)) await new Promise<void>((resolve) => outgoing.drained(resolve))
    if (gone) break
  }
  if (!gone) outgoing.end()
}

export async function sendAnswer(outgoing: Outgoing, answer: Answer, method: string): Promise<void> {
  if (outgoing.gone) return
  const { status, headers, body } = answer
  if (body instanceof Uint8Array) {
    headers['content-length'] = String(body.length)
    outgoing.head(status, headers, method === 'HEAD')
    if (method !== 'HEAD') outgoing.end(body)
    return
  }
  if (body === undefined || method === 'HEAD') {
    outgoing.head(status, headers, true)
    return
  }
  outgoing.head(status, headers, false)
  if (answer.live !== undefined) {
    await answer.live(outgoing)
    if (!outgoing.gone) outgoing.end()
    return
  }
  await sendBody(outgoing, body, { reusesChunks: answer.reusesChunks === true })
}
