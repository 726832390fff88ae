import { openApiV2, openApiV2Protobuf, type SwaggerPart } from '../documents.ts'
import type { JsonSchema } from '../schema/structural/json-schema.ts'
import { pathsOf, placeOf, typeFields, type CustomResourceSource } from './custom-resources.ts'
import { refTo } from './definition.ts'
import { encodeOpenApiV2 } from './openapi-v2-protobuf.ts'
import { metaDefinition } from './operation.ts'
import { swaggerPaths } from './swagger.ts'

/** Custom resources of one group and version. */
export interface CustomGroup {
  group: string
  version: string
  resources: readonly CustomResourceSource[]
}

type Schema2 = Record<string, unknown>

const metadataField = (kind: 'ObjectMeta' | 'ListMeta'): Schema2 => ({
  description: kind === 'ObjectMeta' ? "Standard object's metadata." : "The list's own metadata.",
  $ref: refTo(metaDefinition(kind)),
})

/** Swagger 2.0 cannot say these, or its clients stumble over them. */
const dropped = ['default', 'nullable', 'oneOf', 'anyOf', 'allOf', 'not']

/**
 * A schema as swagger 2.0 has it: what may be null, or hold more than is written, or be of two types, has no type at
 * all, as clients would refuse values that the server takes. Source: what the original makes of the same schemas.
 */
function published(schema: JsonSchema): Schema2 {
  const out: Schema2 = { ...schema }
  for (const keyword of dropped) delete out[keyword]
  const isOpen = schema['x-kubernetes-preserve-unknown-fields'] === true || schema.nullable === true
  if (isOpen || schema['x-kubernetes-int-or-string'] === true) delete out['type']
  if (isOpen) {
    for (const keyword of ['properties', 'items', 'additionalProperties', 'required']) delete out[keyword]
    return out
  }
  if (schema.properties !== undefined) {
    out['properties'] = Object.fromEntries(
      Object.entries(schema.properties).map(([name, inner]) => [name, published(inner)]),
    )
  }
  if (schema.items !== undefined && !Array.isArray(schema.items)) out['items'] = published(schema.items)
  if (typeof schema.additionalProperties === 'object') {
    out['additionalProperties'] = published(schema.additionalProperties)
  }
  if (schema['x-kubernetes-embedded-resource'] === true) {
    out['properties'] = {
      ...(out['properties'] as object | undefined),
      ...typeFields,
      metadata: metadataField('ObjectMeta'),
    }
    out['required'] = [...new Set([...(schema.required ?? []), 'kind', 'apiVersion'])]
  }
  return out
}

function definitionsOf({ group, version, resources }: CustomGroup): Record<string, Schema2> {
  const at = placeOf(group, version)
  const definitions: Record<string, Schema2> = {}
  for (const { kind, listKind, plural, schema } of resources) {
    const gvk = { 'x-kubernetes-group-version-kind': [{ group, kind, version }] }
    const isOpen = schema['x-kubernetes-preserve-unknown-fields'] === true
    const object = published(schema)
    definitions[`${at.package}.${kind}`] = isOpen
      ? { type: 'object', ...gvk }
      : {
          ...object,
          properties: {
            ...(object['properties'] as object | undefined),
            ...typeFields,
            metadata: metadataField('ObjectMeta'),
          },
          ...gvk,
        }
    definitions[`${at.package}.${listKind}`] = {
      description: `${listKind} is a list of ${kind}`,
      type: 'object',
      required: ['items'],
      properties: {
        ...typeFields,
        items: { description: `List of ${plural}.`, type: 'array', items: { $ref: refTo(`${at.package}.${kind}`) } },
        metadata: metadataField('ListMeta'),
      },
      'x-kubernetes-group-version-kind': [{ group, kind: listKind, version }],
    }
  }
  return definitions
}

const bytesOf = (value: unknown): Buffer => Buffer.from(JSON.stringify(value))

/** The members of an object, without its braces. */
const membersOf = (value: object): Buffer => bytesOf(value).subarray(1, -1)

/** A document with more paths and definitions at the front of each: spliced, as it is megabytes long. */
export function spliceSwagger(
  bytes: Uint8Array,
  { paths, definitions }: { paths: object; definitions: object },
): Uint8Array {
  const { buffer, byteOffset, byteLength } = bytes
  const document = Buffer.from(buffer, byteOffset, byteLength)
  const opening = (name: string): number => {
    const marker = `,${JSON.stringify(name)}:{`
    const found = document.indexOf(marker)
    if (found < 0) throw new Error(`the swagger document has no ${name}`)
    return found + marker.length
  }
  const [first, second] = [opening('paths'), opening('definitions')]
  const before = (members: object): Buffer =>
    Object.keys(members).length === 0 ? Buffer.alloc(0) : Buffer.concat([membersOf(members), Buffer.from(',')])
  return Buffer.concat([
    document.subarray(0, first),
    before(paths),
    document.subarray(first, second),
    before(definitions),
    document.subarray(second),
  ])
}

export interface SwaggerDocuments {
  json: Uint8Array
  protobuf: () => Uint8Array
}

const nothing: SwaggerPart = { paths: {}, definitions: {} }

/** The swagger 2.0 document with custom resources, and what else is given, in it. */
export function swaggerWith(groups: readonly CustomGroup[], more: SwaggerPart = nothing): SwaggerDocuments {
  if (groups.length === 0 && Object.keys(more.paths).length === 0)
    return { json: openApiV2(), protobuf: openApiV2Protobuf }
  const items = groups.flatMap((one) => {
    const at = placeOf(one.group, one.version)
    return one.resources.flatMap((resource) => pathsOf(resource, at))
  })
  const paths = { ...more.paths, ...swaggerPaths(items) }
  const definitions = Object.assign({}, more.definitions, ...groups.map(definitionsOf)) as Record<string, Schema2>
  return {
    json: spliceSwagger(openApiV2(), { paths, definitions }),
    // Messages written one after the other are one message: their maps are joined.
    protobuf: () => Buffer.concat([openApiV2Protobuf(), encodeOpenApiV2({ paths, definitions })]),
  }
}
