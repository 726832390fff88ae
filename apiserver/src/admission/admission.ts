import type { KubeObject } from '@kapell/openapi/meta/object'
import type { UserInfo } from '../authentication/user.ts'
import type { AnyDefinition } from '../registry/definition.ts'
import type { Services } from '../registry/services.ts'
import type { Reinvocation } from './reinvocation.ts'

/** What an admission plug-in sees of a request, after authorization and before storage. */
export interface AdmissionAttributes {
  operation: 'CREATE' | 'UPDATE' | 'DELETE' | 'CONNECT'
  resource: AnyDefinition['definition']
  subresource: string
  namespace: string
  name: string
  /** The object to be stored: mutating plug-ins change it in place. Absent for DELETE. */
  object?: KubeObject
  /** What is stored now, for UPDATE and DELETE. Read-only. */
  oldObject?: KubeObject
  options: Record<string, unknown>
  user: UserInfo
  dryRun: boolean
  now: Date
  warn: (text: string) => void
  /** Adds to what is written down of the request for auditing. */
  annotate?: (key: string, value: string) => void
  /** Set while the mutating phase runs. */
  reinvocation?: Reinvocation
}

/** One file a plug-in in `admission/`; refusing means throwing an ApiError. Source: "Admission Control in Kubernetes". */
export interface AdmissionPlugin {
  name: string
  handles: (attributes: AdmissionAttributes) => boolean
  /** The mutating phase; sees what earlier plug-ins changed. */
  admit?: (attributes: AdmissionAttributes, services: Services) => Promise<void> | void
  /** The validating phase; may not change anything. */
  validate?: (attributes: AdmissionAttributes, services: Services) => Promise<void> | void
  /** Undo of what admit or validate charged (quota), when the write then failed. */
  rollback?: (attributes: AdmissionAttributes, services: Services) => Promise<void> | void
}
