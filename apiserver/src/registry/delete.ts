import type { KubeObject, ObjectMeta } from '@kapell/openapi/meta/object'
import { conflict, notFound } from '@kapell/openapi/meta/status'
import { rfc3339 } from '@kapell/openapi/meta/time'
import { StorageError } from '../storage/storage.ts'
import { readCurrent, type Current } from './current.ts'
import { checkNameSegment } from './object-key.ts'
import { deepEqual } from './deep-equal.ts'
import type { ResourceDefinition } from './definition.ts'
import { outcomeOf, toStoredBytes, writtenOutcome, type Outcome } from './outcome.ts'
import { admissionAttributes, strategyContext, type WriteScope } from './write-scope.ts'

const maxAttempts = 64

/** The part of DeleteOptions that decides how an object goes. Source: API reference, "DeleteOptions". */
export interface DeletionOptions {
  gracePeriodSeconds?: number
  preconditions?: { uid?: string; resourceVersion?: string }
  propagationPolicy?: string
  orphanDependents?: boolean
}

const garbageFinalizers = ['orphan', 'foregroundDeletion']

/** The finalizers that ask the garbage collector to orphan or first delete the dependents, as the options want them. */
export function propagationFinalizers(
  current: readonly string[],
  options: DeletionOptions,
  orphanByDefault: boolean,
): string[] {
  let wanted: string | undefined
  if (options.orphanDependents !== undefined) wanted = options.orphanDependents ? 'orphan' : undefined
  else if (options.propagationPolicy !== undefined) {
    wanted = { Orphan: 'orphan', Foreground: 'foregroundDeletion' }[options.propagationPolicy]
  } else wanted = garbageFinalizers.find((f) => current.includes(f)) ?? (orphanByDefault ? 'orphan' : undefined)
  const kept = current.filter((f) => !garbageFinalizers.includes(f))
  return wanted === undefined ? kept : [...kept, wanted]
}

/** True for an object whose deletion has begun and which nothing holds back any more. */
export function readyToGo(definition: ResourceDefinition, object: KubeObject): boolean {
  const { deletionTimestamp, deletionGracePeriodSeconds = 0, finalizers = [] } = object.metadata ?? {}
  return (
    deletionTimestamp !== undefined &&
    deletionGracePeriodSeconds === 0 &&
    finalizers.length === 0 &&
    definition.deletion?.heldBack?.(object) !== true
  )
}

/** Takes the object out of the store, then gives back what it had reserved. */
export async function removeStored(scope: WriteScope, object: KubeObject, current: Current): Promise<number> {
  const revision = await scope.resource.store.storage.delete(current.key, current.revision)
  await scope.resource.definition.release?.(object, strategyContext(scope))
  return revision
}

type Plan =
  /** Nothing changes: deletion is under way already. */
  | { act: 'wait' }
  /** Store the changed object, which stays for now. */
  | { act: 'mark' }
  /** Store the changed object, then remove it: watchers see both. */
  | { act: 'mark-and-remove' }
  | { act: 'remove' }

/** Decides what a DELETE does to the object and writes deletion times and finalizers into it. */
export function planDeletion(
  definition: ResourceDefinition,
  object: KubeObject & { metadata: ObjectMeta },
  options: DeletionOptions,
  now: Date,
): Plan {
  const { metadata } = object
  const rules = definition.deletion ?? {}
  const requested =
    options.gracePeriodSeconds !== undefined && options.gracePeriodSeconds < 0 ? 1 : options.gracePeriodSeconds
  let graceful = false
  if (rules.gracePeriodSeconds !== undefined) {
    if (metadata.deletionTimestamp !== undefined) {
      const granted = metadata.deletionGracePeriodSeconds
      if (granted !== undefined) {
        // A pending deletion can only be brought forward.
        if (requested === undefined || requested >= granted)
          return granted === 0 && metadata.finalizers === undefined ? { act: 'remove' } : { act: 'wait' }
        const began = Date.parse(metadata.deletionTimestamp) - granted * 1000
        metadata.deletionTimestamp = rfc3339(new Date(began + requested * 1000))
        metadata.deletionGracePeriodSeconds = requested
        graceful = true
      }
    } else {
      const grace = rules.gracePeriodSeconds(object, requested)
      if (grace !== undefined) {
        metadata.deletionTimestamp = rfc3339(new Date(now.getTime() + grace * 1000))
        metadata.deletionGracePeriodSeconds = grace
        if ((metadata.generation ?? 0) > 0) metadata.generation = (metadata.generation ?? 0) + 1
        graceful = true
      }
    }
  }
  const before = metadata.finalizers ?? []
  const finalizers = propagationFinalizers(before, options, rules.orphanByDefault ?? false)
  if (finalizers.length > 0) metadata.finalizers = finalizers
  else delete metadata.finalizers
  const held = rules.heldBack?.(object) === true
  if (graceful) {
    return finalizers.length > 0 || (metadata.deletionGracePeriodSeconds ?? 0) > 0 || held
      ? { act: 'mark' }
      : { act: 'mark-and-remove' }
  }
  if (held) {
    if (metadata.deletionTimestamp !== undefined) return { act: 'wait' }
    metadata.deletionTimestamp = rfc3339(now)
    rules.onBegin?.(object)
    return { act: 'mark' }
  }
  if (finalizers.length === 0) return { act: 'remove' }
  if (metadata.deletionGracePeriodSeconds === undefined && (metadata.generation ?? 0) > 0) {
    metadata.generation = (metadata.generation ?? 0) + 1
  }
  if (metadata.deletionTimestamp === undefined || Date.parse(metadata.deletionTimestamp) > now.getTime()) {
    metadata.deletionTimestamp = rfc3339(now)
  }
  metadata.deletionGracePeriodSeconds = 0
  rules.onBegin?.(object)
  return { act: 'mark' }
}

function checkPreconditions(scope: WriteScope, options: DeletionOptions, current: Current): void {
  const { uid, resourceVersion } = options.preconditions ?? {}
  const { group } = scope.resource.definition.reportedAs ?? scope.resource.definition
  const named = { group, plural: scope.resource.kind }
  const stored = current.object.metadata.uid ?? ''
  if (uid !== undefined && uid !== stored) {
    throw conflict(
      named,
      scope.name,
      `the UID in the precondition (${uid}) does not match the UID in record (${stored}). The object might have been deleted and then recreated`,
    )
  }
  if (resourceVersion !== undefined && resourceVersion !== String(current.revision)) {
    throw conflict(
      named,
      scope.name,
      `the ResourceVersion in the precondition (${resourceVersion}) does not match the ResourceVersion in record (${current.revision}). The object might have been modified`,
    )
  }
}

/** Deletes an object, or begins to. `removed` in the outcome says which. */
export async function deleteObject(scope: WriteScope, options: DeletionOptions): Promise<Outcome> {
  const { definition } = scope.resource
  for (let attempt = 1; ; attempt++) {
    checkNameSegment(scope.name)
    const current = await readCurrent(scope.resource, scope)
    if (current === undefined) throw notFound({ group: definition.group, plural: definition.plural }, scope.name)
    try {
      return await attemptDelete(scope, options, current)
    } catch (error) {
      const raced = error instanceof StorageError && (error.reason === 'conflict' || error.reason === 'notFound')
      if (!raced || attempt >= maxAttempts) throw error
    }
  }
}

async function attemptDelete(scope: WriteScope, options: DeletionOptions, current: Current): Promise<Outcome> {
  const { definition, store } = scope.resource
  checkPreconditions(scope, options, current)
  definition.deletion?.guard?.(current.object)
  const attributes = admissionAttributes(scope, 'DELETE', { oldObject: current.object })
  await scope.admission?.mutate(attributes)
  await scope.admission?.validate(attributes)
  const object = current.copy()
  const plan = planDeletion(definition, object, options, scope.now)
  if (plan.act === 'wait') return outcomeOf(current.object)
  if (plan.act === 'remove') {
    if (scope.dryRun) return outcomeOf(object, { removed: true })
    const revision = await removeStored(scope, object, current)
    object.metadata.resourceVersion = String(revision)
    return outcomeOf(object, { removed: true })
  }
  if (plan.act === 'mark' && deepEqual(object, current.object)) return outcomeOf(object)
  if (scope.dryRun) return outcomeOf(object, { removed: plan.act === 'mark-and-remove' })
  const bytes = await toStoredBytes(scope.resource, object)
  const revision = await store.storage.update(current.key, bytes, current.revision, definition.ttlSeconds?.(object))
  const outcome = writtenOutcome(scope.resource, object, bytes, revision)
  if (plan.act === 'mark') return outcome
  try {
    const gone = await removeStored(scope, object, { ...current, revision })
    object.metadata.resourceVersion = String(gone)
    return outcomeOf(object, { removed: true })
  } catch (error) {
    // Somebody else removed or changed it in between: the object is marked, and whoever wins finishes it.
    if (!(error instanceof StorageError)) throw error
  }
  return { ...outcome, removed: true }
}
