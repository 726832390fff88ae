import { forbidden, invalid, required, tooLong, type FieldError } from '@kapell/openapi/meta/field-errors'
import { dns1123Label, dns1123Subdomain, labelValue, pathSegmentName, qualifiedName } from '@kapell/openapi/meta/names'
import { parseApiVersion, type ObjectMeta, type OwnerReference } from '@kapell/openapi/meta/object'

const maxAnnotationsBytes = 256 * 1024
const standardFinalizers = new Set(['kubernetes', 'orphan', 'foregroundDeletion'])

export type NameRule = (name: string, prefix: boolean) => string[]

/** The default rule of names; a prefix may end in a dash. */
export const subdomainName: NameRule = (name, prefix) => dns1123Subdomain(prefix ? maskTrailingDash(name) : name)

/** What a generated name's beginning is checked as: a trailing dash will be followed by the random part. */
export function maskTrailingDash(name: string): string {
  return name.length > 1 && name.endsWith('-') ? `${name.slice(0, -2)}a` : name
}

/** Groups whose names may hold anything that fits in a path. */
const pathSegmentGroups = new Set(['rbac.authorization.k8s.io', 'apiregistration.k8s.io'])

/** How the names of a kind are checked: as its definition says, or by the rule of most. */
export function nameRuleOf(definition: { group: string; validateName?: NameRule }): NameRule {
  return definition.validateName ?? (pathSegmentGroups.has(definition.group) ? pathSegmentName : subdomainName)
}

/** Finalizers of built-in kinds need a domain in front; extensions may name theirs as they like. */
export function wantsQualifiedFinalizers(definition: { group: string; custom?: unknown }): boolean {
  return definition.custom === undefined && !extensionGroups.has(definition.group)
}

const extensionGroups = new Set(['apiextensions.k8s.io', 'apiregistration.k8s.io'])

export function validateLabels(labels: Record<string, string> | undefined, at: string): FieldError[] {
  const errors: FieldError[] = []
  for (const [key, value] of Object.entries(labels ?? {})) {
    for (const text of qualifiedName(key)) errors.push(invalid(at, key, text))
    for (const text of labelValue(value)) errors.push(invalid(at, value, text))
  }
  return errors
}

export function validateAnnotations(annotations: Record<string, string> | undefined, at: string): FieldError[] {
  const errors: FieldError[] = []
  let size = 0
  for (const [key, value] of Object.entries(annotations ?? {})) {
    for (const text of qualifiedName(key.toLowerCase())) errors.push(invalid(at, key, text))
    size += Buffer.byteLength(key) + Buffer.byteLength(value)
  }
  if (size > maxAnnotationsBytes) errors.push(tooLong(at, maxAnnotationsBytes))
  return errors
}

/** Fields in the order of the API's own type, as its JSON shows them. */
function printed(owner: OwnerReference): OwnerReference {
  const { apiVersion, kind, name, uid, ...flags } = owner
  return { apiVersion, kind, name, uid, ...flags }
}

function validateOwners(owners: readonly OwnerReference[], at: string): FieldError[] {
  const errors: FieldError[] = []
  let controller: OwnerReference | undefined
  for (const owner of owners) {
    const { group, version } = parseApiVersion(owner.apiVersion ?? '')
    if (version === '') errors.push(invalid(`${at}.apiVersion`, owner.apiVersion ?? '', 'version must not be empty'))
    for (const field of ['kind', 'name', 'uid'] as const) {
      if ((owner[field] ?? '') === '') errors.push(invalid(`${at}.${field}`, owner[field] ?? '', 'must not be empty'))
    }
    if (group === '' && version === 'v1' && owner.kind === 'Event') {
      errors.push(invalid(at, printed(owner), '/v1, Kind=Event is disallowed from being an owner'))
    }
    if (owner.controller === true) {
      if (controller !== undefined) {
        const found = `${controller.kind}/${controller.name} and ${owner.kind}/${owner.name}`
        errors.push(
          invalid(
            at,
            owners.map(printed),
            `Only one reference can have Controller set to true. Found "true" in references for ${found}`,
          ),
        )
      } else controller = owner
    }
  }
  return errors
}

function validateFinalizers(finalizers: readonly string[], at: string, qualified: boolean): FieldError[] {
  const errors: FieldError[] = []
  for (const finalizer of finalizers)
    for (const text of qualifiedName(finalizer)) errors.push(invalid(at, finalizer, text))
  finalizers.forEach((finalizer, i) => {
    if (qualified && !finalizer.includes('/') && !standardFinalizers.has(finalizer)) {
      errors.push(
        invalid(`${at}[${i}]`, finalizer, 'name is neither a standard finalizer name nor is it fully qualified'),
      )
    }
  })
  if (finalizers.includes('orphan') && finalizers.includes('foregroundDeletion')) {
    errors.push(invalid(at, finalizers, 'finalizer orphan and finalizer foregroundDeletion cannot be both set'))
  }
  return errors
}

/** All rules that every object's metadata meets. Source: API conventions, "Metadata"; "Object Names and IDs". */
export function validateMetadata(
  metadata: ObjectMeta,
  options: { namespaced: boolean; validateName: NameRule; qualifiedFinalizers: boolean },
): FieldError[] {
  const errors: FieldError[] = []
  const at = 'metadata'
  const { name = '', generateName = '', namespace = '' } = metadata
  if (generateName !== '') {
    for (const text of options.validateName(generateName, true))
      errors.push(invalid(`${at}.generateName`, generateName, text))
  }
  if (name === '') errors.push(required(`${at}.name`, 'name or generateName is required'))
  else for (const text of options.validateName(name, false)) errors.push(invalid(`${at}.name`, name, text))
  if (options.namespaced) {
    if (namespace === '') errors.push(required(`${at}.namespace`))
    else for (const text of dns1123Label(namespace)) errors.push(invalid(`${at}.namespace`, namespace, text))
  } else if (namespace !== '') errors.push(forbidden(`${at}.namespace`, 'not allowed on this type'))
  if ((metadata.generation ?? 0) < 0) {
    errors.push(invalid(`${at}.generation`, metadata.generation, 'must be greater than or equal to 0'))
  }
  errors.push(...validateLabels(metadata.labels, `${at}.labels`))
  errors.push(...validateAnnotations(metadata.annotations, `${at}.annotations`))
  errors.push(...validateOwners(metadata.ownerReferences ?? [], `${at}.ownerReferences`))
  errors.push(...validateFinalizers(metadata.finalizers ?? [], `${at}.finalizers`, options.qualifiedFinalizers))
  return errors
}

/** While an object is being deleted its finalizers can only go. */
export function validateFinalizersUpdate(next: ObjectMeta, previous: ObjectMeta): FieldError[] {
  if (previous.deletionTimestamp === undefined) return []
  const before = new Set(previous.finalizers)
  const added = (next.finalizers ?? []).filter((f) => !before.has(f))
  if (added.length === 0) return []
  const list = added.map((f) => JSON.stringify(f)).join(', ')
  return [
    forbidden(
      'metadata.finalizers',
      `no new finalizers can be added if the object is being deleted, found new finalizers []string{${list}}`,
    ),
  ]
}
