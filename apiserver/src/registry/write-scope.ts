import type { KubeObject } from '@kapell/openapi/meta/object'
import type { AdmissionAttributes } from '../admission/admission.ts'
import type { UserInfo } from '../authentication/user.ts'
import type { AdmissionChain } from './admission-chain.ts'
import type { StrategyContext } from './definition.ts'
import type { StoredResource } from './resource-table.ts'
import type { Services } from './services.ts'

/** One write: of what, by whom, under which options. */
export interface WriteScope {
  resource: StoredResource
  /** '' for cluster-scoped kinds. */
  namespace: string
  /** '' when the name is still to be generated. */
  name: string
  subresource: string
  user: UserInfo
  now: Date
  dryRun: boolean
  services: Services
  /** Absent when the server acts for itself. */
  admission?: AdmissionChain
  /** One of a collection that goes at once: admission is not told its name. */
  inCollection?: boolean
  /** CreateOptions, UpdateOptions … as admission sees them. */
  options: Record<string, unknown>
  /** Adds a Warning header to the answer. */
  warn: (text: string) => void
  /** Adds to what is audited of the request. */
  annotate?: (key: string, value: string) => void
}

export function strategyContext(scope: WriteScope): StrategyContext {
  return { user: scope.user, now: scope.now, dryRun: scope.dryRun, services: scope.services }
}

export function admissionAttributes(
  scope: WriteScope,
  operation: AdmissionAttributes['operation'],
  objects: { object?: KubeObject; oldObject?: KubeObject },
): AdmissionAttributes {
  return {
    operation,
    resource: scope.resource.definition,
    subresource: scope.subresource,
    namespace: scope.namespace,
    name: scope.inCollection === true ? '' : scope.name,
    ...(objects.object === undefined ? {} : { object: objects.object }),
    ...(objects.oldObject === undefined ? {} : { oldObject: objects.oldObject }),
    options: scope.options,
    user: scope.user,
    dryRun: scope.dryRun,
    now: scope.now,
    warn: scope.warn,
    ...(scope.annotate === undefined ? {} : { annotate: scope.annotate }),
  }
}
