import { parseApiVersion, type KubeObject } from '@kapell/openapi/meta/object'
import type { RequestContext } from '../pipeline/context.ts'
import type { Column } from '../registry/definition.ts'
import type { ServedResource } from '../registry/resource-table.ts'
import { noCache, type Answer } from '../server/answer.ts'
import { asLine } from '../storage/watch-cache/splice.ts'
import { encodeForm } from './encode-form.ts'
import {
  customObjectTypes,
  metaVersion,
  negotiateForm,
  notAcceptable,
  objectTypes,
  onlyAccepted,
  type Form,
} from './negotiate.ts'
import { isPretty } from './pretty.ts'
import { includeObjectOf, partialMetadata, tableOf } from './table.ts'

/** The form an object is answered in; 406 when the client takes none. */
export function objectForm(context: RequestContext, resource: ServedResource): Form {
  const offered = resource.type === 'stored' && resource.itemsKeepKind ? customObjectTypes : objectTypes
  const form = negotiateForm(context.header('accept'), { offered, transform: true })
  if (form === undefined) throw onlyAccepted()
  return form
}

/** The form of what has no table: reviews, bindings, evictions, tokens. */
export function actionForm(context: RequestContext): Form {
  const form = negotiateForm(context.header('accept'), { offered: objectTypes, transform: true, tables: false })
  if (form === undefined) throw onlyAccepted()
  return form
}

/** How the original names the type that it keeps objects of a kind in. */
function internalType(resource: ServedResource, { group, kind }: { group: string; kind: string }): string {
  if (resource.type === 'stored' && resource.definition.custom !== undefined && group === resource.group) {
    return kind === resource.kind ? '*unstructured.Unstructured' : '*unstructured.UnstructuredList'
  }
  // Events of both groups are kept as those of the older one.
  const isCore = group === '' || group === 'events.k8s.io'
  return `*${isCore ? 'core' : (group.split('.')[0] ?? '')}.${kind}`
}

/** 406 where a list is asked for as one object. Throws. */
export function checkListForm(form: Form, resource: ServedResource): void {
  if (form.as !== 'PartialObjectMetadata') return
  const type = internalType(resource, { group: resource.group, kind: resource.listKind })
  throw notAcceptable(`you requested PartialObjectMetadata, but the requested object is a list (${type})`)
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
  const pretty = form.mediaType === 'application/json' && isPretty(context, form)
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
    const type = internalType(resource, { ...parseApiVersion(object.apiVersion ?? ''), kind: object.kind ?? '' })
    throw notAcceptable(`you requested PartialObjectMetadataList, but the requested object is not a list (${type})`)
  }
  const apiVersion = metaVersion(form)
  if (form.as === 'PartialObjectMetadata') {
    return encodeForm(code, partialMetadata(object, apiVersion), form.mediaType, pretty)
  }
  const table = tableOf(resource, [object], {
    include: includeObjectOf(context.query),
    now: context.now,
    apiVersion,
    metadata: { resourceVersion: object.metadata?.resourceVersion },
    ...(body.columns === undefined ? {} : { columns: body.columns }),
  })
  return encodeForm(code, table, form.mediaType, pretty)
}
