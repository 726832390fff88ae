import {
  annotationOf,
  annotations,
  isFullyBound,
  pointedAtClaim,
  reaches,
  withAnnotation,
} from '@kapell/controllers/machinery/placement/volumes'
import { keyOf } from '@kapell/controllers/machinery/store'
import type { V1Node, V1PersistentVolume, V1PersistentVolumeClaim } from '@kapell/openapi/types'
import type { Storage } from '../../framework/storage.ts'
import type { Decision } from './decide.ts'

/** What one pod's placement changes: assumed at once, written before the pod is bound. */
export interface Changes {
  volumes: V1PersistentVolume[]
  claims: V1PersistentVolumeClaim[]
  /** "namespace/name" of all claims that must be bound before the pod is. */
  awaited: string[]
}

/** The changes a decision comes to. */
export function changesOf({ matches, provisions }: Decision, nodeName: string): Changes {
  return {
    volumes: matches.map(({ volume, claim }) => pointedAtClaim(volume, claim)),
    claims: provisions
      .filter((claim) => annotationOf(claim, annotations.selectedNode) !== nodeName)
      .map((claim) => withAnnotation(claim, annotations.selectedNode, nodeName)),
    awaited: [...matches.map(({ claim }) => claim), ...provisions].map(keyOf),
  }
}

export function assume(storage: Storage, { volumes, claims }: Changes): void {
  for (const volume of volumes) storage.assume({ volume })
  for (const claim of claims) storage.assume({ claim })
}

/** Forgets what was assumed; what was written comes back with the informers. */
export function restore(storage: Storage, { volumes, claims }: Changes): void {
  for (const volume of volumes) storage.restore({ volume })
  for (const claim of claims) storage.restore({ claim })
}

/** Upstream's default of bindTimeoutSeconds. */
const timeoutMs = 600_000

/** Writes the changes and waits until every claim has its volume. Throws when one cannot get it on this node any more. */
export async function bindVolumes(storage: Storage, changes: Changes, node: V1Node): Promise<void> {
  for (const volume of changes.volumes) storage.assume({ volume: await storage.updateVolume(volume) })
  for (const claim of changes.claims) storage.assume({ claim: await storage.updateClaim(claim) })
  await storage.until(
    changes.awaited,
    timeoutMs,
    () => changes.awaited.every((key) => isReady(storage, key, node)) || undefined,
  )
}

function isReady(storage: Storage, key: string, node: V1Node): boolean {
  const claim = storage.claim(key)
  const name = claim?.metadata?.name ?? key.slice(key.indexOf('/') + 1)
  if (claim === undefined) throw new Error(`persistentvolumeclaim "${name}" not found`)
  const volume = storage.volume(claim.spec?.volumeName ?? '')
  if (volume !== undefined && !reaches(volume, node)) {
    throw new Error(
      `pv "${volume.metadata?.name ?? ''}" node affinity doesn't match node "${node.metadata?.name ?? ''}": no matching NodeSelectorTerms`,
    )
  }
  if (isFullyBound(claim)) return volume !== undefined
  // A provisioner that cannot make a volume there takes the node back.
  const selected = annotationOf(claim, annotations.selectedNode)
  const isMatched = storage.candidates(claim).some(({ spec }) => spec?.claimRef?.uid === claim.metadata?.uid)
  if (selected !== node.metadata?.name && !isMatched)
    throw new Error(
      selected === undefined
        ? `selectedNode annotation reset for PVC "${name}"`
        : `provisioning failed for PVC "${name}": selectedNode is "${selected}"`,
    )
  return false
}
