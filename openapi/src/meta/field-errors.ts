/**
 * Field errors: what validation returns. Each names the path of a field, what is wrong with it, and, where it helps,
 * the bad value. Source: API conventions, "Response Status Kind"; wording as the API server's clients see it.
 */
export type FieldErrorType =
  | 'FieldValueRequired'
  | 'FieldValueInvalid'
  | 'FieldValueDuplicate'
  | 'FieldValueNotFound'
  | 'FieldValueNotSupported'
  | 'FieldValueForbidden'
  | 'FieldValueTooLong'
  | 'FieldValueTooMany'
  | 'FieldValueTypeInvalid'
  | 'InternalError'

export interface FieldError {
  type: FieldErrorType
  /** As in "spec.containers[0].name"; '' prints as "<nil>". */
  field: string
  badValue?: unknown
  detail: string
}

/**
 * The path of a field; `at.child('spec', 'containers').index(0).key('a')` prints "spec.containers[0][a]". The text is put
 * together when somebody asks for it: most paths are of fields that nothing is wrong with.
 */
export class FieldPath {
  /** The last step, and the path before it; with none before it the step is the whole text. */
  #step: string | number
  #before: FieldPath | undefined
  readonly #bracketed: boolean

  constructor(step: string | number = '', before?: FieldPath, bracketed = false) {
    this.#step = step
    this.#before = before
    this.#bracketed = bracketed
  }
  get text(): string {
    const before = this.#before
    if (before !== undefined) {
      this.#before = undefined
      const start = before.text
      this.#step = this.#bracketed ? `${start}[${this.#step}]` : start === '' ? this.#step : `${start}.${this.#step}`
    }
    return this.#step as string
  }
  child(first: string, second?: string, third?: string, fourth?: string): FieldPath {
    let path = new FieldPath(first, this)
    if (second !== undefined) path = new FieldPath(second, path)
    if (third !== undefined) path = new FieldPath(third, path)
    return fourth === undefined ? path : new FieldPath(fourth, path)
  }
  index(i: number): FieldPath {
    return new FieldPath(i, this, true)
  }
  key(k: string): FieldPath {
    return new FieldPath(k, this, true)
  }
  toString(): string {
    return this.text
  }
}

type Path = FieldPath | string

/** As a bad value: none is printed, for rules about several fields at once. */
export const noValue: unique symbol = Symbol('no value')

export const required = (at: Path, detail = ''): FieldError => ({
  type: 'FieldValueRequired',
  field: String(at),
  detail,
})
export const invalid = (at: Path, badValue: unknown, detail: string): FieldError => ({
  type: 'FieldValueInvalid',
  field: String(at),
  badValue,
  detail,
})
export const duplicate = (at: Path, badValue: unknown): FieldError => ({
  type: 'FieldValueDuplicate',
  field: String(at),
  badValue,
  detail: '',
})
export const notFoundValue = (at: Path, badValue: unknown): FieldError => ({
  type: 'FieldValueNotFound',
  field: String(at),
  badValue,
  detail: '',
})
export const forbidden = (at: Path, detail: string): FieldError => ({
  type: 'FieldValueForbidden',
  field: String(at),
  detail,
})
export const typeInvalid = (at: Path, badValue: unknown, detail: string): FieldError => ({
  type: 'FieldValueTypeInvalid',
  field: String(at),
  badValue,
  detail,
})
export const internalFieldError = (at: Path, detail: string): FieldError => ({
  type: 'InternalError',
  field: String(at),
  detail,
})
/** A value outside a closed set; the set is listed sorted, each value quoted. */
export const notSupported = (at: Path, badValue: unknown, valid: readonly string[]): FieldError => ({
  type: 'FieldValueNotSupported',
  field: String(at),
  badValue,
  detail:
    valid.length === 0
      ? ''
      : `supported values: ${[...valid]
          .sort()
          .map((v) => JSON.stringify(v))
          .join(', ')}`,
})
/** The offending value itself is not printed: it is, after all, too long. */
export const tooLong = (at: Path, maxBytes: number): FieldError => ({
  type: 'FieldValueTooLong',
  field: String(at),
  badValue: '<value omitted>',
  detail: maxBytes >= 0 ? `may not be more than ${maxBytes} bytes` : 'value is too long',
})
export const tooMany = (at: Path, actual: number, max: number): FieldError => ({
  type: 'FieldValueTooMany',
  field: String(at),
  badValue: actual,
  detail: max >= 0 ? `must have at most ${max} items` : 'has too many items',
})
/** An update touched a field that never changes after creation. */
export const immutable = (at: Path, badValue: unknown): FieldError => invalid(at, badValue, 'field is immutable')

const titles: Record<FieldErrorType, string> = {
  FieldValueRequired: 'Required value',
  FieldValueInvalid: 'Invalid value',
  FieldValueDuplicate: 'Duplicate value',
  FieldValueNotFound: 'Not found',
  FieldValueNotSupported: 'Unsupported value',
  FieldValueForbidden: 'Forbidden',
  FieldValueTooLong: 'Too long',
  FieldValueTooMany: 'Too many',
  FieldValueTypeInvalid: 'Invalid value',
  InternalError: 'Internal error',
}

const withoutValue = new Set<FieldErrorType>([
  'FieldValueRequired',
  'FieldValueForbidden',
  'FieldValueTooLong',
  'InternalError',
])

function printValue(value: unknown): string {
  if (value === undefined || value === null) return 'null'
  if (typeof value === 'string') return JSON.stringify(value)
  // As Go writes JSON: safe inside of HTML.
  return typeof value === 'object'
    ? JSON.stringify(value).replace(
        /[<>&\u2028\u2029]/g,
        (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`,
      )
    : String(value as number | boolean | bigint)
}

/** `Invalid value: "x": must be y`: the text of a cause, without the field's name. */
export function causeMessage(error: FieldError): string {
  const value = withoutValue.has(error.type) || error.badValue === noValue ? '' : `: ${printValue(error.badValue)}`
  return `${titles[error.type]}${value}${error.detail === '' ? '' : `: ${error.detail}`}`
}

/** `spec.x: Invalid value: "x": must be y`. */
export function fieldErrorMessage(error: FieldError): string {
  return `${error.field === '' ? '<nil>' : error.field}: ${causeMessage(error)}`
}
