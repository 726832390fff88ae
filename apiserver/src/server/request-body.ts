import type { Readable } from 'node:stream'
import { requestEntityTooLarge } from '@kapell/openapi/meta/status'

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
    const parts: Uint8Array[] = []
    let size = 0
    // Listeners rather than iteration: most bodies are one chunk.
    stream.on('data', (chunk: Uint8Array) => {
      size += chunk.length
      if (size <= limit) parts.push(chunk)
      else {
        parts.length = 0
        reject(tooLarge())
      }
    })
    stream.on('end', () => resolve(parts.length === 1 && parts[0] !== undefined ? parts[0] : Buffer.concat(parts)))
    stream.on('error', reject)
    stream.on('close', () => reject(new Error('the client went away')))
  })
}
