/**
 * What the API server knows of the shape of a kind: enough to decode, prune, merge and apply. Built-in kinds come from
 * the generated table (registry.ts); custom resources build the same shapes from their own definitions.
 */
export type Schema = StructSchema | ListSchema | MapSchema | ScalarSchema | EitherSchema

export type ScalarKind =
  | 'string'
  | 'boolean'
  | 'int32'
  | 'int64'
  | 'number'
  /** Base64 text. */
  | 'bytes'
  | 'time'
  | 'microTime'
  | 'quantity'
  | 'intOrString'
  /** Any JSON value, kept as it is. */
  | 'any'

export interface ScalarSchema {
  readonly kind: ScalarKind
  /** How errors call its type: "string", "int32", "v1.RestartPolicy". */
  readonly typeName: string
  /** Of values of any kind: server-side apply sees into them, by what they are. Otherwise they are owned whole. */
  readonly deduced?: boolean
}

/** 'atomic' lists are replaced as a whole; a 'set' holds scalars once each; items of a 'map' are known by `mapKeys`. */
export type ListType = 'atomic' | 'set' | 'map'

export interface ListSchema {
  readonly kind: 'list'
  readonly typeName: string
  readonly items: Schema
  readonly listType: ListType
  /** Field names, for listType 'map'. */
  readonly mapKeys: readonly string[]
}

export interface MapSchema {
  readonly kind: 'map'
  readonly typeName: string
  readonly values: Schema
  readonly atomic: boolean
}

export interface StructSchema {
  readonly kind: 'struct'
  /** "io.k8s.api.core.v1.PodSpec". */
  readonly name: string
  /** "v1.PodSpec". */
  readonly typeName: string
  readonly fields: ReadonlyMap<string, Field>
  readonly atomic: boolean
  /** Members that no field declares are kept, whatever they are: custom resources that preserve unknown fields. */
  readonly keepsUnknown?: boolean
}

/** The schemas of custom resources hold, in a few places, a schema or something else. */
export interface EitherSchema {
  readonly kind: 'either'
  readonly typeName: string
  readonly struct: StructSchema
  readonly other: 'list' | 'boolean' | 'strings'
}

/** What is written for a field that is absent: nothing; null; its zero ("" 0 false {}). */
export type WhenAbsent = 'omit' | 'null' | 'zero'

export interface Field {
  readonly name: string
  readonly schema: Schema
  readonly required: boolean
  readonly whenAbsent: WhenAbsent
  /** False when "", 0 or false means the same as absent. Lists and maps: empty always means absent. */
  readonly keepsZero: boolean
  /** Replaced as a whole by server-side apply, where this differs from the schema's own rule. */
  readonly atomic: boolean
  readonly patchStrategies: readonly PatchStrategy[]
  /** Identifies the items of a list that strategic merge patches merge; '' when items are scalars. */
  readonly patchMergeKey: string
  /** The closed set of values, or undefined. */
  readonly enum: readonly string[] | undefined
  /** What the schema declares; server-side apply takes it for an absent key of a list item. Not applied on decoding. */
  readonly default: unknown
  /** Where errors about types show more than its name on the way to it. */
  readonly step?: FieldStep
}

/** A step on the way to a value that errors about types call otherwise than errors about fields. */
export interface FieldStep {
  readonly name: string
  /** What errors about types have in place of the name: nothing for the key of a map, more for an embedded field. */
  readonly fields: readonly string[]
}

export type PatchStrategy = 'merge' | 'replace' | 'retainKeys'
