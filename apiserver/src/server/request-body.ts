import type { Readable } from 'node:stream'
import { badRequest, requestEntityTooLarge } from '@kapell/openapi/meta/status'

/** Upstream's limit of a request body. */
export const maxBodyBytes = 3 * 1024 * 1024

/**
 * Gathers a whole body; 413 as soon as it is known to be too large: what still comes is then dropped. Rejects when the
 * client goes away before the end.
 */
export function gatherBody(
  stream: Readable,
  declaredLength: number | undefined,
  limit = maxBodyBytes,
): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const tooLarge = (): Error => requestEntityTooLarge(`Request entity too large: limit is ${limit}`)
    if (declaredLength !== undefined && declaredLength > limit) return reject(tooLarge())
    let parts: Uint8Array[] = []
    let size = 0
    // Listeners rather than iteration: most bodies are one chunk. They go at the end: the stream stays in memory for a
    // while, and each chunk of it would hold on to the whole buffer that it was read into.
    const onData = (chunk: Uint8Array): void => {
      size += chunk.length
      if (size <= limit) parts.push(chunk)
      else {
        parts = []
        reject(tooLarge())
      }
    }
    const leave = (): void => {
      stream.removeListener('data', onData)
      stream.removeListener('end', onEnd)
      stream.removeListener('error', onError)
      stream.removeListener('close', onError)
      parts = []
    }
    const onEnd = (): void => {
      const whole = parts.length === 1 && parts[0] !== undefined ? parts[0] : Buffer.concat(parts)
      leave()
      resolve(whole)
    }
    // Nobody is there to read the answer, and it is no fault of ours.
    const onError = (): void => {
      leave()
      reject(badRequest('the body broke off'))
    }
    stream.on('data', onData)
    stream.on('end', onEnd)
    stream.on('error', onError)
    stream.on('close', onError)
  })
}
