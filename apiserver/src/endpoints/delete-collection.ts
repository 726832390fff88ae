import { isReason } from '@kapell/openapi/meta/status'
import type { RequestContext } from '../pipeline/context.ts'
import { deleteObject } from '../registry/delete.ts'
import type { StoredResource } from '../registry/resource-table.ts'
import type { Answer } from '../server/answer.ts'
import { readDeleteOptions } from './delete-options.ts'
import { deleteAdmissionOptions, warnOfOrphans } from './delete.ts'
import { encodeForm } from './encode-form.ts'
import { parseListOptions } from './query-options.ts'
import { listMetadata, listOf, readPage } from './list.ts'
import { metaVersion } from './negotiate.ts'
import { checkListForm, objectForm } from './respond.ts'
import { parseSelection } from './selection.ts'
import type { EndpointServer } from './server.ts'
import { includeObjectOf, tableOf } from './table.ts'
import { requestScope } from './write-scope.ts'

/** Deletions at work at once. */
const workers = 16

/** DELETE of all objects that match; answers with them as they were. */
export async function deleteCollectionEndpoint(
  server: EndpointServer,
  context: RequestContext,
  resource: StoredResource,
): Promise<Answer> {
  const listOptions = parseListOptions(context.query, false)
  const selection = parseSelection(resource, listOptions)
  const options = await readDeleteOptions(context)
  const form = objectForm(context, resource)
  checkListForm(form, resource)
  const include = form.as === 'Table' ? includeObjectOf(context.query) : 'Metadata'
  warnOfOrphans(context, resource, options)
  const page = await readPage(context, resource, listOptions, selection)
  const items = page.items.map((item) => item.object())
  const scope = requestScope(server, context, resource, {
    dryRun: options.dryRun,
    admissionOptions: deleteAdmissionOptions(options),
  })
  const queue = items.values()
  const work = async (): Promise<void> => {
    for (const { metadata } of queue) {
      context.signal.throwIfAborted()
      try {
        const one = { name: metadata?.name ?? '', namespace: metadata?.namespace ?? '', inCollection: true }
        await deleteObject({ ...scope, ...one }, options)
      } catch (error) {
        if (!isReason(error, 'NotFound')) throw error
      }
    }
  }
  await Promise.all(Array.from({ length: Math.min(workers, items.length) }, work))
  const metadata = listMetadata(page, resource)
  if (form.as !== undefined && metadata['continue'] === '') delete metadata['continue']
  if (form.as === 'Table') {
    const table = tableOf(resource, items, { include, now: context.now, metadata, apiVersion: metaVersion(form) })
    return encodeForm(200, table, form.mediaType)
  }
  const list = listOf(resource, form, { metadata, objects: items })
  return encodeForm(200, list, form.mediaType)
}
