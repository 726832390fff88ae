import { selectorFromLabelSelector } from '@kapell/openapi/meta/labels'
import { parseQuantity, type Quantity } from '@kapell/openapi/meta/quantity'
import type { V1Node, V1PersistentVolume, V1PersistentVolumeClaim, V1Pod, V1StorageClass } from '@kapell/openapi/types'
import { matchesNodeSelector } from './node-selector.ts'

/**
 * Which volume can hold which claim: asked by the controller that binds them and by the scheduler that chooses nodes
 * by them. Source: "Persistent Volumes", "Binding".
 */
export const annotations = {
  bindCompleted: 'pv.kubernetes.io/bind-completed',
  boundByController: 'pv.kubernetes.io/bound-by-controller',
  provisionedBy: 'pv.kubernetes.io/provisioned-by',
  provisioner: 'volume.kubernetes.io/storage-provisioner',
  betaProvisioner: 'volume.beta.kubernetes.io/storage-provisioner',
  selectedNode: 'volume.kubernetes.io/selected-node',
  betaClass: 'volume.beta.kubernetes.io/storage-class',
} as const

type Annotated = { metadata?: { annotations?: Record<string, string> } }

export const annotationOf = (object: Annotated, name: string): string | undefined =>
  object.metadata?.annotations?.[name]

export function withAnnotation<T extends Annotated>(object: T, name: string, value: string): T {
  return {
    ...object,
    metadata: { ...object.metadata, annotations: { ...object.metadata?.annotations, [name]: value } },
  }
}

/** The volume pointing at the claim. What was not there before is marked as ours, so that it can be taken back. */
export function pointedAtClaim(volume: V1PersistentVolume, claim: V1PersistentVolumeClaim): V1PersistentVolume {
  const ref = volume.spec?.claimRef
  const { namespace, name, uid, resourceVersion } = claim.metadata ?? {}
  if (ref !== undefined && ref.uid === uid && ref.name === name && ref.namespace === namespace) return volume
  const claimRef = {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    ...(namespace === undefined ? {} : { namespace }),
    ...(name === undefined ? {} : { name }),
    ...(uid === undefined ? {} : { uid }),
    ...(resourceVersion === undefined ? {} : { resourceVersion }),
  }
  const next = { ...volume, spec: { ...volume.spec, claimRef } }
  return ref === undefined ? withAnnotation(next, annotations.boundByController, 'yes') : next
}

/** The name of its StorageClass; '' for none. */
export const classNameOf = (object: V1PersistentVolume | V1PersistentVolumeClaim): string =>
  annotationOf(object, annotations.betaClass) ?? object.spec?.storageClassName ?? ''

/** The claim has never been given a class, not even "none". */
export const lacksClass = (claim: V1PersistentVolumeClaim): boolean =>
  annotationOf(claim, annotations.betaClass) === undefined && claim.spec?.storageClassName === undefined

export const waitsForConsumer = (storageClass: V1StorageClass | undefined): boolean =>
  storageClass?.volumeBindingMode === 'WaitForFirstConsumer'

export const requestedSize = (claim: V1PersistentVolumeClaim): Quantity =>
  parseQuantity(claim.spec?.resources?.requests?.['storage'] ?? '0')

export const volumeSize = (volume: V1PersistentVolume): Quantity =>
  parseQuantity(volume.spec?.capacity?.['storage'] ?? '0')

/** A bound claim asks for more than it is said to have. */
export function wantsToGrow(claim: V1PersistentVolumeClaim): boolean {
  const has = claim.status?.capacity?.['storage']
  return claim.status?.phase === 'Bound' && has !== undefined && requestedSize(claim).cmp(parseQuantity(has)) > 0
}

/** The volume names this claim; without a uid it waits for any claim of that name. */
export function namesClaim(volume: V1PersistentVolume, claim: V1PersistentVolumeClaim): boolean {
  const ref = volume.spec?.claimRef
  if (ref === undefined) return false
  if (ref.name !== claim.metadata?.name || ref.namespace !== claim.metadata?.namespace) return false
  return (ref.uid ?? '') === '' || ref.uid === claim.metadata?.uid
}

/** Bound for good, as the claim sees it. */
export const isFullyBound = (claim: V1PersistentVolumeClaim): boolean =>
  (claim.spec?.volumeName ?? '') !== '' && annotationOf(claim, annotations.bindCompleted) !== undefined

const modeOf = (object: V1PersistentVolume | V1PersistentVolumeClaim): string => object.spec?.volumeMode ?? 'Filesystem'

export const sameMode = (volume: V1PersistentVolume, claim: V1PersistentVolumeClaim): boolean =>
  modeOf(volume) === modeOf(claim)

const offersModes = (volume: V1PersistentVolume, claim: V1PersistentVolumeClaim): boolean =>
  (claim.spec?.accessModes ?? []).every((mode) => (volume.spec?.accessModes ?? []).includes(mode))

const attributesClassOf = (object: V1PersistentVolume | V1PersistentVolumeClaim): string =>
  object.spec?.volumeAttributesClassName ?? ''

/** Why a volume that the claim asks for by name cannot hold it; undefined when it can. */
export function whyUnsuitable(volume: V1PersistentVolume, claim: V1PersistentVolumeClaim): string | undefined {
  if (volumeSize(volume).cmp(requestedSize(claim)) < 0) return 'requested PV is too small'
  if (classNameOf(volume) !== classNameOf(claim)) return 'storageClassName does not match'
  if (attributesClassOf(volume) !== attributesClassOf(claim)) return 'volumeAttributesClassName does not match'
  if (!sameMode(volume, claim)) return 'incompatible volumeMode'
  if (!offersModes(volume, claim)) return 'incompatible accessMode'
  return undefined
}

/** Whether the volume can be reached from the node. */
export function reaches(volume: V1PersistentVolume, node: V1Node): boolean {
  const required = volume.spec?.nodeAffinity?.required
  return required === undefined || matchesNodeSelector(required, node)
}

export interface MatchRequest {
  claim: V1PersistentVolumeClaim
  volumes: readonly V1PersistentVolume[]
  /** The volume must be reachable from here. */
  node?: V1Node
  /** Names of volumes that other claims of the same pod take. */
  taken?: ReadonlySet<string>
  /** The node is not chosen yet: only a volume that names the claim will do. */
  waiting?: boolean
}

/** The volume that names the claim, or else the one that offers the fewest access modes and the least room above what is asked. */
export function findVolume({
  claim,
  volumes,
  node,
  taken,
  waiting = false,
}: MatchRequest): V1PersistentVolume | undefined {
  const wanted = requestedSize(claim)
  const selector = claim.spec?.selector === undefined ? undefined : selectorFromLabelSelector(claim.spec.selector)
  let best: V1PersistentVolume | undefined
  for (const volume of volumes) {
    const ref = volume.spec?.claimRef
    if (taken?.has(volume.metadata?.name ?? '') === true || volume.metadata?.deletionTimestamp !== undefined) continue
    if (ref !== undefined && !namesClaim(volume, claim)) continue
    if (!sameMode(volume, claim) || attributesClassOf(volume) !== attributesClassOf(claim)) continue
    if (volumeSize(volume).cmp(wanted) < 0) continue
    const reachable = node === undefined || reaches(volume, node)
    if (ref !== undefined) {
      if (reachable) return volume
      return undefined
    }
    if (waiting || !reachable || volume.status?.phase !== 'Available') continue
    if (selector !== undefined && !selector.matches(volume.metadata?.labels ?? {})) continue
    if (classNameOf(volume) !== classNameOf(claim) || !offersModes(volume, claim)) continue
    if (best === undefined || isCloser(volume, best)) best = volume
  }
  return best
}

function isCloser(volume: V1PersistentVolume, than: V1PersistentVolume): boolean {
  const modes = (volume.spec?.accessModes ?? []).length - (than.spec?.accessModes ?? []).length
  return modes === 0 ? volumeSize(volume).cmp(volumeSize(than)) < 0 : modes < 0
}

/** The claim a pod's volume stands for: named, or made for an ephemeral one. */
export function claimNameOf(
  pod: V1Pod,
  volume: NonNullable<NonNullable<V1Pod['spec']>['volumes']>[number],
): string | undefined {
  if (volume.persistentVolumeClaim !== undefined) return volume.persistentVolumeClaim.claimName
  return volume.ephemeral === undefined ? undefined : `${pod.metadata?.name ?? ''}-${volume.name}`
}

/** "namespace/name" of the claims a pod uses: an index of pods. */
export function claimKeysOf(pod: V1Pod): string[] {
  return (pod.spec?.volumes ?? []).flatMap((volume) => {
    const name = claimNameOf(pod, volume)
    return name === undefined ? [] : [`${pod.metadata?.namespace ?? ''}/${name}`]
  })
}

const defaultAnnotations = [
  'storageclass.kubernetes.io/is-default-class',
  'storageclass.beta.kubernetes.io/is-default-class',
]

/** The class of claims that name none: of several the newest, then the first by name. */
export function defaultClass(classes: readonly V1StorageClass[]): V1StorageClass | undefined {
  const created = (one: V1StorageClass): string => one.metadata?.creationTimestamp ?? ''
  const name = (one: V1StorageClass): string => one.metadata?.name ?? ''
  return classes
    .filter((one) => defaultAnnotations.some((annotation) => annotationOf(one, annotation) === 'true'))
    .sort((a, b) => (created(a) === created(b) ? (name(a) < name(b) ? -1 : 1) : created(a) < created(b) ? 1 : -1))[0]
}
