/** A schema as swagger 2.0 writes it, with the extensions of Kubernetes. */
export interface Schema {
  description?: string
  type?: string
  format?: string
  $ref?: string
  items?: Schema
  additionalProperties?: Schema
  properties?: Record<string, Schema>
  required?: string[]
  enum?: string[]
  'x-kubernetes-list-type'?: string
  'x-kubernetes-list-map-keys'?: string[]
  'x-kubernetes-map-type'?: string
  'x-kubernetes-patch-strategy'?: string
  'x-kubernetes-patch-merge-key'?: string
  'x-kubernetes-group-version-kind'?: { group: string; kind: string; version: string }[]
  'x-kubernetes-unions'?: { discriminator?: string; 'fields-to-discriminateBy': Record<string, string> }[]
}

export type Definitions = Record<string, Schema>

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)

/**
 * The names the client may give the model of a definition, the likelier first: where two groups of one version share
 * a kind, the client puts the group before it.
 */
export function modelNames(definition: string): string[] {
  const parts = definition.split('.')
  const [group = '', version = '', kind = ''] = parts.slice(-3)
  return version === 'version'
    ? [`Version${kind}`]
    : [capital(group) + capital(version) + kind, capital(version) + kind, kind]
}

export const refTo = (definition: string): string => `#/definitions/${definition}`
export const refTarget = (ref: string): string => ref.slice(ref.lastIndexOf('/') + 1)
