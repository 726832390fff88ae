import type { KubeObject, ObjectMeta } from '@kapell/openapi/meta/object'
import type { StrategyContext, ViewSubresource } from '../../registry/definition.ts'

/** The division of labour between an object and its status subresource. Source: API conventions, "Spec and Status". */

interface Fields {
  [field: string]: unknown
}

const fieldsOf = (object: KubeObject): Fields => object as unknown as Fields

/** On create a client's status is dropped: the kind starts with `initial`. */
export function startStatus(object: KubeObject, initial: Readonly<Record<string, unknown>> = {}): void {
  fieldsOf(object)['status'] = structuredClone(initial)
}

/** On update of the object itself the status stays what it was. */
export function keepStatus(next: KubeObject, previous: KubeObject): void {
  keepField(next, previous, 'status')
}

export function keepField(next: KubeObject, previous: KubeObject, field: string): void {
  const value = fieldsOf(previous)[field]
  if (value === undefined) delete fieldsOf(next)[field]
  else fieldsOf(next)[field] = value
}

/** Metadata that only the registry writes; the rest of metadata stays as it was. */
export function keepMetadata(next: KubeObject, previous: KubeObject): void {
  const { resourceVersion, managedFields } = next.metadata ?? {}
  const kept: ObjectMeta = { ...previous.metadata }
  delete kept.managedFields
  if (resourceVersion === undefined) delete kept.resourceVersion
  else kept.resourceVersion = resourceVersion
  if (managedFields !== undefined) kept.managedFields = managedFields
  next.metadata = kept
}

export interface StatusRules<T extends KubeObject> {
  /** Fields of metadata the subresource may not touch: 'all', or some. */
  keep?: 'all' | readonly (keyof ObjectMeta)[]
  prepare?: (next: T, previous: T, context: StrategyContext) => void
  permit?: ViewSubresource<T>['permit']
  validate?: ViewSubresource<T>['validateUpdate']
}

/** `/status`: everything but status (and what metadata allows) comes from the stored object. */
export function statusView<T extends KubeObject>(rules: StatusRules<T> = {}): ViewSubresource<T> {
  return {
    type: 'view',
    verbs: ['get', 'update', 'patch'],
    ...(rules.keep === undefined ? {} : { keeps: rules.keep }),
    prepareForUpdate: (next, previous, context) => {
      const names = new Set([...Object.keys(next), ...Object.keys(previous)])
      for (const name of names) {
        if (!['apiVersion', 'kind', 'metadata', 'status'].includes(name)) keepField(next, previous, name)
      }
      if (rules.keep === 'all') keepMetadata(next, previous)
      else for (const field of rules.keep ?? []) keepMetaField(next, previous, field)
      rules.prepare?.(next, previous, context)
    },
    ...(rules.permit === undefined ? {} : { permit: rules.permit }),
    ...(rules.validate === undefined ? {} : { validateUpdate: rules.validate }),
  }
}

function keepMetaField(next: KubeObject, previous: KubeObject, field: keyof ObjectMeta): void {
  const meta = (next.metadata ??= {}) as Fields
  const value = (previous.metadata as Fields | undefined)?.[field]
  if (value === undefined) delete meta[field]
  else meta[field] = value
}
