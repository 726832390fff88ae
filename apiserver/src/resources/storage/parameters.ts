import { invalid, type FieldError, type FieldPath } from '@kapell/openapi/meta/field-errors'

/** Parameters of classes are the driver's to read, but they have names. */
export const emptyParameter = (parameters: Record<string, string> | undefined, at: FieldPath): FieldError[] =>
  Object.hasOwn(parameters ?? {}, '') ? [invalid(at, '', 'field can not be empty.')] : []
