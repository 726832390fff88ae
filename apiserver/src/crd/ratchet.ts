import type { FieldError } from '@kapell/openapi/meta/field-errors'
import { isJsonObject, itemSchema, memberSchema, type JsonSchema } from '@kapell/openapi/schema/structural/json-schema'
import { deepEqual } from '../registry/deep-equal.ts'

/** Where an error is: of those about alternatives only the text tells. */
function placeOf({ field, detail }: FieldError): string {
  if (field !== '') return field
  return /^"([^"]*)"/.exec(detail)?.[1] ?? / in ([^ ]+)$/.exec(detail)?.[1] ?? ''
}

/** The item of a list that had the same keys before; only lists of type map tell which that is. */
function sameItem(schema: JsonSchema | undefined, item: unknown, before: readonly unknown[]): unknown {
  if (schema?.['x-kubernetes-list-type'] !== 'map' || !isJsonObject(item)) return undefined
  const keys = schema['x-kubernetes-list-map-keys'] ?? []
  return before.find((old) => isJsonObject(old) && keys.every((key) => deepEqual(old[key], item[key])))
}

/** True when what an error is about, or something that holds it, is as it was. */
function isUnchanged(path: string, schema: JsonSchema, next: unknown, previous: unknown): boolean {
  let at: JsonSchema | undefined = schema
  let now = next
  let before = previous
  for (const part of path.match(/[^.[\]]+/g) ?? []) {
    if (Array.isArray(now)) {
      now = (now as unknown[])[Number(part)]
      before = Array.isArray(before) ? sameItem(at, now, before) : undefined
      at = at === undefined ? undefined : itemSchema(at)
    } else {
      if (!isJsonObject(now)) return false
      const member: JsonSchema | true | undefined = at === undefined ? undefined : memberSchema(at, part)
      at = member === true ? undefined : member
      now = Object.hasOwn(now, part) ? now[part] : undefined
      before = isJsonObject(before) && Object.hasOwn(before, part) ? before[part] : undefined
    }
    // What is required and missing was looked at with what should hold it.
    if (now === undefined || before === undefined) return false
    if (deepEqual(now, before)) return true
  }
  return false
}

/**
 * Errors of what an update leaves as it was are forgiven: a schema that became stricter does not block writes to the
 * rest of an object. Source: "Custom Resources", "Validation ratcheting"; recorded answers.
 */
export function ratchet(
  errors: readonly FieldError[],
  options: { schema: JsonSchema; next: unknown; previous: unknown },
): FieldError[] {
  const { schema, next, previous } = options
  return errors.filter((error) => {
    const path = placeOf(error)
    return path === '' || !isUnchanged(path, schema, next, previous)
  })
}
