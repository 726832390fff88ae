import {
  FieldPath,
  forbidden,
  invalid,
  notSupported,
  required,
  type FieldError,
} from '@kapell/openapi/meta/field-errors'
import { dns1035Label, dns1123Subdomain } from '@kapell/openapi/meta/names'
import { checkStructuralSchema } from '@kapell/openapi/schema/structural/check'
import type { JsonSchema } from '@kapell/openapi/schema/structural/json-schema'
import type { DeletionRules } from '../registry/definition.ts'
import { compileJsonPath } from './json-path.ts'
import { cleanupFinalizer, type Crd, type CrdNames, type CrdVersion } from './types.ts'

/** The rules of CustomResourceDefinitions themselves. Source: API reference, "CustomResourceDefinition"; recorded answers. */

export function defaultCrd(crd: Crd): void {
  const { names, conversion } = crd.spec ?? {}
  if (names !== undefined) {
    if ((names.singular ?? '') === '' && names.kind !== '') names.singular = names.kind.toLowerCase()
    if ((names.listKind ?? '') === '' && names.kind !== '') names.listKind = `${names.kind}List`
  }
  if (crd.spec !== undefined && conversion === undefined) crd.spec.conversion = { strategy: 'None' }
}

export function prepareCrdForCreate(crd: Crd): void {
  const storage = crd.spec.versions?.find((version) => version.storage)?.name
  crd.status = {
    conditions: null as unknown as [],
    acceptedNames: { kind: '', plural: '' },
    storedVersions: storage === undefined ? (null as unknown as []) : [storage],
  }
}

/** A definition does not go before its objects: deletion begins with a finalizer that the server itself takes off. */
export const crdDeletion: DeletionRules<Crd> = {
  heldBack: (crd) => crd.metadata?.deletionTimestamp === undefined,
  onBegin: (crd) => {
    const metadata = (crd.metadata ??= {})
    const finalizers = metadata.finalizers ?? []
    if (!finalizers.includes(cleanupFinalizer)) metadata.finalizers = [...finalizers, cleanupFinalizer]
    const status = (crd.status ??= {})
    status.conditions = [
      ...(status.conditions ?? []).filter((one) => one.type !== 'Terminating'),
      {
        type: 'Terminating',
        status: 'True',
        lastTransitionTime: metadata.deletionTimestamp ?? '',
        reason: 'InstanceDeletionPending',
        message: 'CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon',
      },
    ]
  },
}

/** Kinds are checked as labels, but for their case. */
function kindErrors(text: string, at: FieldPath): FieldError[] {
  return dns1035Label(text.toLowerCase()).map((why) =>
    invalid(at, text, `may have mixed case, but should otherwise match: ${why}`),
  )
}

const labelErrors = (text: string, at: FieldPath): FieldError[] =>
  dns1035Label(text).map((why) => invalid(at, text, why))

function nameErrors(names: CrdNames, at: FieldPath): FieldError[] {
  const errors: FieldError[] = []
  for (const field of ['plural', 'singular', 'kind', 'listKind'] as const) {
    const text = names[field] ?? ''
    const where = at.child(field)
    if (text === '') errors.push(required(where))
    else errors.push(...(field === 'kind' || field === 'listKind' ? kindErrors(text, where) : labelErrors(text, where)))
  }
  names.shortNames?.forEach((text, i) => errors.push(...labelErrors(text, at.child('shortNames').index(i))))
  names.categories?.forEach((text, i) => errors.push(...labelErrors(text, at.child('categories').index(i))))
  if ((names.kind ?? '') !== '' && names.kind === names.listKind) {
    errors.push(invalid(at.child('listKind'), names.listKind, 'kind and listKind may not be the same'))
  }
  return errors
}

function pathProblem(path: string): string | undefined {
  try {
    compileJsonPath(path)
    return undefined
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

const columnTypes = ['integer', 'number', 'string', 'boolean', 'date']

function columnErrors(version: CrdVersion, at: FieldPath): FieldError[] {
  return (version.additionalPrinterColumns ?? []).flatMap((one, i) => {
    const where = at.index(i)
    const errors: FieldError[] = []
    if (one.name === '') errors.push(required(where.child('name')))
    if (one.type === '') errors.push(required(where.child('type'), `must be one of ${columnTypes.join(',')}`))
    else if (!columnTypes.includes(one.type)) {
      errors.push(invalid(where.child('type'), one.type, `must be one of ${columnTypes.join(',')}`))
    }
    if ((one.jsonPath ?? '') === '') errors.push(required(where.child('JSONPath')))
    else {
      const problem = pathProblem(one.jsonPath)
      if (problem !== undefined) errors.push(invalid(where.child('JSONPath'), one.jsonPath, problem))
    }
    return errors
  })
}

/** The schema that a plain dotted path leads to. */
function schemaAt(schema: JsonSchema, path: string): JsonSchema | undefined {
  let at: JsonSchema | undefined = schema
  for (const name of path.replace(/^\./, '').split('.')) {
    at = at?.properties !== undefined && Object.hasOwn(at.properties, name) ? at.properties[name] : undefined
  }
  return at
}

function selectableErrors(version: CrdVersion, schema: JsonSchema, at: FieldPath): FieldError[] {
  return (version.selectableFields ?? []).flatMap(({ jsonPath }, i) => {
    const where = at.index(i).child('jsonPath')
    const found = schemaAt(schema, jsonPath)
    if (found === undefined) return [invalid(where, jsonPath, 'is an invalid path: does not refer to a valid field')]
    if (['string', 'boolean', 'integer'].includes(found.type ?? '')) return []
    const why =
      'must point to a field of type string, boolean or integer. Enum string fields and strings with formats are allowed.'
    return [invalid(where, jsonPath, why)]
  })
}

function conversionErrors(crd: Crd, at: FieldPath): FieldError[] {
  const conversion = (crd.spec.conversion ?? { strategy: 'None' }) as {
    strategy: string
    webhook?: { clientConfig?: unknown; conversionReviewVersions?: string[] }
  }
  const versions = conversion.webhook?.conversionReviewVersions ?? []
  if (conversion.strategy === 'Webhook') {
    const errors: FieldError[] = []
    if (conversion.webhook?.clientConfig === undefined) {
      errors.push(required(at.child('webhookClientConfig'), 'required when strategy is set to Webhook'))
    }
    if (versions.length === 0) errors.push(required(at.child('conversionReviewVersions')))
    return errors
  }
  if (conversion.strategy !== 'None')
    return [notSupported(at.child('strategy'), conversion.strategy, ['None', 'Webhook'])]
  if (conversion.webhook?.clientConfig !== undefined) {
    return [forbidden(at.child('webhookClientConfig'), 'should not be set when strategy is not set to Webhook')]
  }
  return versions.length > 0
    ? [forbidden(at.child('conversionReviewVersions'), 'should not be set when strategy is not set to Webhook')]
    : []
}

function versionErrors(crd: Crd, at: FieldPath): FieldError[] {
  const versions = crd.spec.versions ?? []
  const single = versions.length === 1
  const errors: FieldError[] = []
  versions.forEach((version, i) => {
    const where = at.child('versions').index(i)
    errors.push(...labelErrors(version.name, where.child('name')))
    const schema = version.schema?.openAPIV3Schema
    if (schema === undefined || schema === null) {
      errors.push(required(where.child('schema', 'openAPIV3Schema')))
      return
    }
    // A definition with one version is looked at as if its parts stood beside it.
    const own = single ? at : where
    const schemaPath = single ? at.child('validation', 'openAPIV3Schema') : where.child('schema', 'openAPIV3Schema')
    errors.push(...checkStructuralSchema(schema, schemaPath))
    errors.push(...columnErrors(version, own.child('additionalPrinterColumns')))
    errors.push(...selectableErrors(version, schema, own.child('selectableFields')))
  })
  return errors
}

/** All rules of a definition, on create and on update. */
export function validateCrd(crd: Crd): FieldError[] {
  const at = new FieldPath('spec')
  const { group = '', names, scope = '' } = crd.spec ?? {}
  const versions = crd.spec.versions ?? []
  const errors: FieldError[] = []
  const name = crd.metadata?.name ?? ''
  if (name !== `${names.plural}.${group}`) {
    errors.push(invalid('metadata.name', name, 'must be spec.names.plural+"."+spec.group'))
  }
  if (group === '') errors.push(required(at.child('group')))
  else {
    errors.push(...dns1123Subdomain(group).map((why) => invalid(at.child('group'), group, why)))
    if (!group.includes('.')) errors.push(invalid(at.child('group'), group, 'should be a domain with at least one dot'))
  }
  if (scope === '') errors.push(required(at.child('scope')))
  else if (scope !== 'Cluster' && scope !== 'Namespaced')
    errors.push(notSupported(at.child('scope'), scope, ['Cluster', 'Namespaced']))
  const bad = versions.length === 0 ? null : versions
  if (new Set(versions.map((version) => version.name)).size !== versions.length) {
    errors.push(invalid(at.child('versions'), bad, 'must contain unique version names'))
  }
  if (versions.filter((version) => version.storage).length !== 1) {
    errors.push(invalid(at.child('versions'), bad, 'must have exactly one version marked as storage version'))
  }
  errors.push(...versionErrors(crd, at))
  errors.push(...nameErrors(names ?? { plural: '', kind: '' }, at.child('names')))
  errors.push(...conversionErrors(crd, at.child('conversion')))
  const stored = crd.status?.storedVersions ?? []
  const status = new FieldPath('status')
  if (stored.length === 0) {
    errors.push(invalid(status.child('storedVersions'), null, 'must have at least one stored version'))
  }
  stored.forEach((version, i) => {
    if (versions.some((one) => one.name === version)) return
    const why = `missing from spec.versions; ${version} was previously a storage version, and must remain in spec.versions until a storage migration ensures no data remains persisted in ${version} and removes ${version} from status.storedVersions`
    errors.push(invalid(status.child('storedVersions').index(i), version, why))
  })
  return errors
}

/** Once a definition is established its scope and names' kind of thing stay. */
export function validateCrdUpdate(next: Crd, previous: Crd): FieldError[] {
  const at = new FieldPath('spec')
  const errors: FieldError[] = []
  const established =
    previous.status?.conditions?.some((one) => one.type === 'Established' && one.status === 'True') ?? false
  const fixed = (value: unknown, before: unknown, where: FieldPath): void => {
    if (value !== before) errors.push(invalid(where, value, 'field is immutable'))
  }
  fixed(next.spec.group, previous.spec.group, at.child('group'))
  fixed(next.spec.names.plural, previous.spec.names.plural, at.child('names', 'plural'))
  if (established) {
    fixed(next.spec.scope, previous.spec.scope, at.child('scope'))
    fixed(next.spec.names.kind, previous.spec.names.kind, at.child('names', 'kind'))
  }
  return errors
}
