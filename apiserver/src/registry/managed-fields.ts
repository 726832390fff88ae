import type { KubeObject } from '@kapell/openapi/meta/object'
import { rfc3339 } from '@kapell/openapi/meta/time'
import { updateManagedFields } from '@kapell/openapi/patch/managed-fields'
import { schemaOf } from '@kapell/openapi/schema/registry'
import type { StructSchema } from '@kapell/openapi/schema/schema'
import type { StoredResource } from './resource-table.ts'

/** A write whose fields are to be put down to its manager. */
export interface TrackedWrite {
  /** What was stored before; undefined for a new object. */
  live: KubeObject | undefined
  /** The wanted object; its metadata.managedFields is brought up to date. */
  object: KubeObject
  resource: StoredResource
  manager: string
  now: Date
  subresource: string
}

/** The lists and maps of a kind, built in or custom. */
export function structSchemaOf(resource: StoredResource): StructSchema | undefined {
  return resource.definition.custom?.schema ?? schemaOf(resource)
}

/** What is asked of a signer is never changed. */
const signingRequest = ['spec', 'status']

/** Fields that a request cannot change, and so nobody comes to own by asking for them. */
export function resetFieldsOf(resource: StoredResource, subresource: string): readonly string[] {
  if (resource.definition.subresources?.['status'] === undefined) return []
  if (subresource === '' && resource.group === 'certificates.k8s.io') return signingRequest
  if (subresource === 'status' && resource.definition.custom !== undefined) return ['spec', 'metadata']
  if (subresource === '') return ['status']
  return subresource === 'status' ? ['spec', ...keptMetadata(resource)] : []
}

function keptMetadata({ definition }: StoredResource): readonly string[] {
  const { keeps = [] } = definition.subresources?.['status'] as { keeps?: 'all' | readonly string[] }
  return keeps === 'all' ? ['metadata'] : keeps.map((field) => `metadata.${field}`)
}

/** Notes in metadata.managedFields which fields this create, update or patch set. */
export function trackUpdate(write: TrackedWrite): void {
  const { live, object, resource, manager, now, subresource } = write
  const schema = structSchemaOf(resource)
  if (schema === undefined) return
  const entries = updateManagedFields({
    schema,
    live,
    next: object,
    manager,
    apiVersion: resource.apiVersion,
    subresource,
    time: rfc3339(now),
    resetFields: resetFieldsOf(resource, subresource),
  })
  const metadata = (object.metadata ??= {})
  if (entries === undefined) delete metadata.managedFields
  else metadata.managedFields = entries
}
