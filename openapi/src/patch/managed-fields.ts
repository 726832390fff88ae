import type { KubeObject, ManagedFieldsEntry } from '../meta/object.ts'
import { decodeStruct } from '../schema/decode.ts'
import type { StructSchema } from '../schema/schema.ts'
import { CreatedFields } from './created-fields.ts'
import { FieldSet, fieldSetOfPaths, parseFieldsV1 } from './field-set.ts'
import { compareObjects, type Comparison } from './field-walks.ts'
import { equalJson } from './json.ts'

/**
 * Who owns which fields of an object. Pure: entries in, entries out.
 * Source: the API concepts, "Field management"; recorded answers of a 1.36 API server.
 */
export interface Owner {
  manager: string
  operation: 'Apply' | 'Update'
  apiVersion: string
  subresource: string
  /** RFC 3339, seconds. */
  time: string | undefined
  fields: FieldSet
}

/** Owners by {@link ownerKey}. */
export type Owners = Map<string, Owner>

/** At most so many managers that update are told apart; the oldest become "ancient-changes". */
const maxUpdateManagers = 10
const ancientManager = 'ancient-changes'
/** Objects that come from elsewhere may carry any number of entries. */
const maxEntries = 1000

/** Nobody owns what the server itself keeps. */
const serverFields = fieldSetOfPaths([
  'apiVersion',
  'kind',
  'metadata',
  ...[
    'name',
    'namespace',
    'creationTimestamp',
    'selfLink',
    'uid',
    'clusterName',
    'generation',
    'managedFields',
    'resourceVersion',
  ].map((name) => `metadata.${name}`),
])

export function ownerKey(owner: Pick<Owner, 'manager' | 'operation' | 'apiVersion' | 'subresource'>): string {
  const version = owner.operation === 'Update' ? owner.apiVersion : ''
  return JSON.stringify([owner.operation, owner.manager, owner.subresource, version])
}

/** Reads entries; broken ones are passed over. */
export function readOwners(entries: readonly ManagedFieldsEntry[] | undefined | null): Owners {
  const owners: Owners = new Map()
  for (const entry of (entries ?? []).slice(0, maxEntries)) {
    if (entry.operation !== 'Apply' && entry.operation !== 'Update') continue
    try {
      const owner: Owner = {
        manager: entry.manager ?? '',
        operation: entry.operation,
        apiVersion: entry.apiVersion ?? '',
        subresource: entry.subresource ?? '',
        time: entry.time,
        fields: parseFieldsV1(entry.fieldsV1 ?? {}),
      }
      owners.set(ownerKey(owner), owner)
    } catch {
      // Not a set of fields: as if nobody owned them.
    }
  }
  return owners
}

/** Entries in the order the API writes them: by operation, time, manager, version, subresource. */
export function writeOwners(owners: Owners): ManagedFieldsEntry[] | undefined {
  const rank = (o: Owner): string => [o.operation, o.time ?? '', o.manager, o.apiVersion, o.subresource].join('\u0000')
  const sorted = [...owners.values()]
    .filter((owner) => !owner.fields.isEmpty)
    .map((owner) => ({ owner, rank: rank(owner) }))
    .sort((a, b) => (a.rank < b.rank ? -1 : a.rank > b.rank ? 1 : 0))
  if (sorted.length === 0) return undefined
  return sorted.map(({ owner }) => ({
    manager: owner.manager,
    operation: owner.operation,
    apiVersion: owner.apiVersion,
    ...(owner.time === undefined ? {} : { time: owner.time }),
    fieldsType: 'FieldsV1',
    fieldsV1: owner.fields.toFieldsV1(),
    ...(owner.subresource === '' ? {} : { subresource: owner.subresource }),
  }))
}

export interface UpdateManagedFieldsOptions {
  schema: StructSchema
  /** The stored object; undefined on create. */
  live: KubeObject | undefined
  /** The decoded, defaulted object to be stored. */
  next: KubeObject
  manager: string
  /** "apps/v1": the version of the request. */
  apiVersion: string
  /** 'status', 'scale'…; absent for the object itself. */
  subresource?: string
  /** Now, RFC 3339 in seconds. */
  time: string
  /** Paths the request cannot change, such as 'status' on the object itself and 'spec' on its status. */
  resetFields?: readonly string[]
}

/** The managed fields of an object that a create, update or patch (other than apply) makes; undefined for none. */
export function updateManagedFields(options: UpdateManagedFieldsOptions): ManagedFieldsEntry[] | undefined {
  const { schema, live, next, manager, apiVersion, subresource = '', time, resetFields = [] } = options
  if (live !== undefined || next.metadata?.managedFields !== undefined || subresource !== '') return workOut(options)
  return createdFields.of({ schema, object: next, resetFields }, { manager, apiVersion, time }, () => workOut(options))
}

/** The same from scratch, whatever was seen before. */
export function workOut(options: UpdateManagedFieldsOptions): ManagedFieldsEntry[] | undefined {
  const { schema, live, next, manager, apiVersion, subresource = '', time } = options
  const stored = live?.metadata?.managedFields
  const given = next.metadata?.managedFields
  const changes = changesOf({ schema, live, next, resetFields: options.resetFields })
  if (isNoChange(changes) && (given === undefined || given === null || equalJson(given, stored))) return stored
  const owners = startingOwners(stored, given, subresource)
  // An object that nobody owns stays so until someone applies it.
  if (live !== undefined && owners.size === 0) return undefined
  recordUpdate(owners, changes, { manager, apiVersion, subresource, time })
  return writeOwners(owners)
}

function startingOwners(
  stored: readonly ManagedFieldsEntry[] | undefined,
  given: readonly ManagedFieldsEntry[] | null | undefined,
  subresource: string,
): Owners {
  if (subresource !== '') return readOwners(stored)
  // One empty entry is how clients ask to forget all owners.
  if (given?.length === 1 && given[0] !== undefined && Object.keys(given[0]).length === 0) return new Map()
  // A client that knows nothing of managed fields must not delete them by leaving them out.
  const owners = readOwners(given)
  return owners.size === 0 ? readOwners(stored) : owners
}

interface ChangesOptions {
  schema: StructSchema
  live: KubeObject | undefined
  next: KubeObject
  resetFields: readonly string[] | undefined
}

/** What a request changes, without what it cannot change. */
export function changesOf({ schema, live, next, resetFields = [] }: ChangesOptions): Comparison {
  const before = live === undefined ? emptyObject(schema) : withoutManagedFields(live)
  const changes = compareObjects(schema, before, withoutManagedFields(next))
  const ignored = ignoredFields(resetFields)
  return {
    added: changes.added.recursiveDifference(ignored.below).difference(serverFields),
    modified: changes.modified.recursiveDifference(ignored.below).difference(serverFields),
    removed: changes.removed.recursiveDifference(ignored.below).difference(serverFields),
  }
}

export const isNoChange = ({ added, modified, removed }: Comparison): boolean =>
  added.isEmpty && modified.isEmpty && removed.isEmpty

/** A set without what nobody owns and what the request cannot change. */
export function ownable(fields: FieldSet, resetFields: readonly string[] = []): FieldSet {
  return fields.recursiveDifference(ignoredFields(resetFields).below).difference(serverFields)
}

function ignoredFields(resetFields: readonly string[]): { below: FieldSet } {
  return { below: resetFields.length === 0 ? nothing : fieldSetOfPaths(resetFields) }
}
const nothing = new FieldSet()

/** An object of the kind that sets nothing: what a create is compared with. */
export function emptyObject(schema: StructSchema): KubeObject {
  return decodeStruct(schema, {}).value as KubeObject
}

const createdFields = new CreatedFields(emptyObject)

export function withoutManagedFields(object: KubeObject): KubeObject {
  if (object.metadata?.managedFields === undefined) return object
  const { managedFields: _, ...metadata } = object.metadata
  return { ...object, metadata }
}

/** Gives the fields that a request changed to the one who made it. */
export function recordUpdate(
  owners: Owners,
  changes: Comparison,
  by: { manager: string; apiVersion: string; subresource: string; time: string },
): void {
  const taken = changes.modified.union(changes.added)
  const lost = taken.union(changes.removed)
  for (const [key, owner] of owners) {
    owner.fields = owner.fields.difference(lost)
    if (owner.fields.isEmpty) owners.delete(key)
  }
  const fields = taken.difference(changes.removed)
  if (fields.isEmpty) return
  const owner: Owner = { ...by, operation: 'Update', fields }
  const key = ownerKey(owner)
  owners.set(key, { ...owner, fields: owners.get(key)?.fields.union(fields) ?? fields })
  capUpdaters(owners)
}

/** Merges the oldest of too many updaters into one entry for each version. */
function capUpdaters(owners: Owners): void {
  const updaters = [...owners.values()].filter((o) => o.operation === 'Update')
  if (updaters.length <= maxUpdateManagers) return
  updaters.sort((a, b) => ((a.time ?? '') < (b.time ?? '') ? -1 : (a.time ?? '') > (b.time ?? '') ? 1 : 0))
  const firstOfVersion = new Map<string, Owner>()
  let count = updaters.length
  for (const updater of updaters) {
    if (count <= maxUpdateManagers) return
    const first = firstOfVersion.get(updater.apiVersion)
    if (first === undefined) {
      firstOfVersion.set(updater.apiVersion, updater)
      continue
    }
    const bucket: Owner = { ...updater, manager: ancientManager, subresource: '' }
    const key = ownerKey(bucket)
    const merged = owners.get(key)
    owners.delete(ownerKey(updater))
    owners.delete(ownerKey(first))
    owners.set(key, { ...bucket, fields: updater.fields.union(merged?.fields ?? first.fields) })
    count -= 1
  }
}
