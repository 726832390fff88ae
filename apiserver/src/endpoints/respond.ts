import type { KubeObject } from '@kapell/openapi/meta/object'
import type { RequestContext } from '../pipeline/context.ts'
import type { Column } from '../registry/definition.ts'
import type { ServedResource } from '../registry/resource-table.ts'
import { noCache, type Answer } from '../server/answer.ts'
import { asLine } from '../storage/watch-cache/splice.ts'
import { encodeForm } from './encode-form.ts'
import {
  customObjectTypes,
  negotiateForm,
  notAcceptable,
  notAcceptableObject,
  objectTypes,
  onlyAccepted,
  type Form,
} from './negotiate.ts'
import { includeObjectOf, partialMetadata, tableOf } from './table.ts'

/** The form an object is answered in; 406 when the client takes none. Where one may watch, that names streams as well. */
export function objectForm(context: RequestContext, resource: ServedResource, may: { watch?: boolean } = {}): Form {
  const offered = resource.type === 'stored' && resource.itemsKeepKind ? customObjectTypes : objectTypes
  const form = negotiateForm(context.header('accept'), { offered, transform: true })
  if (form === undefined) {
    // Custom resources have no router that knows their types.
    if (offered === customObjectTypes) throw onlyAccepted()
    const streams = may.watch === true ? offered.filter((type) => type !== 'application/yaml') : []
    throw notAcceptableObject([...offered, ...streams.map((type) => `${type};stream=watch`)])
  }
  return form
}

/** The form of what has no table: reviews, bindings, evictions. */
export function plainForm(context: RequestContext): Form {
  const form = negotiateForm(context.header('accept'), { offered: objectTypes, transform: false })
  if (form === undefined) throw notAcceptableObject(objectTypes)
  return form
}

export interface ObjectBody {
  object: () => KubeObject
  /** The object's JSON, when it is at hand: served without touching the object. */
  json?: () => Uint8Array
  /** Of its table, when they are not the resource's. */
  columns?: readonly Column<KubeObject>[]
}

/** One object as an answer, in the form the client asked for. */
export async function objectAnswer(
  context: RequestContext,
  resource: ServedResource,
  code: number,
  body: ObjectBody,
  form: Form = objectForm(context, resource),
): Promise<Answer> {
  const pretty = form.mediaType === 'application/json' && context.query.get('pretty') === 'true'
  if (form.as === undefined) {
    if (form.mediaType === 'application/json' && !pretty && body.json !== undefined) {
      return {
        status: code,
        headers: { 'content-type': 'application/json', 'cache-control': noCache },
        body: asLine(body.json()),
      }
    }
    return encodeForm(code, body.object(), form.mediaType, pretty)
  }
  const object = body.object()
  if (form.as === 'PartialObjectMetadataList') {
    throw notAcceptable(
      `you requested PartialObjectMetadataList, but the requested object is not a list (*${resource.group === '' ? 'core' : resource.group.split('.')[0]}.${resource.kind})`,
    )
  }
  if (form.as === 'PartialObjectMetadata') return encodeForm(code, partialMetadata(object), form.mediaType, pretty)
  const table = tableOf(resource, [object], {
    include: includeObjectOf(context.query),
    now: context.now,
    metadata: { resourceVersion: object.metadata?.resourceVersion },
    ...(body.columns === undefined ? {} : { columns: body.columns }),
  })
  return encodeForm(code, table, form.mediaType, pretty)
}
