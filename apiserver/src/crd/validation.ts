import {
  FieldPath,
  immutable,
  invalid,
  notSupported,
  required,
  type FieldError,
} from '@kapell/openapi/meta/field-errors'
import { dns1035Label, dns1123Subdomain } from '@kapell/openapi/meta/names'
import { schemaProblems } from '@kapell/openapi/schema/structural/check'
import { deepEqual } from '../registry/deep-equal.ts'
import { validateConversion } from './conversion-validation.ts'
import { checkRuleForms } from './rules.ts'
import { approvalAnnotation, approvalOf, isProtectedGroup } from './status.ts'
import { conditionIs, type Crd, type CrdNames, type CrdVersion } from './types.ts'
import { columnErrors, deprecationErrors, scaleErrors, selectableErrors } from './version-validation.ts'

/** The rules of CustomResourceDefinitions themselves. Source: API reference, "CustomResourceDefinition"; recorded answers. */

/** Kinds are checked as labels, but for their case. */
function kindErrors(text: string, at: FieldPath): FieldError[] {
  return dns1035Label(text.toLowerCase()).map((why) =>
    invalid(at, text, `may have mixed case, but should otherwise match: ${why}`),
  )
}

const labelErrors = (text: string, at: FieldPath): FieldError[] =>
  dns1035Label(text).map((why) => invalid(at, text, why))

function nameErrors(names: Partial<CrdNames>, at: FieldPath, isRequired: boolean): FieldError[] {
  const errors: FieldError[] = []
  for (const field of ['plural', 'singular', 'kind', 'listKind'] as const) {
    const text = names[field] ?? ''
    const where = at.child(field)
    if (text === '') {
      if (isRequired) errors.push(required(where))
    } else {
      errors.push(...(field === 'kind' || field === 'listKind' ? kindErrors(text, where) : labelErrors(text, where)))
    }
  }
  names.shortNames?.forEach((text, i) => errors.push(...labelErrors(text, at.child('shortNames').index(i))))
  names.categories?.forEach((text, i) => errors.push(...labelErrors(text, at.child('categories').index(i))))
  if ((names.kind ?? '') !== '' && names.kind === names.listKind) {
    errors.push(invalid(at.child('listKind'), names.listKind, 'kind and listKind may not be the same'))
  }
  return errors
}

/** The versions as the original's errors show them. */
function shownVersions(versions: readonly CrdVersion[] | undefined): unknown {
  return (
    versions?.map((version) => ({
      Name: version.name,
      Served: version.served,
      Storage: version.storage,
      Deprecated: version.deprecated ?? false,
      DeprecationWarning: version.deprecationWarning ?? null,
      Schema: null,
      Subresources: null,
      AdditionalPrinterColumns: null,
      SelectableFields: null,
    })) ?? []
  )
}

/** What all versions have alike is looked at once, as if it stood beside them. */
function isShared(versions: readonly CrdVersion[], part: (version: CrdVersion) => unknown): boolean {
  const [first] = versions
  return first !== undefined && versions.every((version) => deepEqual(part(version), part(first)))
}

function partErrors(crd: Crd, at: FieldPath): FieldError[] {
  const versions = crd.spec?.versions ?? []
  const sharesSchema = isShared(versions, (version) => version.schema?.openAPIV3Schema)
  const sharesScale = isShared(versions, (version) => version.subresources)
  const sharesColumns = isShared(versions, (version) => version.additionalPrinterColumns)
  const sharesFields = isShared(versions, (version) => version.selectableFields)
  const errors: FieldError[] = []
  versions.forEach((version, i) => {
    const where = at.child('versions').index(i)
    const first = i === 0
    const schema = version.schema?.openAPIV3Schema
    if (schema === undefined || schema === null) errors.push(required(where.child('schema', 'openAPIV3Schema')))
    else if (!sharesSchema || first) {
      const place = sharesSchema ? at.child('validation', 'openAPIV3Schema') : where.child('schema', 'openAPIV3Schema')
      const problems = schemaProblems(schema, place)
      errors.push(...problems.errors, ...(problems.isSound ? checkRuleForms(schema, place) : []))
    }
    if (!sharesScale || first) {
      errors.push(...scaleErrors(version, (sharesScale ? at : where).child('subresources', 'scale')))
    }
    if (!sharesColumns || first) {
      errors.push(...columnErrors(version, (sharesColumns ? at : where).child('additionalPrinterColumns')))
    }
    if (schema !== undefined && schema !== null && (!sharesFields || first)) {
      errors.push(...selectableErrors(version, schema, (sharesFields ? at : where).child('selectableFields')))
    }
  })
  return errors
}

function versionErrors(crd: Crd, at: FieldPath): FieldError[] {
  const versions = crd.spec?.versions ?? []
  const errors: FieldError[] = []
  versions.forEach((version, i) => {
    const where = at.child('versions').index(i)
    errors.push(...labelErrors(version.name, where.child('name')), ...deprecationErrors(version, where))
  })
  const shown = shownVersions(crd.spec?.versions)
  if (new Set(versions.map((version) => version.name)).size !== versions.length) {
    errors.push(invalid(at.child('versions'), shown, 'must contain unique version names'))
  }
  if (versions.filter((version) => version.storage).length !== 1) {
    errors.push(invalid(at.child('versions'), shown, 'must have exactly one version marked as storage version'))
  }
  // The field of old that named the only version; it is taken from the first.
  const [first] = versions
  if (first !== undefined && first.name !== '') errors.push(...labelErrors(first.name, at.child('version')))
  return errors
}

function approvalErrors(crd: Crd): FieldError[] {
  if (!isProtectedGroup(crd.spec?.group ?? '')) return []
  const at = new FieldPath('metadata.annotations').key(approvalAnnotation)
  const text = crd.metadata?.annotations?.[approvalAnnotation] ?? ''
  const need = `protected groups must have approval annotation ${JSON.stringify(approvalAnnotation)}`
  const see = 'see https://github.com/kubernetes/enhancements/pull/1111'
  if (text === '') return [required(at, `${need}, ${see}`)]
  if (approvalOf(text) !== undefined) return []
  return [invalid(at, text, `${need} with either a URL or a reason starting with "unapproved", ${see}`)]
}

function storedVersionErrors(crd: Crd): FieldError[] {
  const storages = (crd.spec?.versions ?? []).filter((version) => version.storage)
  const missing = storages.filter(({ name }) => crd.status?.storedVersions?.includes(name) === false)
  const at = new FieldPath('status.storedVersions')
  const stored = crd.status?.storedVersions ?? []
  if (stored.length === 0) return [invalid(at, null, 'must have at least one stored version')]
  const versions = crd.spec?.versions ?? []
  const absent = missing.map(({ name }) => invalid(at, stored, `must have the storage version ${name}`))
  return [
    ...stored.flatMap((version, i) => {
      if (versions.some((one) => one.name === version)) return []
      const why = `missing from spec.versions; ${version} was previously a storage version, and must remain in spec.versions until a storage migration ensures no data remains persisted in ${version} and removes ${version} from status.storedVersions`
      return [invalid(at.index(i), version, why)]
    }),
    ...absent,
  ]
}

/** All rules of a definition, on create and on update. */
export function validateCrd(crd: Crd): FieldError[] {
  const at = new FieldPath('spec')
  const { group = '', names, scope = '' } = crd.spec ?? {}
  const errors: FieldError[] = []
  if (group === '') errors.push(required(at.child('group')))
  else {
    const wrong = dns1123Subdomain(group).map((why) => invalid(at.child('group'), group, why))
    errors.push(...wrong)
    if (wrong.length === 0 && !group.includes('.'))
      errors.push(invalid(at.child('group'), group, 'should be a domain with at least one dot'))
  }
  if (scope === '') errors.push(required(at.child('scope')))
  else if (scope !== 'Cluster' && scope !== 'Namespaced')
    errors.push(notSupported(at.child('scope'), scope, ['Cluster', 'Namespaced']))
  if (crd.spec?.preserveUnknownFields === true) {
    const why =
      'cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead'
    errors.push(invalid(at.child('preserveUnknownFields'), true, why))
  }
  errors.push(...versionErrors(crd, at))
  errors.push(...partErrors(crd, at))
  errors.push(...nameErrors(names ?? {}, at.child('names'), true))
  errors.push(...validateConversion(crd.spec?.conversion, at.child('conversion')))
  errors.push(...nameErrors(crd.status?.acceptedNames ?? {}, new FieldPath('status.acceptedNames'), false))
  errors.push(...storedVersionErrors(crd))
  errors.push(...approvalErrors(crd))
  return errors
}

/** Its name follows from its plural and its group, neither of which changes. */
export function validateCrdCreate(crd: Crd): FieldError[] {
  const { names, group = '' } = crd.spec ?? {}
  const wanted = `${names?.plural ?? ''}.${group}`
  return (['generateName', 'name'] as const).flatMap((field) => {
    const given = crd.metadata?.[field] ?? ''
    const why = 'must be spec.names.plural+"."+spec.group'
    return given === '' || given === wanted ? [] : [invalid(`metadata.${field}`, given, why)]
  })
}

/** What a definition is called stays; once it is established its scope and kind stay, too. */
export function validateCrdUpdate(next: Crd, previous: Crd): FieldError[] {
  const at = new FieldPath('spec')
  const errors: FieldError[] = []
  const fixed = (value: unknown, before: unknown, where: FieldPath): void => {
    if (value !== before) errors.push(immutable(where, value))
  }
  fixed(next.spec.group, previous.spec.group, at.child('group'))
  fixed(next.spec.names.plural, previous.spec.names.plural, at.child('names', 'plural'))
  if (conditionIs(previous, 'Established', 'True')) {
    fixed(next.spec.scope, previous.spec.scope, at.child('scope'))
    fixed(next.spec.names.kind, previous.spec.names.kind, at.child('names', 'kind'))
  }
  return errors
}

/** Of a status only the names are checked. */
export const validateCrdStatus = (next: Crd): FieldError[] =>
  nameErrors(next.status?.acceptedNames ?? {}, new FieldPath('status.acceptedNames'), false)
