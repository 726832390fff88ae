import type {
  V1DownwardAPIVolumeFile,
  V1KeyToPath,
  V1PodSpec,
  V1ProjectedVolumeSource,
  V1Volume,
} from '@kapell/openapi/types'
import {
  duplicate,
  forbidden,
  invalid,
  required,
  type FieldError,
  type FieldPath,
} from '@kapell/openapi/meta/field-errors'
import { dns1123Label, dns1123Subdomain } from '@kapell/openapi/meta/names'
import { parseQuantity } from '@kapell/openapi/meta/quantity'
import { nameErrors, requiredName, unsupported, validateLabelSelector } from '../../../common/validation.ts'
import { validateLabels } from '../../../../registry/metadata-validation.ts'
import { validateClaimSpec } from '../../claim-validation.ts'
import { csiDriverName, validateCommonSource } from '../../volume-sources.ts'
import { descendingPath } from './paths.ts'
import { validateFieldRef, validateResourceFieldRef } from './env.ts'

/** Volumes of a pod. Source: "Volumes". */

/** As a file's name inside the volume, which may not look like the volume's own bookkeeping. */
function volumeFilePath(path: string, at: FieldPath): FieldError[] {
  if (path === '') return [required(at)]
  const errors = descendingPath(path, at)
  return errors.length === 0 && path.startsWith('..') ? [invalid(at, path, "must not start with '..'")] : errors
}

const fileMode = (mode: number | undefined, at: FieldPath): FieldError[] =>
  mode !== undefined && (mode < 0 || mode > 0o777)
    ? [invalid(at, mode, 'must be a number between 0 and 0777 (octal), both inclusive')]
    : []

function validateItems(items: readonly V1KeyToPath[] | undefined, at: FieldPath): FieldError[] {
  return (items ?? []).flatMap((item, i) => {
    const here = at.index(i)
    return [
      ...(item.key === '' ? [required(here.child('key'))] : []),
      ...volumeFilePath(item.path, here.child('path')),
      ...fileMode(item.mode, here.child('mode')),
    ]
  })
}

const downwardFields = ['metadata.name', 'metadata.namespace', 'metadata.uid']
const wholeMaps = ['metadata.annotations', 'metadata.labels']

function validateDownwardItem(item: V1DownwardAPIVolumeFile, at: FieldPath): FieldError[] {
  const errors = volumeFilePath(item.path, at.child('path'))
  if (item.fieldRef !== undefined) {
    errors.push(...validateFieldRef(item.fieldRef, downwardFields, wholeMaps, at.child('fieldRef')))
    if (item.resourceFieldRef !== undefined) {
      errors.push(invalid(at, 'resource', 'fieldRef and resourceFieldRef can not be specified simultaneously'))
    }
  } else if (item.resourceFieldRef !== undefined) {
    errors.push(...validateResourceFieldRef(item.resourceFieldRef, true, at.child('resourceFieldRef')))
  } else {
    errors.push(required(at, 'one of fieldRef and resourceFieldRef is required'))
  }
  errors.push(...fileMode(item.mode, at.child('mode')))
  return errors
}

function validateProjected(projected: V1ProjectedVolumeSource, at: FieldPath): FieldError[] {
  const errors = fileMode(projected.defaultMode, at.child('defaultMode'))
  const paths = new Set<string>()
  const claimPath = (path: string, badValue: string): void => {
    if (path === '') return
    if (paths.has(path)) errors.push(invalid(at, badValue, 'conflicting duplicate paths'))
    paths.add(path)
  }
  for (const [i, source] of (projected.sources ?? []).entries()) {
    const here = at.child('sources').index(i)
    let types = 0
    const only = (): boolean => {
      if (types++ === 0) return true
      errors.push(forbidden(here, 'may not specify more than 1 volume type per source'))
      return false
    }
    for (const field of ['secret', 'configMap'] as const) {
      const from = source[field]
      if (from === undefined || !only()) continue
      if ((from.name ?? '') === '') errors.push(required(here.child(field, 'name')))
      errors.push(...validateItems(from.items, here.child(field, 'items')))
      for (const item of from.items ?? []) claimPath(item.path, from.name ?? '')
    }
    if (source.downwardAPI !== undefined && only()) {
      for (const item of source.downwardAPI.items ?? []) {
        errors.push(...validateDownwardItem(item, here.child('downwardAPI')))
        claimPath(item.path, item.path)
      }
    }
    const token = source.serviceAccountToken
    if (token !== undefined && only()) {
      const tokenAt = here.child('serviceAccountToken')
      const seconds = token.expirationSeconds ?? 0
      if (seconds < 600) {
        errors.push(
          invalid(tokenAt.child('expirationSeconds'), seconds, 'may not specify a duration less than 10 minutes'),
        )
      } else if (seconds > 2 ** 32) {
        errors.push(
          invalid(tokenAt.child('expirationSeconds'), seconds, 'may not specify a duration larger than 2^32 seconds'),
        )
      }
      if (token.path === '') errors.push(required(at.child('path')))
      else errors.push(...volumeFilePath(token.path, at.child('path')))
    }
    const bundle = source.clusterTrustBundle
    if (bundle !== undefined && only()) {
      errors.push(...validateLabelSelector(bundle.labelSelector, here.child('clusterTrustBundle', 'labelSelector')))
      errors.push(...volumeFilePath(bundle.path, here.child('clusterTrustBundle', 'path')))
      claimPath(bundle.path, bundle.path)
    }
    if (source.podCertificate !== undefined) only()
  }
  return errors
}

type Check = (volume: V1Volume, at: FieldPath) => FieldError[]
const need = (value: string | undefined, at: FieldPath): FieldError[] => ((value ?? '') === '' ? [required(at)] : [])

/** The rules of each source; one that is not here has none that the schema does not know. */
const sources: Partial<Record<keyof V1Volume, Check>> = {
  emptyDir: ({ emptyDir }, at) =>
    emptyDir?.sizeLimit !== undefined && parseQuantity(emptyDir.sizeLimit).sign() < 0
      ? [forbidden(at.child('sizeLimit'), 'SizeLimit field must be a valid resource quantity')]
      : [],
  secret: ({ secret }, at) => [
    ...need(secret?.secretName, at.child('secretName')),
    ...fileMode(secret?.defaultMode, at.child('defaultMode')),
    ...validateItems(secret?.items, at.child('items')),
  ],
  configMap: ({ configMap }, at) => [
    ...need(configMap?.name, at.child('name')),
    ...fileMode(configMap?.defaultMode, at.child('defaultMode')),
    ...validateItems(configMap?.items, at.child('items')),
  ],
  downwardAPI: ({ downwardAPI }, at) => [
    ...fileMode(downwardAPI?.defaultMode, at.child('defaultMode')),
    ...(downwardAPI?.items ?? []).flatMap((item) => validateDownwardItem(item, at)),
  ],
  projected: ({ projected }, at) => validateProjected(projected ?? {}, at),
  persistentVolumeClaim: ({ persistentVolumeClaim }, at) =>
    need(persistentVolumeClaim?.claimName, at.child('claimName')),
  csi: ({ csi }, at) => [
    ...csiDriverName(csi?.driver, at.child('driver')),
    // Reported beside the reference, not in it.
    ...(csi?.nodePublishSecretRef === undefined
      ? []
      : (csi.nodePublishSecretRef.name ?? '') === ''
        ? [required(at.child('nodePublishSecretRef', 'name'))]
        : nameErrors(at.child('name'), csi.nodePublishSecretRef.name ?? '', dns1123Subdomain)),
  ],
  ephemeral: ({ ephemeral }, at) =>
    ephemeral?.volumeClaimTemplate === undefined
      ? [required(at.child('volumeClaimTemplate'))]
      : [
          ...validateLabels(
            ephemeral.volumeClaimTemplate.metadata?.labels,
            at.child('volumeClaimTemplate', 'metadata', 'labels').text,
          ),
          ...validateClaimSpec(ephemeral.volumeClaimTemplate.spec, at.child('volumeClaimTemplate', 'spec')),
        ],
  image: ({ image }, at) => [
    ...need(image?.reference, at.child('reference')),
    ...(['Always', 'Never', 'IfNotPresent'].includes(image?.pullPolicy ?? '')
      ? []
      : [unsupported(at.child('pullPolicy'), image?.pullPolicy ?? '', ['Always', 'IfNotPresent', 'Never'])]),
  ],
  gitRepo: ({ gitRepo }, at) => [
    ...need(gitRepo?.repository, at.child('repository')),
    ...descendingPath(gitRepo?.directory ?? '', at.child('directory')),
  ],
}

/** In the order in which a second source is called one too many. */
const sourceOrder: readonly (keyof V1Volume)[] = [
  'emptyDir',
  'hostPath',
  'gitRepo',
  'gcePersistentDisk',
  'awsElasticBlockStore',
  'secret',
  'nfs',
  'iscsi',
  'glusterfs',
  'flocker',
  'persistentVolumeClaim',
  'rbd',
  'cinder',
  'cephfs',
  'quobyte',
  'downwardAPI',
  'fc',
  'flexVolume',
  'configMap',
  'azureFile',
  'vsphereVolume',
  'photonPersistentDisk',
  'portworxVolume',
  'azureDisk',
  'storageos',
  'projected',
  'scaleIO',
  'csi',
  'ephemeral',
  'image',
]

/** How the original calls a second source. */
const toldAs: Readonly<Record<string, string>> = { cephfs: 'cephFS', downwardAPI: 'downwarAPI' }

/** The one source of a volume that has but one; anything else is looked at in the order that counts. */
function onlySource(volume: V1Volume): keyof V1Volume | undefined {
  let only: keyof V1Volume | undefined
  for (const field of Object.keys(volume) as (keyof V1Volume)[]) {
    if (field === 'name' || volume[field] === undefined) continue
    if (only !== undefined) return undefined
    only = field
  }
  return only
}

function validateSource(volume: V1Volume, at: FieldPath): FieldError[] {
  const only = onlySource(volume)
  if (only !== undefined && sources[only] !== undefined) return sources[only](volume, at.child(only))
  const errors: FieldError[] = []
  let found = 0
  for (const field of sourceOrder) {
    if (volume[field] === undefined) continue
    if (found++ > 0) errors.push(forbidden(at.child(toldAs[field] ?? field), 'may not specify more than 1 volume type'))
    else if (sources[field] !== undefined) errors.push(...sources[field](volume, at.child(field)))
    else errors.push(...validateCommonSource(field, volume[field] as object, { at, owner: 'pod', volume: volume.name }))
  }
  if (found === 0) errors.push(required(at, 'must specify a volume type'))
  return errors
}

/** Volumes without fault, by name: what mounts may refer to. */
export interface ValidVolumes {
  errors: FieldError[]
  byName: Map<string, V1Volume>
}

export function validateVolumes(spec: V1PodSpec, podName: string, at: FieldPath): ValidVolumes {
  const errors: FieldError[] = []
  const byName = new Map<string, V1Volume>()
  const names = new Set<string>()
  for (const [i, volume] of (spec.volumes ?? []).entries()) {
    const here = at.index(i)
    const found = validateSource(volume, here)
    if (volume.ephemeral !== undefined && podName !== '' && (volume.name ?? '') !== '') {
      // The claim made for it has the names of both.
      const claim = `${podName}-${volume.name}`
      const wrong = dns1123Subdomain(claim)
      found.push(
        ...wrong.map((m) => invalid(here.child('name'), volume.name, `PVC name ${JSON.stringify(claim)}: ${m}`)),
      )
    }
    if ((volume.name ?? '') === '') found.push(required(here.child('name')))
    else found.push(...requiredName(here.child('name'), volume.name, dns1123Label))
    if (volume.name !== '' && names.has(volume.name)) found.push(duplicate(here.child('name'), volume.name))
    names.add(volume.name)
    if (found.length === 0) byName.set(volume.name, volume)
    errors.push(...found)
  }
  return { errors, byName }
}
