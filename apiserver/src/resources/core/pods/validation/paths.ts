import { invalid, type FieldError, type FieldPath } from '@kapell/openapi/meta/field-errors'
import { noDots } from '../../volume-sources.ts'

/** A path below where it is used: relative, and never upwards. */
export function descendingPath(path: string, at: FieldPath): FieldError[] {
  return path.startsWith('/') ? [invalid(at, path, 'must be a relative path')] : noDots(path, at)
}
