import { forbidden, type FieldError, type FieldPath } from '@kapell/openapi/meta/field-errors'
import { sameJson } from '../common/validation.ts'

/** ConfigMaps and Secrets hold at most this much: they live in the store and in every node's memory. */
export const maxDataBytes = 1024 * 1024

/** How many bytes a base64 text stands for; bytes that were never given arrive as null. */
export function decodedLength(base64: string | null): number {
  if (base64 === null) return 0
  const padding = base64.endsWith('==') ? 2 : base64.endsWith('=') ? 1 : 0
  return Math.floor(base64.length / 4) * 3 - padding
}

export function tooMuchData(
  at: FieldPath,
  texts: Record<string, string> | undefined,
  binaries: Record<string, string> | undefined,
  field = '',
): FieldError[] {
  let size = 0
  for (const text of Object.values(texts ?? {})) size += Buffer.byteLength(text)
  for (const base64 of Object.values(binaries ?? {})) size += decodedLength(base64)
  if (size <= maxDataBytes) return []
  return [
    {
      type: 'FieldValueTooLong',
      field: field === '' ? at.text : at.child(field).text,
      detail: `may not be more than ${maxDataBytes} bytes`,
    },
  ]
}

/** An object marked immutable stays so, and so does what it holds. Source: "Immutable ConfigMaps". */
export function immutableData<T extends { immutable?: boolean }>(
  next: T,
  previous: T,
  at: FieldPath,
  fields: readonly (keyof T & string)[],
): FieldError[] {
  if (previous.immutable !== true) return []
  const errors: FieldError[] = []
  if (next.immutable !== true) {
    errors.push(forbidden(at.child('immutable'), 'field is immutable when `immutable` is set'))
  }
  for (const field of fields) {
    if (!sameJson(next[field] ?? {}, previous[field] ?? {})) {
      errors.push(forbidden(at.child(field), 'field is immutable when `immutable` is set'))
    }
  }
  return errors
}
