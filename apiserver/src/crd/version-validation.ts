import {
  duplicate,
  invalid,
  required,
  tooMany,
  type FieldError,
  type FieldPath,
} from '@kapell/openapi/meta/field-errors'
import type { JsonSchema } from '@kapell/openapi/schema/structural/json-schema'
import type { CrdVersion } from './types.ts'

/** The rules of what a version of a CustomResourceDefinition says beside its schema. Source: recorded answers. */

const columnTypes = ['boolean', 'date', 'integer', 'number', 'string']
const columnFormats = ['byte', 'date', 'date-time', 'double', 'float', 'int32', 'int64', 'password']

/** Paths are only looked at when a table is made. */
const pathErrors = (path: string, at: FieldPath): FieldError[] =>
  path.startsWith('.') ? [] : [invalid(at, path, 'must be a simple json path starting with .')]

export function columnErrors(version: CrdVersion, at: FieldPath): FieldError[] {
  return (version.additionalPrinterColumns ?? []).flatMap((one, i) => {
    const where = at.index(i)
    const errors: FieldError[] = []
    const oneOf = (allowed: string[]): string => `must be one of ${allowed.join(',')}`
    if ((one.name ?? '') === '') errors.push(required(where.child('name')))
    if ((one.type ?? '') === '') errors.push(required(where.child('type'), oneOf(columnTypes)))
    else if (!columnTypes.includes(one.type)) errors.push(invalid(where.child('type'), one.type, oneOf(columnTypes)))
    const format = one.format ?? ''
    if (format !== '' && !columnFormats.includes(format)) {
      errors.push(invalid(where.child('format'), format, oneOf(columnFormats)))
    }
    const path = one.jsonPath ?? ''
    errors.push(...(path === '' ? [required(where.child('JSONPath'))] : pathErrors(path, where.child('JSONPath'))))
    return errors
  })
}

export function scaleErrors(version: CrdVersion, at: FieldPath): FieldError[] {
  const scale = version.subresources?.scale
  if (scale === undefined || scale === null) return []
  const errors: FieldError[] = []
  const check = (path: string, where: FieldPath, roots: string[], why: string): void => {
    if (!path.startsWith('.')) errors.push(...pathErrors(path, where))
    else if (!roots.some((root) => path.startsWith(root))) errors.push(invalid(where, path, why))
  }
  const spec = scale.specReplicasPath ?? ''
  const status = scale.statusReplicasPath ?? ''
  if (spec === '') errors.push(required(at.child('specReplicasPath')))
  else check(spec, at.child('specReplicasPath'), ['.spec.'], 'should be a json path under .spec')
  if (status === '') errors.push(required(at.child('statusReplicasPath')))
  else check(status, at.child('statusReplicasPath'), ['.status.'], 'should be a json path under .status')
  const selector = scale.labelSelectorPath ?? ''
  const either = 'should be a json path under either .spec or .status'
  if (selector !== '') check(selector, at.child('labelSelectorPath'), ['.spec.', '.status.'], either)
  return errors
}

/** The schema that a plain dotted path leads to. */
function schemaAt(schema: JsonSchema, path: string): JsonSchema | undefined {
  let at: JsonSchema | undefined = schema
  for (const name of path.replace(/^\./, '').split('.')) {
    const here: JsonSchema = at ?? {}
    const { properties, additionalProperties } = here
    if (properties !== undefined && Object.hasOwn(properties, name)) at = properties[name]
    else at = typeof additionalProperties === 'object' ? additionalProperties : undefined
  }
  return at
}

const maxSelectableFields = 8

export function selectableErrors(version: CrdVersion, schema: JsonSchema, at: FieldPath): FieldError[] {
  const fields = version.selectableFields ?? []
  const seen = new Set<string>()
  const errors: FieldError[] = []
  fields.forEach(({ jsonPath = '' }, i) => {
    const where = at.index(i).child('jsonPath')
    if (jsonPath === '') errors.push(required(where))
    else if (seen.has(jsonPath)) errors.push(duplicate(where, jsonPath))
    else errors.push(...selectableError(jsonPath, schema, where))
    seen.add(jsonPath)
  })
  if (seen.size > maxSelectableFields) errors.push(tooMany(at, fields.length, maxSelectableFields))
  return errors
}

function selectableError(path: string, schema: JsonSchema, at: FieldPath): FieldError[] {
  const bad = (why: string): FieldError[] => [invalid(at, path, `is an invalid path: ${why}`)]
  if (!path.startsWith('.')) return bad(`expected [ or . but got: ${/^[^.[]*/.exec(path)?.[0] ?? ''}`)
  const plain = path.replace(/\[.*$/, '')
  const found = /^\.metadata(\.|$)/.test(plain) ? undefined : schemaAt(schema, plain)
  if (found === undefined) return bad('does not refer to a valid field')
  if (plain !== path) return bad('array notation is not allowed')
  if (['string', 'boolean', 'integer'].includes(found.type ?? '')) return []
  const why =
    'must point to a field of type string, boolean or integer. Enum string fields and strings with formats are allowed.'
  return [invalid(at, path, why)]
}

export function deprecationErrors(version: CrdVersion, at: FieldPath): FieldError[] {
  const text = version.deprecationWarning
  if (text === undefined || text === null) return []
  const where = at.child('deprecationWarning')
  if (version.deprecated !== true) return [invalid(where, text, 'can only be set for deprecated versions')]
  if (text === '') return [invalid(where, text, 'must not be an empty string')]
  const odd = /[^\P{C}]|[\p{Zl}\p{Zp}]/u.exec(text)
  if (odd !== null) {
    const place = Buffer.byteLength(text.slice(0, odd.index))
    return [
      invalid(
        where,
        text,
        `must only contain printable UTF-8 characters; non-printable character found at index ${place}`,
      ),
    ]
  }
  return new TextEncoder().encode(text).length > 256 ? [invalid(where, text, 'must be <= 256 characters long')] : []
}
