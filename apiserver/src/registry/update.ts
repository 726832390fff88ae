import { FieldPath } from '@kapell/openapi/meta/field-errors'
import type { KubeObject, ObjectMeta } from '@kapell/openapi/meta/object'
import { conflict, invalidObject, notFound, staleResourceVersion } from '@kapell/openapi/meta/status'
import { StorageError } from '../storage/storage.ts'
import { hasGeneration } from './create.ts'
import { dropRepeatedOwners } from './owner-duplicates.ts'
import { readCurrent, type Current } from './current.ts'
import { checkNameSegment } from './object-key.ts'
import { deepEqual } from './deep-equal.ts'
import type { Reservation, ViewSubresource } from './definition.ts'
import { decodeJson } from './encode.ts'
import { readyToGo, removeStored } from './delete.ts'
import { metadataRulesOf } from './metadata-rules.ts'
import { nameRuleOf, validateMetadataUpdate, type FixedMetadata } from './metadata-validation.ts'
import { plainFailure } from './storage-errors.ts'
import { outcomeOf, toStoredBytes, writtenOutcome, type Outcome } from './outcome.ts'
import type { StoredResource } from './resource-table.ts'
import { admissionAttributes, strategyContext, type WriteScope } from './write-scope.ts'

/** Beyond this many lost races something else is wrong, and the client is told of the conflict. */
const maxAttempts = 64

export interface UpdateRequest {
  /**
   * Makes the wanted object from the current one, which it must not change: what it wants to change it takes a copy of.
   * Called again after a lost race.
   */
  next: (
    current: KubeObject & { metadata: ObjectMeta },
    copy: () => KubeObject & { metadata: ObjectMeta },
  ) => Promise<KubeObject> | KubeObject
  /** Creates instead when there is none; undefined answers 404. */
  createMissing?: () => Promise<Outcome>
  /** The object that is meant, when the request says so. */
  uid?: string
  /** Stores what `next` made as it is: neither strategy nor generation. */
  raw?: boolean
  /** What is sent names the object that it means by uid, as a PUT does, whatever else it does as a patch. */
  meansUid?: boolean
}

type Named = { group: string; plural: string }

/** The resourceVersion and uid that the client based its change on must still be the current ones. */
function checkPreconditions(
  scope: WriteScope,
  next: ObjectMeta,
  current: Current,
  request: { patch?: boolean; meansUid?: boolean },
): void {
  const { definition } = scope.resource
  const { patch = false } = request
  const named: Named = { group: definition.group, plural: definition.plural }
  const wanted = next.resourceVersion === '0' ? '' : (next.resourceVersion ?? '')
  if (wanted === '') {
    if (definition.allowUnconditionalUpdate === false) {
      throw invalidObject({ group: definition.group, kind: definition.plural }, scope.name, [
        {
          type: 'FieldValueInvalid',
          field: 'metadata.resourceVersion',
          badValue: 0,
          detail: 'must be specified for an update',
        },
      ])
    }
  } else if (!/^\d+$/.test(wanted))
    throw plainFailure(`strconv.ParseUint: parsing ${JSON.stringify(wanted)}: invalid syntax`)
  else if (wanted !== String(current.revision) && wanted !== '0') throw staleResourceVersion(named, scope.name)
  // A patch that would change it is told of as that.
  if (patch && request.meansUid !== true) return
  const uid = next.uid ?? ''
  const stored = current.object.metadata.uid ?? ''
  if (uid !== '' && uid !== stored) {
    const key = scope.dryRun ? current.key.replace(/^\/registry/, '') : current.key
    const place = `StorageError: invalid object, Code: 4, Key: ${key}, ResourceVersion: 0, AdditionalErrorMsg`
    const why = `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${stored}`
    throw conflict(named, scope.name, `${place}: ${why}`)
  }
}

/** What no update changes. */
function keepSystemMetadata(next: ObjectMeta, previous: ObjectMeta): void {
  const keep = [
    'name',
    'namespace',
    'uid',
    'creationTimestamp',
    'deletionTimestamp',
    'deletionGracePeriodSeconds',
    'generation',
    'resourceVersion',
  ] as const
  for (const field of keep) {
    if (previous[field] === undefined) delete next[field]
    else (next as Record<string, unknown>)[field] = previous[field]
  }
}

/** What the generation counts the changes of: all but the metadata, and a status that has its own subresource. */
function counted(definition: StoredResource['definition'], object: KubeObject): Record<string, unknown> {
  const { metadata: _metadata, ...rest } = object as KubeObject & { status?: unknown }
  if (definition.custom !== undefined && definition.subresources?.['status'] === undefined) return rest
  const { status: _status, ...wanted } = rest
  return wanted
}

/** Reads, changes, checks and writes an object or a part of it, again from the start when another write came between. */
export async function updateObject(scope: WriteScope, request: UpdateRequest & { patch?: boolean }): Promise<Outcome> {
  const { definition } = scope.resource
  const named: Named = { group: definition.group, plural: definition.plural }
  for (let attempt = 1; ; attempt++) {
    checkNameSegment(scope.name)
    const current = await readCurrent(scope.resource, scope)
    if (current === undefined) {
      if (request.createMissing !== undefined) {
        try {
          return await request.createMissing()
        } catch (error) {
          if (attempt < maxAttempts && error instanceof StorageError && error.reason === 'exists') continue
          throw error
        }
      }
      throw notFound(named, scope.name)
    }
    if (request.uid !== undefined && request.uid !== current.object.metadata.uid) {
      throw conflict(
        named,
        scope.name,
        `Precondition failed: UID in precondition: ${request.uid}, UID in object meta: ${current.object.metadata.uid ?? ''}`,
      )
    }
    try {
      return await attemptUpdate(scope, request, current)
    } catch (error) {
      if (!(error instanceof StorageError)) throw error
      if (error.reason === 'conflict' && attempt < maxAttempts) continue
      if (error.reason === 'notFound' && attempt < maxAttempts) continue
      throw error
    }
  }
}

async function attemptUpdate(
  scope: WriteScope,
  request: UpdateRequest & { patch?: boolean },
  current: Current,
): Promise<Outcome> {
  const { resource } = scope
  const { definition } = resource
  const previous = current.object
  const next = await request.next(previous, () => current.copy())
  next.apiVersion = resource.apiVersion
  next.kind = resource.kind
  const metadata = (next.metadata ??= {})
  dropRepeatedOwners(metadata, scope.warn, request.patch === true ? ' after mutating admission happens' : '')
  if (request.raw === true) {
    keepSystemMetadata(metadata, previous.metadata)
    return write(scope, next, current)
  }
  checkPreconditions(scope, metadata, current, request)
  const { uid, deletionTimestamp, deletionGracePeriodSeconds } = metadata
  const sent: FixedMetadata = {
    ...(uid === undefined || uid === '' ? {} : { uid }),
    ...(deletionTimestamp === undefined ? {} : { deletionTimestamp }),
    ...(deletionGracePeriodSeconds === undefined ? {} : { deletionGracePeriodSeconds }),
  }
  keepSystemMetadata(metadata, previous.metadata)
  // One that would change it is refused, and judged by what it says.
  if (sent.uid !== undefined) metadata.uid = sent.uid
  const context = strategyContext(scope)
  const attributes = admissionAttributes(scope, 'UPDATE', { object: next, oldObject: previous })
  await scope.admission?.mutate(attributes)
  const view =
    scope.subresource === ''
      ? undefined
      : (definition.subresources?.[scope.subresource] as ViewSubresource<KubeObject> | undefined)
  let reservation: Reservation | undefined
  try {
    if (view?.type === 'view') view.prepareForUpdate(next, previous, context)
    else {
      definition.prepareForUpdate?.(next, previous, context)
      reservation = await definition.allocate?.(next, previous, context)
    }
    if (hasGeneration(definition)) {
      const changed =
        !deepEqual(counted(definition, next), counted(definition, previous)) ||
        (definition.generationCountsAnnotations === true &&
          scope.subresource === '' &&
          !deepEqual(metadata.annotations, previous.metadata.annotations))
      // What was prepared may have metadata of its own.
      if (changed) (next.metadata ??= metadata).generation = (previous.metadata.generation ?? 0) + 1
    }
    // A door that leaves the end of an object alone does not mind what is said of it.
    const keeps = view?.type === 'view' ? view.keeps : undefined
    if (keeps === 'all' || keeps?.includes('deletionTimestamp') === true) {
      delete sent.deletionTimestamp
      delete sent.deletionGracePeriodSeconds
    }
    const at = new FieldPath()
    const verb = request.patch === true ? 'patch' : 'update'
    const forbidden = view?.type === 'view' ? await view.permit?.(next, previous, at, { ...context, verb }) : []
    const errors = [
      ...(forbidden ?? []),
      ...validateMetadataUpdate(next.metadata ?? metadata, previous.metadata, {
        namespaced: definition.namespaced,
        rules: metadataRulesOf(definition, scope.subresource),
        validateName: nameRuleOf(definition),
        sent,
      }),
      ...(view?.type === 'view'
        ? (view.validateUpdate?.(next, previous, at, context) ?? [])
        : [
            // Custom resources look at what changed only, in validateUpdate.
            ...(definition.custom === undefined ? (definition.validate?.(next, at, context) ?? []) : []),
            ...(definition.validateUpdate?.(next, previous, at, context) ?? []),
          ]),
    ]
    if (errors.length > 0) throw invalidObject(definition.reportedAs ?? definition, metadata.name, errors)
    definition.settle?.(next)
    if (view === undefined) for (const text of definition.warnings?.(next, previous) ?? []) scope.warn(text)
    await scope.admission?.validate(attributes)
    const outcome = await write(scope, next, current)
    if (scope.dryRun) await reservation?.rollback()
    else await reservation?.commit()
    return outcome
  } catch (error) {
    await reservation?.rollback()
    await scope.admission?.rollback(attributes)
    throw error
  }
}

/** A custom resource that is stored in an older version is written anew even when nothing else changes. */
async function isStoredSo({ resource }: WriteScope, next: KubeObject, current: Current): Promise<boolean> {
  const { conversion, custom } = resource.definition
  if (custom === undefined || conversion === undefined) return true
  return deepEqual(decodeJson(await toStoredBytes(resource, next)), decodeJson(current.value))
}

async function write(scope: WriteScope, next: KubeObject, current: Current): Promise<Outcome> {
  const { resource } = scope
  const { definition } = resource
  if (deepEqual(next, current.object) && (await isStoredSo(scope, next, current))) return outcomeOf(next)
  if (readyToGo(definition, next)) {
    if (!scope.dryRun) await removeStored(scope, next, current)
    return outcomeOf(next, { removed: true })
  }
  if (scope.dryRun) return outcomeOf(next)
  const bytes = await toStoredBytes(resource, next)
  const revision = await resource.store.storage.update(
    current.key,
    bytes,
    current.revision,
    definition.ttlSeconds?.(next),
  )
  return writtenOutcome(resource, next, bytes, revision)
}
