import type { Frame } from './frame-reader.ts'
import { ConnectionError, errorCode, flag, protocolError, StreamError } from './protocol.ts'

/** What RFC 9113, section 6, asks of every frame of a type. */

export function requireConnection(frame: Frame): void {
  if (frame.stream !== 0) throw protocolError('a frame that belongs to no stream')
}

export function requireStream(frame: Frame): void {
  if (frame.stream === 0) throw protocolError('a frame without its stream')
}

export function requireLength(frame: Frame, bytes: number): void {
  if (frame.payload.length !== bytes) throw new ConnectionError(errorCode.frameSize, 'a frame of a wrong length')
}

/** A stream that depends on itself. */
export function refuseSelf(priority: Buffer, stream: number): void {
  if ((priority.readUInt32BE(0) & 0x7fffffff) === stream) {
    throw new StreamError(errorCode.protocol, 'a stream that depends on itself')
  }
}

export function unpadded({ flags, payload }: Frame): Buffer {
  if ((flags & flag.padded) === 0) return payload
  const padding = payload[0]
  if (padding === undefined || padding >= payload.length) throw protocolError('more padding than there is')
  return payload.subarray(1, payload.length - padding)
}
