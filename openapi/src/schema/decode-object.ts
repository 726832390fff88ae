import { apiVersionOf, type GroupVersionKind, type KubeObject } from '../meta/object.ts'
import { badRequest, type ApiError } from '../meta/status.ts'
import { decodeStruct } from './decode.ts'
import { countTextMembers, memberProblems } from './duplicates.ts'
import { DecodeError } from './problems.ts'
import { schemaOf } from './registry.ts'
import type { StructSchema } from './schema.ts'

/** What happens to fields that a kind does not have: they are always pruned; 'strict' refuses the object. */
export type UnknownFields = 'strict' | 'warn' | 'ignore'

export interface DecodeOptions {
  unknownFields: UnknownFields
  /** The JSON text that was parsed; given, members that stand twice in an object are told of as well. */
  text?: string | undefined
  /** Problems the parser found, such as keys that a YAML document sets twice; told of before the rest. */
  problems?: readonly string[]
  /** For kinds that are not built in. */
  schema?: StructSchema
}

export interface DecodedObject<T extends KubeObject = KubeObject> {
  object: T
  /** `unknown field "spec.foo"`, `duplicate field "data.a"`: the texts of warnings; empty with 'ignore'. */
  unknown: string[]
}

/**
 * A request's JSON as an object of the kind: pruned and in normal form (see decodeStruct), `apiVersion` and `kind` set.
 * Code that defaults must know that what is always written stands there as its zero already: 0 in a Service's
 * targetPort, '' in a RoleRef's apiGroup, null in lists.
 * Throws ApiError 400 on wrong types, and with 'strict' on unknown and duplicate fields.
 */
export function decodeObject<T extends KubeObject = KubeObject>(
  gvk: GroupVersionKind,
  json: unknown,
  options: DecodeOptions,
): DecodedObject<T> {
  try {
    return decodeOrThrow<T>(gvk, json, options)
  } catch (error) {
    throw error instanceof DecodeError ? cannotBeHandled(gvk, gvk.kind, error.message) : error
  }
}

/** As decodeObject, but throws DecodeError with the bare reason: for callers with their own Status to wrap it in. */
export function decodeOrThrow<T extends KubeObject = KubeObject>(
  gvk: GroupVersionKind,
  json: unknown,
  { unknownFields, text, problems = [], schema = schemaOf(gvk) }: DecodeOptions,
): DecodedObject<T> {
  if (schema === undefined) throw new DecodeError(noSuchKind(gvk))
  const { value, unknown, members } = decodeStruct(schema, json ?? {})
  value['apiVersion'] = apiVersionOf(gvk)
  value['kind'] = gvk.kind
  const object = value as unknown as T
  if (unknownFields === 'ignore') return { object, unknown: [] }
  const hasDuplicates = text !== undefined && countTextMembers(text) !== members
  const told = [
    ...problems,
    ...(hasDuplicates ? memberProblems(text, unknown) : unknown.map((path) => `unknown field ${JSON.stringify(path)}`)),
  ]
  if (unknownFields === 'strict' && told.length > 0) {
    throw new DecodeError(`strict decoding error: ${told.join(', ')}`)
  }
  return { object, unknown: told }
}

/** `Pod in version "v1" cannot be handled as a Pod: <why>`. */
export function cannotBeHandled(given: { kind: string; version: string }, wanted: string, why: string): ApiError {
  return badRequest(`${given.kind} in version "${given.version}" cannot be handled as a ${wanted}: ${why}`)
}

/** The text for a kind that does not exist in a group and version. */
export function noSuchKind(gvk: GroupVersionKind): string {
  return `no kind ${JSON.stringify(gvk.kind)} is registered for version ${JSON.stringify(apiVersionOf(gvk))} in scheme "pkg/runtime/scheme.go:111"`
}
