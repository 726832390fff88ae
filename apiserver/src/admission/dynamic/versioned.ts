import { apiVersionOf, type GroupVersionKind, type KubeObject } from '@kapell/openapi/meta/object'
import { badRequest, internalError } from '@kapell/openapi/meta/status'
import { decodeOrThrow, noSuchKind } from '@kapell/openapi/schema/decode-object'
import { DecodeError } from '@kapell/openapi/schema/problems'
import { isKnownKind } from '@kapell/openapi/schema/registry'
import { scaleOf } from '../../endpoints/scale.ts'
import { scaleKind } from '../../endpoints/scale-wanted.ts'
import type { AnyDefinition, ResourceDefinition, ScaleSubresource } from '../../registry/definition.ts'
import { plainFailure } from '../../registry/storage-errors.ts'
import type { AdmissionAttributes } from '../admission.ts'

export interface TakeBack {
  /** Policies may not set fields that the kind does not have; what webhooks set of them is dropped. */
  unknownFields: 'strict' | 'ignore'
}
const lenient: TakeBack = { unknownFields: 'ignore' }

/** A request's objects in the version and shape in which a webhook or policy wants to see them, and the way back. */
export interface VersionedObjects {
  /** The definition under which the request is seen. */
  definition: AnyDefinition['definition']
  kind: GroupVersionKind
  object: KubeObject | undefined
  oldObject: KubeObject | undefined
  /** Takes a changed `object` over into the request: decoded, pruned, defaulted, converted back. Throws ApiErrors. */
  takeBack: (changed: unknown, how?: TakeBack) => Promise<void>
}

const gvkOf = ({ group, version, kind }: GroupVersionKind): GroupVersionKind => ({ group, version, kind })

const stored = (definition: AnyDefinition['definition']): ResourceDefinition | undefined =>
  'create' in definition || 'get' in definition ? undefined : (definition as ResourceDefinition)

/** The kind of what the request carries: that of the resource, or of the subresource's own body. */
export function kindOf(attributes: AdmissionAttributes): GroupVersionKind {
  const { resource, subresource } = attributes
  if (subresource === '') return gvkOf(resource)
  const part = stored(resource)?.subresources?.[subresource]
  if (part?.type === 'scale') return scaleKind
  if (part?.type === 'action') return gvkOf(part.kind)
  if (part?.type === 'connect') return { group: '', version: 'v1', kind: part.kind }
  return gvkOf(resource)
}

async function convert(object: KubeObject, from: ResourceDefinition, to: ResourceDefinition): Promise<KubeObject> {
  const kept =
    from.conversion === undefined
      ? object
      : await (from.conversion.remote?.toStored(object) ?? from.conversion.toStored(structuredClone(object)))
  if (to.conversion === undefined) return kept
  if (to.conversion.remote === undefined) return to.conversion.fromStored(structuredClone(kept))
  return (await to.conversion.remote.fromStored([kept]))[0] ?? kept
}

/** The members of `object` become those of `next`; `object` and its metadata stay the same to whoever holds them. */
export function replaceContents(object: KubeObject, next: KubeObject): void {
  const metadata = object.metadata
  for (const field of Object.keys(object)) delete (object as Record<string, unknown>)[field]
  Object.assign(object, next)
  if (metadata === undefined) return
  for (const field of Object.keys(metadata)) delete (metadata as Record<string, unknown>)[field]
  object.metadata = Object.assign(metadata, next.metadata)
}

function decode(
  changed: unknown,
  { kind, definition, how }: { kind: GroupVersionKind; definition: ResourceDefinition | undefined; how: TakeBack },
): KubeObject {
  const found = (typeof changed === 'object' && changed !== null ? changed : {}) as KubeObject
  // A policy that replaces the whole may leave out what it is.
  const given = how.unknownFields === 'strict' ? { ...named(kind), ...found } : found
  const apiVersion = apiVersionOf(kind)
  if (given.kind !== kind.kind || given.apiVersion !== apiVersion) {
    const [group = '', version = ''] = (given.apiVersion ?? '').includes('/')
      ? (given.apiVersion ?? '').split('/')
      : ['', given.apiVersion ?? '']
    const other = { group, version, kind: given.kind ?? '' }
    if (!isKnownKind(other)) throw internalError(noSuchKind(other))
    if (how.unknownFields === 'strict') failedDecode(() => decodeOrThrow(other, changed, how))
    const owner = kind.group === '' ? 'core' : kind.group.split('.')[0]
    throw plainFailure(`converting (${version}.${other.kind}) to (${owner}.${kind.kind}): unknown conversion`)
  }
  return failedDecode(() => {
    if (definition?.custom !== undefined) return definition.custom.decode(changed, lenient).object
    const { object } = decodeOrThrow(kind, changed, how)
    definition?.default?.(object)
    return object
  })
}

function failedDecode<T>(decodes: () => T): T {
  try {
    return decodes()
  } catch (error) {
    throw error instanceof DecodeError ? internalError(error.message) : error
  }
}

export async function versionedObjects(
  attributes: AdmissionAttributes,
  matched: AnyDefinition['definition'],
): Promise<VersionedObjects> {
  const { object, oldObject, subresource } = attributes
  const own = stored(attributes.resource)
  const seen = stored(matched)
  const part = subresource === '' ? undefined : own?.subresources?.[subresource]
  const kind = kindOf(attributes)
  const takeBack = async (next: KubeObject): Promise<void> => {
    if (object === undefined) return
    const namespace = next.metadata?.namespace ?? ''
    if (own?.namespaced === true && next.metadata !== undefined && namespace !== attributes.namespace) {
      if (namespace !== '') {
        throw badRequest('the namespace of the provided object does not match the namespace sent on the request')
      }
      next.metadata.namespace = attributes.namespace
    }
    replaceContents(object, next)
    return Promise.resolve()
  }
  if (part?.type === 'scale') {
    const rules = part as ScaleSubresource<KubeObject>
    return {
      definition: matched,
      kind,
      object: object === undefined ? undefined : scaleOf(rules, object),
      oldObject: oldObject === undefined ? undefined : scaleOf(rules, oldObject),
      takeBack: (changed, how = lenient) => {
        const { spec } = decode(changed, { kind, definition: undefined, how }) as { spec?: { replicas?: number } }
        if (object !== undefined) rules.setSpecReplicas(object, spec?.replicas ?? 0)
        return Promise.resolve()
      },
    }
  }
  const isOther = own !== undefined && seen !== undefined && own !== seen
  if (part?.type === 'action' || part?.type === 'connect' || !isOther) {
    const ownShape = part?.type === 'action' || part?.type === 'connect' ? undefined : own
    return {
      definition: matched,
      kind,
      object,
      oldObject,
      takeBack: async (changed, how = lenient) => takeBack(decode(changed, { kind, definition: ownShape, how })),
    }
  }
  const otherKind = gvkOf(seen)
  const converted = async (one: KubeObject | undefined): Promise<KubeObject | undefined> =>
    one === undefined ? undefined : { ...(await convert(one, own, seen)), ...named(otherKind) }
  return {
    definition: matched,
    kind: otherKind,
    object: await converted(object),
    oldObject: await converted(oldObject),
    takeBack: async (changed, how = lenient) =>
      takeBack({
        ...(await convert(decode(changed, { kind: otherKind, definition: seen, how }), seen, own)),
        ...named(kind),
      }),
  }
}

const named = (kind: GroupVersionKind): { apiVersion: string; kind: string } => ({
  apiVersion: apiVersionOf(kind),
  kind: kind.kind,
})
