import type { ApiClient } from '@kapell/controllers/machinery/client'
import { can, type DiscoveredResource } from '@kapell/controllers/machinery/discovery'
import { errorText } from '@kapell/controllers/machinery/log'
import type { KubeObject } from '@kapell/openapi/meta/object'
import { groupResource, resourcePath } from '@kapell/openapi/meta/resource-ref'
import { isReason } from '@kapell/openapi/meta/status'

/** What deleting a namespace's content came to. */
export interface ContentResult {
  /** Objects that are left, by resource: "pods." or "deployments.apps", as messages name it. */
  remaining: Map<string, number>
  /** Finalizers that hold objects, with how many each. */
  finalizers: Map<string, number>
  failures: string[]
  /** Something was there to delete: owners may have made more meanwhile, so it must be looked through once more. */
  found: boolean
}

/** As messages name it: the core group is an empty one. */
export const resourceLabel = ({ plural, group }: { plural: string; group: string }): string => `${plural}.${group}`

/**
 * Deletes everything in a namespace: pods first, and the rest once no pod is left, so that what pods rely on (secrets,
 * network policies, accounts) outlives them. Source: "Namespaces", ordered deletion.
 */
export async function deleteContent(options: {
  client: ApiClient
  /** Lists names only. */
  metadataClient: ApiClient
  namespace: string
  resources: readonly DiscoveredResource[]
}): Promise<ContentResult> {
  const result: ContentResult = { remaining: new Map(), finalizers: new Map(), failures: [], found: false }
  const deletable = options.resources.filter(
    (resource) => resource.namespaced && can(resource, 'delete', 'list') && !isEventCopy(resource),
  )
  const pods = deletable.filter(({ group, plural }) => group === '' && plural === 'pods')
  const others = deletable.filter((resource) => !pods.includes(resource))
  for (const resource of pods) await deleteKind(options, resource, result)
  if (result.remaining.size > 0 || result.failures.length > 0) return result
  await Promise.all(others.map((resource) => deleteKind(options, resource, result)))
  return result
}

/** events.k8s.io shows the same objects as core/v1 events do. */
const isEventCopy = ({ group, plural }: DiscoveredResource): boolean => group === 'events.k8s.io' && plural === 'events'

async function deleteKind(
  { client, metadataClient, namespace }: { client: ApiClient; metadataClient: ApiClient; namespace: string },
  resource: DiscoveredResource,
  result: ContentResult,
): Promise<void> {
  const list = async (): Promise<KubeObject[]> =>
    (await metadataClient.resource<KubeObject>(resource, namespace).list()).items
  try {
    let left = await list()
    if (left.length > 0) result.found = true
    if (left.some(({ metadata }) => metadata?.deletionTimestamp === undefined)) {
      if (can(resource, 'deletecollection'))
        await client.raw('DELETE', resourcePath(resource, { namespace }), {
          kind: 'DeleteOptions',
          apiVersion: 'v1',
          propagationPolicy: 'Background',
        })
      else await deleteEach(client, namespace, resource, left)
      left = await list()
    }
    if (left.length === 0) return
    result.remaining.set(resourceLabel(resource), left.length)
    for (const { metadata } of left)
      for (const finalizer of metadata?.finalizers ?? [])
        result.finalizers.set(finalizer, (result.finalizers.get(finalizer) ?? 0) + 1)
  } catch (error) {
    // Not served any more: nothing of it is left.
    if (!isReason(error, 'NotFound', 'MethodNotAllowed'))
      result.failures.push(`${groupResource(resource)}: ${errorText(error)}`)
  }
}

async function deleteEach(
  client: ApiClient,
  namespace: string,
  resource: DiscoveredResource,
  objects: readonly KubeObject[],
): Promise<void> {
  for (const { metadata } of objects) {
    try {
      await client.resource(resource, namespace).delete(metadata?.name ?? '', { propagationPolicy: 'Background' })
    } catch (error) {
      if (!isReason(error, 'NotFound')) throw error
    }
  }
}
