import { invalid, required, tooLong, type FieldError, type FieldPath } from '@kapell/openapi/meta/field-errors'
import { dns1123Label, dns1123Subdomain } from '@kapell/openapi/meta/names'
import { inRange, nameErrors, unsupported } from '../common/validation.ts'

/** Rules of the sources that volumes of pods and persistent volumes have in common. Source: "Volumes". */

/** As far as rules look at it: any source's fields. */
export interface AnySource {
  [field: string]: unknown
  secretRef?: SecretRef
  lun?: number
  partition?: number
}

export interface SecretRef {
  name?: string
  namespace?: string
}

/** Secrets of persistent volumes stand in a namespace of their own. */
export type SourceOwner = 'pod' | 'persistentVolume'

/** `volume` is the name of the volume that has the source, and `nameAt` where that stands. */
interface VolumeName {
  volume: string
  nameAt: FieldPath
}

type Check = (source: AnySource, at: FieldPath, owner: SourceOwner, named?: VolumeName) => FieldError[]

const text = (source: AnySource, field: string): string => {
  const value = source[field]
  return typeof value === 'string' ? value : ''
}
const list = (source: AnySource, field: string): readonly string[] => (source[field] as string[] | undefined) ?? []

const need =
  (...fields: string[]): Check =>
  (source, at) =>
    fields.flatMap((field) => {
      const value = source[field]
      const isEmpty = value == null || value === '' || (Array.isArray(value) && value.length === 0)
      return isEmpty ? [required(at.child(field))] : []
    })

const both =
  (...checks: Check[]): Check =>
  (source, at, owner) =>
    checks.flatMap((check) => check(source, at, owner))

/** A reference to a secret, where there is one. */
const secret: Check = ({ secretRef }, at, owner) => {
  if (secretRef === undefined) return []
  const here = at.child('secretRef')
  return [
    ...((secretRef.name ?? '') === '' ? [required(here.child('name'))] : []),
    ...(owner === 'persistentVolume' && (secretRef.namespace ?? '') === '' ? [required(here.child('namespace'))] : []),
  ]
}

export function noDots(path: string, at: FieldPath): FieldError[] {
  return path.split('/').includes('..') ? [invalid(at, path, "must not contain '..'")] : []
}

const hostPathTypes = ['', 'BlockDevice', 'CharDevice', 'Directory', 'DirectoryOrCreate', 'File', 'FileOrCreate', 'Socket'] // prettier-ignore

const hostPath: Check = (source, at) => {
  const path = text(source, 'path')
  const type = text(source, 'type')
  return [
    ...(path === '' ? [required(at.child('path'))] : noDots(path, at.child('path'))),
    ...(hostPathTypes.includes(type) ? [] : [unsupported(at.child('type'), type, hostPathTypes)]),
  ]
}

const nfs: Check = (source, at, owner) => {
  const path = text(source, 'path')
  return [
    ...need('server', 'path')(source, at, owner),
    ...(path.startsWith('/') ? [] : [invalid(at.child('path'), path, 'must be an absolute path')]),
  ]
}

/** Names that storage is told by: "iqn.2001-04.com.example:a", "eui." and 16, "naa." and 32 letters and digits. */
const iqnPattern = /^iqn\.\d{4}-\d{2}\.[\p{L}\p{N}.-]+:[^,;*&$|\s]+$/u
const euiPattern = /^eui\.[A-Za-z0-9]{16}$/
const naaPattern = /^naa\.[A-Za-z0-9]{32}$/

function iscsiName(name: string, at: FieldPath, owner: SourceOwner): FieldError[] {
  const kind = ['iqn', 'eui', 'naa'].find((prefix) => name.startsWith(prefix))
  if (kind === undefined && owner === 'pod') {
    return [invalid(at, name, 'must be valid format starting with iqn, eui, or naa')]
  }
  const isValid = [iqnPattern, euiPattern, naaPattern].some((pattern) => pattern.test(name))
  return isValid ? [] : [invalid(at, name, 'must be valid format')]
}

const longestPortal = 64

const iscsi: Check = (source, at, owner, named) => {
  const iqn = text(source, 'iqn')
  const errors = need('targetPortal', 'iqn')(source, at, owner)
  if (iqn !== '') errors.push(...iscsiName(iqn, at.child('iqn'), owner))
  errors.push(...inRange(at.child('lun'), source.lun ?? 0, 0, 255))
  const asksForSecret = source['chapAuthDiscovery'] === true || source['chapAuthSession'] === true
  if (asksForSecret && source.secretRef === undefined) errors.push(required(at.child('secretRef')))
  if (owner === 'persistentVolume' && source.secretRef !== undefined && (source.secretRef.name ?? '') === '') {
    errors.push(required(at.child('secretRef', 'name')))
  }
  const initiator = source['initiatorName']
  if (typeof initiator === 'string') {
    errors.push(...iscsiName(initiator, at.child('initiatorname'), owner))
    const portal = text(source, 'targetPortal')
    const { volume = '', nameAt = at } = named ?? {}
    if (`${volume}:${portal}`.length > longestPortal) {
      const why =
        'Total length of <volume name>:<iscsi.targetPortal> must be under 64 characters if iscsi.initiatorName is specified.'
      errors.push(owner === 'pod' ? invalid(nameAt, volume, why) : invalid(at.child('targetportal'), portal, why))
    }
  }
  return errors
}

const fc: Check = (source, at) => {
  const names = list(source, 'targetWWNs')
  const ids = list(source, 'wwids')
  const here = at.child('targetWWNs')
  if (names.length === 0 && ids.length === 0) {
    return [required(here, 'must specify either targetWWNs or wwids, but not both')]
  }
  if (names.length > 0 && ids.length > 0) {
    return [invalid(here, names, 'targetWWNs and wwids can not be specified simultaneously')]
  }
  if (names.length === 0) return []
  return source.lun === undefined
    ? [required(at.child('lun'), 'lun is required if targetWWNs is specified')]
    : inRange(at.child('lun'), source.lun, 0, 255)
}

const flocker: Check = (source, at) => {
  const name = text(source, 'datasetName')
  const uuid = text(source, 'datasetUUID')
  if (name === '' && uuid === '') return [required(at, 'one of datasetName and datasetUUID is required')]
  if (name !== '' && uuid !== '') {
    return [invalid(at, 'resource', 'datasetName and datasetUUID can not be specified simultaneously')]
  }
  return name.includes('/') ? [invalid(at.child('datasetName'), name, "must not contain '/'")] : []
}

const registryText = 'must be a host:port pair or multiple pairs separated by commas'

const quobyte: Check = (source, at, owner) => {
  const registry = text(source, 'registry')
  const errors: FieldError[] = []
  if (registry === '') errors.push(required(at.child('registry'), registryText))
  else if (registry.length >= 65 || registry.split(',').some((pair) => pair.split(':').length !== 2)) {
    errors.push(invalid(at.child('registry'), registry, registryText))
  }
  if (text(source, 'tenant').length >= 65) {
    errors.push(required(at.child('tenant'), 'must be a UUID and may not exceed a length of 64 characters'))
  }
  errors.push(...need('volume')(source, at, owner))
  return errors
}

const diskKinds = ['Dedicated', 'Managed', 'Shared']
const cachingModes = ['None', 'ReadOnly', 'ReadWrite']
const managedUri = '/subscriptions/{sub-id}/resourcegroups/{group-name}/providers/microsoft.compute/disks/{disk-id}'
const blobUri = 'https://{account-name}.blob.core.windows.net/{container-name}/{disk-name}.vhd'

const azureDisk: Check = (source, at, owner) => {
  const uri = text(source, 'diskURI')
  const { cachingMode, kind } = source as { cachingMode?: string; kind?: string }
  const errors = need('diskName', 'diskURI')(source, at, owner)
  if (cachingMode !== undefined && !cachingModes.includes(cachingMode)) {
    errors.push(unsupported(at.child('cachingMode'), cachingMode, cachingModes))
  }
  if (kind !== undefined && !diskKinds.includes(kind)) errors.push(unsupported(at.child('kind'), kind, diskKinds))
  const [prefix, form] = kind === 'Managed' ? ['/subscriptions/', managedUri] : ['https://', blobUri]
  if (!uri.startsWith(prefix)) errors.push(unsupported(at.child('diskURI'), uri, [form]))
  return errors
}

const azureFile: Check = (source, at, owner) => {
  const errors = need('secretName', 'shareName')(source, at, owner)
  if (source['secretNamespace'] === '') errors.push(required(at.child('secretNamespace')))
  return errors
}

const glusterfs: Check = (source, at, owner) => {
  const errors = need('endpoints', 'path')(source, at, owner)
  const namespace = source['endpointsNamespace']
  if (typeof namespace !== 'string') return errors
  const here = at.child('endpointsNamespace')
  if (namespace === '') {
    errors.push(invalid(here, '', 'if the endpointnamespace is set, it must be a valid namespace name'))
  } else errors.push(...nameErrors(here, namespace, dns1123Label))
  return errors
}

const storageos: Check = (source, at, owner) => {
  const errors: FieldError[] = []
  for (const field of ['volumeName', 'volumeNamespace']) {
    const name = text(source, field)
    if (name !== '') errors.push(...nameErrors(at.child(field), name, dns1123Label))
    else if (field === 'volumeName') errors.push(required(at.child(field)))
  }
  errors.push(...secret(source, at, owner))
  return errors
}

/** The name of a CSI driver: a subdomain once it is written small, of at most 63 bytes. */
export function csiDriverName(name: string | undefined, at: FieldPath): FieldError[] {
  if (name === undefined || name === '') return [required(at)]
  const errors = name.length > 63 ? [tooLong(at, 63)] : []
  return [...errors, ...dns1123Subdomain(name.toLowerCase()).map((message) => invalid(at, name, message))]
}

const partition =
  (name: string): Check =>
  (source, at, owner) => [
    ...need(name)(source, at, owner),
    ...((source.partition ?? 0) === 0 ? [] : inRange(at.child('partition'), source.partition ?? 0, 1, 255)),
  ]

export const commonSources: Readonly<Record<string, Check>> = {
  hostPath,
  nfs,
  iscsi,
  fc,
  flocker,
  quobyte,
  azureDisk,
  azureFile,
  glusterfs,
  storageos,
  rbd: need('monitors', 'image'),
  cephfs: need('monitors'),
  cinder: both(need('volumeID'), secret),
  flexVolume: need('driver'),
  vsphereVolume: need('volumePath'),
  photonPersistentDisk: need('pdID'),
  portworxVolume: need('volumeID'),
  scaleIO: need('gateway', 'system', 'volumeName'),
  gcePersistentDisk: partition('pdName'),
  awsElasticBlockStore: partition('volumeID'),
}

/** Sources that errors know by another name than the API does. */
const errorNames: Readonly<Record<string, string>> = { gcePersistentDisk: 'persistentDisk' }

/** The rules of one source; `spec` holds it under its own name. */
export function validateCommonSource(
  field: string,
  source: object,
  { at, owner, volume }: { at: FieldPath; owner: SourceOwner; volume: string },
): FieldError[] {
  const named = { volume, nameAt: at.child('name') }
  return commonSources[field]?.(source as AnySource, at.child(errorNames[field] ?? field), owner, named) ?? []
}
