/** A path of the API and what can be done with it, in a form that both versions of the documents are written from. */
export interface PathItem {
  path: string
  /** The OpenAPI 3.0 document it stands in: "api/v1". */
  document: string
  parameters: string[]
  /** "name of the Pod", when the path has a {name}. */
  nameDescription?: string
  operations: Operation[]
}

export interface Operation {
  method: 'get' | 'post' | 'put' | 'patch' | 'delete' | 'head' | 'options'
  id: string
  description: string
  tag: string
  action?: string
  gvk?: { group: string; kind: string; version: string }
  consumes: readonly string[]
  produces: readonly string[]
  parameters: string[]
  body?: { definition: string; required: boolean }
  /** What is answered, by code; a definition, or 'string'. 401 is understood. */
  responses: Record<string, string>
}

const meta = 'io.k8s.apimachinery.pkg.apis.meta.v1'
export const metaDefinition = (kind: string): string => `${meta}.${kind}`

export const objectTypes = ['application/json', 'application/yaml', 'application/vnd.kubernetes.protobuf'] as const
export const watchTypes = [
  ...objectTypes,
  'application/json;stream=watch',
  'application/vnd.kubernetes.protobuf;stream=watch',
] as const
export const patchTypes = [
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
  'application/apply-patch+yaml',
] as const
export const anyType = ['*/*'] as const
