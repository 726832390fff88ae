import { createHash } from 'node:crypto'
import type { V1Container } from '@kapell/openapi/types'

/** Of what cannot change without a new container. */
export function containerHash(container: V1Container): string {
  return createHash('sha256')
    .update(JSON.stringify([container.name, container.image ?? '']))
    .digest('hex')
    .slice(0, 8)
}
