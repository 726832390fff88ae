import { forbidden, immutable, invalid, required, tooLong, type FieldError } from '@kapell/openapi/meta/field-errors'
import { dns1123Label, dns1123Subdomain, labelValue, pathSegmentName, qualifiedName } from '@kapell/openapi/meta/names'
import type { MetadataRules } from './metadata-rules.ts'
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

function validateFinalizers(finalizers: readonly string[], at: string): FieldError[] {
  const errors: FieldError[] = []
  for (const finalizer of finalizers)
    for (const text of qualifiedName(finalizer)) errors.push(invalid(at, finalizer, text))
  if (finalizers.includes('orphan') && finalizers.includes('foregroundDeletion')) {
    errors.push(invalid(at, finalizers, 'finalizer orphan and finalizer foregroundDeletion cannot be both set'))
  }
  return errors
}

function validateDomains(finalizers: readonly string[], at: string): FieldError[] {
  return finalizers.flatMap((finalizer, i) =>
    finalizer.includes('/') || standardFinalizers.has(finalizer)
      ? []
      : [invalid(`${at}[${i}]`, finalizer, 'name is neither a standard finalizer name nor is it fully qualified')],
  )
}

/** All rules that every object's metadata meets. Source: API conventions, "Metadata"; "Object Names and IDs". */
export function validateMetadata(
  metadata: ObjectMeta,
  options: { namespaced: boolean; validateName: NameRule; rules: MetadataRules },
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
  const finalizers = metadata.finalizers ?? []
  errors.push(...validateMarks(metadata), ...validateFinalizers(finalizers, `${at}.finalizers`))
  return options.rules.qualifiedFinalizers ? [...errors, ...validateDomains(finalizers, `${at}.finalizers`)] : errors
}

/** Labels, annotations and owners. */
function validateMarks(metadata: ObjectMeta): FieldError[] {
  return [
    ...validateLabels(metadata.labels, 'metadata.labels'),
    ...validateAnnotations(metadata.annotations, 'metadata.annotations'),
    ...validateOwners(metadata.ownerReferences ?? [], 'metadata.ownerReferences'),
  ]
}

/** What an update must leave as it is, of what the client sent. */
export type FixedMetadata = Partial<Pick<ObjectMeta, 'uid' | 'deletionTimestamp' | 'deletionGracePeriodSeconds'>>

/** All that is wrong with an updated object's metadata, as often as the original says it. */
export function validateMetadataUpdate(
  next: ObjectMeta,
  previous: ObjectMeta,
  options: { namespaced: boolean; validateName: NameRule; rules: MetadataRules; sent: FixedMetadata },
): FieldError[] {
  const { rules, sent } = options
  const finalizers = next.finalizers ?? []
  const marks = validateMarks(next)
  const names = validateFinalizers(finalizers, 'metadata.finalizers')
  const domains = rules.qualifiedFinalizers ? validateDomains(finalizers, 'metadata.finalizers') : []
  // How names begin is judged as parts of paths, whatever the kind's own names may be.
  const { generateName = '' } = next
  const begins = (rule: (text: string) => string[]): FieldError[] =>
    generateName === previous.generateName || generateName === ''
      ? []
      : rule(generateName).map((text) => invalid('metadata.generateName', generateName, text))
  const beginning = begins(pathSegmentName)
  const ownBeginning = rules.whole === 0 ? [] : begins((text) => options.validateName(text, true))
  const changed = [...validateFixed(sent, previous), ...marks, ...validateFinalizersUpdate(next, previous)]
  // Nothing to tell, as nearly always: what else there is was judged when the object was made.
  if (changed.length + names.length + domains.length + beginning.length + ownBeginning.length === 0)
    return next.name === previous.name ? [] : validateMetadata(next, options)
  const own = next.name === previous.name ? [] : validateMetadata({ ...next, labels: {}, annotations: {} }, options)
  const repeated = (errors: FieldError[], times: number): FieldError[] =>
    Array.from({ length: times }, () => errors).flat()
  return [
    ...own,
    ...beginning,
    ...marks,
    ...names,
    ...changed,
    ...repeated([...changed, ...domains], rules.changed),
    ...repeated([...ownBeginning, ...marks, ...names, ...domains], rules.whole),
  ]
}

function validateFixed(sent: FixedMetadata, previous: ObjectMeta): FieldError[] {
  return (['uid', 'deletionTimestamp', 'deletionGracePeriodSeconds'] as const).flatMap((field) =>
    sent[field] === undefined || sent[field] === previous[field] ? [] : [immutable(`metadata.${field}`, sent[field])],
  )
}

/** While an object is being deleted its finalizers can only go. */
function validateFinalizersUpdate(next: ObjectMeta, previous: ObjectMeta): FieldError[] {
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
