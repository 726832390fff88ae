import { apiVersionOf, type KubeObject } from './object.ts'

/** How a client addresses a resource; `T` is the type of its objects. */
export interface ResourceRef<T extends KubeObject = KubeObject> {
  readonly group: string
  readonly version: string
  readonly kind: string
  readonly plural: string
  readonly namespaced: boolean
  /** Never set: carries T. */
  readonly __object?: T
}

/** "deployments.apps" or "pods": the resource's name in messages. */
export function groupResource(ref: { group: string; plural: string }): string {
  return ref.group === '' ? ref.plural : `${ref.plural}.${ref.group}`
}

/**
 * The URL path of a resource, an object, or a subresource of one; parts are percent-encoded.
 * An absent namespace on a namespaced resource means all namespaces.
 */
export function resourcePath(
  ref: Pick<ResourceRef, 'group' | 'version' | 'plural' | 'namespaced'>,
  at: { namespace?: string; name?: string; subresource?: string } = {},
): string {
  const root = ref.group === '' ? `/api/${ref.version}` : `/apis/${apiVersionOf(ref)}`
  const scope = ref.namespaced && at.namespace !== undefined ? `/namespaces/${encodeURIComponent(at.namespace)}` : ''
  const name = at.name === undefined ? '' : `/${encodeURIComponent(at.name)}`
  return `${root}${scope}/${ref.plural}${name}${at.subresource === undefined ? '' : `/${at.subresource}`}`
}
