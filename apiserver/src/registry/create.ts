import { FieldPath } from '@kapell/openapi/meta/field-errors'
import type { KubeObject, ObjectMeta } from '@kapell/openapi/meta/object'
import { alreadyExists, invalidObject } from '@kapell/openapi/meta/status'
import { rfc3339 } from '@kapell/openapi/meta/time'
import { dropRepeatedOwners } from './owner-duplicates.ts'
import { StorageError } from '../storage/storage.ts'
import { newUuid } from '../uuid.ts'
import type { Reservation } from './definition.ts'
import { generateName } from './generate-name.ts'
import { metadataRulesOf } from './metadata-rules.ts'
import { nameRuleOf, validateMetadata } from './metadata-validation.ts'
import { keyOf } from './object-key.ts'
import { outcomeOf, toStoredBytes, writtenOutcome, type Outcome } from './outcome.ts'
import { plainFailure } from './storage-errors.ts'
import { admissionAttributes, strategyContext, type WriteScope } from './write-scope.ts'

/** How often a clash of generated names is tried again. */
const nameAttempts = 8

export function hasGeneration(definition: WriteScope['resource']['definition']): boolean {
  return definition.hasGeneration ?? definition.subresources?.['status'] !== undefined
}

/** What the server alone decides about a new object's metadata. */
function fillSystemMetadata(scope: WriteScope, metadata: ObjectMeta): void {
  const { definition } = scope.resource
  // A dry run stores nothing, and does not mind.
  if ((metadata.resourceVersion ?? '') !== '' && !scope.dryRun) {
    throw plainFailure('resourceVersion should not be set on objects to be created')
  }
  if (!scope.dryRun) delete metadata.resourceVersion
  delete metadata.deletionTimestamp
  delete metadata.deletionGracePeriodSeconds
  metadata.uid = newUuid()
  metadata.creationTimestamp = rfc3339(scope.now)
  if (definition.namespaced) metadata.namespace = scope.namespace
  // Where nothing counts it, it is as the client gave it.
  if (hasGeneration(definition)) metadata.generation = 1
}

/**
 * Creates an object: admission, strategy, validation, reservation, store, in that order. `object` is decoded, defaulted
 * and owned by this call.
 */
export async function createObject(scope: WriteScope, object: KubeObject): Promise<Outcome> {
  const { resource } = scope
  const { definition } = resource
  object.apiVersion = resource.apiVersion
  object.kind = resource.kind
  const metadata = (object.metadata ??= {})
  dropRepeatedOwners(metadata, scope.warn)
  const attributes = admissionAttributes(scope, 'CREATE', { object })
  await scope.admission?.mutate(attributes)
  const generated = (metadata.name ?? '') === '' && (metadata.generateName ?? '') !== ''
  fillSystemMetadata(scope, metadata)
  for (let attempt = 1; ; attempt++) {
    if (generated) metadata.name = generateName(metadata.generateName ?? '')
    try {
      return await store({ ...scope, name: metadata.name ?? '' }, object, attributes)
    } catch (error) {
      await scope.admission?.rollback(attributes)
      const exists = error instanceof StorageError && error.reason === 'exists'
      if (!exists) throw error
      if (!generated || attempt >= nameAttempts) {
        throw alreadyExists({ group: definition.group, plural: definition.plural }, metadata.name ?? '')
      }
    }
  }
}

async function store(
  scope: WriteScope,
  object: KubeObject,
  attributes: ReturnType<typeof admissionAttributes>,
): Promise<Outcome> {
  const { resource } = scope
  const { definition } = resource
  const metadata = object.metadata ?? {}
  const context = strategyContext(scope)
  definition.prepareForCreate?.(object, context)
  let reservation: Reservation | undefined
  try {
    // One that comes through the door of its status claims nothing.
    if (scope.subresource === '') reservation = await definition.allocate?.(object, undefined, context)
    const errors = [
      ...validateMetadata(metadata, {
        namespaced: definition.namespaced,
        rules: metadataRulesOf(definition),
        validateName: nameRuleOf(definition),
      }),
      ...(definition.validate?.(object, new FieldPath(), context) ?? []),
      ...(definition.validateCreate?.(object, new FieldPath(), context) ?? []),
    ]
    if (errors.length > 0) throw invalidObject(definition.reportedAs ?? definition, metadata.name, errors)
    definition.settle?.(object)
    for (const text of definition.warnings?.(object, undefined) ?? []) scope.warn(text)
    await scope.admission?.validate({ ...attributes, name: scope.name })
    const key = keyOf(resource.store, { namespace: scope.namespace, name: metadata.name ?? '' })
    if (scope.dryRun) {
      if ((await resource.store.storage.get(key)) !== undefined) {
        throw alreadyExists({ group: definition.group, plural: definition.plural }, metadata.name ?? '')
      }
      await reservation?.rollback()
      return outcomeOf(object, { created: true })
    }
    const bytes = await toStoredBytes(resource, object)
    const revision = await resource.store.storage.create(key, bytes, definition.ttlSeconds?.(object))
    await reservation?.commit()
    return writtenOutcome(resource, object, bytes, revision, true)
  } catch (error) {
    await reservation?.rollback()
    throw error
  }
}
