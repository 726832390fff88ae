import type { KubeObject, ObjectMeta } from '@kapell/openapi/meta/object'
import type { FieldError, FieldPath } from '@kapell/openapi/meta/field-errors'
import type { UnknownFields } from '@kapell/openapi/schema/decode-object'
import type { JsonSchema } from '@kapell/openapi/schema/structural/json-schema'
import type { StructSchema } from '@kapell/openapi/schema/schema'
import type { UserInfo } from '../authentication/user.ts'
import type { Services } from './services.ts'

/**
 * What a resource is, declared in one place: `resources/<group>/<resource>.ts` calls {@link defineResource} once and
 * every endpoint, discovery, tables and OpenAPI follow from it. A CustomResourceDefinition becomes the same at run time.
 */
export type Verb = 'create' | 'delete' | 'deletecollection' | 'get' | 'list' | 'patch' | 'update' | 'watch'

/** One printer column of a Table. `format: 'name'` marks the object's name; priority above 0 shows only with -o wide. */
export interface Column<T extends KubeObject> {
  name: string
  type: 'string' | 'integer' | 'number' | 'boolean' | 'date'
  format: '' | 'name'
  priority: number
  description: string
  /** The cell, as `kubectl get` prints it; ages are derived from `now`. */
  cell: (object: T, now: Date) => string | number | boolean | null
  /** Set where the cell is the time since then, or "<unknown>": it is told anew without looking at the object. */
  since?: (object: T) => string | null | undefined
}

/** A condition of a Table's row, such as that the object has come to its end. */
export interface RowCondition {
  type: 'Completed'
  status: 'True'
  reason: string
  message: string
}

export function column<T extends KubeObject>(
  name: string,
  type: Column<T>['type'],
  cell: Column<T>['cell'],
  more: { priority?: number; format?: '' | 'name'; description?: string } = {},
): Column<T> {
  return {
    name,
    type,
    cell,
    format: more.format ?? '',
    priority: more.priority ?? 0,
    description: more.description ?? '',
  }
}

/** What a strategy may know of the request it serves. */
export interface StrategyContext {
  user: UserInfo
  now: Date
  dryRun: boolean
  services: Services
}

/** The same, and how it is asked for. */
export interface WriteContext extends StrategyContext {
  verb: 'update' | 'patch'
}

/** Undoes or confirms what `allocate` reserved: exactly one of the two is called, once the write's outcome is known. */
export interface Reservation {
  commit(): Promise<void> | void
  rollback(): Promise<void> | void
}

/** The rules of one way to write an object; every hook has a default that does nothing. */
export interface Strategy<T extends KubeObject> {
  /** Defaults that depend on other fields; runs on the decoded object before admission. May change it. */
  default?: (object: T) => void
  /** Clears what clients may not set and derives what the server sets. May change the object. */
  prepareForCreate?: (object: T, context: StrategyContext) => void
  prepareForUpdate?: (next: T, previous: T, context: StrategyContext) => void
  /** All rules an object must meet, on create and on update; metadata is checked by the registry. */
  validate?: (object: T, at: FieldPath, context: StrategyContext) => FieldError[]
  /** What a new object gains by being stored and read back: defaults that rules do not see. May change the object. */
  settle?: (object: T) => void
  /** Rules for new objects only; `validate` runs before it. */
  validateCreate?: (object: T, at: FieldPath, context: StrategyContext) => FieldError[]
  /** What an update may not do (immutable fields); `validate` of `next` runs as well. */
  validateUpdate?: (next: T, previous: T, at: FieldPath, context: StrategyContext) => FieldError[]
  /** Warning header texts for deprecated fields and the like. */
  warnings?: (object: T, previous: T | undefined) => string[]
}

/** GET, PUT and PATCH of a part of the object under its own rules: status, resize, ephemeralcontainers, finalize… */
export interface ViewSubresource<T extends KubeObject> {
  type: 'view'
  verbs: readonly ('get' | 'update' | 'patch')[]
  /** Metadata that stays as it is, whatever a request says; of a status nobody comes to own it by asking for it. */
  keeps?: 'all' | readonly (keyof ObjectMeta)[]
  /** Start from `previous`, take over from `next` what this subresource may change. Mutates `next`. */
  prepareForUpdate: (next: T, previous: T, context: StrategyContext) => void
  /** Changes that whoever makes them has no right to; told before what else is wrong. */
  permit?: (next: T, previous: T, at: FieldPath, context: WriteContext) => Promise<FieldError[]>
  validateUpdate?: (next: T, previous: T, at: FieldPath, context: StrategyContext) => FieldError[]
}

/** `/scale`, as autoscaling/v1 Scale. */
export interface ScaleSubresource<T extends KubeObject> {
  type: 'scale'
  getSpecReplicas: (object: T) => number
  /** Throws an ApiError when the object has no scale to read; only a GET asks. */
  requireSpec?: (object: T) => void
  setSpecReplicas: (object: T, replicas: number) => void
  statusReplicas: (object: T) => number
  /** The label selector in its string form. */
  selector: (object: T) => string
  /**
   * Where each version ("example.com/v1") keeps the number, as "spec.replicas"; undefined for one without a scale.
   * Default: there, in every version.
   */
  replicasPaths?: Readonly<Record<string, string | undefined>>
}

/** POST of another kind that does something to the object: binding, eviction, token. */
export interface ActionSubresource {
  type: 'action'
  kind: { group: string; version: string; kind: string }
  /** Versions of old that are read all the same. */
  alsoVersions?: readonly string[]
  create: (request: ActionRequest) => Promise<KubeObject>
}

export interface ActionRequest {
  namespace: string
  name: string
  body: KubeObject
  user: UserInfo
  dryRun: boolean
  now: Date
  services: Services
  /** Adds a Warning header to the answer. */
  warn: (text: string) => void
}

/** A stream to where the object lives: exec, attach, portforward, log, proxy. Served by the handler of that name in `endpoints/connect`. */
export interface ConnectSubresource {
  type: 'connect'
  /** The kind shown in discovery, such as PodExecOptions. */
  kind: string
  methods: readonly ('GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'HEAD' | 'OPTIONS')[]
  verbs: readonly string[]
  handler: 'pod-log' | 'pod-exec' | 'pod-attach' | 'pod-portforward' | 'pod-proxy' | 'service-proxy' | 'node-proxy'
}

export type Subresource<T extends KubeObject> =
  ViewSubresource<T> | ScaleSubresource<T> | ActionSubresource | ConnectSubresource

/** How deletion of this kind differs from removing the object at once. */
export interface DeletionRules<T extends KubeObject> {
  /** Seconds of grace for this object when the request names none; undefined: delete at once. Pods only, so far. */
  gracePeriodSeconds?: (object: T, requested: number | undefined) => number | undefined
  /** True while something besides metadata.finalizers keeps the object (a namespace's spec.finalizers). */
  heldBack?: (object: T) => boolean
  /** Changes the object when deletion begins (a namespace's phase). */
  onBegin?: (object: T) => void
  /** Refuses the deletion, as of the `default` namespace. Throws an ApiError. */
  guard?: (object: T) => void
  /** DELETE answers with the object that went, not with a Status. */
  answersObject?: boolean
  /** Dependents are orphaned unless the request says otherwise (legacy kinds). */
  orphanByDefault?: boolean
}

/** How objects of a kind that is not built in are read. */
export interface CustomShape {
  /** As the CustomResourceDefinition holds it. */
  jsonSchema: JsonSchema
  /** Its lists and maps, for patches and managed fields. */
  schema: StructSchema
  /** Pruned and defaulted; nulls where none may be are removed, or kept. Throws DecodeError and ApiError. */
  decode(
    value: unknown,
    options: {
      unknownFields: UnknownFields
      text?: string | undefined
      problems?: readonly string[]
      keepNulls?: boolean
    },
  ): { object: KubeObject; unknown: string[] }
}

/** Conversion by asking somebody else; many objects at once. Rejects with an ApiError. */
export interface RemoteConversion {
  fromStored(objects: readonly KubeObject[]): Promise<KubeObject[]>
  toStored(object: KubeObject): Promise<KubeObject>
}

export interface ResourceDefinition<T extends KubeObject = KubeObject> extends Strategy<T> {
  /** '' is the core group. */
  group: string
  version: string
  kind: string
  plural: string
  namespaced: boolean
  /** Defaults to the kind in lower case. */
  singular?: string
  /** Defaults to kind + "List". */
  listKind?: string
  shortNames?: readonly string[]
  categories?: readonly string[]
  /** Defaults to all eight. */
  verbs?: readonly Verb[]
  /** Where objects are kept under /registry: defaults to "<group>/<plural>" or "<plural>" for core, batch, apps and so on as upstream's keys. */
  storagePrefix?: string
  /** The version that discovery's hash tells as stored, where the original stores another than is served. */
  hashedVersion?: string
  /** For a second version of a stored kind: to and from what is stored. `storedAs` shares that definition's cache. */
  conversion?: {
    storedAs: { group: string; version: string; plural: string }
    fromStored: (stored: KubeObject) => T
    toStored: (object: T) => KubeObject
    /** Set where the conversion asks a webhook: this is done ahead then, and the two above only name the version. */
    remote?: RemoteConversion
  }
  /** Defaults to Name and Created At. */
  columns?: readonly Column<T>[]
  /** Conditions of the object's row in tables. */
  rowConditions?: (object: T) => readonly RowCondition[] | undefined
  /** Beyond metadata.name and metadata.namespace. */
  selectableFields?: Readonly<Record<string, (object: T) => string>>
  /** What is said of fields that it cannot be selected by, where that is not the usual text. */
  unselectable?: (field: string) => string
  /** How names are checked; the default is a DNS subdomain. Returns what is wrong, [] when nothing. */
  validateName?: (name: string, prefix: boolean) => string[]
  /** What an Invalid names instead of this kind, where the original names the form it keeps. */
  reportedAs?: { group: string; kind: string }
  /** Counted up when anything but metadata and status changes. Default: true when there is a status subresource. */
  hasGeneration?: boolean
  /** A change of annotations counts as well (deployments). */
  generationCountsAnnotations?: boolean
  /** PUT of a missing object creates it (leases, endpoints, events …). */
  allowCreateOnUpdate?: boolean
  /** PUT without a resourceVersion overwrites. Default true. */
  allowUnconditionalUpdate?: boolean
  subresources?: Readonly<Record<string, Subresource<T>>>
  deletion?: DeletionRules<T>
  /** Seconds this object may live (events). */
  ttlSeconds?: (object: T) => number | undefined
  /** Reserves what the object claims cluster-wide (cluster IPs, node ports) and writes it into the object. */
  allocate?: (next: T, previous: T | undefined, context: StrategyContext) => Promise<Reservation | undefined>
  /** Called after the object is gone: gives back what `allocate` reserved. */
  release?: (object: T, context: StrategyContext) => Promise<void>
  /** The served version carries `deprecated` warnings, as text after "<group/version> <Kind> is deprecated in …". */
  deprecationWarning?: string
  /** The whole text of the warning, for custom resources. */
  deprecationText?: string
  /** Set for custom resources. */
  custom?: CustomShape
  /** Aborted when objects are shown differently from now on, or no more: watches end, and clients begin them anew. */
  retired?: AbortSignal
}

/** A kind that is answered, not stored: TokenReview, SubjectAccessReview, ComponentStatus… */
export interface VirtualResourceDefinition {
  group: string
  version: string
  kind: string
  plural: string
  namespaced: boolean
  singular?: string
  shortNames?: readonly string[]
  verbs: readonly Verb[]
  columns?: readonly Column<KubeObject>[]
  /** As that of a stored one. */
  deprecationWarning?: string
  /** What the OpenAPI documents say of a kind that they do not know of themselves. */
  jsonSchema?: JsonSchema
  create?: (request: Omit<ActionRequest, 'name'>) => Promise<KubeObject>
  get?: (request: { name: string; namespace: string; user: UserInfo; services: Services }) => Promise<KubeObject>
  list?: (request: { namespace: string; user: UserInfo; services: Services }) => Promise<KubeObject[]>
}

export type AnyDefinition =
  | { readonly type: 'stored'; readonly definition: ResourceDefinition }
  | { readonly type: 'virtual'; readonly definition: VirtualResourceDefinition }

/** Declares a stored resource. The type parameter is erased: endpoints handle every kind alike. */
export function defineResource<T extends KubeObject>(definition: ResourceDefinition<T>): AnyDefinition {
  return { type: 'stored', definition: definition as unknown as ResourceDefinition }
}

export function defineVirtual(definition: VirtualResourceDefinition): AnyDefinition {
  return { type: 'virtual', definition }
}
