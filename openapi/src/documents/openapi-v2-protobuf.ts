import { encodeMessage, type Messages } from './encode-message.ts'

type Fields = Messages[string]

const named = (type: string): Fields => ({ name: [1, 'string'], value: [2, type] })
const listOf = (type: string): Fields => ({ additionalProperties: [1, `*${type}`] })

/** The messages of gnostic's package openapi.v2, as far as a document of the API server uses them. */
const messages: Messages = {
  Document: {
    swagger: [1, 'string'],
    info: [2, 'Info'],
    paths: [8, 'Paths'],
    definitions: [9, 'Definitions'],
    parameters: [10, 'ParameterDefinitions'],
    security: [12, '*SecurityRequirement'],
    securityDefinitions: [13, 'SecurityDefinitions'],
  },
  Info: { title: [1, 'string'], version: [2, 'string'], description: [3, 'string'] },
  Any: { yaml: [2, 'string'] },
  NamedAny: named('Any'),
  Definitions: listOf('NamedSchema'),
  Properties: listOf('NamedSchema'),
  NamedSchema: named('Schema'),
  Schema: {
    ref: [1, 'string'],
    format: [2, 'string'],
    title: [3, 'string'],
    description: [4, 'string'],
    default: [5, 'Any'],
    maximum: [7, 'double'],
    exclusiveMaximum: [8, 'bool'],
    minimum: [9, 'double'],
    exclusiveMinimum: [10, 'bool'],
    maxLength: [11, 'int64'],
    minLength: [12, 'int64'],
    pattern: [13, 'string'],
    maxItems: [14, 'int64'],
    minItems: [15, 'int64'],
    uniqueItems: [16, 'bool'],
    maxProperties: [17, 'int64'],
    minProperties: [18, 'int64'],
    required: [19, '*string'],
    enum: [20, '*Any'],
    additionalProperties: [21, 'AdditionalPropertiesItem'],
    type: [22, 'TypeItem'],
    items: [23, 'ItemsItem'],
    allOf: [24, '*Schema'],
    properties: [25, 'Properties'],
    example: [30, 'Any'],
    vendorExtension: [31, '*NamedAny'],
  },
  AdditionalPropertiesItem: { schema: [1, 'Schema'], boolean: [2, 'bool'] },
  TypeItem: { value: [1, '*string'] },
  ItemsItem: { schema: [1, '*Schema'] },
  Paths: { path: [2, '*NamedPathItem'] },
  NamedPathItem: named('PathItem'),
  PathItem: {
    get: [2, 'Operation'],
    put: [3, 'Operation'],
    post: [4, 'Operation'],
    delete: [5, 'Operation'],
    options: [6, 'Operation'],
    head: [7, 'Operation'],
    patch: [8, 'Operation'],
    parameters: [9, '*ParametersItem'],
    vendorExtension: [10, '*NamedAny'],
  },
  Operation: {
    tags: [1, '*string'],
    description: [3, 'string'],
    operationId: [5, 'string'],
    produces: [6, '*string'],
    consumes: [7, '*string'],
    parameters: [8, '*ParametersItem'],
    responses: [9, 'Responses'],
    schemes: [10, '*string'],
    deprecated: [11, 'bool'],
    vendorExtension: [13, '*NamedAny'],
  },
  ParametersItem: { parameter: [1, 'Parameter'], jsonReference: [2, 'JsonReference'] },
  JsonReference: { ref: [1, 'string'], description: [2, 'string'] },
  Parameter: { bodyParameter: [1, 'BodyParameter'], nonBodyParameter: [2, 'NonBodyParameter'] },
  BodyParameter: {
    description: [1, 'string'],
    name: [2, 'string'],
    in: [3, 'string'],
    required: [4, 'bool'],
    schema: [5, 'Schema'],
  },
  NonBodyParameter: { header: [1, 'Query'], query: [3, 'Query'], path: [4, 'Path'] },
  Query: {
    required: [1, 'bool'],
    in: [2, 'string'],
    description: [3, 'string'],
    name: [4, 'string'],
    type: [6, 'string'],
    format: [7, 'string'],
    uniqueItems: [20, 'bool'],
  },
  Path: {
    required: [1, 'bool'],
    in: [2, 'string'],
    description: [3, 'string'],
    name: [4, 'string'],
    type: [5, 'string'],
    format: [6, 'string'],
    uniqueItems: [19, 'bool'],
  },
  ParameterDefinitions: listOf('NamedParameter'),
  NamedParameter: named('Parameter'),
  Responses: { responseCode: [1, '*NamedResponseValue'] },
  NamedResponseValue: named('ResponseValue'),
  ResponseValue: { response: [1, 'Response'] },
  Response: { description: [1, 'string'], schema: [2, 'SchemaItem'] },
  SchemaItem: { schema: [1, 'Schema'] },
  SecurityRequirement: listOf('NamedStringArray'),
  NamedStringArray: named('StringArray'),
  StringArray: { value: [1, '*string'] },
  SecurityDefinitions: listOf('NamedSecurityDefinitionsItem'),
  NamedSecurityDefinitionsItem: named('SecurityDefinitionsItem'),
  SecurityDefinitionsItem: { apiKeySecurity: [2, 'ApiKeySecurity'] },
  ApiKeySecurity: { type: [1, 'string'], name: [2, 'string'], in: [3, 'string'], description: [4, 'string'] },
}

type Json = Record<string, unknown>

const any = (value: unknown): Json => ({ yaml: `${JSON.stringify(value)}\n` })
const pairs = (map: unknown, make: (value: Json) => unknown): Json => ({
  additionalProperties: Object.entries((map ?? {}) as Record<string, Json>).map(([name, value]) => ({
    name,
    value: make(value),
  })),
})
const extensions = (from: Json): Json => {
  const found = Object.entries(from).filter(([name]) => name.startsWith('x-'))
  return found.length === 0 ? {} : { vendorExtension: found.map(([name, value]) => ({ name, value: any(value) })) }
}

function schema(from: Json): Json {
  const { $ref, type, items, properties, additionalProperties, allOf, default: standard, enum: values, example } = from
  return {
    ...from,
    ref: $ref,
    ...extensions(from),
    type: typeof type === 'string' ? { value: [type] } : undefined,
    items: items === undefined ? undefined : { schema: [schema(items as Json)] },
    properties: properties === undefined ? undefined : pairs(properties, schema),
    additionalProperties: rest(additionalProperties),
    allOf: (allOf as Json[] | undefined)?.map(schema),
    enum: (values as unknown[] | undefined)?.map(any),
    default: standard === undefined ? undefined : any(standard),
    example: example === undefined ? undefined : any(example),
  }
}

function rest(additional: unknown): Json | undefined {
  if (additional === undefined) return undefined
  return typeof additional === 'boolean' ? { boolean: additional } : { schema: schema(additional as Json) }
}

function parameter(from: Json): Json {
  if (from['in'] === 'body') return { bodyParameter: { ...from, schema: schema(from['schema'] as Json) } }
  return { nonBodyParameter: { [String(from['in'])]: from } }
}

const parameters = (from: unknown): Json[] | undefined =>
  (from as Json[] | undefined)?.map((each) =>
    each['$ref'] === undefined ? { parameter: parameter(each) } : { jsonReference: { ref: each['$ref'] } },
  )

function response(from: Json): Json {
  const body = from['schema'] as Json | undefined
  return { response: { ...from, schema: body === undefined ? undefined : { schema: schema(body) } } }
}

function operation(from: Json): Json {
  return {
    ...from,
    ...extensions(from),
    parameters: parameters(from['parameters']),
    responses: { responseCode: pairs(from['responses'], response)['additionalProperties'] },
  }
}

function pathItem(from: Json): Json {
  const made: Json = { ...extensions(from), parameters: parameters(from['parameters']) }
  for (const verb of ['get', 'put', 'post', 'delete', 'options', 'head', 'patch'])
    if (from[verb] !== undefined) made[verb] = operation(from[verb] as Json)
  return made
}

/**
 * Encodes a swagger 2.0 document in protobuf, the only form that kubectl asks of /openapi/v2. What has no place in the table above is left out.
 */
export function encodeOpenApiV2(document: Json): Uint8Array {
  const { swagger, info, paths, definitions, security, securityDefinitions } = document
  const message = {
    swagger,
    info,
    paths: { path: pairs(paths, pathItem)['additionalProperties'] },
    definitions: pairs(definitions, schema),
    parameters: pairs(document['parameters'], parameter),
    security: (security as Record<string, string[]>[] | undefined)?.map((each) => ({
      additionalProperties: Object.entries(each).map(([name, value]) => ({ name, value: { value } })),
    })),
    securityDefinitions: pairs(securityDefinitions, (each) => ({ apiKeySecurity: each })),
  }
  return encodeMessage(messages, 'Document', message)
}
