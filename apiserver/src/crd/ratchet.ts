import type { FieldError } from '@kapell/openapi/meta/field-errors'
import { deepEqual } from '../registry/deep-equal.ts'

/** The value at an error's path: "spec.a[0].b" or "spec.a[key]". */
function valueAt(object: unknown, path: string): unknown {
  let at: unknown = object
  for (const part of path.match(/[^.[\]]+/g) ?? []) {
    if (typeof at !== 'object' || at === null) return undefined
    at = (at as Record<string, unknown>)[part]
  }
  return at
}

/**
 * Errors of what an update leaves as it was are forgiven: a schema that became stricter does not block writes to the
 * rest of an object. Source: "Custom Resources", "Validation ratcheting".
 */
export function ratchet(errors: readonly FieldError[], next: unknown, previous: unknown): FieldError[] {
  return errors.filter(({ field }) => {
    if (field === '') return true
    const value = valueAt(next, field)
    return value === undefined || !deepEqual(value, valueAt(previous, field))
  })
}
