import type { ObjectMeta } from '@kapell/openapi/meta/object'
import { deepEqual } from './deep-equal.ts'

/** An owner that is named twice, all alike, is kept once, and the client is told so; `when` says when it was seen. */
export function dropRepeatedOwners(metadata: ObjectMeta, warn: (text: string) => void, when = ''): void {
  const owners = metadata.ownerReferences ?? []
  if (owners.length < 2) return
  const kept: typeof owners = []
  const repeated = new Set<string>()
  for (const owner of owners) {
    if (kept.some((one) => deepEqual(one, owner))) repeated.add(owner.uid)
    else kept.push(owner)
  }
  if (repeated.size === 0) return
  metadata.ownerReferences = kept
  warn(
    `.metadata.ownerReferences contains duplicate entries${when}; API server dedups owner references in 1.20+, and may reject such requests as early as 1.24; please fix your requests; duplicate UID(s) observed: ${[...repeated].sort().join(', ')}`,
  )
}
