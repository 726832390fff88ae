import type {
  V1EnvFromSource,
  V1EnvVar,
  V1EnvVarSource,
  V1ObjectFieldSelector,
  V1FileKeySelector,
  V1ResourceFieldSelector,
} from '@kapell/openapi/types'
import { invalid, notFoundValue, required, type FieldError, type FieldPath } from '@kapell/openapi/meta/field-errors'
import { configMapKey, dns1123Label, dns1123Subdomain, qualifiedName } from '@kapell/openapi/meta/names'
import { parseQuantity } from '@kapell/openapi/meta/quantity'
import { isConvertible, splitSubscript } from '../../../common/field-path.ts'
import { nameErrors, requiredName, unsupported } from '../../../common/validation.ts'
import { isHugePage } from './resources.ts'
import { noDots } from '../../volume-sources.ts'

/** Printable ASCII without '='. */
const envVarNameRule = /^[ -<>-~]+$/
const envVarName = (text: string): string[] =>
  envVarNameRule.test(text)
    ? []
    : ["a valid environment variable name must consist only of printable ASCII characters other than '='"]

const envFields = [
  'metadata.name',
  'metadata.namespace',
  'metadata.uid',
  'spec.nodeName',
  'spec.serviceAccountName',
  'status.hostIP',
  'status.hostIPs',
  'status.podIP',
  'status.podIPs',
]
const resourceFields = [
  'limits.cpu',
  'limits.memory',
  'limits.ephemeral-storage',
  'requests.cpu',
  'requests.memory',
  'requests.ephemeral-storage',
]

/** A reference to a field of the pod: `allowed` are the whole fields, and labels and annotations by key. */
export function validateFieldRef(
  ref: V1ObjectFieldSelector,
  allowed: readonly string[],
  whole: readonly string[],
  at: FieldPath,
): FieldError[] {
  if ((ref.apiVersion ?? '') === '') return [required(at.child('apiVersion'))]
  if (ref.fieldPath === '') return [required(at.child('fieldPath'))]
  const here = at.child('fieldPath')
  const { path: given, subscript } = splitSubscript(ref.fieldPath)
  const path = given === 'spec.host' ? 'spec.nodeName' : given
  if (ref.apiVersion !== 'v1') {
    return [
      invalid(here, ref.fieldPath, `error converting fieldPath: unsupported pod version: ${ref.apiVersion ?? ''}`),
    ]
  }
  if (!isConvertible(path)) {
    return [invalid(here, ref.fieldPath, `error converting fieldPath: field label not supported: ${ref.fieldPath}`)]
  }
  if (subscript !== undefined) {
    if (path === 'metadata.labels') return nameErrors(at, subscript, qualifiedName)
    // Annotations may be in capitals: their rule looks at them in small letters.
    if (path === 'metadata.annotations')
      return qualifiedName(subscript.toLowerCase()).map((m) => invalid(at, subscript, m))
    const text = `error converting fieldPath: field label does not support subscript: ${ref.fieldPath}`
    return [invalid(here, ref.fieldPath, text)]
  }
  const known = [...allowed, ...whole]
  return known.includes(path) ? [] : [unsupported(here, path, [...known].sort())]
}

const divisors: Record<string, readonly string[]> = {
  cpu: ['1m', '1'],
  memory: ['1', '1k', '1M', '1G', '1T', '1P', '1E', '1Ki', '1Mi', '1Gi', '1Ti', '1Pi', '1Ei'],
}

export function validateResourceFieldRef(ref: V1ResourceFieldSelector, volume: boolean, at: FieldPath): FieldError[] {
  if (volume && (ref.containerName ?? '') === '') return [required(at.child('containerName'))]
  if (ref.resource === '') return [required(at.child('resource'))]
  const huge = /^(requests|limits)\.(hugepages-.+)$/.exec(ref.resource)
  if (!resourceFields.includes(ref.resource) && !(huge?.[2] !== undefined && isHugePage(huge[2]))) {
    return [unsupported(at.child('resource'), ref.resource, [...resourceFields].sort())]
  }
  const divisor = ref.divisor === undefined ? undefined : parseQuantity(ref.divisor)
  if (divisor === undefined || divisor.isZero()) return []
  const valid = ref.resource.endsWith('.cpu') ? divisors['cpu'] : divisors['memory']
  if (valid?.some((text) => parseQuantity(text).equals(divisor)) === true) return []
  const what = ref.resource.endsWith('.cpu')
    ? "only divisor's values 1m and 1 are supported with the cpu resource"
    : "only divisor's values 1, 1k, 1M, 1G, 1T, 1P, 1E, 1Ki, 1Mi, 1Gi, 1Ti, 1Pi, 1Ei are supported with the memory resource"
  return [invalid(at.child('divisor'), ref.resource, what)]
}

function keyErrors(at: FieldPath, key: string | undefined): FieldError[] {
  return requiredName(at, key, configMapKey)
}

type Volumes = ReadonlyMap<string, { emptyDir?: object }>

/** Files of variables are written by other containers: into an emptyDir. */
function fileVolume(name: string, volumes: Volumes, at: FieldPath): FieldError[] {
  const volume = volumes.get(name)
  if (volume === undefined) return [notFoundValue(at, name)]
  return volume.emptyDir === undefined ? [invalid(at, name, 'referenced volume must be of type emptyDir')] : []
}

function validateFileKeyRef(ref: V1FileKeySelector, volumes: Volumes, at: FieldPath): FieldError[] {
  const volumeAt = at.child('volumeName')
  return [
    ...requiredName(at.child('key'), ref.key, envVarName),
    ...requiredName(volumeAt, ref.volumeName, dns1123Label),
    ...(ref.path === '' ? [required(at.child('path'))] : noDots(ref.path, at.child('path'))),
    ...fileVolume(ref.volumeName, volumes, volumeAt),
  ]
}

function validateValueFrom(env: V1EnvVar, from: V1EnvVarSource, volumes: Volumes, at: FieldPath): FieldError[] {
  const errors: FieldError[] = []
  let sources = 0
  if (from.fieldRef !== undefined) {
    sources++
    errors.push(...validateFieldRef(from.fieldRef, envFields, [], at.child('fieldRef')))
  }
  if (from.resourceFieldRef !== undefined) {
    sources++
    errors.push(...validateResourceFieldRef(from.resourceFieldRef, false, at.child('resourceFieldRef')))
  }
  if (from.configMapKeyRef !== undefined) {
    sources++
    errors.push(...nameErrors(at.child('configMapKeyRef', 'name'), from.configMapKeyRef.name ?? '', dns1123Subdomain))
    errors.push(...keyErrors(at.child('configMapKeyRef', 'key'), from.configMapKeyRef.key))
  }
  if (from.secretKeyRef !== undefined) {
    sources++
    errors.push(...nameErrors(at.child('secretKeyRef', 'name'), from.secretKeyRef.name ?? '', dns1123Subdomain))
    errors.push(...keyErrors(at.child('secretKeyRef', 'key'), from.secretKeyRef.key))
  }
  if (from.fileKeyRef !== undefined) {
    sources++
    errors.push(...validateFileKeyRef(from.fileKeyRef, volumes, at.child('fileKeyRef')))
  }
  if (sources === 0) {
    errors.push(
      invalid(
        at,
        '',
        'must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`',
      ),
    )
  } else if ((env.value ?? '') !== '') {
    errors.push(invalid(at, '', 'may not be specified when `value` is not empty'))
  } else if (sources > 1) {
    errors.push(invalid(at, '', 'may not have more than one field specified at a time'))
  }
  return errors
}

export function validateEnv(vars: readonly V1EnvVar[], volumes: Volumes, at: FieldPath): FieldError[] {
  const errors: FieldError[] = []
  for (const [i, env] of vars.entries()) {
    const { name, valueFrom } = env
    if (!envVarNameRule.test(name ?? '')) errors.push(...requiredName(at.index(i).child('name'), name, envVarName))
    if (valueFrom !== undefined) {
      errors.push(...validateValueFrom(env, valueFrom, volumes, at.index(i).child('valueFrom')))
    }
  }
  return errors
}

export function validateEnvFrom(sources: readonly V1EnvFromSource[], at: FieldPath): FieldError[] {
  return sources.flatMap((source, i) => {
    const here = at.index(i)
    const errors: FieldError[] = []
    if ((source.prefix ?? '') !== '') errors.push(...nameErrors(here.child('prefix'), source.prefix ?? '', envVarName))
    const given = [source.configMapRef, source.secretRef].filter((ref) => ref !== undefined)
    if (given.length === 0) errors.push(invalid(at, '', 'must specify one of: `configMapRef` or `secretRef`'))
    if (given.length > 1) errors.push(invalid(at, '', 'may not have more than one field specified at a time'))
    for (const [field, ref] of [
      ['configMapRef', source.configMapRef],
      ['secretRef', source.secretRef],
    ] as const) {
      if (ref !== undefined) errors.push(...requiredName(here.child(field, 'name'), ref.name, dns1123Subdomain))
    }
    return errors
  })
}
