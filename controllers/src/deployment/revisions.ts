import type { V1Deployment, V1ReplicaSet } from '@kapell/openapi/types'
import { sameMeaning } from '../shared/equal.ts'
import { timeMs } from '../shared/pods.ts'

/** Annotations and labels by which a Deployment keeps its history. Source: "Deployments", "Rolling back". */
export const revisionAnnotation = 'deployment.kubernetes.io/revision'
export const historyAnnotation = 'deployment.kubernetes.io/revision-history'
export const desiredAnnotation = 'deployment.kubernetes.io/desired-replicas'
export const maxAnnotation = 'deployment.kubernetes.io/max-replicas'
export const hashLabel = 'pod-template-hash'

/** Annotations of a Deployment that are not its ReplicaSets' too. */
const notCopied = new Set([
  'kubectl.kubernetes.io/last-applied-configuration',
  revisionAnnotation,
  historyAnnotation,
  desiredAnnotation,
  maxAnnotation,
  'deprecated.deployment.rollback.to',
])
const maxHistoryLength = 2000

/** 64 bits, as the original counts: more than a number holds exactly. Undefined for what is no number. */
function parseRevision(text: string): bigint | undefined {
  if (text === '') return 0n
  return /^-?\d{1,19}$/.test(text) ? BigInt.asIntN(64, BigInt(text)) : undefined
}

export function revisionOf(object: { metadata?: { annotations?: Record<string, string> } }): bigint {
  return parseRevision(object.metadata?.annotations?.[revisionAnnotation] ?? '') ?? 0n
}

export const oldestFirst = (a: V1ReplicaSet, b: V1ReplicaSet): number =>
  timeMs(a.metadata?.creationTimestamp) - timeMs(b.metadata?.creationTimestamp) ||
  ((a.metadata?.name ?? '') < (b.metadata?.name ?? '') ? -1 : 1)

function withoutHash(template: V1ReplicaSet['spec']): unknown {
  const { template: { metadata, spec } = {} } = template ?? {}
  const { [hashLabel]: _, ...labels } = metadata?.labels ?? {}
  return { metadata: { ...metadata, labels }, spec }
}

/** True when the ReplicaSet runs what the Deployment wants; the hash label apart. */
export function sameTemplate(replicaSet: V1ReplicaSet, deployment: V1Deployment): boolean {
  return sameMeaning(withoutHash(replicaSet.spec), withoutHash(deployment.spec as unknown as V1ReplicaSet['spec']))
}

/** The ReplicaSet of the current template: the oldest, should there be several. */
export function findNewReplicaSet(
  deployment: V1Deployment,
  replicaSets: readonly V1ReplicaSet[],
): V1ReplicaSet | undefined {
  return [...replicaSets].sort(oldestFirst).find((replicaSet) => sameTemplate(replicaSet, deployment))
}

/** The annotations the new ReplicaSet must have for this revision. */
export function newReplicaSetAnnotations(
  deployment: V1Deployment,
  replicaSet: V1ReplicaSet | undefined,
  revision: bigint,
): Record<string, string> {
  const next = { ...replicaSet?.metadata?.annotations }
  for (const [key, value] of Object.entries(deployment.metadata?.annotations ?? {}))
    if (!notCopied.has(key)) next[key] = value
  const before = next[revisionAnnotation]
  if (before === undefined) next[revisionAnnotation] = String(revision)
  else if ((parseRevision(before) ?? revision) < revision) {
    next[revisionAnnotation] = String(revision)
    next[historyAnnotation] = extendHistory(next[historyAnnotation], before)
  }
  return next
}

function extendHistory(history: string | undefined, revision: string): string {
  let entries = history === undefined || history === '' ? [revision] : [...history.split(','), revision]
  while (entries.join(',').length > maxHistoryLength && entries.length > 1) entries = entries.slice(1)
  return entries.join(',')
}

/** How many replicas the Deployment wanted, and may have had, when the ReplicaSet was last sized. */
export function sizeAnnotations(
  annotations: Record<string, string> | undefined,
  desired: number,
  max: number,
): Record<string, string> {
  return { ...annotations, [desiredAnnotation]: String(desired), [maxAnnotation]: String(max) }
}

export function numberAnnotation(object: V1ReplicaSet, name: string): number | undefined {
  const text = object.metadata?.annotations?.[name]
  return text !== undefined && /^-?[0-9]+$/.test(text) ? Number(text) : undefined
}
