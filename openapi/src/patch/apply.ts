import { apiVersionOf, type GroupVersionKind, type KubeObject } from '../meta/object.ts'
import { applyConflict, badRequest, type StatusCause } from '../meta/status.ts'
import { decodeStruct } from '../schema/decode.ts'
import type { StructSchema } from '../schema/schema.ts'
import { decodeYamlRequest, type DecodedYaml } from '../wire/yaml.ts'
import { mergeApplied } from './apply-merge.ts'
import { checkApplied, joinProblems } from './check-applied.ts'
import { FieldSet, printPath } from './field-set.ts'
import { fieldsOf, withDeclaredParents, withoutFields } from './field-walks.ts'
import { equalJson, isObject, type JsonObject } from './json.ts'
import { allowedByLastApplied, keepLastApplied } from './last-applied.ts'
import {
  changesOf,
  emptyObject,
  ownable,
  ownerKey,
  readOwners,
  recordUpdate,
  withoutManagedFields,
  writeOwners,
  type Owner,
  type Owners,
} from './managed-fields.ts'

/**
 * Server-side apply. What the manager sets wins where nobody else owns it, what it set before and no longer does goes
 * away unless others own it, and fields of others are conflicts unless forced.
 * Source: the API concepts, "Server-Side Apply"; recorded answers of a 1.36 API server.
 */
export interface ApplyOptions {
  schema: StructSchema
  /** What the endpoint takes. */
  gvk: GroupVersionKind
  /** The stored object; undefined creates one. */
  live: KubeObject | undefined
  /** The patch, as decoded from YAML: only the fields that the manager has an opinion of. */
  applied: unknown
  manager: string
  force: boolean
  subresource?: string
  /** Now, RFC 3339 in seconds. */
  time: string
  /** Paths the request cannot change, such as 'status' on the object itself. */
  resetFields?: readonly string[]
  /** Whoever decodes the object refuses nulls that do not belong: they are in it even when nothing else changes. */
  keepsNulls?: boolean
}

export interface ApplyResult {
  /** With its managed fields; to be decoded (nulls stand where fields went away) and defaulted. */
  object: KubeObject
  /** False when neither the object nor its owners change. */
  changed: boolean
  /** Whether someone owns more or less than before. */
  ownersChanged: boolean
}

const firstApply = 'before-first-apply'

/** Throws ApiError 400 for an object that cannot be applied, 409 for conflicts. */
export function applyPatch(options: ApplyOptions): ApplyResult {
  const { schema, gvk, live, manager, time, subresource = '', resetFields } = options
  const applied = checked(options)
  const apiVersion = apiVersionOf(gvk)
  const start = withoutManagedFields(live ?? emptyObject(schema))
  const owners = readOwners(live?.metadata?.managedFields)
  if (live !== undefined && owners.size === 0)
    recordUpdate(owners, changesOf({ schema, live: undefined, next: live, resetFields }), {
      manager: firstApply,
      apiVersion,
      subresource,
      time,
    })

  const me: Owner = {
    manager,
    operation: 'Apply',
    apiVersion,
    subresource,
    time: undefined,
    fields: ownable(fieldsOf(schema, applied), resetFields),
  }
  const key = ownerKey(me)
  const before = owners.get(key)
  me.time = before?.time
  const others: Owners = new Map(owners)
  others.delete(key)

  const merged = mergeApplied(schema, start, applied)
  const object = prune({ schema, merged, last: before?.fields, owned: [me, ...others.values()] }) as KubeObject
  const changes = changesOf({ schema, live: start, next: object, resetFields })
  const contested = changes.modified.union(changes.added)
  refuseConflicts({ options, others, contested })

  const lost = contested.union(changes.removed)
  for (const [other, owner] of others) {
    const fields = owner.fields.difference(lost)
    if (fields.isEmpty) others.delete(other)
    else others.set(other, { ...owner, fields })
  }
  if (!me.fields.isEmpty) others.set(key, me)
  const sameOwners = sameSets(readOwners(live?.metadata?.managedFields), others)
  const same = live !== undefined && isStored(schema, start, object)
  // Owning more or less of an object that stays as it is leaves the owner's time alone. Here, unlike for what is
  // stored, a null or an empty map is something, and so is a time that is not set.
  if (!same || !lost.isEmpty || unsetsTime(options.applied)) me.time = time
  const isLive = same && !(options.keepsNulls === true && !lost.isEmpty)
  const base = isLive ? start : object
  const result = keepLastApplied({ manager, applied, object: base })
  const managedFields = writeOwners(others)
  return {
    object: {
      ...result,
      metadata: { ...result.metadata, ...(managedFields === undefined ? {} : { managedFields }) },
    },
    changed: !isLive || !sameOwners || result !== base,
    ownersChanged: !sameOwners,
  }
}

/** Reads an apply patch's text, YAML or JSON. Throws ApiError 400. */
export async function parseApplyPatch(text: string): Promise<DecodedYaml> {
  const decoded = await decodeYamlRequest(text, 'error decoding YAML: error converting YAML to JSON: ')
  const { value } = decoded
  if (value === null || isObject(value)) return decoded
  const found = Array.isArray(value) ? 'array' : typeof value === 'boolean' ? 'bool' : typeof value
  throw badRequest(
    `error decoding YAML: error unmarshaling JSON: while decoding JSON: json: cannot unmarshal ${found} into Go value of type map[string]interface {}`,
  )
}

/** The applied object, once its kind and types are right. */
function checked({ schema, gvk, applied }: ApplyOptions): JsonObject {
  if (!isObject(applied)) throw badRequest('invalid object type: /, Kind=')
  const { apiVersion = '', kind = '' } = applied
  if (apiVersion !== apiVersionOf(gvk) || kind !== gvk.kind) {
    const named = String(apiVersion).includes('/') ? String(apiVersion) : `/${String(apiVersion)}`
    throw badRequest(`invalid object type: ${named}, Kind=${String(kind)}`)
  }
  const metadata = isObject(applied['metadata']) ? applied['metadata'] : {}
  if (metadata['managedFields'] != null) throw badRequest('metadata.managedFields must be nil')
  const problems = checkApplied(schema, applied)
  if (problems.length > 0) {
    const text = (value: unknown): string => (typeof value === 'string' ? value : '')
    const version = gvk.group === '' ? `/${gvk.version}` : `${gvk.group}/${gvk.version}`
    throw badRequest(
      `failed to create typed patch object (${text(metadata['namespace'])}/${text(metadata['name'])}; ${version}, Kind=${gvk.kind}): ${joinProblems(problems)}`,
    )
  }
  // Clients print objects with times that are not set; applying those would unset the server's.
  if (!unsetsTime(applied)) return applied
  const { creationTimestamp: _, ...rest } = metadata
  return { ...applied, metadata: rest }
}

const unsetsTime = (applied: unknown): boolean =>
  isObject(applied) && isObject(applied['metadata']) && applied['metadata']['creationTimestamp'] === null

interface PruneOptions {
  schema: StructSchema
  merged: unknown
  /** What the manager applied last time. */
  last: FieldSet | undefined
  /** Every owner, the manager with what it applies now. */
  owned: readonly Owner[]
}

/** Takes away what the manager no longer applies, unless someone owns it or something that is kept needs it. */
function prune({ schema, merged, last, owned }: PruneOptions): unknown {
  if (last === undefined || last.isEmpty) return merged
  const parents = (set: FieldSet): FieldSet => withDeclaredParents(schema, set)
  const before = parents(last)
  const all = parents(fieldsOf(schema, merged))
  const managed = parents(owned.reduce((sum, owner) => sum.union(owner.fields), new FieldSet()))
  const left = parents(fieldsOf(schema, withoutFields(schema, merged, before)))
  const kept = withoutFields(schema, merged, all.difference(left.union(managed)))
  // What vanished along with an item, but was never the manager's, comes back.
  const gone = all.difference(parents(fieldsOf(schema, kept))).intersection(before)
  return withoutFields(schema, merged, gone)
}

interface ConflictOptions {
  options: ApplyOptions
  others: Owners
  contested: FieldSet
}

function refuseConflicts({ options, others, contested }: ConflictOptions): void {
  if (options.force) return
  let allowed: FieldSet | undefined
  const conflicts: { owner: Owner; paths: string[] }[] = []
  for (const owner of others.values()) {
    let conflict = owner.fields.intersection(contested)
    if (conflict.isEmpty) continue
    allowed ??= allowedByLastApplied(options)
    conflict = conflict.difference(allowed)
    if (conflict.isEmpty) continue
    conflicts.push({ owner, paths: [...conflict.paths()].map(printPath) })
  }
  if (conflicts.length === 0) return
  const causes: StatusCause[] = []
  const texts: string[] = []
  const rank = ({ owner }: { owner: Owner }): string => identityOf(owner)
  for (const { owner, paths } of conflicts.sort((a, b) => (rank(a) < rank(b) ? -1 : 1))) {
    const name = printOwner(owner)
    texts.push(`conflicts with ${name}:`, ...paths.map((path) => `- ${path}`))
    for (const field of paths) causes.push({ reason: 'FieldManagerConflict', message: `conflict with ${name}`, field })
  }
  const [only] = causes
  throw applyConflict(
    causes.length === 1 && only !== undefined
      ? `Apply failed with 1 conflict: ${only.message ?? ''}: ${only.field ?? ''}`
      : `Apply failed with ${causes.length} conflicts: ${texts.join('\n')}`,
    causes,
  )
}

/** What owners are told apart by, in the order that conflicts are told of. */
function identityOf({ manager, operation, apiVersion, subresource }: Owner): string {
  return JSON.stringify({
    manager,
    operation,
    ...(operation === 'Update' ? { apiVersion } : {}),
    ...(subresource === '' ? {} : { subresource }),
  })
}

function printOwner({ manager, operation, apiVersion, subresource }: Owner): string {
  return [
    JSON.stringify(manager),
    subresource === '' ? '' : ` with subresource ${JSON.stringify(subresource)}`,
    operation === 'Update' ? ` using ${apiVersion}` : '',
  ].join('')
}

function sameSets(a: Owners, b: Owners): boolean {
  if (a.size !== b.size) return false
  for (const [key, owner] of a) {
    const other = b.get(key)
    if (other === undefined || other.apiVersion !== owner.apiVersion || !other.fields.equals(owner.fields)) return false
  }
  return true
}

/** Whether what was made is, once decoded, what is stored. */
function isStored(schema: StructSchema, live: KubeObject, object: KubeObject): boolean {
  try {
    return equalJson(live, decodeStruct(schema, object).value)
  } catch {
    // A value of the wrong form: whoever decodes the object says so.
    return false
  }
}
