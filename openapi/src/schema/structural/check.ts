import { RE2JS } from 're2js'
import { forbidden, invalid, notSupported, required, type FieldError, type FieldPath } from '../../meta/field-errors.ts'
import { checkListTypes } from './check-lists.ts'
import { isEmbedded, itemSchema, type JsonSchema } from './json-schema.ts'
import { checkDefault } from './check-defaults.ts'

/**
 * Whether a schema is structural, so that values can be pruned and defaulted by it, and makes sense. `at` is where it
 * stands in the CustomResourceDefinition. Source: "Custom Resources", "Specifying a structural schema".
 */
export function checkStructuralSchema(schema: JsonSchema, at: FieldPath): FieldError[] {
  const errors: FieldError[] = []
  if (schema.nullable === true) errors.push(forbidden(at.child('nullable'), 'nullable cannot be true at the root'))
  if ((schema.type ?? '') === '') errors.push(required(at.child('type'), 'must not be empty at the root'))
  else if (schema.type !== 'object') errors.push(invalid(at.child('type'), schema.type, 'must be object at the root'))
  if (schema.type === 'object' || schema.type === undefined) {
    check({ schema, at, root: at, errors, place: 'root', depth: 0 })
    checkOwnFields(schema, at, errors)
    if (schema.default !== undefined) checkDefault({ schema, at: at.child('default'), errors, isResource: true })
  }
  return errors
}

/** Schemas nest; those that nest deeper than this are refused. */
const maxDepth = 100
const types = ['array', 'boolean', 'integer', 'number', 'object', 'string']

interface Check {
  schema: JsonSchema
  at: FieldPath
  root: FieldPath
  errors: FieldError[]
  /** Where it stands: decides whether a type is needed, and what an error says about that. */
  place: 'root' | 'field' | 'item'
  depth: number
}

const unsupported = ['$ref', 'definitions', 'dependencies', 'patternProperties', 'additionalItems', 'id'] as const

function check({ schema, at, root, errors, place, depth }: Check): void {
  if (depth > maxDepth) {
    errors.push(forbidden(at, `must not nest deeper than ${maxDepth} schemas`))
    return
  }
  checkKeywords(schema, at, errors)
  // The original tells of this one without its place.
  if (Object.hasOwn(schema, '$schema') && errors.length === 0)
    errors.push(invalid(root, '', "OpenAPIV3Schema 'schema' is not supported"))
  const needsType =
    schema['x-kubernetes-int-or-string'] !== true &&
    schema['x-kubernetes-preserve-unknown-fields'] !== true &&
    !Object.hasOwn(schema, '$ref')
  if ((schema.type ?? '') === '' && needsType && place !== 'root') {
    const what = place === 'item' ? 'specified array items' : 'specified object fields'
    errors.push(required(at.child('type'), `must not be empty for ${what}`))
  }
  checkEmbedded(schema, at, errors)
  checkListTypes(schema, at, errors)
  checkCombinations(schema, at, errors)
  if (place !== 'root' && schema.default !== undefined) {
    checkDefault({ schema, at: at.child('default'), errors, isResource: isEmbedded(schema) })
  }
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    check({ schema: property, at: at.child('properties').key(name), errors, root, place: 'field', depth: depth + 1 })
  }
  if (typeof schema.additionalProperties === 'object') {
    const inner = at.child('additionalProperties')
    if (Object.keys(schema.properties ?? {}).length > 0) {
      errors.push(forbidden(inner, 'additionalProperties and properties are mutual exclusive'))
    }
    check({ schema: schema.additionalProperties, at: inner, errors, root, place: 'field', depth: depth + 1 })
  }
  if (Array.isArray(schema.items)) {
    errors.push(forbidden(at.child('items'), 'items must be a schema object and not an array'))
  } else if (schema.items !== undefined) {
    check({ schema: schema.items, at: at.child('items'), errors, root, place: 'item', depth: depth + 1 })
  }
}

/** What a schema may not say anywhere, or not like that. */
function checkKeywords(schema: JsonSchema, at: FieldPath, errors: FieldError[]): void {
  for (const keyword of unsupported) {
    if (Object.hasOwn(schema, keyword)) errors.push(forbidden(at.child(keyword), `${keyword} is not supported`))
  }
  if (schema.type !== undefined && schema.type !== '' && !types.includes(schema.type)) {
    errors.push(notSupported(at.child('type'), schema.type, types))
  }
  if (schema.type === 'array' && itemSchema(schema) === undefined) {
    errors.push(required(at.child('items'), 'must be specified'))
  }
  if (schema.uniqueItems === true) {
    const why = 'uniqueItems cannot be set to true since the runtime complexity becomes quadratic'
    errors.push(forbidden(at.child('uniqueItems'), why))
  }
  if (schema['x-kubernetes-preserve-unknown-fields'] === false) {
    errors.push(invalid(at.child('x-kubernetes-preserve-unknown-fields'), false, 'must be true or undefined'))
  }
  checkPattern(schema, at, errors)
}

function checkPattern({ pattern }: JsonSchema, at: FieldPath, errors: FieldError[]): void {
  if (pattern === undefined || pattern === '') return
  try {
    RE2JS.compile(pattern)
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    errors.push(invalid(at.child('pattern'), pattern, `must be a valid regular expression, but isn't: ${why}`))
  }
}

function checkEmbedded(schema: JsonSchema, at: FieldPath, errors: FieldError[]): void {
  if (!isEmbedded(schema)) return
  const preserves = schema['x-kubernetes-preserve-unknown-fields'] === true
  if (!preserves && Object.keys(schema.properties ?? {}).length === 0) {
    const why =
      'must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields'
    errors.push(required(at.child('properties'), why))
  }
  if (schema.type !== 'object') {
    errors.push(invalid(at.child('type'), schema.type, 'must be object if x-kubernetes-embedded-resource is true'))
  }
}

/** apiVersion, kind and metadata are implied: a schema may narrow the first two and the names in the last. */
function checkOwnFields(schema: JsonSchema, at: FieldPath, errors: FieldError[]): void {
  const own = (name: string): JsonSchema | undefined =>
    Object.hasOwn(schema.properties ?? {}, name) ? schema.properties?.[name] : undefined
  const place = (name: string): FieldPath => at.child('properties').key(name)
  for (const name of ['apiVersion', 'kind']) {
    const type = own(name)?.type
    if (type !== undefined && type !== 'string') errors.push(invalid(place(name).child('type'), type, 'must be string'))
  }
  const metadata = own('metadata')
  if (metadata === undefined) return
  if (metadata.type !== 'object') {
    errors.push(invalid(place('metadata').child('type'), metadata.type, 'must be object'))
    return
  }
  const { type: _, description: __, properties = {}, ...more } = metadata
  const others = Object.keys(properties).filter((name) => name !== 'name' && name !== 'generateName')
  if (others.length > 0 || Object.keys(more).length > 0) {
    const why = 'must not specify anything other than name and generateName, but metadata is implicitly specified'
    errors.push(forbidden(place('metadata'), why))
  }
  for (const [name, property] of Object.entries(properties)) {
    if (property.default === undefined) continue
    const where = place('metadata').child('properties').key(name).child('default')
    errors.push(forbidden(where, 'must not be set in top-level metadata'))
  }
}

const combinations = ['allOf', 'anyOf', 'oneOf'] as const

function checkCombinations(schema: JsonSchema, at: FieldPath, errors: FieldError[]): void {
  const skipsTypes = typesOfIntOrString(schema)
  for (const keyword of combinations) {
    schema[keyword]?.forEach((part, i) => {
      checkValueSchema({ schema: part, at: at.child(keyword).index(i), errors, skipsTypes, depth: 0 })
    })
  }
  if (schema.not !== undefined) {
    checkValueSchema({ schema: schema.not, at: at.child('not'), errors, skipsTypes, depth: 0 })
  }
}

const intThenString = (parts: JsonSchema[] | undefined): JsonSchema[] =>
  parts?.length === 2 && parts[0]?.type === 'integer' && parts[1]?.type === 'string' ? parts : []

/** An int-or-string may say so again, as `anyOf: [integer, string]`, alone or first in `allOf`. */
function typesOfIntOrString(schema: JsonSchema): ReadonlySet<JsonSchema> {
  if (schema['x-kubernetes-int-or-string'] !== true) return new Set()
  return new Set([...intThenString(schema.anyOf), ...intThenString(schema.allOf?.[0]?.anyOf)])
}

interface ValueCheck {
  schema: JsonSchema
  at: FieldPath
  errors: FieldError[]
  skipsTypes: ReadonlySet<JsonSchema>
  depth: number
}

/** Inside allOf and its like only keywords that judge values may stand. */
function checkValueSchema({ schema, at, errors, skipsTypes, depth }: ValueCheck): void {
  if (depth > maxDepth) return
  const mustBe = (keyword: keyof JsonSchema, wrong: boolean, what: string): void => {
    if (wrong) errors.push(forbidden(at.child(keyword), `must be ${what} to be structural`))
  }
  checkPattern(schema, at, errors)
  mustBe('type', (schema.type ?? '') !== '' && !skipsTypes.has(schema), 'empty')
  mustBe('title', (schema.title ?? '') !== '', 'empty')
  mustBe('description', (schema.description ?? '') !== '', 'empty')
  mustBe('default', schema.default !== undefined, 'undefined')
  mustBe('additionalProperties', schema.additionalProperties !== undefined, 'undefined')
  mustBe('nullable', schema.nullable === true, 'false')
  mustBe('x-kubernetes-preserve-unknown-fields', schema['x-kubernetes-preserve-unknown-fields'] === true, 'false')
  mustBe('x-kubernetes-embedded-resource', schema['x-kubernetes-embedded-resource'] === true, 'false')
  mustBe('x-kubernetes-int-or-string', schema['x-kubernetes-int-or-string'] === true, 'false')
  for (const keyword of ['list-type', 'list-map-keys', 'map-type', 'validations'] as const) {
    mustBe(`x-kubernetes-${keyword}`, schema[`x-kubernetes-${keyword}`] !== undefined, 'undefined')
  }
  checkListTypes(schema, at, errors)
  const inner = (part: JsonSchema, where: FieldPath): void => {
    checkValueSchema({ schema: part, at: where, errors, skipsTypes, depth: depth + 1 })
  }
  for (const keyword of combinations) schema[keyword]?.forEach((part, i) => inner(part, at.child(keyword).index(i)))
  if (schema.not !== undefined) inner(schema.not, at.child('not'))
  for (const [name, part] of Object.entries(schema.properties ?? {})) inner(part, at.child('properties').key(name))
  const items = itemSchema(schema)
  if (items !== undefined) inner(items, at.child('items'))
}
