import {
  ConnectionError,
  defaultFrameBytes,
  defaultWindow,
  errorCode,
  flag,
  frameHeadBytes,
  frameType,
  largestFrameBytes,
  largestWindow,
  protocolError,
  setting,
} from './protocol.ts'

/** Larger frames than this would keep other streams waiting. */
const mostFrameBytes = 64 * 1024

/** What we tell every client. */
export const limits = {
  concurrentStreams: 1000,
  /** What a client may send of one body ahead of its reader. */
  streamWindow: 256 * 1024,
  /** And of all bodies of a connection before it hears that they came. */
  connectionWindow: 16 * 1024 * 1024,
  frameBytes: defaultFrameBytes,
  headerTableBytes: 4096,
  headBytes: 64 * 1024,
} as const

/** What a client has told about itself. */
export class PeerSettings {
  window = defaultWindow
  frameBytes = defaultFrameBytes
  /** The client allows less of a table for headers than the default, and has to be told that none is used. */
  owedResize = false

  /** @throws ConnectionError */
  take(payload: Uint8Array): void {
    if (payload.length % 6 !== 0) throw new ConnectionError(errorCode.frameSize, 'settings of a wrong length')
    const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength)
    for (let at = 0; at < payload.length; at += 6) {
      const value = view.getUint32(at + 2)
      switch (view.getUint16(at)) {
        case setting.headerTableSize:
          if (value < limits.headerTableBytes) this.owedResize = true
          break
        case setting.enablePush:
          if (value > 1) throw protocolError('push is on or off')
          break
        case setting.initialWindowSize:
          if (value > largestWindow) throw new ConnectionError(errorCode.flowControl, 'a window too large')
          this.window = value
          break
        case setting.maxFrameSize:
          if (value < defaultFrameBytes || value > largestFrameBytes) throw protocolError('a frame size')
          this.frameBytes = Math.min(value, mostFrameBytes)
          break
      }
    }
  }
}

/** Our settings, and a window for the whole connection. */
export function greeting(): Uint8Array {
  const values = [
    [setting.maxConcurrentStreams, limits.concurrentStreams],
    [setting.initialWindowSize, limits.streamWindow],
    [setting.maxHeaderListSize, limits.headBytes],
  ] as const
  const settings = Buffer.alloc(frameHeadBytes + values.length * 6)
  putFrameHead(settings, 0, { length: values.length * 6, type: frameType.settings, flags: 0, stream: 0 })
  for (const [i, [name, value]] of values.entries()) {
    settings.writeUInt16BE(name, frameHeadBytes + i * 6)
    settings.writeUInt32BE(value, frameHeadBytes + i * 6 + 2)
  }
  return Buffer.concat([settings, windowUpdate(0, limits.connectionWindow - defaultWindow)])
}

export function putFrameHead(
  buffer: Uint8Array,
  at: number,
  { length, type, flags, stream }: { length: number; type: number; flags: number; stream: number },
): void {
  buffer[at] = length >> 16
  buffer[at + 1] = length >> 8
  buffer[at + 2] = length
  buffer[at + 3] = type
  buffer[at + 4] = flags
  buffer[at + 5] = stream >> 24
  buffer[at + 6] = stream >> 16
  buffer[at + 7] = stream >> 8
  buffer[at + 8] = stream
}

function numberFrame(type: number, stream: number, value: number): Uint8Array {
  const frame = Buffer.alloc(frameHeadBytes + 4)
  putFrameHead(frame, 0, { length: 4, type, flags: 0, stream })
  frame.writeUInt32BE(value, frameHeadBytes)
  return frame
}

export const windowUpdate = (stream: number, bytes: number): Uint8Array =>
  numberFrame(frameType.windowUpdate, stream, bytes)

export const rstStream = (stream: number, code: number): Uint8Array => numberFrame(frameType.rstStream, stream, code)

export function goaway(lastStream: number, code: number): Uint8Array {
  const frame = Buffer.alloc(frameHeadBytes + 8)
  putFrameHead(frame, 0, { length: 8, type: frameType.goaway, flags: 0, stream: 0 })
  frame.writeUInt32BE(lastStream, frameHeadBytes)
  frame.writeUInt32BE(code, frameHeadBytes + 4)
  return frame
}

export function acknowledgement(type: number, payload: Uint8Array): Uint8Array {
  const frame = Buffer.alloc(frameHeadBytes + payload.length)
  putFrameHead(frame, 0, { length: payload.length, type, flags: flag.ack, stream: 0 })
  frame.set(payload, frameHeadBytes)
  return frame
}

/** A header block in as many frames as it takes. */
export function headFrames(options: { block: Uint8Array; stream: number; endStream: boolean; frameBytes: number }): {
  bytes: number
  put: (buffer: Uint8Array, at: number) => void
} {
  const { block, stream, endStream, frameBytes } = options
  const frames = Math.max(1, Math.ceil(block.length / frameBytes))
  return {
    bytes: block.length + frames * frameHeadBytes,
    put: (buffer, at) => {
      for (let i = 0; i < frames; i++) {
        const part = frames === 1 ? block : block.subarray(i * frameBytes, (i + 1) * frameBytes)
        const last = i === frames - 1 ? flag.endHeaders : 0
        const flags = i === 0 ? last | (endStream ? flag.endStream : 0) : last
        const type = i === 0 ? frameType.headers : frameType.continuation
        putFrameHead(buffer, at, { length: part.length, type, flags, stream })
        buffer.set(part, at + frameHeadBytes)
        at += frameHeadBytes + part.length
      }
    },
  }
}
