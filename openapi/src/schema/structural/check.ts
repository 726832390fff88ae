import { RE2JS } from 're2js'
import { FieldPath, forbidden, invalid, notSupported, required, type FieldError } from '../../meta/field-errors.ts'
import { checkListTypes } from './check-lists.ts'
import { isEmbedded, itemSchema, type JsonSchema } from './json-schema.ts'
import { checkDefault } from './check-defaults.ts'

export interface SchemaProblems {
  errors: FieldError[]
  /** Values have types by this schema: rules about them can be looked at. */
  isSound: boolean
}

/**
 * Whether a schema is structural, so that values can be pruned and defaulted by it, and makes sense. `at` is where it
 * stands in the CustomResourceDefinition. Source: "Custom Resources", "Specifying a structural schema".
 *
 * In three steps, of which each is taken when the one before allows it: keywords, everywhere; the structure, of a schema
 * without keywords that no structure has; defaults, which the structure judges.
 */
export function schemaProblems(schema: JsonSchema, at: FieldPath): SchemaProblems {
  const root = schema.nullable === true ? [forbidden(at.child('nullable'), 'nullable cannot be true at the root')] : []
  const errors: FieldError[] = []
  const lists: FieldError[] = []
  checkKeywords({ schema, at, errors, lists, isRoot: true, depth: 0 })
  if (hasKeyword(schema, [...unsupported, '$schema']) || hasItemLists(schema)) {
    // Told without its place, and only where there is nothing else to tell.
    if (hasKeyword(schema, ['$schema']) && root.length + errors.length + lists.length === 0)
      errors.push(invalid(at, '', "OpenAPIV3Schema 'schema' is not supported"))
    return { errors: [...root, ...errors, ...lists], isSound: false }
  }
  const structure: FieldError[] = []
  if ((schema.type ?? '') === '') structure.push(required(at.child('type'), 'must not be empty at the root'))
  else if (schema.type !== 'object')
    structure.push(invalid(at.child('type'), schema.type, 'must be object at the root'))
  check({ schema, at, errors: structure, place: 'root', depth: 0 })
  checkOwnFields(schema, at, structure)
  checkComplete(schema, schema, { at, from: at, errors: structure })
  const isStructural = structure.length === 0
  const defaults: FieldError[] = []
  if (isStructural) checkDefaults({ schema, at, errors: defaults, isRoot: true, depth: 0 })
  structure.sort((a, b) => (a.field < b.field ? -1 : a.field > b.field ? 1 : 0))
  return {
    errors: [...root, ...structure, ...defaults, ...errors, ...lists],
    isSound: isStructural && lists.length === 0,
  }
}

export const checkStructuralSchema = (schema: JsonSchema, at: FieldPath): FieldError[] =>
  schemaProblems(schema, at).errors

/** Schemas nest; those that nest deeper than this are refused. */
const maxDepth = 100
const types = ['array', 'boolean', 'integer', 'number', 'object', 'string']

interface Check {
  schema: JsonSchema
  at: FieldPath
  errors: FieldError[]
  /** Where it stands: decides whether a type is needed, and what an error says about that. */
  place: 'root' | 'field' | 'item'
  depth: number
}

const unsupported = ['$ref', 'definitions', 'dependencies', 'patternProperties', 'additionalItems', 'id'] as const

function check({ schema, at, errors, place, depth }: Check): void {
  if (depth > maxDepth) {
    errors.push(forbidden(at, `must not nest deeper than ${maxDepth} schemas`))
    return
  }
  if (schema.type === 'array' && itemSchema(schema) === undefined) {
    errors.push(required(at.child('items'), 'must be specified'))
  }
  checkPattern(schema, at, errors)
  const needsType =
    schema['x-kubernetes-int-or-string'] !== true &&
    schema['x-kubernetes-preserve-unknown-fields'] !== true &&
    !isEmbedded(schema)
  if ((schema.type ?? '') === '' && needsType && place !== 'root') {
    const what = place === 'item' ? 'specified array items' : 'specified object fields'
    errors.push(required(at.child('type'), `must not be empty for ${what}`))
  }
  checkEmbedded(schema, at, errors)
  if (place !== 'root' && isEmbedded(schema)) checkOwnTypes(schema, at, errors)
  checkCombinations(schema, at, errors)
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    check({ schema: property, at: at.child('properties').key(name), errors, place: 'field', depth: depth + 1 })
  }
  if (typeof schema.additionalProperties === 'object') {
    const inner = at.child('additionalProperties')
    check({ schema: schema.additionalProperties, at: inner, errors, place: 'field', depth: depth + 1 })
  }
  const items = itemSchema(schema)
  if (items !== undefined) check({ schema: items, at: at.child('items'), errors, place: 'item', depth: depth + 1 })
}

/** What the combinations at the root judge must be declared beside them. */
function checkComplete(
  value: JsonSchema,
  schema: JsonSchema | undefined,
  { at, from, errors }: { at: FieldPath; from: FieldPath; errors: FieldError[] },
  depth = 0,
): void {
  if (depth > maxDepth) return
  const parts: [JsonSchema, FieldPath][] = combinations.flatMap((keyword) =>
    (value[keyword] ?? []).map((part, i): [JsonSchema, FieldPath] => [part, from.child(keyword).index(i)]),
  )
  if (value.not !== undefined) parts.push([value.not, from.child('not')])
  for (const [part, place] of parts) {
    checkComplete(part, schema, { at, from: place, errors }, depth + 1)
    for (const [name, inner] of Object.entries(part.properties ?? {})) {
      const [there, here] = [at.child('properties').key(name), place.child('properties').key(name)]
      const declared = Object.hasOwn(schema?.properties ?? {}, name) ? schema?.properties?.[name] : undefined
      if (declared === undefined) errors.push(required(there, `because it is defined in ${here.text}`))
      else checkComplete(inner, declared, { at: there, from: here, errors }, depth + 1)
    }
  }
}

interface DefaultsCheck {
  schema: JsonSchema
  at: FieldPath
  errors: FieldError[]
  isRoot: boolean
  depth: number
}

function checkDefaults({ schema, at, errors, isRoot, depth }: DefaultsCheck): void {
  if (depth > maxDepth) return
  if (schema.default !== undefined)
    checkDefault({ schema, at: at.child('default'), errors, isResource: isRoot || isEmbedded(schema) })
  const inner = (part: JsonSchema, place: FieldPath): void =>
    checkDefaults({ schema: part, at: place, errors, isRoot: false, depth: depth + 1 })
  for (const [name, part] of Object.entries(schema.properties ?? {})) inner(part, at.child('properties').key(name))
  if (typeof schema.additionalProperties === 'object') {
    inner(schema.additionalProperties, at.child('additionalProperties'))
  }
  const items = itemSchema(schema)
  if (items !== undefined) inner(items, at.child('items'))
}

/** The schemas in a schema, and where they stand. */
function partsOf(schema: JsonSchema, at: FieldPath): [JsonSchema, FieldPath][] {
  const items = itemSchema(schema)
  return [
    ...Object.entries(schema.properties ?? {}).map(([name, part]): [JsonSchema, FieldPath] => [
      part,
      at.child('properties').key(name),
    ]),
    ...(typeof schema.additionalProperties === 'object'
      ? [[schema.additionalProperties, at.child('additionalProperties')] as [JsonSchema, FieldPath]]
      : []),
    ...(items === undefined ? [] : [[items, at.child('items')] as [JsonSchema, FieldPath]]),
    ...combinations.flatMap((keyword) =>
      (schema[keyword] ?? []).map((part, i): [JsonSchema, FieldPath] => [part, at.child(keyword).index(i)]),
    ),
    ...(schema.not === undefined ? [] : [[schema.not, at.child('not')] as [JsonSchema, FieldPath]]),
  ]
}

function some(schema: JsonSchema, test: (part: JsonSchema) => boolean, depth = 0): boolean {
  if (depth > maxDepth) return false
  return test(schema) || partsOf(schema, new FieldPath()).some(([part]) => some(part, test, depth + 1))
}

const hasKeyword = (schema: JsonSchema, keywords: readonly string[]): boolean =>
  some(schema, (part) => keywords.some((keyword) => Object.hasOwn(part, keyword)))
const hasItemLists = (schema: JsonSchema): boolean => some(schema, (part) => Array.isArray(part.items))

interface KeywordCheck {
  schema: JsonSchema
  at: FieldPath
  errors: FieldError[]
  /** What is wrong with lists and maps; rules cannot be looked at then. */
  lists: FieldError[]
  isRoot: boolean
  depth: number
}

/** What a schema may not say anywhere, or not like that. */
function checkKeywords({ schema, at, errors, lists, isRoot, depth }: KeywordCheck): void {
  if (depth > maxDepth) return
  for (const keyword of unsupported) {
    if (Object.hasOwn(schema, keyword)) errors.push(forbidden(at.child(keyword), `${keyword} is not supported`))
  }
  if (schema.type !== undefined && schema.type !== '' && !types.includes(schema.type)) {
    errors.push(notSupported(at.child('type'), schema.type, types))
  }
  if (schema.uniqueItems === true) {
    const why = 'uniqueItems cannot be set to true since the runtime complexity becomes quadratic'
    errors.push(forbidden(at.child('uniqueItems'), why))
  }
  if (schema['x-kubernetes-preserve-unknown-fields'] === false) {
    errors.push(invalid(at.child('x-kubernetes-preserve-unknown-fields'), false, 'must be true or undefined'))
  }
  const others = at.child('additionalProperties')
  if (schema.additionalProperties !== undefined) {
    if (isRoot) errors.push(forbidden(others, 'must not be used at the root'))
    if (schema.additionalProperties !== true && Object.keys(schema.properties ?? {}).length > 0)
      errors.push(forbidden(others, 'additionalProperties and properties are mutual exclusive'))
  }
  if (Array.isArray(schema.items) && schema.items.length > 0) {
    errors.push(forbidden(at.child('items'), 'items must be a schema object and not an array'))
  }
  checkListTypes(schema, at, lists)
  for (const [part, place] of partsOf(schema, at))
    checkKeywords({ schema: part, at: place, errors, lists, isRoot: false, depth: depth + 1 })
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
    const why = 'must be object if x-kubernetes-embedded-resource is true'
    errors.push(
      (schema.type ?? '') === '' ? required(at.child('type'), why) : invalid(at.child('type'), schema.type, why),
    )
  }
}

const ownField = (schema: JsonSchema, name: string): JsonSchema | undefined =>
  Object.hasOwn(schema.properties ?? {}, name) ? schema.properties?.[name] : undefined

function checkOwnTypes(schema: JsonSchema, at: FieldPath, errors: FieldError[]): void {
  for (const name of ['apiVersion', 'kind']) {
    const type = ownField(schema, name)?.type
    const place = at.child('properties').key(name).child('type')
    if (type !== undefined && type !== 'string') errors.push(invalid(place, type, 'must be string'))
  }
}

/** apiVersion, kind and metadata are implied: a schema may narrow the first two and the names in the last. */
function checkOwnFields(schema: JsonSchema, at: FieldPath, errors: FieldError[]): void {
  const place = (name: string): FieldPath => at.child('properties').key(name)
  checkOwnTypes(schema, at, errors)
  const metadata = ownField(schema, 'metadata')
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

/** An int-or-string says so, as `anyOf: [integer, string]`, alone or first in `allOf`. */
function typesOfIntOrString(schema: JsonSchema): ReadonlySet<JsonSchema> {
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
  const inner = (part: JsonSchema, where: FieldPath): void => {
    checkValueSchema({ schema: part, at: where, errors, skipsTypes, depth: depth + 1 })
  }
  for (const keyword of combinations) schema[keyword]?.forEach((part, i) => inner(part, at.child(keyword).index(i)))
  if (schema.not !== undefined) inner(schema.not, at.child('not'))
  for (const [name, part] of Object.entries(schema.properties ?? {})) inner(part, at.child('properties').key(name))
  const items = itemSchema(schema)
  if (items !== undefined) inner(items, at.child('items'))
}
