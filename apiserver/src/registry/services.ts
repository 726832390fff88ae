import type { KubeObject } from '@kapell/openapi/meta/object'
import type { UserInfo } from '../authentication/user.ts'
import type { WebhookCaller } from '../server/webhook-client.ts'
import type { ResourceDefinition } from './definition.ts'
import type { KindAccess } from './parameters.ts'

/** Names a stored resource inside the server. */
export interface ResourceName {
  group: string
  /** Any served version; the preferred one when absent. */
  version?: string
  plural: string
}

/**
 * What strategies, admission plug-ins and subresources may use of the server, and nothing more. Implemented once by
 * the registry; tests pass closures.
 */
export interface Services {
  objects: ObjectAccess
  authorize: (attributes: AuthorizationAttributes) => Promise<AuthorizationDecision>
  tokens: TokenService
  config: ServerConfig
  webhooks: WebhookAccess
}

/** What dynamic admission needs. */
export interface WebhookAccess {
  call: WebhookCaller
  /** The other served versions of the same stored objects. */
  equivalents(definition: { group: string; version: string; plural: string }): readonly ResourceDefinition[]
  /** Objects of any served kind: parameters of policies. */
  ofKind(kind: { apiVersion: string; kind: string }): KindAccess | undefined
}

/** Reads come from the watch cache, writes run the registry's strategies but no admission: the server acting for itself. */
export interface ObjectAccess {
  get<T extends KubeObject>(resource: ResourceName, at: { namespace?: string; name: string }): T | undefined
  /** Straight from the store, for decisions that must not be stale. */
  getLatest<T extends KubeObject>(
    resource: ResourceName,
    at: { namespace?: string; name: string },
  ): Promise<T | undefined>
  list<T extends KubeObject>(resource: ResourceName, at?: { namespace?: string }): T[]
  /**
   * Keeps an index of a resource current: `apply` is called for every cached object and then for every change, in
   * order; `object` is undefined when it is gone. `key` is "namespace/name" or "name". Objects whose stored JSON does
   * not contain `mark` are as good as gone, and are not even parsed.
   */
  follow<T extends KubeObject>(
    resource: ResourceName,
    apply: (key: string, object: T | undefined) => void,
    more?: { mark?: string },
  ): void
  create<T extends KubeObject>(resource: ResourceName, object: T, options?: { dryRun?: boolean }): Promise<T>
  /** Reads the newest, applies `change` to a copy, writes; again on conflict. `change` may throw an ApiError to stop. */
  update<T extends KubeObject>(
    resource: ResourceName,
    at: { namespace?: string; name: string; subresource?: string },
    change: (object: T) => void,
    /**
     * `raw` stores what `change` left: no strategy runs and the generation is not counted. For actions such as binding,
     * which write what an update may not. `uid` refuses (Conflict) when the object is not the one meant.
     * With `manager` the fields are put down to it.
     */
    options?: { dryRun?: boolean; raw?: boolean; uid?: string; manager?: string },
  ): Promise<T>
  delete(
    resource: ResourceName,
    at: { namespace?: string; name: string },
    options?: {
      gracePeriodSeconds?: number
      preconditions?: { uid?: string; resourceVersion?: string }
      propagationPolicy?: string
      dryRun?: boolean
    },
  ): Promise<void>
}

export interface AuthorizationAttributes {
  user: UserInfo
  verb: string
  /** Resource requests have these; others a path. */
  group?: string
  version?: string
  resource?: string
  subresource?: string
  namespace?: string
  name?: string
  path?: string
  /** The field selector of a list, watch or deletecollection, as text; the Node authorizer looks at it. */
  fieldSelector?: string
}

export interface AuthorizationDecision {
  allowed: boolean
  denied?: boolean
  reason: string
}

export interface TokenService {
  /** Signs a bound service-account token. */
  issue(request: {
    namespace: string
    serviceAccount: { name: string; uid: string }
    audiences: string[]
    expirationSeconds: number
    boundObject?: { kind: string; apiVersion: string; name: string; uid: string }
  }): Promise<{ token: string; expirationTimestamp: string }>
  /** Who a token speaks for; undefined when it is not valid for these audiences. */
  review(token: string, audiences: string[]): Promise<{ user: UserInfo; audiences: string[] } | { error: string }>
  readonly issuer: string
  readonly defaultAudiences: readonly string[]
}

export interface ServerConfig {
  /** CIDRs for cluster IPs, the primary first. */
  serviceClusterIpRanges: readonly string[]
  serviceNodePortRange: { from: number; to: number }
  /** What a fresh server says at /version, such as "v1.36.3+kapell.1". */
  gitVersion: string
  eventTtlSeconds: number
  clusterDomain: string
}
