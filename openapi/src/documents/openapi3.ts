import { parameters } from '../facts/operations.ts'
import { specialDefinitions } from '../facts/special-types.ts'
import { apiVersionOf } from '../meta/object.ts'
import { refTarget, type Definitions, type Schema } from './definition.ts'
import type { Operation, PathItem } from './operation.ts'
import { responseText } from './swagger.ts'

export type Schema3 = Omit<Schema, 'items' | 'additionalProperties' | 'properties'> & {
  default?: unknown
  allOf?: { $ref: string }[]
  oneOf?: { type: string }[]
  items?: Schema3
  additionalProperties?: Schema3
  properties?: Record<string, Schema3>
}

const ref3 = (definition: string): string => `#/components/schemas/${definition}`

/** The OpenAPI 3.0 documents by name ("api/v1"), each with the schemas that its paths reach. */
export function openApi3Documents(schemas: Record<string, Schema3>, paths: readonly PathItem[]): Map<string, object> {
  const byDocument = Map.groupBy(paths, (item) => item.document)
  return new Map([...byDocument].map(([name, items]) => [name, openApi3Document(name, items, schemas)]))
}

/** One document, with the schemas that its paths reach. */
export function openApi3Document(name: string, items: readonly PathItem[], schemas: Record<string, Schema3>): object {
  const content = Object.fromEntries(items.map((item) => [item.path, pathOf(item)]))
  const used = reachable(content, schemas)
  const apiVersion = name.replace(/^apis?\//, '')
  const own = used.map((key) => [key, forDocument(schemas[key], apiVersion)] as const)
  return {
    openapi: '3.0.0',
    info: { title: 'Kubernetes', version: '1.36' },
    paths: content,
    components: {
      ...(own.length === 0 ? {} : { schemas: Object.fromEntries(own) }),
      securitySchemes: {
        BearerToken: {
          type: 'apiKey',
          description: 'Bearer Token authentication',
          name: 'authorization',
          in: 'header',
        },
      },
    },
  }
}

/** Kinds that every group has are told of only as the document's own, and the core's. */
function forDocument(schema: Schema3 | undefined, apiVersion: string): Schema3 | undefined {
  const kinds = schema?.['x-kubernetes-group-version-kind']
  if (kinds === undefined || kinds.length === 1) return schema
  return {
    ...schema,
    'x-kubernetes-group-version-kind': kinds.filter((gvk) => ['v1', apiVersion].includes(apiVersionOf(gvk))),
  }
}

function reachable(content: object, schemas: Record<string, Schema3>): string[] {
  const found = new Set<string>()
  const visit = (value: object | undefined): void => {
    for (const [, name = ''] of JSON.stringify(value ?? {}).matchAll(/"#\/components\/schemas\/([^"]+)"/g)) {
      if (found.has(name)) continue
      found.add(name)
      visit(schemas[name])
    }
  }
  visit(content)
  return [...found].sort()
}

/** A definition of swagger 2.0 as OpenAPI 3.0 says it; `defaultOf` tells the default of "definition.property". */
export function schemas3(definitions: Definitions, defaultOf: (at: string) => unknown): Record<string, Schema3> {
  return Object.fromEntries(
    Object.entries(definitions).map(([name, definition]) => {
      const { properties, ...rest } = definition
      const special = specialDefinitions[name]
      if (special?.oneOf !== undefined) {
        const { type: _, ...plain } = rest
        return [name, { ...plain, oneOf: special.oneOf.map((type) => ({ type })) } as Schema3]
      }
      if (properties === undefined) return [name, rest as Schema3]
      const converted = Object.entries(properties).map(([property, schema]) => [
        property,
        propertyOf(schema, defaultOf(`${name}.${property}`)),
      ])
      return [name, { ...rest, properties: Object.fromEntries(converted) as Record<string, Schema3> } as Schema3]
    }),
  )
}

function propertyOf(schema: Schema, fallback: unknown): Schema3 {
  const { $ref, items, additionalProperties, properties: _, ...rest } = schema
  const extra = fallback === undefined ? {} : { default: fallback }
  if ($ref !== undefined) {
    const target = ref3(refTarget($ref))
    return Object.keys(rest).length === 0 && fallback === undefined
      ? { $ref: target }
      : { ...rest, ...extra, allOf: [{ $ref: target }] }
  }
  return {
    ...rest,
    ...extra,
    ...(items === undefined ? {} : { items: propertyOf(items, leafDefault(items)) }),
    ...(additionalProperties === undefined
      ? {}
      : { additionalProperties: propertyOf(additionalProperties, leafDefault(additionalProperties)) }),
  }
}

/** Items of lists and values of maps are there or not, so each has its zero as default. */
function leafDefault({ $ref, type, format }: Schema): unknown {
  if ($ref !== undefined) return Object.hasOwn(specialDefinitions, refTarget($ref)) ? undefined : {}
  if (type === 'string') return format === 'byte' ? undefined : ''
  return type === 'integer' ? 0 : type === 'boolean' ? false : undefined
}

function parameterOf(key: string): object {
  const fact = parameters[key]
  if (fact === undefined) throw new Error(`no parameter is called ${key}`)
  return {
    name: key.replace(/@.*/, ''),
    in: fact.in,
    description: fact.description,
    ...(fact.in === 'path' ? { required: true } : {}),
    schema: { type: fact.type, uniqueItems: true },
  }
}

function pathOf(item: PathItem): object {
  const own = item.parameters.map(parameterOf)
  if (item.nameDescription !== undefined) {
    own.unshift({
      name: 'name',
      in: 'path',
      description: item.nameDescription,
      required: true,
      schema: { type: 'string', uniqueItems: true },
    })
  }
  return {
    ...Object.fromEntries(item.operations.map((operation) => [operation.method, operationOf(operation)])),
    ...(own.length === 0 ? {} : { parameters: own }),
  }
}

function operationOf({
  id,
  description,
  tag,
  action,
  gvk,
  consumes,
  produces,
  body,
  responses,
  ...rest
}: Operation): object {
  const contentOf = (types: readonly string[], answer: string): object =>
    Object.fromEntries(
      types.map((type) => [type, { schema: answer === 'string' ? { type: 'string' } : { $ref: ref3(answer) } }]),
    )
  return {
    tags: [tag],
    description,
    operationId: id,
    ...(rest.parameters.length === 0 ? {} : { parameters: rest.parameters.map(parameterOf) }),
    ...(body === undefined
      ? {}
      : {
          requestBody: {
            content: contentOf(consumes, body.definition),
            ...(body.required ? { required: true } : {}),
          },
        }),
    responses: {
      ...Object.fromEntries(
        Object.entries(responses).map(([code, answer]) => [
          code,
          { description: responseText(code), content: contentOf(produces, answer) },
        ]),
      ),
      401: { description: 'Unauthorized' },
    },
    ...(action === undefined ? {} : { 'x-kubernetes-action': action }),
    ...(gvk === undefined ? {} : { 'x-kubernetes-group-version-kind': gvk }),
  }
}
