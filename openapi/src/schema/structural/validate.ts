import { RE2JS } from 're2js'
import type { FieldError, FieldErrorType } from '../../meta/field-errors.ts'
import { dns1035Label } from '../../meta/names.ts'
import { hasFormat } from './formats.ts'
import { isEmbedded, isJsonObject, itemSchema, memberSchema, type JsonObject, type JsonSchema } from './json-schema.ts'

/**
 * What a value violates of its schema: every keyword, list types included; the rules written in CEL are not checked
 * here. An empty list means valid. Source: "Custom Resources", "Validation"; texts as clients see them.
 */
export function validateCustomResource(schema: JsonSchema, object: unknown): FieldError[] {
  const errors: FieldError[] = []
  validate(schema, object, '', errors)
  if (errors.length === 0) validateLists(schema, object, '', errors)
  return errors
}

/** Enough to tell what is wrong; a body may hold millions of wrong values. */
const maxErrors = 200
const patterns = new Map<string, RE2JS>()
const maxPatterns = 1000

const nameOf = (path: string): string => (path === '' ? '<nil>' : path)

function fail(errors: FieldError[], type: FieldErrorType, field: string, badValue: unknown, detail: string): void {
  if (errors.length < maxErrors) errors.push({ type, field, badValue, detail })
}

function validate(schema: JsonSchema, value: unknown, path: string, errors: FieldError[]): void {
  if (value === null && schema.nullable === true) return
  if (!validateType(schema, value, path, errors)) return
  if (schema.enum !== undefined && !schema.enum.some((allowed) => sameJson(allowed, value))) {
    const allowed = schema.enum
      .map((item) => JSON.stringify(typeof item === 'string' ? item : JSON.stringify(item)))
      .join(', ')
    fail(errors, 'FieldValueNotSupported', path, value, `supported values: ${allowed}`)
  }
  if (typeof value === 'string') validateString(schema, value, path, errors)
  else if (typeof value === 'number') validateNumber(schema, value, path, errors)
  else if (typeof value === 'bigint') validateNumber(schema, Number(value), path, errors)
  else if (Array.isArray(value)) validateList(schema, value, path, errors)
  else if (isJsonObject(value)) validateObject(schema, value, path, errors)
  validateCombinations(schema, value, path, errors)
}

/** "integer" for 1 and 1.0, "number" for 1.5. */
function typeOf(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'array'
  if (typeof value === 'number') return isInt64(value) ? 'integer' : 'number'
  if (typeof value === 'bigint') return 'integer'
  return typeof value
}

/** False when the type or format is wrong: the other keywords then make no sense. */
function validateType(schema: JsonSchema, value: unknown, path: string, errors: FieldError[]): boolean {
  const found = typeOf(value)
  if (schema['x-kubernetes-int-or-string'] === true) {
    if (found === 'integer' || found === 'string') return true
    typeError(errors, path, found, 'integer,string', found)
    return false
  }
  const wanted = schema.type
  const isRight = wanted === undefined || wanted === found || (wanted === 'number' && found === 'integer')
  if (!isRight) {
    typeError(errors, path, found, wanted, found)
    if (wanted === 'integer' && found === 'number') {
      fail(errors, 'FieldValueInvalid', '', '', `Checked value must be of type integer (default format) in ${path}`)
      // A fraction is still a number, with bounds of its own.
      return true
    }
    return false
  }
  if (found === 'integer' && schema.format === 'int32' && !isInt32(value as number)) {
    fail(errors, 'FieldValueInvalid', '', '', `Checked value must be of type integer with format int32 in ${path}`)
    return true
  }
  if (found === 'number' && schema.format === 'float' && Math.abs(value as number) > maxFloat32) {
    fail(errors, 'FieldValueInvalid', '', '', `Checked value must be of type number with format float in ${path}`)
    return true
  }
  if (typeof value === 'string' && schema.format !== undefined && !hasFormat(schema.format, value)) {
    typeError(errors, path, value, schema.format, value)
    return false
  }
  return true
}

/** Larger whole numbers are fractions to Go. */
const isInt64 = (value: number): boolean => Number.isInteger(value) && value >= -(2 ** 63) && value < 2 ** 63
const isInt32 = (value: number): boolean => value >= -(2 ** 31) && value < 2 ** 31

const maxFloat32 = 3.4028234663852886e38

function typeError(errors: FieldError[], path: string, badValue: string, wanted: string, shown: string): void {
  const detail = `${nameOf(path)} in body must be of type ${wanted}: ${JSON.stringify(shown)}`
  fail(errors, 'FieldValueTypeInvalid', path, badValue, detail)
}

function invalid(errors: FieldError[], path: string, value: unknown, what: string): void {
  fail(errors, 'FieldValueInvalid', path, value, `${nameOf(path)} in body ${what}`)
}

function validateString(schema: JsonSchema, value: string, path: string, errors: FieldError[]): void {
  const { maxLength, minLength, pattern } = schema
  const length = maxLength === undefined && minLength === undefined ? 0 : [...value].length
  if (maxLength !== undefined && length > maxLength) {
    fail(errors, 'FieldValueTooLong', path, value, `may not be more than ${maxLength} bytes`)
  } else if (minLength !== undefined && length < minLength) {
    invalid(errors, path, value, `should be at least ${minLength} chars long`)
  } else if (pattern !== undefined && pattern !== '' && !matches(pattern, value)) {
    invalid(errors, path, value, `should match '${pattern}'`)
  }
}

/** The syntax is RE2's, as everywhere in the API: no pattern can be made to run long. */
function matches(pattern: string, value: string): boolean {
  let compiled = patterns.get(pattern)
  if (compiled === undefined) {
    if (patterns.size >= maxPatterns) patterns.clear()
    compiled = RE2JS.compile(pattern)
    patterns.set(pattern, compiled)
  }
  return compiled.matcher(value).find()
}

function validateNumber(schema: JsonSchema, value: number, path: string, errors: FieldError[]): void {
  const { maximum, minimum, multipleOf } = schema
  if (maximum !== undefined) {
    if (schema.exclusiveMaximum === true && value >= maximum)
      invalid(errors, path, value, `should be less than ${maximum}`)
    else if (value > maximum) invalid(errors, path, value, `should be less than or equal to ${maximum}`)
  }
  if (minimum !== undefined) {
    if (schema.exclusiveMinimum === true && value <= minimum)
      invalid(errors, path, value, `should be greater than ${minimum}`)
    else if (value < minimum) invalid(errors, path, value, `should be greater than or equal to ${minimum}`)
  }
  if (multipleOf !== undefined && !isMultiple(value, multipleOf)) {
    invalid(errors, path, value, `should be a multiple of ${multipleOf}`)
  }
}

function isMultiple(value: number, of: number): boolean {
  const quotient = value / of
  return (
    Number.isInteger(quotient) || Math.abs(quotient - Math.round(quotient)) < 1e-9 * Math.max(1, Math.abs(quotient))
  )
}

const items = (count: number): string => `must have at most ${count} ${count === 1 ? 'item' : 'items'}`

function validateList(schema: JsonSchema, list: unknown[], path: string, errors: FieldError[]): void {
  const { maxItems, minItems } = schema
  if (maxItems !== undefined && list.length > maxItems) {
    fail(errors, 'FieldValueTooMany', path, list.length, items(maxItems))
    return
  }
  if (minItems !== undefined && list.length < minItems) {
    invalid(errors, path, list.length, `should have at least ${minItems} items`)
  }
  const item = itemSchema(schema)
  if (item === undefined) return
  for (let i = 0; i < list.length && errors.length < maxErrors; i++) validate(item, list[i], `${path}[${i}]`, errors)
}

function validateObject(schema: JsonSchema, object: JsonObject, path: string, errors: FieldError[]): void {
  const keys = Object.keys(object)
  const { maxProperties, minProperties } = schema
  if (maxProperties !== undefined && keys.length > maxProperties) {
    fail(errors, 'FieldValueTooMany', path, keys.length, items(maxProperties))
  }
  if (minProperties !== undefined && keys.length < minProperties) {
    invalid(errors, path, keys.length, `should have at least ${minProperties} properties`)
  }
  const required = isEmbedded(schema) ? [...(schema.required ?? []), 'apiVersion', 'kind'] : (schema.required ?? [])
  for (const key of new Set(required)) {
    if (!Object.hasOwn(object, key)) fail(errors, 'FieldValueRequired', child(path, key), undefined, '')
  }
  if (isEmbedded(schema)) validateTypeFields(object, path, errors)
  for (const key of keys) {
    if (errors.length >= maxErrors) return
    const member = memberSchema(schema, key)
    if (member !== undefined && member !== true) validate(member, object[key], child(path, key), errors)
  }
}

/** What an embedded object says it is must at least be a kind and a version. */
function validateTypeFields(object: JsonObject, path: string, errors: FieldError[]): void {
  const { kind, apiVersion } = object
  if (typeof kind === 'string' && kind !== '') {
    for (const why of dns1035Label(kind.toLowerCase())) {
      const detail = `may have mixed case, but should otherwise match: ${why}`
      fail(errors, 'FieldValueInvalid', child(path, 'kind'), kind, detail)
    }
  }
  if (typeof apiVersion === 'string' && apiVersion.split('/').length > 2) {
    const detail = `unexpected GroupVersion string: ${apiVersion}`
    fail(errors, 'FieldValueInvalid', child(path, 'apiVersion'), apiVersion, detail)
  }
}

const child = (path: string, key: string): string => (path === '' ? key : `${path}.${key}`)

function validateCombinations(schema: JsonSchema, value: unknown, path: string, errors: FieldError[]): void {
  const isValid = (one: JsonSchema): boolean => {
    const found: FieldError[] = []
    validate(one, value, path, found)
    return found.length === 0
  }
  const complain = (what: string): void => {
    fail(errors, 'FieldValueInvalid', '', '', `${JSON.stringify(path)} ${what}`)
  }
  if (schema.anyOf !== undefined && schema.anyOf.length > 0 && !schema.anyOf.some(isValid)) {
    complain('must validate at least one schema (anyOf)')
    validateFirst(schema.anyOf, value, path, errors)
  }
  if (schema.oneOf !== undefined && schema.oneOf.length > 0) {
    const count = schema.oneOf.filter(isValid).length
    if (count !== 1) {
      complain(
        `must validate one and only one schema (oneOf). ${count === 0 ? 'Found none valid' : `Found ${count} valid alternatives`}`,
      )
      if (count === 0) validateFirst(schema.oneOf, value, path, errors)
    }
  }
  for (const part of schema.allOf ?? []) validate(part, value, path, errors)
  const failed = schema.allOf?.filter((part) => !isValid(part)).length ?? 0
  if (failed > 0) {
    complain(`must validate all the schemas (allOf)${failed === schema.allOf?.length ? '. None validated' : ''}`)
  }
  if (schema.not !== undefined && isValid(schema.not)) complain('must not validate the schema (not)')
}

/** Where no alternative fits, the errors of the one that fits best say what to change. */
function validateFirst(alternatives: JsonSchema[], value: unknown, path: string, errors: FieldError[]): void {
  let best: FieldError[] | undefined
  for (const alternative of alternatives) {
    const found: FieldError[] = []
    validate(alternative, value, path, found)
    if (best === undefined || found.length < best.length) best = found
  }
  for (const error of best ?? []) fail(errors, error.type, error.field, error.badValue, error.detail)
}

/** Sets hold each value once, and lists of type map each key. */
function validateLists(schema: JsonSchema, value: unknown, path: string, errors: FieldError[]): void {
  if (errors.length >= maxErrors) return
  if (Array.isArray(value)) {
    const listType = schema['x-kubernetes-list-type']
    if (listType === 'set') duplicates(value, path, errors, (item) => item)
    if (listType === 'map') duplicates(value, path, errors, (item) => keysOf(schema, item))
    const item = itemSchema(schema)
    if (item !== undefined) value.forEach((inner, i) => validateLists(item, inner, `${path}[${i}]`, errors))
  } else if (isJsonObject(value)) {
    for (const [key, inner] of Object.entries(value)) {
      const member = memberSchema(schema, key)
      if (member !== undefined && member !== true) validateLists(member, inner, child(path, key), errors)
    }
  }
}

function keysOf(schema: JsonSchema, item: unknown): unknown {
  if (!isJsonObject(item)) return item
  return Object.fromEntries(
    (schema['x-kubernetes-list-map-keys'] ?? [])
      .filter((key) => Object.hasOwn(item, key))
      .map((key) => [key, item[key]]),
  )
}

function duplicates(list: unknown[], path: string, errors: FieldError[], identity: (item: unknown) => unknown): void {
  const seen = new Map<string, boolean>()
  list.forEach((item, i) => {
    const same = identity(item)
    const text = canonical(same)
    // Each value is told of once.
    if (seen.get(text) === false) fail(errors, 'FieldValueDuplicate', `${path}[${i}]`, sorted(same), '')
    seen.set(text, seen.has(text))
  })
}

const sorted = (value: unknown): unknown =>
  isJsonObject(value) ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))) : value

/** Equal values have equal texts, whatever the order of their members. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    isJsonObject(inner) ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1))) : inner,
  )
}

const sameJson = (a: unknown, b: unknown): boolean => a === b || canonical(a) === canonical(b)
