import {
  defineController,
  type ControllerContext,
  type ReconcileResult,
} from '@kapell/controllers/machinery/controller'
import { discover } from '@kapell/controllers/machinery/discovery'
import type { Lister } from '@kapell/controllers/machinery/store'
import { namespaces, pods } from '@kapell/openapi/meta/refs'
import { resourcePath } from '@kapell/openapi/meta/resource-ref'
import { isReason } from '@kapell/openapi/meta/status'
import type { V1Namespace } from '@kapell/openapi/types'
import { sameMeaning } from '../shared/equal.ts'
import { isDeleting } from '../shared/pods.ts'
import { deleteContent } from './content.ts'
import { deletionConditions } from './status.ts'

interface Dependencies {
  context: ControllerContext
  namespaces: Lister<V1Namespace>
}

/** What this controller finishes before a namespace may go. */
const finalizer = 'kubernetes'
/** Content that waits for others is looked at again this often, longer the longer it takes. */
const firstCheckMs = 500
const maxCheckMs = 15_000

/** Empties namespaces that are being deleted, then lets them go. Source: concepts page "Namespaces". */
export const namespaceController = defineController<Dependencies, V1Namespace>({
  name: 'namespace-controller',
  queue: 'namespace',
  primary: namespaces,
  workers: 10,
  setup: (context) => {
    const known = context.lister(namespaces)
    // The last pod of a leaving namespace is what it mostly waits for.
    context.informer(pods).onChange({
      delete: ({ metadata }) => {
        const namespace = known.get(metadata?.namespace ?? '')
        if (namespace !== undefined && isDeleting(namespace)) context.queue.add(metadata?.namespace ?? '')
      },
    })
    return { context, namespaces: known }
  },
  reconcile,
})

async function reconcile(
  name: string,
  { context, namespaces: known }: Dependencies,
): Promise<ReconcileResult | undefined> {
  const cached = known.get(name)
  if (cached === undefined || !isDeleting(cached)) return undefined
  const { client, clock } = context
  const resource = client.resource(namespaces)
  let namespace: V1Namespace
  try {
    namespace = await resource.get(name)
  } catch (error) {
    if (isReason(error, 'NotFound')) return undefined
    throw error
  }
  if (!isDeleting(namespace) || namespace.metadata?.uid !== cached.metadata?.uid) return undefined
  if (namespace.status?.phase !== 'Terminating')
    namespace = await resource.updateStatus({ ...namespace, status: { ...namespace.status, phase: 'Terminating' } })
  if (!(namespace.spec?.finalizers ?? []).includes(finalizer)) return undefined

  const { resources, failures } = await discover(client, context.signal)
  const content = await deleteContent({
    client,
    metadataClient: context.metadataClientFor('namespace-controller'),
    namespace: name,
    resources,
  })
  const discoveryFailures = failures.map(({ groupVersion, message }) => `${groupVersion}: ${message}`)
  const conditions = deletionConditions(namespace, discoveryFailures, content, clock.now())
  const done = failures.length === 0 && content.failures.length === 0 && content.remaining.size === 0
  // A namespace that goes at once needs no word about it.
  const quick = done && (namespace.status?.conditions ?? []).length === 0
  if (!quick && !sameMeaning(conditions, namespace.status?.conditions))
    namespace = await resource.updateStatus({ ...namespace, status: { ...namespace.status, conditions } })
  if (failures.length + content.failures.length > 0)
    throw new Error([...discoveryFailures, ...content.failures].join('; '))
  if (!done) return { afterMs: checkAfterMs(namespace, clock.now()) }
  if (content.found) return { afterMs: 1 }
  await finalize(context, namespace)
  return undefined
}

/** A tenth of the time it has taken so far. */
function checkAfterMs(namespace: V1Namespace, now: Date): number {
  const ageMs = now.getTime() - Date.parse(namespace.metadata?.deletionTimestamp ?? now.toISOString())
  return Math.min(Math.max(ageMs / 10, firstCheckMs), maxCheckMs)
}

async function finalize({ client }: ControllerContext, namespace: V1Namespace): Promise<void> {
  const name = namespace.metadata?.name ?? ''
  const finalizers = (namespace.spec?.finalizers ?? []).filter((one) => one !== finalizer)
  try {
    await client.raw('PUT', resourcePath(namespaces, { name, subresource: 'finalize' }), {
      ...namespace,
      apiVersion: 'v1',
      kind: 'Namespace',
      spec: { ...namespace.spec, finalizers },
    })
  } catch (error) {
    if (!isReason(error, 'NotFound')) throw error
  }
}
