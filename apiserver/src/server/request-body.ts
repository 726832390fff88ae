import { requestEntityTooLarge } from '@kapell/openapi/meta/status'

/** Upstream's limit of a request body. */
export const maxBodyBytes = 3 * 1024 * 1024

/** Gathers a whole body; 413 as soon as it is known to be too large. */
export async function gatherBody(
  chunks: AsyncIterable<Uint8Array>,
  declaredLength: number | undefined,
  limit = maxBodyBytes,
): Promise<Uint8Array> {
  const tooLarge = (): Error => requestEntityTooLarge(`Request entity too large: limit is ${limit}`)
  if (declaredLength !== undefined && declaredLength > limit) throw tooLarge()
  const parts: Uint8Array[] = []
  let size = 0
  for await (const chunk of chunks) {
    size += chunk.length
    if (size > limit) throw tooLarge()
    parts.push(chunk)
  }
  return parts.length === 1 && parts[0] !== undefined ? parts[0] : Buffer.concat(parts, size)
}
