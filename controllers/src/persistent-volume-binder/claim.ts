import {
  annotationOf,
  annotations,
  classNameOf,
  defaultClass,
  findVolume,
  isFullyBound,
  lacksClass,
  namesClaim,
  waitsForConsumer,
  whyUnsuitable,
} from '@kapell/controllers/machinery/placement/volumes'
import { keyOf } from '@kapell/controllers/machinery/store'
import type { V1PersistentVolumeClaim, V1StorageClass } from '@kapell/openapi/types'
import { bind } from './bind.ts'
import type { BinderDeps } from './deps.ts'
import { setClaimPhase, tellClaimPhase } from './phases.ts'

/** One look at a claim. Answers whether it still waits for something. */
export async function syncClaim(deps: BinderDeps, claim: V1PersistentVolumeClaim): Promise<boolean> {
  if (annotationOf(claim, annotations.bindCompleted) !== undefined) {
    await syncBoundClaim(deps, claim)
    return false
  }
  return (claim.spec?.volumeName ?? '') === '' ? findForClaim(deps, claim) : bindToNamed(deps, claim)
}

/** The claim was bound once: it has its volume, or has lost it. */
async function syncBoundClaim(deps: BinderDeps, claim: V1PersistentVolumeClaim): Promise<void> {
  if (!isFullyBound(claim)) {
    return tellClaimPhase(deps, claim, 'Lost', {
      reason: 'ClaimLost',
      message: 'Bound claim has lost reference to PersistentVolume. Data on the volume is lost!',
    })
  }
  const volume = deps.volumes.get(claim.spec?.volumeName ?? '')
  if (volume === undefined) {
    return tellClaimPhase(deps, claim, 'Lost', {
      reason: 'ClaimLost',
      message: 'Bound claim has lost its PersistentVolume. Data on the volume is lost!',
    })
  }
  const ref = volume.spec?.claimRef
  if (ref === undefined || ref.uid === claim.metadata?.uid) return bind(deps, volume, claim)
  if (namesClaim(volume, claim)) return bind(deps, volume, claim)
  return tellClaimPhase(deps, claim, 'Lost', {
    reason: 'ClaimMisbound',
    message: 'Two claims are bound to the same volume, this one is bound incorrectly',
  })
}

async function findForClaim(deps: BinderDeps, given: V1PersistentVolumeClaim): Promise<boolean> {
  const claim = await withDefaultClass(deps, given)
  const className = classNameOf(claim)
  const storageClass = deps.storageClass(className)
  const waiting = waitsForConsumer(storageClass)
  const volume = findVolume({ claim, volumes: deps.candidates(claim), waiting })
  if (volume !== undefined) {
    await bind(deps, volume, claim)
    return false
  }
  if (waiting && annotationOf(claim, annotations.selectedNode) === undefined) tellWaiting(deps, claim)
  else if (className !== '') {
    if (await askProvisioner(deps, claim, storageClass)) return true
  } else {
    const message = 'no persistent volumes available for this claim and no storage class is set'
    deps.event(claim, 'Normal', 'FailedBinding', message)
  }
  await setClaimPhase(deps, claim, 'Pending')
  return true
}

/** A claim from before there was a default class gets it now. Source: "Retroactive default StorageClass assignment". */
async function withDefaultClass(deps: BinderDeps, claim: V1PersistentVolumeClaim): Promise<V1PersistentVolumeClaim> {
  if (!lacksClass(claim)) return claim
  const name = defaultClass(deps.classes())?.metadata?.name
  return name === undefined ? claim : deps.updateClaim({ ...claim, spec: { ...claim.spec, storageClassName: name } })
}

function tellWaiting(deps: BinderDeps, claim: V1PersistentVolumeClaim): void {
  const pods = deps
    .podsOf(keyOf(claim))
    .filter(
      ({ spec, status }) =>
        (spec?.nodeName ?? '') === '' && status?.phase !== 'Succeeded' && status?.phase !== 'Failed',
    )
    .map(({ metadata }) => metadata?.name ?? '')
  if (pods.length === 0) {
    deps.event(claim, 'Normal', 'WaitForFirstConsumer', 'waiting for first consumer to be created before binding')
    return
  }
  const message = `waiting for pod${pods.length > 1 ? 's' : ''} ${pods.join(',')} to be scheduled`
  deps.event(claim, 'Normal', 'WaitForPodScheduled', message)
}

/** Volumes are made by provisioners of their own: the claim is marked for the one its class names. Answers true when the claim was changed by it. */
async function askProvisioner(
  deps: BinderDeps,
  claim: V1PersistentVolumeClaim,
  storageClass: V1StorageClass | undefined,
): Promise<boolean> {
  const fail = (message: string): false => {
    deps.event(claim, 'Warning', 'ProvisioningFailed', message)
    return false
  }
  if (storageClass === undefined) return fail(`storageclass.storage.k8s.io "${classNameOf(claim)}" not found`)
  const { provisioner } = storageClass
  if (provisioner.startsWith('kubernetes.io/')) return fail(`no volume plugin matched name: ${provisioner}`)
  const marks = { [annotations.betaProvisioner]: provisioner, [annotations.provisioner]: provisioner }
  const marked = Object.keys(marks).every((name) => annotationOf(claim, name) === provisioner)
  const next = marked
    ? claim
    : await deps.updateClaim({
        ...claim,
        metadata: { ...claim.metadata, annotations: { ...claim.metadata?.annotations, ...marks } },
      })
  deps.event(
    next,
    'Normal',
    'ExternalProvisioning',
    `Waiting for a volume to be created either by the external provisioner '${provisioner}' or manually by the system administrator. If volume creation is delayed, please verify that the provisioner is running and correctly registered.`,
  )
  await setClaimPhase(deps, next, 'Pending')
  return true
}

/** The claim asks for one volume: that one or none. */
async function bindToNamed(deps: BinderDeps, claim: V1PersistentVolumeClaim): Promise<boolean> {
  const name = claim.spec?.volumeName ?? ''
  const volume = deps.volumes.get(name)
  const wait = async (event?: { reason: string; message: string }): Promise<true> => {
    if (event !== undefined) deps.event(claim, 'Warning', event.reason, event.message)
    await setClaimPhase(deps, claim, 'Pending')
    return true
  }
  if (volume === undefined) return wait()
  if (volume.spec?.claimRef === undefined) {
    const unsuitable = whyUnsuitable(volume, claim)
    if (unsuitable !== undefined)
      return wait({ reason: 'VolumeMismatch', message: `Cannot bind to requested volume "${name}": ${unsuitable}` })
  } else if (!namesClaim(volume, claim)) {
    if (annotationOf(claim, annotations.boundByController) !== undefined)
      throw new Error(`volume ${name} is bound to another claim although this one was bound to it by us`)
    return wait({ reason: 'FailedBinding', message: `volume "${name}" already bound to a different claim.` })
  }
  await bind(deps, volume, claim)
  return false
}
