import { Duplex } from 'node:stream'
import {
  decodeHeaders,
  encodeControl,
  encodeData,
  encodeHeaders,
  flagFin,
  FrameReader,
  frameType,
  type Frame,
} from './frames.ts'
import { HeaderCodec } from './header-codec.ts'

export interface SpdySessionOptions {
  socket: Duplex
  role: 'client' | 'server'
  /** Bytes that came with the handshake. */
  head?: Buffer
  /** A stream the peer opened; it is replied to at once. */
  onStream?: (stream: SpdyStream) => void
}

/** How much of one write goes into one frame: large writes must not keep other streams waiting. */
const maxDataBytes = 64 * 1024

/** A bidirectional stream; either half may end before the other. Resets show as errors. */
export class SpdyStream extends Duplex {
  readonly id: number
  readonly headers: Record<string, string>
  /** Resolves when the peer has replied: nothing should be written before. */
  readonly replied: Promise<void>
  /** @internal */
  readonly settleReply: PromiseWithResolvers<void>
  private readonly session: SpdySession
  private wantsData: (() => void) | undefined
  private finished = false

  constructor(session: SpdySession, id: number, headers: Record<string, string>) {
    super({ allowHalfOpen: true })
    this.session = session
    this.id = id
    this.headers = headers
    this.settleReply = Promise.withResolvers<void>()
    this.replied = this.settleReply.promise
    this.replied.catch(() => {})
  }

  /** @internal Resolves when the reader can take more. */
  deliver(data: Buffer, fin: boolean): Promise<void> {
    if (this.destroyed) return Promise.resolve()
    const more = data.length === 0 || this.push(data)
    if (fin) this.push(null)
    if (more || fin) return Promise.resolve()
    return new Promise((resolve) => {
      this.wantsData = resolve
    })
  }

  override _read(): void {
    this.wantsData?.()
    this.wantsData = undefined
  }

  override _write(chunk: Buffer, _encoding: string, done: (error?: Error | null) => void): void {
    const frames: Buffer[] = []
    for (let at = 0; at < chunk.length; at += maxDataBytes) {
      frames.push(encodeData(this.id, chunk.subarray(at, at + maxDataBytes), false))
    }
    this.session.send(Buffer.concat(frames)).then(() => done(), done)
  }

  override _final(done: (error?: Error | null) => void): void {
    this.finished = true
    this.session.send(encodeData(this.id, Buffer.alloc(0), true)).then(() => done(), done)
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.wantsData?.()
    this.settleReply.reject(error ?? new Error('SPDY: stream closed'))
    this.session.forget(this, !this.finished || error !== null)
    done(error)
  }
}

/** One connection with its streams. Flow control is left to TCP: Kubernetes' peers never send window updates. */
export class SpdySession {
  /** Resolves when the connection is over, for whatever reason. */
  readonly closed: Promise<void>
  private readonly socket: Duplex
  private readonly streams = new Map<number, SpdyStream>()
  private readonly compress = new HeaderCodec('compress')
  private readonly decompress = new HeaderCodec('decompress')
  private readonly onStream: ((stream: SpdyStream) => void) | undefined
  private nextId: number
  /** Frames leave in the order they were handed in, though compressing takes a moment. */
  private sending: Promise<void> = Promise.resolve()

  constructor({ socket, role, head, onStream }: SpdySessionOptions) {
    this.socket = socket
    this.onStream = onStream
    this.nextId = role === 'client' ? 1 : 2
    socket.on('error', () => {})
    this.closed = this.receive(head).finally(() => this.end())
  }

  /** Opens a stream. Resolves when the frame has left; wait for `replied` before writing. */
  async open(headers: Record<string, string>): Promise<SpdyStream> {
    const stream = new SpdyStream(this, this.nextId, headers)
    this.nextId += 2
    this.streams.set(stream.id, stream)
    await this.enqueue(async () => {
      const ids = Buffer.alloc(10)
      ids.writeUInt32BE(stream.id, 0)
      return encodeControl(
        frameType.synStream,
        0,
        Buffer.concat([ids, await this.compress.run(encodeHeaders(headers))]),
      )
    })
    return stream
  }

  /** @internal */
  send(frame: Buffer): Promise<void> {
    return this.enqueue(() => Promise.resolve(frame))
  }

  /** @internal */
  forget(stream: SpdyStream, reset: boolean): void {
    if (!this.streams.delete(stream.id) || !reset || this.socket.destroyed) return
    const payload = Buffer.alloc(8)
    payload.writeUInt32BE(stream.id, 0)
    payload.writeUInt32BE(5, 4)
    this.send(encodeControl(frameType.rstStream, 0, payload)).catch(() => {})
  }

  close(): void {
    this.socket.destroy()
  }

  private enqueue(make: () => Promise<Buffer>): Promise<void> {
    const sent = this.sending.then(async () => {
      const frame = await make()
      if (this.socket.destroyed) throw new Error('SPDY: connection closed')
      if (!this.socket.write(frame)) await this.drained()
    })
    this.sending = sent.catch(() => {})
    return sent
  }

  private drained(): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        this.socket.off('drain', done)
        this.socket.off('close', done)
        resolve()
      }
      this.socket.on('drain', done)
      this.socket.on('close', done)
    })
  }

  private async receive(head: Buffer | undefined): Promise<void> {
    const reader = new FrameReader()
    const handleAll = async (): Promise<void> => {
      for (let frame = reader.next(); frame !== undefined; frame = reader.next()) await this.handle(frame)
    }
    try {
      if (head !== undefined && head.length > 0) {
        reader.push(head)
        await handleAll()
      }
      for await (const chunk of this.socket) {
        reader.push(chunk as Buffer)
        await handleAll()
      }
    } catch {
      // A broken peer and a broken connection end alike.
    }
  }

  private async handle(frame: Frame): Promise<void> {
    if (frame.kind === 'data') {
      await this.streams.get(frame.streamId)?.deliver(frame.data, frame.fin)
      return
    }
    const { type, flags, payload } = frame
    const fin = (flags & flagFin) !== 0
    const id = payload.length >= 4 ? payload.readUInt32BE(0) & 0x7fffffff : 0
    if (type === frameType.synStream) {
      const headers = decodeHeaders(await this.decompress.run(payload.subarray(10)))
      await this.accept(id, headers, fin)
    } else if (type === frameType.synReply || type === frameType.headers) {
      // The block must go through the decompressor even if nobody wants it.
      await this.decompress.run(payload.subarray(4))
      const stream = this.streams.get(id)
      stream?.settleReply.resolve()
      if (fin) await stream?.deliver(Buffer.alloc(0), true)
    } else if (type === frameType.rstStream) {
      const stream = this.streams.get(id)
      this.streams.delete(id)
      stream?.destroy(new Error(`SPDY: stream was reset (${payload.length >= 8 ? payload.readUInt32BE(4) : 0})`))
    } else if (type === frameType.ping) {
      // Pings of the peer have the peer's parity; others are answers to ours.
      if (id % 2 !== this.nextId % 2) await this.send(encodeControl(frameType.ping, 0, payload.subarray(0, 4)))
    } else if (type === frameType.goAway) {
      if (this.streams.size === 0) this.close()
    }
  }

  private async accept(id: number, headers: Record<string, string>, fin: boolean): Promise<void> {
    const stream = new SpdyStream(this, id, headers)
    this.streams.set(id, stream)
    stream.settleReply.resolve()
    await this.enqueue(async () => {
      const head = Buffer.alloc(4)
      head.writeUInt32BE(id)
      return encodeControl(frameType.synReply, 0, Buffer.concat([head, await this.compress.run(encodeHeaders({}))]))
    })
    if (fin) await stream.deliver(Buffer.alloc(0), true)
    if (this.onStream === undefined) stream.destroy()
    else this.onStream(stream)
  }

  private end(): void {
    this.socket.destroy()
    for (const stream of [...this.streams.values()]) {
      stream.settleReply.reject(new Error('SPDY: connection closed'))
      // What was delivered may still be read; a half that did not end is cut off.
      if (stream.readableEnded || !stream.readable) stream.destroy()
      else stream.push(null)
    }
    this.streams.clear()
    this.compress.close()
    this.decompress.close()
  }
}
