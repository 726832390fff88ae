import type { TLSSocket } from 'node:tls'
import type { BodySink } from '../request-body.ts'
import { errorCode, type ErrorCode } from './protocol.ts'

/** What a stream needs of its connection. */
export interface StreamHost {
  readonly socket: TLSSocket
  sendHead(stream: ServerStream, head: AnswerHead, endStream: boolean): void
  /** Sends all of this at once, or nothing. */
  sendWhole(stream: ServerStream, chunk: Uint8Array, endStream: boolean): boolean
  /** Sends what can be sent of what the stream holds ready; the rest goes when it can. */
  send(stream: ServerStream): void
  /** The client may send so many bytes more. */
  consumed(stream: ServerStream, bytes: number): void
  reset(stream: ServerStream, code: ErrorCode): void
  /** Both sides have said everything. */
  finished(stream: ServerStream): void
}

export interface AnswerHead {
  status: number
  headers: Readonly<Record<string, string | readonly string[] | undefined>>
}

type Pull = { resolve: (result: IteratorResult<Uint8Array>) => void; reject: (error: Error) => void }

/** One request and its answer on a connection of HTTP/2. */
export class ServerStream {
  readonly id: number
  readonly #host: StreamHost
  /** Nothing more will be sent or taken. */
  closed = false

  // The answer. What its fields say is looked after by the connection.
  headSent = false
  /** Bytes that the client takes on this stream. */
  sendWindow: number
  /** Frames of a head that found no room. */
  heads: Uint8Array[] = []
  /** Parts of the body that wait, the first of them from an offset on. */
  pending: Uint8Array[] = []
  pendingFrom = 0
  /** The body ends with what is pending. */
  ending = false
  #drained: (() => void)[] = []
  #closeListeners: (() => void)[] = []

  // The request.
  /** Bytes that the client may send. */
  receiveWindow: number
  /** Taken by a reader, and not yet told to the client. */
  unannounced = 0
  /** Of the body, as announced and as come. */
  expectedBytes: number | undefined
  receivedBytes = 0
  /** The client has said everything. */
  remoteEnded = false
  #unread: Uint8Array[] = []
  #sink: BodySink | undefined

  constructor(id: number, host: StreamHost, windows: { send: number; receive: number }) {
    this.id = id
    this.#host = host
    this.sendWindow = windows.send
    this.receiveWindow = windows.receive
  }

  /** What was said before did not all go yet. */
  get #behind(): boolean {
    return this.pending.length > 0 || this.heads.length > 0
  }

  get socket(): TLSSocket {
    return this.#host.socket
  }

  /** Sends the head of an answer, or an interim one. Throws on values that no header can have. */
  respond(head: AnswerHead, endStream = false): void {
    if (this.closed || this.headSent) return
    if (endStream) this.ending = true
    if (head.status >= 200) this.headSent = true
    this.#host.sendHead(this, head, endStream)
  }

  /** False when the client takes no more for now; the memory is the caller's again once it does (`drained`). */
  write(chunk: Uint8Array): boolean {
    if (this.closed || this.ending) return false
    if (!this.#behind && this.#host.sendWhole(this, chunk, false)) return true
    if (chunk.length > 0) this.pending.push(chunk)
    this.#host.send(this)
    return this.pending.length === 0 && !this.closed
  }

  end(chunk?: Uint8Array): void {
    if (this.closed || this.ending) return
    this.ending = true
    if (chunk !== undefined && !this.#behind && this.#host.sendWhole(this, chunk, true)) return
    if (chunk !== undefined && chunk.length > 0) this.pending.push(chunk)
    this.#host.send(this)
  }

  /** Calls back once: when more may be written, or nothing more will be taken. */
  drained(then: () => void): void {
    if (this.closed || !this.#behind) queueMicrotask(then)
    else this.#drained.push(then)
  }

  /** Calls back when the answer is over or the client is gone. */
  onClose(listener: () => void): void {
    if (this.closed) queueMicrotask(listener)
    else this.#closeListeners.push(listener)
  }

  reset(code: ErrorCode): void {
    if (!this.closed) this.#host.reset(this, code)
  }

  /** For the connection: nothing is pending any more. */
  sent(): void {
    const waiting = this.#drained
    if (waiting.length === 0) return
    this.#drained = []
    for (const then of waiting) then()
  }

  /** For the connection: a part of the body came. */
  received(chunk: Uint8Array): void {
    if (this.#sink === undefined) this.#unread.push(chunk)
    else this.#sink.data(chunk)
  }

  /** For the connection: the whole request is here. */
  receivedAll(): void {
    this.remoteEnded = true
    const sink = this.#sink
    this.#sink = undefined
    sink?.end()
  }

  /** For the connection: the stream is over, however that came about. */
  close(): void {
    if (this.closed) return
    this.closed = true
    this.pending = []
    this.heads = []
    this.#unread = []
    const sink = this.#sink
    this.#sink = undefined
    sink?.broken()
    this.sent()
    const listeners = this.#closeListeners
    this.#closeListeners = []
    for (const listener of listeners) listener()
  }

  /** Whoever takes the body says for each part when it is done with it. */
  taken(chunk: Uint8Array): void {
    this.#host.consumed(this, chunk.length)
  }

  /** Gives the body to its one reader. */
  readBody(sink: BodySink): void {
    const unread = this.#unread
    this.#unread = []
    for (const chunk of unread) sink.data(chunk)
    if (this.remoteEnded) sink.end()
    else if (this.closed) sink.broken()
    else this.#sink = sink
  }

  /** The body as it comes; the client sends more as it is read. */
  bodyChunks(): AsyncIterableIterator<Uint8Array> {
    const ready: Uint8Array[] = []
    let end: IteratorResult<Uint8Array> | Error | undefined
    let pull: Pull | undefined
    const step = (): void => {
      if (pull === undefined) return
      const { resolve, reject } = pull
      const chunk = ready.shift()
      if (chunk === undefined && end === undefined) return
      pull = undefined
      if (chunk !== undefined) {
        this.taken(chunk)
        resolve({ done: false, value: chunk })
      } else if (end instanceof Error) reject(end)
      else if (end !== undefined) resolve(end)
    }
    this.readBody({
      data: (chunk) => {
        ready.push(chunk)
        step()
      },
      end: () => {
        end = { done: true, value: undefined }
        step()
      },
      broken: () => {
        end = new Error('the body broke off')
        step()
      },
    })
    const iterator: AsyncIterableIterator<Uint8Array> = {
      next: () =>
        new Promise((resolve, reject) => {
          pull = { resolve, reject }
          step()
        }),
      return: () => {
        for (const chunk of ready.splice(0)) this.taken(chunk)
        return Promise.resolve({ done: true, value: undefined })
      },
      [Symbol.asyncIterator]: () => iterator,
    }
    return iterator
  }

  /** The answer cannot be given, or not in full. */
  fail(): void {
    if (this.closed) return
    if (this.headSent) this.reset(errorCode.internal)
    else this.respond({ status: 500, headers: {} }, true)
  }
}
