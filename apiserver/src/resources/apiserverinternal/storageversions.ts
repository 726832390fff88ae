import type { V1alpha1ServerStorageVersion, V1alpha1StorageVersion } from '@kapell/openapi/types'
import { duplicate, invalid, required, type FieldError, type FieldPath } from '@kapell/openapi/meta/field-errors'
import { dns1035Label, dns1123Subdomain, qualifiedName } from '@kapell/openapi/meta/names'
import { column, defineResource } from '../../registry/definition.ts'
import { ageColumn, nameColumn } from '../common/columns.ts'
import { keepStatus, startStatus, statusView } from '../common/status.ts'
import { nameErrors } from '../common/validation.ts'

/**
 * Which version every API server stores a resource in, told by the servers themselves. Source: StorageVersion
 * apiserverinternal v1alpha1.
 */
type Condition = NonNullable<NonNullable<V1alpha1StorageVersion['status']>['conditions']>[number]

/** "apps.deployments": the group, "core" for the nameless one, and the resource. */
function storageVersionName(name: string): string[] {
  const dot = name.lastIndexOf('.')
  if (dot < 0) return ['name must be in the form of <group>.<resource>']
  return [
    ...dns1123Subdomain(name.slice(0, dot)).map((text) => `the group segment ${text}`),
    ...dns1035Label(name.slice(dot + 1)).map((text) => `the resource segment ${text}`),
  ]
}

/** "v1", or "apps/v1". */
function apiVersionErrors(text: string, at: FieldPath): FieldError[] {
  const parts = text.split('/')
  const version = parts.at(-1) ?? ''
  if (parts.length > 2) return [invalid(at, text, `an apiVersion is <group>/<version>, or a version alone`)]
  const errors: FieldError[] = []
  if (parts.length === 2) {
    const [group = ''] = parts
    if (group === '') errors.push(invalid(at, text, 'group part: must be non-empty'))
    else errors.push(...dns1123Subdomain(group).map((why) => invalid(at, text, `group part: ${why}`)))
  }
  if (version === '') errors.push(invalid(at, text, 'version part: must be non-empty'))
  else errors.push(...dns1035Label(version).map((why) => invalid(at, text, `version part: ${why}`)))
  return errors
}

function validateServer(server: V1alpha1ServerStorageVersion, at: FieldPath): FieldError[] {
  const { apiServerID = '', encodingVersion = '', servedVersions = [] } = server
  // A required list that is not given is null.
  const decodableVersions = (server.decodableVersions as string[] | null) ?? []
  const decodable = at.child('decodableVersions')
  return [
    ...nameErrors(at.child('apiServerID'), apiServerID, dns1123Subdomain),
    ...apiVersionErrors(encodingVersion, at.child('encodingVersion')),
    ...decodableVersions.flatMap((version, i) => apiVersionErrors(version, decodable.index(i))),
    ...(decodableVersions.includes(encodingVersion)
      ? []
      : [invalid(decodable, decodableVersions, `decodableVersions must include encodingVersion ${encodingVersion}`)]),
    ...servedVersions.flatMap((version, i) => {
      const here = at.child('servedVersions').index(i)
      const list = `[${decodableVersions.join(' ')}]`
      const missing = `individual served version : ${version} must be included in decodableVersions : ${list}`
      return [
        ...apiVersionErrors(version, here),
        ...(decodableVersions.includes(version) ? [] : [invalid(here, version, missing)]),
      ]
    }),
  ]
}

const nothingCommon =
  'should be nil if servers do not agree on the same encoding version, or if there is no server reporting the supported versions yet'

function validateCommon(
  servers: readonly V1alpha1ServerStorageVersion[],
  given: string | undefined,
  at: FieldPath,
): FieldError[] {
  const versions = new Set(servers.map((one) => (one.encodingVersion as string | undefined) ?? ''))
  const [common] = versions
  if (versions.size !== 1 || common === undefined) return given === undefined ? [] : [invalid(at, given, nothingCommon)]
  if (given === undefined) return [invalid(at, null, `the common encoding version is ${common}`)]
  return given === common ? [] : [invalid(at, given, `the actual common encoding version is ${common}`)]
}

function validateConditions(conditions: readonly Condition[], at: FieldPath): FieldError[] {
  return conditions.flatMap(({ type = '', status = '', reason = '', message = '' }, i) => {
    const here = at.index(i)
    const first = conditions.findIndex((one) => one.type === type)
    const again = `the type of the condition is not unique, it also appears in conditions[${first}]`
    return [
      ...(first < i ? [invalid(here.child('type'), type, again)] : []),
      ...nameErrors(here.child('type'), type, qualifiedName),
      ...nameErrors(here.child('status'), status, qualifiedName),
      ...(reason === '' ? [required(here.child('reason'))] : []),
      ...(message === '' ? [required(here.child('message'))] : []),
    ]
  })
}

function validateStatus({ status }: V1alpha1StorageVersion, at: FieldPath): FieldError[] {
  const { storageVersions: servers = [], commonEncodingVersion, conditions = [] } = status ?? {}
  const list = at.child('storageVersions')
  return [
    ...servers.flatMap((server, i) => [
      ...validateServer(server, list.index(i)),
      ...(servers.findIndex((one) => one.apiServerID === server.apiServerID) < i
        ? [duplicate(list.index(i).child('apiServerID'), server.apiServerID)]
        : []),
    ]),
    ...validateCommon(servers, commonEncodingVersion, at.child('commonEncodingVersion')),
    ...validateConditions(conditions, at),
  ]
}

export const storageVersions = defineResource<V1alpha1StorageVersion>({
  group: 'internal.apiserver.k8s.io',
  version: 'v1alpha1',
  kind: 'StorageVersion',
  plural: 'storageversions',
  namespaced: false,
  storagePrefix: 'storageversions',
  hasGeneration: false,
  allowUnconditionalUpdate: false,
  validateName: storageVersionName,
  prepareForCreate: (o) => startStatus(o),
  prepareForUpdate: keepStatus,
  subresources: { status: statusView({ keep: 'all', validate: (o, _, at) => validateStatus(o, at.child('status')) }) },
  columns: [
    nameColumn,
    column('CommonEncodingVersion', 'string', (o) => o.status?.commonEncodingVersion ?? '<unset>'),
    column('StorageVersions', 'string', (o) => {
      const servers = o.status?.storageVersions ?? []
      if (servers.length === 0) return '<unset>'
      return servers.map((one) => `${one.apiServerID ?? ''}=${one.encodingVersion ?? ''}`).join(',')
    }),
    ageColumn,
  ],
})
