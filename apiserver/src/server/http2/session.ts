import type { IncomingHttpHeaders } from 'node:http'
import type { TLSSocket } from 'node:tls'
import { refuseSelf, requireConnection, requireLength, requireStream, unpadded } from './frame-checks.ts'
import { FrameReader, type Frame } from './frame-reader.ts'
import {
  acknowledgement,
  goaway,
  greeting,
  headFrames,
  limits,
  PeerSettings,
  putFrameHead,
  rstStream,
  windowUpdate,
} from './frames.ts'
import { HpackDecoder } from './hpack-decoder.ts'
import { encodeAnswerHead } from './hpack-encoder.ts'
import { leastRoom, Output } from './output.ts'
import {
  ConnectionError,
  defaultWindow,
  errorCode,
  flag,
  frameHeadBytes,
  frameType,
  largestWindow,
  protocolError,
  StreamError,
  type ErrorCode,
} from './protocol.ts'
import { RequestHead } from './request-head.ts'
import { ServerStream, type AnswerHead, type StreamHost } from './stream.ts'

export interface SessionOptions {
  socket: TLSSocket
  /** Answers a request; settles when that is done. */
  onRequest: (stream: ServerStream, headers: IncomingHttpHeaders) => Promise<void>
  nowMs: () => number
  /** How long a client may take until it speaks. */
  greetingMs: number
}

/** Headers of a connection, which HTTP/2 does not have: answers that are passed on may carry them. */
const connectionHeaders: ReadonlySet<string> = new Set([
  ...['connection', 'keep-alive', 'proxy-connection', 'transfer-encoding', 'upgrade'],
])
/** Streams ended by us of which more may still be under way; of older ones nothing should come any more. */
const rememberedResets = 256

interface OpenBlock {
  stream: number
  endStream: boolean
  parts: Buffer[]
  bytes: number
}

/**
 * The server's end of one HTTP/2 connection. Written here because node's own costs more than most answers do: a pair of
 * native and script objects a request that stay until the next full collection, and a native write for each part of
 * each stream, where a change that hundreds of watchers of one client wait for can be one write. No push, no priorities.
 */
export class Http2Session implements StreamHost {
  readonly socket: TLSSocket
  readonly #options: SessionOptions
  readonly #reader = new FrameReader({ frameBytes: limits.frameBytes })
  readonly #decoder = new HpackDecoder({ tableBytes: limits.headerTableBytes })
  readonly #output: Output
  readonly #peer = new PeerSettings()
  readonly #streams = new Map<number, ServerStream>()
  /** With something to send that could go, save for room. */
  readonly #waiting = new Set<ServerStream>()
  readonly #resets: number[] = []
  #lastStream = 0
  #running = 0
  #sendWindow = defaultWindow
  #receiveWindow: number = limits.connectionWindow
  #unannounced = 0
  #block: OpenBlock | undefined
  #settled = false
  #over = false

  constructor(options: SessionOptions) {
    this.#options = options
    const { socket } = options
    this.socket = socket
    this.#output = new Output({
      write: (bytes, done) => void socket.write(bytes, done),
      later: (flush) => process.nextTick(flush),
      onRoom: () => this.#pump(),
    })
    socket.setTimeout(options.greetingMs, () => socket.destroy())
    socket.on('data', (chunk: Buffer) => this.#read(chunk))
    socket.on('error', () => socket.destroy())
    socket.on('close', () => this.#closeStreams())
    this.#control(greeting())
  }

  /** Tells the client to go elsewhere, and ends the connection with all that is open on it. */
  destroy(code: ErrorCode = errorCode.none): void {
    if (this.#over) return
    this.#control(goaway(this.#lastStream, code))
    this.#over = true
    this.#output.flush()
    this.socket.setTimeout(this.#options.greetingMs, () => this.socket.destroy())
    this.socket.destroySoon()
    this.#closeStreams()
  }

  sendHead(stream: ServerStream, { status, headers }: AnswerHead, endStream: boolean): void {
    const nowMs = this.#options.nowMs()
    const block = encodeAnswerHead(status, headers, { nowMs, skip: connectionHeaders, resized: this.#peer.owedResize })
    this.#peer.owedResize = false
    const frames = headFrames({ block, stream: stream.id, endStream, frameBytes: this.#peer.frameBytes })
    const place =
      stream.heads.length === 0 && this.#output.room >= frames.bytes ? this.#output.reserve(frames.bytes) : undefined
    if (place !== undefined) {
      frames.put(place.buffer, place.at)
      if (endStream) this.#sentAll(stream)
      return
    }
    // An answer that is but a head ends with an empty part of a body then.
    const later = headFrames({ block, stream: stream.id, endStream: false, frameBytes: this.#peer.frameBytes })
    const bytes = Buffer.allocUnsafe(later.bytes)
    later.put(bytes, 0)
    stream.heads.push(bytes)
    this.#waiting.add(stream)
    this.#output.want()
  }

  sendWhole(stream: ServerStream, chunk: Uint8Array, endStream: boolean): boolean {
    const bytes = chunk.length
    if (bytes === 0 || bytes > stream.sendWindow || bytes > this.#sendWindow || bytes > this.#peer.frameBytes)
      return false
    if (this.#output.room < bytes + frameHeadBytes) return false
    stream.sendWindow -= bytes
    this.#sendWindow -= bytes
    this.#data(stream, chunk, endStream)
    if (endStream) this.#sentAll(stream)
    return true
  }

  send(stream: ServerStream): void {
    if (this.#waiting.has(stream)) return
    for (;;) {
      const result = this.#sendOne(stream)
      if (result === 'sent') continue
      if (result === 'no room') this.#waiting.add(stream)
      return
    }
  }

  /** Takes turns, a frame each. */
  #pump(): void {
    for (const stream of this.#waiting) {
      this.#waiting.delete(stream)
      const result = this.#sendOne(stream)
      if (result === 'sent' || result === 'no room') this.#waiting.add(stream)
      if (result === 'no room') return
    }
  }

  /** Sends one frame of what a stream holds ready: 'waits' for its client's window, or has nothing more to say. */
  #sendOne(stream: ServerStream): 'sent' | 'no room' | 'waits' {
    if (stream.closed) return 'waits'
    const output = this.#output
    const room = output.room - frameHeadBytes
    const [head] = stream.heads
    if (head !== undefined) {
      if (room < head.length) return this.#noRoom()
      if (!this.#control(head)) return 'waits'
      stream.heads.shift()
      return 'sent'
    }
    const [chunk] = stream.pending
    if (chunk === undefined) {
      if (!stream.ending) stream.sent()
      else if (room < 0) return this.#noRoom()
      else {
        this.#data(stream, undefined, true)
        this.#sentAll(stream)
      }
      return 'waits'
    }
    const left = chunk.length - stream.pendingFrom
    const allowed = Math.min(left, stream.sendWindow, this.#sendWindow, this.#peer.frameBytes)
    if (allowed <= 0) return stream.sendWindow <= 0 ? 'waits' : 'no room'
    const bytes = Math.min(allowed, room)
    if (bytes <= 0 || (bytes < allowed && bytes < leastRoom)) return this.#noRoom()
    const last = bytes === left
    const part =
      last && stream.pendingFrom === 0 ? chunk : chunk.subarray(stream.pendingFrom, stream.pendingFrom + bytes)
    const endStream = last && stream.ending && stream.pending.length === 1
    stream.sendWindow -= bytes
    this.#sendWindow -= bytes
    this.#data(stream, part, endStream)
    if (!last) stream.pendingFrom += bytes
    else {
      stream.pendingFrom = 0
      if (stream.pending.length === 1) stream.pending = []
      else stream.pending.shift()
    }
    if (endStream) {
      this.#sentAll(stream)
      return 'waits'
    }
    return 'sent'
  }

  #noRoom(): 'no room' {
    this.#output.want()
    return 'no room'
  }

  #data(stream: ServerStream, part: Uint8Array | undefined, endStream: boolean): void {
    const length = part?.length ?? 0
    const place = this.#output.reserve(frameHeadBytes + length)
    if (place === undefined) return
    const flags = endStream ? flag.endStream : 0
    putFrameHead(place.buffer, place.at, { length, type: frameType.data, flags, stream: stream.id })
    if (part !== undefined) place.buffer.set(part, place.at + frameHeadBytes)
  }

  /** Sends what keeps the connection going; false when the client has not read for so long that it is given up. */
  #control(bytes: Uint8Array): boolean {
    if (this.#over) return false
    const place = this.#output.reserve(bytes.length)
    if (place === undefined) {
      this.#over = true
      this.socket.destroy()
      return false
    }
    place.buffer.set(bytes, place.at)
    return true
  }

  #sentAll(stream: ServerStream): void {
    // A body that nobody wants to the end is not waited for.
    if (stream.remoteEnded) this.finished(stream)
    else this.reset(stream, errorCode.none)
  }

  finished(stream: ServerStream): void {
    this.#streams.delete(stream.id)
    this.#waiting.delete(stream)
    stream.close()
  }

  reset(stream: ServerStream, code: ErrorCode): void {
    this.#resetId(stream.id, code)
    this.finished(stream)
  }

  #resetId(id: number, code: ErrorCode): void {
    this.#resets.push(id)
    if (this.#resets.length > rememberedResets) this.#resets.shift()
    this.#control(rstStream(id, code))
  }

  consumed(stream: ServerStream, bytes: number): void {
    if (stream.closed || stream.remoteEnded) return
    stream.unannounced += bytes
    if (stream.unannounced < limits.streamWindow / 2) return
    stream.receiveWindow += stream.unannounced
    this.#control(windowUpdate(stream.id, stream.unannounced))
    stream.unannounced = 0
  }

  /** Each stream's window bounds what is held: that of the connection is but kept open. */
  #receive(bytes: number): void {
    this.#receiveWindow -= bytes
    if (this.#receiveWindow < 0) throw new ConnectionError(errorCode.flowControl, 'more than the window')
    this.#unannounced += bytes
    if (this.#unannounced < limits.connectionWindow / 4) return
    this.#receiveWindow += this.#unannounced
    this.#control(windowUpdate(0, this.#unannounced))
    this.#unannounced = 0
  }

  #closeStreams(): void {
    this.#over = true
    for (const stream of this.#streams.values()) stream.close()
    this.#streams.clear()
    this.#waiting.clear()
  }

  #read(chunk: Buffer): void {
    if (this.#over) return
    try {
      this.#reader.read(chunk, this.#frame)
    } catch (error) {
      if (!(error instanceof ConnectionError)) throw error
      this.destroy(error.code)
    }
  }

  readonly #frame = (frame: Frame): void => {
    if (this.#over) return
    if (!this.#settled) {
      if (frame.type !== frameType.settings || (frame.flags & flag.ack) !== 0) throw protocolError('no settings first')
      this.#settled = true
      this.socket.setTimeout(0)
    }
    if (this.#block !== undefined && (frame.type !== frameType.continuation || frame.stream !== this.#block.stream)) {
      throw protocolError('a header block was left open')
    }
    try {
      this.#dispatch(frame)
    } catch (error) {
      if (!(error instanceof StreamError)) throw error
      const stream = this.#streams.get(frame.stream)
      if (stream === undefined) this.#resetId(frame.stream, error.code)
      else this.reset(stream, error.code)
    }
  }

  #dispatch(frame: Frame): void {
    switch (frame.type) {
      case frameType.data:
        return this.#onData(frame)
      case frameType.headers:
        return this.#onHeaders(frame)
      case frameType.continuation:
        return this.#onContinuation(frame)
      case frameType.rstStream:
        return this.#onReset(frame)
      case frameType.windowUpdate:
        return this.#onWindowUpdate(frame)
      case frameType.settings:
        return this.#onSettings(frame)
      case frameType.ping:
        requireConnection(frame)
        requireLength(frame, 8)
        if ((frame.flags & flag.ack) === 0) this.#control(acknowledgement(frameType.ping, frame.payload))
        return
      case frameType.goaway:
        return requireConnection(frame)
      case frameType.priority:
        requireStream(frame)
        if (frame.payload.length !== 5) throw new StreamError(errorCode.frameSize, 'a priority of a wrong length')
        return refuseSelf(frame.payload, frame.stream)
      case frameType.pushPromise:
        throw protocolError('clients do not push')
      default:
      // Unknown ones are ignored.
    }
  }

  #onSettings(frame: Frame): void {
    requireConnection(frame)
    if ((frame.flags & flag.ack) !== 0) return requireLength(frame, 0)
    const before = this.#peer.window
    this.#peer.take(frame.payload)
    // First: what was told counts from here on.
    this.#control(acknowledgement(frameType.settings, new Uint8Array()))
    const change = this.#peer.window - before
    if (change !== 0) for (const stream of this.#streams.values()) this.#widen(stream, change)
  }

  #widen(stream: ServerStream, bytes: number): void {
    stream.sendWindow += bytes
    if (stream.sendWindow > largestWindow) throw new ConnectionError(errorCode.flowControl, 'a window too large')
    if (bytes > 0 && stream.pending.length > 0) this.send(stream)
  }

  #onWindowUpdate(frame: Frame): void {
    requireLength(frame, 4)
    const bytes = frame.payload.readUInt32BE(0) & 0x7fffffff
    if (frame.stream === 0) {
      if (bytes === 0) throw protocolError('an empty window update')
      this.#sendWindow += bytes
      if (this.#sendWindow > largestWindow) throw new ConnectionError(errorCode.flowControl, 'a window too large')
      return this.#pump()
    }
    const stream = this.#known(frame)
    if (stream === undefined) return
    if (bytes === 0) throw new StreamError(errorCode.protocol, 'an empty window update')
    if (stream.sendWindow + bytes > largestWindow) throw new StreamError(errorCode.flowControl, 'a window too large')
    this.#widen(stream, bytes)
  }

  #onReset(frame: Frame): void {
    requireLength(frame, 4)
    const stream = this.#known(frame)
    if (stream !== undefined) this.finished(stream)
  }

  /** The stream that a frame is for, or none when it is over. @throws ConnectionError for one that never was */
  #known(frame: Frame): ServerStream | undefined {
    requireStream(frame)
    if (frame.stream > this.#lastStream || frame.stream % 2 === 0) throw protocolError('a stream that was never opened')
    return this.#streams.get(frame.stream)
  }

  #onData(frame: Frame): void {
    const stream = this.#known(frame)
    const { length } = frame.payload
    this.#receive(length)
    if (stream === undefined || stream.remoteEnded) {
      if (stream === undefined && this.#resets.includes(frame.stream)) return
      throw new StreamError(errorCode.streamClosed, 'data of a stream that is over')
    }
    stream.receiveWindow -= length
    if (stream.receiveWindow < 0) throw new StreamError(errorCode.flowControl, 'more than the window')
    const data = unpadded(frame)
    if (data.length < length) this.consumed(stream, length - data.length)
    stream.receivedBytes += data.length
    const endStream = (frame.flags & flag.endStream) !== 0
    const { expectedBytes } = stream
    if (
      expectedBytes !== undefined &&
      (endStream ? stream.receivedBytes !== expectedBytes : stream.receivedBytes > expectedBytes)
    ) {
      throw new StreamError(errorCode.protocol, 'a body that is not as long as announced')
    }
    if (data.length > 0) stream.received(data)
    if (endStream) stream.receivedAll()
  }

  #onHeaders(frame: Frame): void {
    requireStream(frame)
    let block = unpadded(frame)
    if ((frame.flags & flag.priority) !== 0) {
      if (block.length < 5) throw new ConnectionError(errorCode.frameSize, 'a priority that is cut short')
      refuseSelf(block, frame.stream)
      block = block.subarray(5)
    }
    const endStream = (frame.flags & flag.endStream) !== 0
    if ((frame.flags & flag.endHeaders) !== 0) return this.#onBlock(frame.stream, block, endStream)
    this.#block = { stream: frame.stream, endStream, parts: [Buffer.from(block)], bytes: block.length }
  }

  #onContinuation(frame: Frame): void {
    const open = this.#block
    if (open === undefined) throw protocolError('a continuation of nothing')
    open.parts.push(Buffer.from(frame.payload))
    open.bytes += frame.payload.length
    if (open.bytes > limits.headBytes || open.parts.length > 64) {
      throw new ConnectionError(errorCode.enhanceYourCalm, 'a header block without end')
    }
    if ((frame.flags & flag.endHeaders) === 0) return
    this.#block = undefined
    this.#onBlock(open.stream, Buffer.concat(open.parts), open.endStream)
  }

  #onBlock(id: number, block: Buffer, endStream: boolean): void {
    const head = new RequestHead()
    // In any case: what comes later may refer to it.
    this.#decoder.decode(block, head.add)
    const known = this.#streams.get(id)
    if (known !== undefined) return this.#onTrailers(known, endStream)
    if (id % 2 === 0) throw protocolError('a stream that a client cannot open')
    if (id <= this.#lastStream) {
      if (this.#resets.includes(id)) return
      throw new ConnectionError(errorCode.streamClosed, 'a stream that is over')
    }
    this.#lastStream = id
    // Those that the client gave up count until their work is done, too.
    if (this.#streams.size >= limits.concurrentStreams || this.#running >= 2 * limits.concurrentStreams) {
      throw new StreamError(errorCode.refusedStream, 'too many streams')
    }
    const expectedBytes = head.check()
    if (endStream && (expectedBytes ?? 0) > 0) throw new StreamError(errorCode.protocol, 'a body that is missing')
    const stream = new ServerStream(id, this, { send: this.#peer.window, receive: limits.streamWindow })
    stream.expectedBytes = expectedBytes
    stream.remoteEnded = endStream
    this.#streams.set(id, stream)
    if (head.tooLarge) return stream.respond({ status: 431, headers: {} }, true)
    this.#running += 1
    const done = (): void => void (this.#running -= 1)
    this.#options.onRequest(stream, head.headers).then(done, done)
  }

  /** They say nothing that matters here, but end the body. */
  #onTrailers(stream: ServerStream, endStream: boolean): void {
    if (stream.remoteEnded) throw new StreamError(errorCode.streamClosed, 'headers of a stream that is over')
    if (!endStream) throw new StreamError(errorCode.protocol, 'headers in the middle of a body')
    if (stream.expectedBytes !== undefined && stream.expectedBytes !== stream.receivedBytes) {
      throw new StreamError(errorCode.protocol, 'a body that is not as long as announced')
    }
    stream.receivedAll()
  }
}
