import type { Readable } from 'node:stream'
import { badRequest, requestEntityTooLarge } from '@kapell/openapi/meta/status'

/** Upstream's limit of a request body. */
export const maxBodyBytes = 3 * 1024 * 1024

/** Where a request's body goes, part by part. */
export interface BodySink {
  data(chunk: Uint8Array): void
  end(): void
  /** The client went away before the end. */
  broken(): void
}

/**
 * Gathers a whole body; 413 as soon as it is known to be too large: what still comes is then dropped. Rejects when the
 * client goes away before the end.
 */
export function gatherBody(
  read: (sink: BodySink) => void,
  declaredLength: number | undefined,
  limit = maxBodyBytes,
): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const tooLarge = (): Error => requestEntityTooLarge(`Request entity too large: limit is ${limit}`)
    if (declaredLength !== undefined && declaredLength > limit) return reject(tooLarge())
    let parts: Uint8Array[] = []
    let size = 0
    read({
      data: (chunk) => {
        size += chunk.length
        if (size <= limit) parts.push(chunk)
        else {
          parts = []
          reject(tooLarge())
        }
      },
      end: () => {
        const whole = parts.length === 1 && parts[0] !== undefined ? parts[0] : Buffer.concat(parts)
        parts = []
        resolve(whole)
      },
      // Nobody is there to read the answer, and it is no fault of ours.
      broken: () => {
        parts = []
        reject(badRequest('the body broke off'))
      },
    })
  })
}

/** Reads a stream into a sink. The listeners go at the end: the stream may stay in memory for a while. */
export function readInto(stream: Readable, sink: BodySink): void {
  const onData = (chunk: Uint8Array): void => sink.data(chunk)
  const leave = (): void => {
    stream.removeListener('data', onData)
    stream.removeListener('end', onEnd)
    stream.removeListener('error', onError)
    stream.removeListener('close', onError)
  }
  const onEnd = (): void => {
    leave()
    sink.end()
  }
  const onError = (): void => {
    leave()
    sink.broken()
  }
  stream.on('data', onData)
  stream.on('end', onEnd)
  stream.on('error', onError)
  stream.on('close', onError)
}
