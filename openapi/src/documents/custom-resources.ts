import { openApiV3Document } from '../documents.ts'
import { listParameters } from '../facts/operations.ts'
import type { JsonSchema } from '../schema/structural/json-schema.ts'
import { openApi3Document, type Schema3 } from './openapi3.ts'
import type { Operation, PathItem } from './operation.ts'
import { pathsOfResource, type GroupVersion, type Resource } from './operations.ts'

/** A custom resource as the documents describe it. */
export interface CustomResourceSource {
  plural: string
  kind: string
  listKind: string
  namespaced: boolean
  schema: JsonSchema
  status: boolean
  scale: boolean
  /** Default: all that stored objects have. */
  verbs?: readonly string[]
}

/**
 * The OpenAPI 3.0 document of a group and version of custom resources, as JSON; its name is "apis/GROUP/VERSION".
 * Source: what the original makes of the same definitions.
 */
export function customResourcesDocument(options: {
  group: string
  version: string
  resources: readonly CustomResourceSource[]
}): Uint8Array {
  const { group, version, resources } = options
  const at = placeOf(group, version)
  const schemas = builtInSchemas()
  for (const resource of resources) {
    schemas[`${at.package}.${resource.kind}`] = objectSchema(resource, at)
    schemas[`${at.package}.${resource.listKind}`] = listSchema(resource, at)
  }
  const paths = resources.flatMap((resource) => pathsOf(resource, at)).sort((a, b) => (a.path < b.path ? -1 : 1))
  return new TextEncoder().encode(JSON.stringify(openApi3Document(`apis/${group}/${version}`, paths, schemas)))
}

/** "com.example.v1" for example.com/v1, as built-in packages are called, too. */
export const placeOf = (group: string, version: string): GroupVersion => ({
  group,
  version,
  package: [...group.split('.').reverse(), version].join('.'),
})

const ref = (name: string): string => `#/components/schemas/${name}`
const meta = 'io.k8s.apimachinery.pkg.apis.meta.v1'

/** What metadata, deletion, patches and scales need; the document of apps/v1 has them all. */
function builtInSchemas(): Record<string, Schema3> {
  const text = new TextDecoder().decode(openApiV3Document('apis/apps/v1'))
  const { components } = JSON.parse(text) as { components: { schemas: Record<string, Schema3> } }
  const wanted = Object.entries(components.schemas).filter(([name]) =>
    /^io\.k8s\.(apimachinery|api\.autoscaling)\./.test(name),
  )
  return Object.fromEntries(wanted)
}

export const typeFields = {
  apiVersion: {
    type: 'string',
    description: 'APIVersion defines which schema the object is written in, as "group/version".',
  },
  kind: { type: 'string', description: 'The kind of the object.' },
} satisfies Record<string, Schema3>

const metadataField = (kind: 'ObjectMeta' | 'ListMeta'): Schema3 => ({
  description: kind === 'ObjectMeta' ? "Standard object's metadata." : "The list's own metadata.",
  allOf: [{ $ref: ref(`${meta}.${kind}`) }],
})

function objectSchema({ schema, kind }: CustomResourceSource, { group, version }: GroupVersion): Schema3 {
  const converted = published(schema)
  return {
    ...converted,
    properties: { ...converted.properties, ...typeFields, metadata: metadataField('ObjectMeta') },
    'x-kubernetes-group-version-kind': [{ group, kind, version }],
  }
}

function listSchema(resource: CustomResourceSource, { group, version, package: pkg }: GroupVersion): Schema3 {
  const { kind, listKind, plural } = resource
  return {
    description: `${listKind} is a list of ${kind}`,
    type: 'object',
    required: ['items'],
    properties: {
      ...typeFields,
      items: { description: `List of ${plural}.`, type: 'array', items: { $ref: ref(`${pkg}.${kind}`) } },
      metadata: metadataField('ListMeta'),
    },
    'x-kubernetes-group-version-kind': [{ group, kind: listKind, version }],
  }
}

/** The schema as clients get it: embedded objects say what every object has, int-or-string what it takes. */
function published(schema: JsonSchema): Schema3 {
  const out = { ...schema } as Schema3
  if (schema.properties !== undefined) {
    out.properties = Object.fromEntries(
      Object.entries(schema.properties).map(([name, inner]) => [name, published(inner)]),
    )
  }
  if (schema.items !== undefined && !Array.isArray(schema.items)) out.items = published(schema.items)
  if (typeof schema.additionalProperties === 'object') {
    out.additionalProperties = published(schema.additionalProperties)
  }
  if (schema['x-kubernetes-int-or-string'] === true && schema.anyOf === undefined && schema.allOf === undefined) {
    Object.assign(out, { anyOf: [{ type: 'integer' }, { type: 'string' }] })
  }
  if (schema['x-kubernetes-embedded-resource'] === true) {
    out.properties = { ...out.properties, ...typeFields, metadata: metadataField('ObjectMeta') }
    out.required = [...new Set([...(schema.required ?? []), 'kind', 'apiVersion'])]
  }
  return out
}

/** The paths of a custom resource, sorted by nothing yet. */
export function pathsOf(resource: CustomResourceSource, at: GroupVersion): PathItem[] {
  const base: Resource = {
    at,
    plural: resource.plural,
    subresource: '',
    kind: resource.kind,
    kindAt: at,
    parentKind: resource.kind,
    namespaced: resource.namespaced,
    verbs: new Set(resource.verbs ?? ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update']),
  }
  const verbs = new Set(['get', 'patch', 'update'])
  const scaleAt = { group: 'autoscaling', version: 'v1', package: 'io.k8s.api.autoscaling.v1' }
  return [
    ...pathsOfResource(base),
    ...(resource.status ? pathsOfResource({ ...base, subresource: 'status', verbs }) : []),
    ...(resource.scale
      ? pathsOfResource({ ...base, subresource: 'scale', kind: 'Scale', kindAt: scaleAt, verbs })
      : []),
  ].map((item) => ({ ...item, operations: item.operations.map((operation) => adapted(operation, resource, at)) }))
}

const textTypes = ['application/json', 'application/yaml']
const patchTypes = ['application/apply-patch+yaml', 'application/json-patch+json', 'application/merge-patch+json']

/** Custom resources speak JSON and YAML only, and know no strategic merge patch. */
function adapted(operation: Operation, resource: CustomResourceSource, at: GroupVersion): Operation {
  const { action, responses } = operation
  const own = {
    ...operation,
    // Also of a scale: the original names the resource's own kind there.
    gvk: { group: at.group, kind: resource.kind, version: at.version },
    produces: textTypes,
    consumes: action === 'patch' ? patchTypes : textTypes,
  }
  switch (action) {
    case 'get':
      return { ...own, parameters: ['resourceVersion'] }
    case 'list':
      return { ...own, responses: { 200: `${at.package}.${resource.listKind}` } }
    case 'patch':
      return { ...own, responses: { 200: responses['200'] ?? 'string' } }
    case 'deletecollection': {
      const { body: _, ...rest } = own
      return { ...rest, parameters: listParameters.split(' ') }
    }
    default:
      return own
  }
}
