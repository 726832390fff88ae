import type { KubeObject } from '../meta/object.ts'
import { decodeStruct } from '../schema/decode.ts'
import type { StructSchema } from '../schema/schema.ts'
import { FieldSet } from './field-set.ts'
import { compareObjects, fieldsOf } from './field-walks.ts'
import { isObject, type JsonObject } from './json.ts'

/**
 * The annotation of client-side apply, which kubectl leaves on objects: it lets kubectl move to server-side apply
 * without conflicts, and back.
 */
export const lastAppliedAnnotation = 'kubectl.kubernetes.io/last-applied-configuration'
/** The one manager that the annotation concerns. */
const kubectl = 'kubectl'
/** All annotations of an object together may have so many bytes. */
const maxAnnotationLength = 256 * 1024

interface AllowedOptions {
  schema: StructSchema
  live: KubeObject | undefined
  manager: string
}

/** The fields of others that kubectl may take: those it applied client-side and that still are as it left them. */
export function allowedByLastApplied({ schema, live, manager }: AllowedOptions): FieldSet {
  const text = live?.metadata?.annotations?.[lastAppliedAnnotation]
  if (manager !== kubectl || text === undefined || text === '') return new FieldSet()
  try {
    const parsed: unknown = JSON.parse(text)
    if (!isObject(parsed)) return new FieldSet()
    const applied = decodeStruct(schema, parsed).value
    const { added, modified, removed } = compareObjects(schema, applied, live)
    return fieldsOf(schema, applied).difference(added).difference(modified).difference(removed)
  } catch {
    // Not an object of this kind: it allows nothing.
    return new FieldSet()
  }
}

interface KeepOptions {
  manager: string
  applied: JsonObject
  object: KubeObject
}

/** The object with its annotation brought up to date, where it has one and kubectl applies. */
export function keepLastApplied({ manager, applied, object }: KeepOptions): KubeObject {
  const text = object.metadata?.annotations?.[lastAppliedAnnotation]
  if (manager !== kubectl || text === undefined || text === '') return object
  const json = `${JSON.stringify(withoutAnnotation(applied))}\n`
  if (json === text) return object
  const annotations = {
    ...object.metadata?.annotations,
    [lastAppliedAnnotation]: json.length > maxAnnotationLength ? '' : json,
  }
  return { ...object, metadata: { ...object.metadata, annotations } }
}

function withoutAnnotation(applied: JsonObject): unknown {
  const metadata = applied['metadata']
  if (!isObject(metadata) || !isObject(metadata['annotations'])) return sorted(applied)
  const { [lastAppliedAnnotation]: _, ...annotations } = metadata['annotations']
  return sorted({ ...applied, metadata: { ...metadata, annotations } })
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (!isObject(value)) return value
  return Object.fromEntries(
    Object.keys(value)
      .sort()
      .map((key) => [key, sorted(value[key])]),
  )
}
