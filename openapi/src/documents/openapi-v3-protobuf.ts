import { encodeMessage, type Messages } from './encode-message.ts'

type Fields = Messages[string]
type Json = Record<string, unknown>

const named = (type: string): Fields => ({ name: [1, 'string'], value: [2, type] })
const listOf = (type: string): Fields => ({ additionalProperties: [1, `*${type}`] })
const orReference = (field: string, type: string): Fields => ({ [field]: [1, type], reference: [2, 'Reference'] })

/** The messages of gnostic's package openapi.v3, as far as a document of the API server uses them. */
const messages: Messages = {
  Document: {
    openapi: [1, 'string'],
    info: [2, 'Info'],
    paths: [4, 'Paths'],
    components: [5, 'Components'],
    security: [6, '*SecurityRequirement'],
  },
  Info: { title: [1, 'string'], description: [2, 'string'], version: [6, 'string'] },
  Any: { yaml: [2, 'string'] },
  NamedAny: named('Any'),
  Reference: { $ref: [1, 'string'], summary: [2, 'string'], description: [3, 'string'] },
  Paths: { path: [1, '*NamedPathItem'], vendorExtension: [2, '*NamedAny'] },
  NamedPathItem: named('PathItem'),
  PathItem: {
    description: [3, 'string'],
    get: [4, 'Operation'],
    put: [5, 'Operation'],
    post: [6, 'Operation'],
    delete: [7, 'Operation'],
    options: [8, 'Operation'],
    head: [9, 'Operation'],
    patch: [10, 'Operation'],
    parameters: [13, '*ParameterOrReference'],
    vendorExtension: [14, '*NamedAny'],
  },
  Operation: {
    tags: [1, '*string'],
    summary: [2, 'string'],
    description: [3, 'string'],
    operationId: [5, 'string'],
    parameters: [6, '*ParameterOrReference'],
    requestBody: [7, 'RequestBodyOrReference'],
    responses: [8, 'Responses'],
    deprecated: [10, 'bool'],
    vendorExtension: [13, '*NamedAny'],
  },
  ParameterOrReference: orReference('parameter', 'Parameter'),
  Parameter: {
    name: [1, 'string'],
    in: [2, 'string'],
    description: [3, 'string'],
    required: [4, 'bool'],
    schema: [10, 'SchemaOrReference'],
    vendorExtension: [14, '*NamedAny'],
  },
  RequestBodyOrReference: orReference('requestBody', 'RequestBody'),
  RequestBody: { description: [1, 'string'], content: [2, 'MediaTypes'], required: [3, 'bool'] },
  MediaTypes: listOf('NamedMediaType'),
  NamedMediaType: named('MediaType'),
  MediaType: { schema: [1, 'SchemaOrReference'] },
  Responses: { default: [1, 'ResponseOrReference'], response: [2, '*NamedResponseOrReference'] },
  NamedResponseOrReference: named('ResponseOrReference'),
  ResponseOrReference: orReference('response', 'Response'),
  Response: { description: [1, 'string'], content: [3, 'MediaTypes'] },
  Components: {
    schemas: [1, 'SchemasOrReferences'],
    securitySchemes: [7, 'SecuritySchemesOrReferences'],
  },
  SchemasOrReferences: listOf('NamedSchemaOrReference'),
  NamedSchemaOrReference: named('SchemaOrReference'),
  SchemaOrReference: orReference('schema', 'Schema'),
  Schema: {
    nullable: [1, 'bool'],
    example: [7, 'Any'],
    deprecated: [8, 'bool'],
    title: [9, 'string'],
    multipleOf: [10, 'double'],
    maximum: [11, 'double'],
    exclusiveMaximum: [12, 'bool'],
    minimum: [13, 'double'],
    exclusiveMinimum: [14, 'bool'],
    maxLength: [15, 'int64'],
    minLength: [16, 'int64'],
    pattern: [17, 'string'],
    maxItems: [18, 'int64'],
    minItems: [19, 'int64'],
    uniqueItems: [20, 'bool'],
    maxProperties: [21, 'int64'],
    minProperties: [22, 'int64'],
    required: [23, '*string'],
    enum: [24, '*Any'],
    type: [25, 'string'],
    allOf: [26, '*SchemaOrReference'],
    oneOf: [27, '*SchemaOrReference'],
    anyOf: [28, '*SchemaOrReference'],
    not: [29, 'Schema'],
    items: [30, 'ItemsItem'],
    properties: [31, 'SchemasOrReferences'],
    additionalProperties: [32, 'AdditionalPropertiesItem'],
    default: [33, 'DefaultType'],
    description: [34, 'string'],
    format: [35, 'string'],
    vendorExtension: [36, '*NamedAny'],
  },
  ItemsItem: { schemaOrReference: [1, '*SchemaOrReference'] },
  AdditionalPropertiesItem: { schemaOrReference: [1, 'SchemaOrReference'], boolean: [2, 'bool'] },
  DefaultType: { number: [1, 'double'], boolean: [2, 'bool'], string: [3, 'string'] },
  SecurityRequirement: listOf('NamedStringArray'),
  NamedStringArray: named('StringArray'),
  StringArray: { value: [1, '*string'] },
  SecuritySchemesOrReferences: listOf('NamedSecuritySchemeOrReference'),
  NamedSecuritySchemeOrReference: named('SecuritySchemeOrReference'),
  SecuritySchemeOrReference: orReference('securityScheme', 'SecurityScheme'),
  SecurityScheme: { type: [1, 'string'], description: [2, 'string'], name: [3, 'string'], in: [4, 'string'] },
}

/** YAML in blocks, as the original writes what has no field of its own. */
function block(value: unknown, indent = ''): string {
  if (typeof value === 'string') return isPlain(value) ? value : JSON.stringify(value)
  if (!isNested(value)) return JSON.stringify(value)
  if (Array.isArray(value)) return value.map((one) => `- ${block(one, `${indent}  `)}`).join(`\n${indent}`)
  const deeper = ' '.repeat(4 * Math.floor(indent.length / 4 + 1))
  return Object.entries(value)
    .map(([key, one]) => `${block(key)}:${isNested(one) ? `\n${deeper}` : ' '}${block(one, deeper)}`)
    .join(`\n${indent}`)
}

const isNested = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && Object.keys(value).length > 0

/** Words that YAML reads as nothing but texts. */
const isPlain = (text: string): boolean =>
  /^[A-Za-z][\w./,+-]*$/.test(text) && !/^(y|n|yes|no|on|off|true|false|null)$/i.test(text)

const any = (value: unknown): Json => ({ yaml: `${block(value)}\n` })
const given = <T, R>(value: T | undefined, make: (value: T) => R): R | undefined =>
  value === undefined ? undefined : make(value)
const entries = (map: unknown, make: (value: Json) => unknown): Json[] =>
  Object.entries((map ?? {}) as Record<string, Json>).map(([name, value]) => ({ name, value: make(value) }))
const pairs = (map: unknown, make: (value: Json) => unknown): Json | undefined =>
  given(map, (map) => ({ additionalProperties: entries(map, make) }))
const extensions = (from: Json): Json => {
  const found = Object.entries(from).filter(([name]) => name.startsWith('x-'))
  return found.length === 0 ? {} : { vendorExtension: found.map(([name, value]) => ({ name, value: any(value) })) }
}

/** One of a kind that may be said by reference. */
function orRef(field: string, make: (from: Json) => Json): (from: Json) => Json {
  return (from) => (from['$ref'] === undefined ? { [field]: make(from) } : { reference: from })
}
const schemaOrRef = orRef('schema', schema)
const schemas = (list: unknown): Json[] | undefined =>
  given(list as Json[] | undefined, (list) => list.map(schemaOrRef))

/** Defaults that are objects or lists have no place: the message is there, with nothing in it. */
function standard(value: unknown): Json {
  if (typeof value === 'number') return { number: value }
  if (typeof value === 'boolean') return { boolean: value }
  return typeof value === 'string' ? { string: value } : {}
}

function schema(from: Json): Json {
  const { allOf, oneOf, anyOf, not, items, properties, additionalProperties: more, enum: values } = from
  return {
    ...from,
    ...extensions(from),
    allOf: schemas(allOf),
    oneOf: schemas(oneOf),
    anyOf: schemas(anyOf),
    not: given(not as Json | undefined, schema),
    items: given(items as Json | undefined, (one) => ({ schemaOrReference: [schemaOrRef(one)] })),
    properties: pairs(properties, schemaOrRef),
    additionalProperties: given(more, (more) =>
      typeof more === 'boolean' ? { boolean: more } : { schemaOrReference: schemaOrRef(more as Json) },
    ),
    enum: given(values as unknown[] | undefined, (values) => values.map(any)),
    default: given(from['default'], standard),
    example: given(from['example'], any),
  }
}

const content = (from: Json): Json => ({
  ...from,
  content: pairs(from['content'], (one) => ({ schema: given(one['schema'] as Json | undefined, schemaOrRef) })),
})

const parameters = (from: unknown): Json[] | undefined =>
  given(from as Json[] | undefined, (list) =>
    list.map(
      orRef('parameter', (one) => ({
        ...one,
        ...extensions(one),
        schema: given(one['schema'] as Json | undefined, schemaOrRef),
      })),
    ),
  )

function responses(from: Json): Json {
  const { default: otherwise, ...rest } = from
  const one = orRef('response', content)
  return { default: given(otherwise as Json | undefined, one), response: entries(rest, one) }
}

function operation(from: Json): Json {
  return {
    ...from,
    ...extensions(from),
    parameters: parameters(from['parameters']),
    requestBody: given(from['requestBody'] as Json | undefined, orRef('requestBody', content)),
    responses: given(from['responses'] as Json | undefined, responses),
  }
}

const methods = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch']

const pathItem = (from: Json): Json => ({
  ...from,
  ...extensions(from),
  parameters: parameters(from['parameters']),
  ...Object.fromEntries(methods.map((method) => [method, given(from[method] as Json | undefined, operation)])),
})

/** Encodes an OpenAPI 3.0 document in protobuf. What has no place in the table above is left out. */
export function encodeOpenApiV3(document: Json): Uint8Array {
  const { openapi, info, paths, components, security } = document
  return encodeMessage(messages, 'Document', {
    openapi,
    info,
    paths: given(paths, (paths) => ({ path: entries(paths, pathItem) })),
    components: given(components as Json | undefined, (parts) => ({
      schemas: pairs(parts['schemas'], schemaOrRef),
      securitySchemes: pairs(
        parts['securitySchemes'],
        orRef('securityScheme', (one) => one),
      ),
    })),
    security: given(security as Record<string, string[]>[] | undefined, (list) =>
      list.map((each) => ({
        additionalProperties: Object.entries(each).map(([name, value]) => ({ name, value: { value } })),
      })),
    ),
  })
}
