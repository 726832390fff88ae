import type { ManagedFieldsEntry } from '../meta/object.ts'
import { fieldSetOfPaths, type FieldSet } from './field-set.ts'
import { ownerKey, readOwners, writeOwners, type Owners } from './managed-fields.ts'

/**
 * Who owns the number that `/scale` shows. A Scale is kept nowhere: its managed fields are made from those of the
 * object whenever one is written, and put back. Source: the API concepts, "Field management"; recorded answers of a 1.36
 * API server, which forgets the time of what it puts back.
 */
export interface ReplicasPaths {
  /** The path in a version ("apps/v1") of the kind, as "spec.replicas"; 'none' for one that has no scale. */
  pathIn: (apiVersion: string) => string | 'none' | 'unknown'
  /** The version whose /scale is written. */
  apiVersion: string
}

const scaleVersion = 'autoscaling/v1'
const replicas = fieldSetOfPaths(['spec.replicas'])

const contains = (fields: FieldSet, one: FieldSet): boolean => one.difference(fields).isEmpty

function setAt(paths: ReplicasPaths, apiVersion: string): FieldSet | undefined {
  const path = paths.pathIn(apiVersion)
  return path === 'none' || path === 'unknown' ? undefined : fieldSetOfPaths([path])
}

/** The entries of the Scale: of those who own the replicas. */
export function ownersOfScale(
  entries: readonly ManagedFieldsEntry[] | undefined,
  paths: ReplicasPaths,
): ManagedFieldsEntry[] | undefined {
  const owners: Owners = new Map()
  for (const [key, owner] of readOwners(entries)) {
    const at = setAt(paths, owner.apiVersion)
    if (at === undefined || !contains(owner.fields, at)) continue
    owners.set(key, { ...owner, apiVersion: scaleVersion, fields: replicas })
  }
  return writeOwners(owners)
}

/** The object's entries once the Scale's have become these. */
export function ownersAfterScale(
  entries: readonly ManagedFieldsEntry[] | undefined,
  scaleEntries: readonly ManagedFieldsEntry[] | undefined,
  paths: ReplicasPaths,
): ManagedFieldsEntry[] | undefined {
  const scaling: Owners = new Map([...readOwners(scaleEntries)].filter(([, owner]) => contains(owner.fields, replicas)))
  const owners: Owners = new Map()
  for (const [key, owner] of readOwners(entries)) {
    if (paths.pathIn(owner.apiVersion) === 'unknown') continue
    const at = setAt(paths, owner.apiVersion)
    const isOwner = at !== undefined && contains(owner.fields, at)
    if (!isOwner || scaling.delete(key)) owners.set(key, owner)
    else owners.set(key, { ...owner, fields: owner.fields.difference(at) })
  }
  const at = setAt(paths, paths.apiVersion)
  if (at !== undefined) {
    for (const owner of scaling.values()) {
      const put = { ...owner, apiVersion: paths.apiVersion, time: undefined, fields: at }
      // Told apart from what the same manager owns otherwise, though it is written down in the same words.
      owners.set(`scale ${ownerKey(put)}`, put)
    }
  }
  return writeOwners(owners)
}
