import type { KubeObject } from '@kapell/openapi/meta/object'
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

/** Notes in metadata.managedFields which fields this create, update or patch set. */
export function trackUpdate(_write: TrackedWrite): void {}
