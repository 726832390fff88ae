import type { ApiClient } from '@kapell/controllers/machinery/client'
import { defineController } from '@kapell/controllers/machinery/controller'
import type { EventRecorder } from '@kapell/controllers/machinery/event-recorder'
import { errorText } from '@kapell/controllers/machinery/log'
import { controllerOf } from '@kapell/controllers/machinery/owner-refs'
import {
  claimFinalizer,
  claimKeysOf,
  isDoneWithClaims,
  isReservedFor,
} from '@kapell/controllers/machinery/placement/resource-claims'
import { keyOf, type Lister } from '@kapell/controllers/machinery/store'
import type { Metrics } from '@kapell/controllers/machinery/metrics'
import { pods, resourceClaims, resourceClaimTemplates } from '@kapell/openapi/meta/refs'
import { isReason } from '@kapell/openapi/meta/status'
import type { ResourceV1ResourceClaim, V1Pod, V1ResourceClaimTemplate } from '@kapell/openapi/types'
import { claimFrom, cleanup, madeBefore, missingClaims } from './decide.ts'

interface Dependencies {
  client: ApiClient
  events: EventRecorder
  metrics: Metrics
  pods: Lister<V1Pod>
  claims: Lister<ResourceV1ResourceClaim>
  templates: Lister<V1ResourceClaimTemplate>
}

const byOwner = 'owner'
const byTemplate = 'template'
const podKey = (key: string): string => `pod:${key}`
const claimKey = (key: string): string => `claim:${key}`

/**
 * Makes the claims of pods from their templates, keeps track of who uses claims, and gives devices up when nobody does.
 * Source: "Dynamic Resource Allocation".
 */
export const resourceClaimController = defineController<Dependencies, V1Pod>({
  name: 'resourceclaim-controller',
  serviceAccount: 'resource-claim-controller',
  component: 'resource_claim',
  queue: 'resource_claim',
  workers: 10,
  setup: ({ client, events, informer, queue, metrics }) => {
    const podInformer = informer(pods, {
      indexers: {
        [byTemplate]: (pod) =>
          missingClaims(pod).map(
            ({ resourceClaimTemplateName = '' }) => `${pod.metadata?.namespace ?? ''}/${resourceClaimTemplateName}`,
          ),
      },
    })
    const claimInformer = informer(resourceClaims, {
      indexers: { [byOwner]: (claim) => [controllerOf(claim)?.uid ?? ''] },
    })
    const templateInformer = informer(resourceClaimTemplates)
    const hasClaims = (pod: V1Pod): boolean =>
      (pod.spec?.resourceClaims ?? []).length > 0 || pod.status?.extendedResourceClaimStatus !== undefined
    const look = (pod: V1Pod): void => {
      if (!hasClaims(pod)) return
      if (isDoneWithClaims(pod)) release(pod)
      else queue.add(podKey(keyOf(pod)))
    }
    const release = (pod: V1Pod): void => {
      if (!hasClaims(pod)) return
      const made = claimInformer.lister.byIndex(byOwner, pod.metadata?.uid ?? '').map(keyOf)
      for (const key of new Set([...claimKeysOf(pod), ...made])) queue.add(claimKey(key))
    }
    podInformer.onChange({
      add: look,
      update: (before, pod) => {
        if (before.metadata?.uid !== pod.metadata?.uid) release(before)
        look(pod)
      },
      delete: release,
    })
    const lookAtClaim = (claim: ResourceV1ResourceClaim): void => queue.add(claimKey(keyOf(claim)))
    claimInformer.onChange({ add: lookAtClaim, update: (_, claim) => lookAtClaim(claim) })
    templateInformer.onChange({
      add: (template) => {
        for (const pod of podInformer.lister.byIndex(byTemplate, keyOf(template))) queue.add(podKey(keyOf(pod)))
      },
    })
    return {
      client,
      events,
      metrics,
      pods: podInformer.lister,
      claims: claimInformer.lister,
      templates: templateInformer.lister,
    }
  },
  reconcile: async (key, deps) => {
    const of = key.slice(key.indexOf(':') + 1)
    await (key.startsWith('pod:') ? syncPod(of, deps) : syncClaim(of, deps))
  },
})

async function syncPod(key: string, deps: Dependencies): Promise<void> {
  const pod = deps.pods.get(key)
  if (pod === undefined) return
  const made = new Map<string, string>()
  for (const entry of missingClaims(pod)) {
    try {
      made.set(entry.name, await makeClaim(pod, entry.name, entry.resourceClaimTemplateName ?? '', deps))
    } catch (error) {
      deps.events.event(
        pod,
        'Warning',
        'FailedResourceClaimCreation',
        `PodResourceClaim ${entry.name}: ${errorText(error)}`,
      )
      throw error
    }
  }
  if (made.size > 0) await tellPod(pod, made, deps)
  if ((pod.spec?.nodeName ?? '') !== '' && !isDoneWithClaims(pod)) await reserveForPlaced(pod, deps)
}

async function makeClaim(pod: V1Pod, entryName: string, templateName: string, deps: Dependencies): Promise<string> {
  const namespace = pod.metadata?.namespace ?? ''
  const owned = deps.claims.byIndex(byOwner, pod.metadata?.uid ?? '')
  const before = madeBefore(owned, entryName)
  if (before !== undefined) return before.metadata?.name ?? ''
  const template = deps.templates.get(`${namespace}/${templateName}`)
  if (template === undefined)
    throw new Error(
      `resource claim template "${templateName}": resourceclaimtemplate.resource.k8s.io "${templateName}" not found`,
    )
  const wanted = claimFrom(template, pod, entryName)
  const admin = wanted.spec.devices?.requests?.some(({ exactly }) => exactly?.adminAccess === true) === true
  const count = (status: 'success' | 'failure'): void =>
    deps.metrics
      .counter('resourceclaim_controller_creates_total', '[ALPHA] Claims that were made, or could not be.', {
        admin_access: String(admin),
        status,
      })
      .inc()
  try {
    const made = await deps.client.resource(resourceClaims, namespace).create(wanted)
    count('success')
    return made.metadata?.name ?? ''
  } catch (error) {
    count('failure')
    throw error
  }
}

async function tellPod(pod: V1Pod, made: ReadonlyMap<string, string>, { client }: Dependencies): Promise<void> {
  const { namespace, name = '', uid } = pod.metadata ?? {}
  const known = pod.status?.resourceClaimStatuses ?? []
  const added = [...made].map(([entry, resourceClaimName]) => ({ name: entry, resourceClaimName }))
  const all = [...known.filter((one) => !made.has(one.name)), ...added].sort((a, b) => (a.name < b.name ? -1 : 1))
  const applied = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace, uid },
    status: { resourceClaimStatuses: all },
  }
  await client
    .resource(pods, namespace)
    .patch(name, 'apply', applied, { subresource: 'status', fieldManager: 'ResourceClaimController', force: true })
}

/** A pod that came with its node was not seen by a scheduler: claims that have devices are reserved for it here. */
async function reserveForPlaced(pod: V1Pod, deps: Dependencies): Promise<void> {
  const { name = '', uid = '' } = pod.metadata ?? {}
  for (const key of claimKeysOf(pod)) {
    const claim = deps.claims.get(key)
    if (claim?.status?.allocation === undefined || isReservedFor(claim, uid)) continue
    if (claim.metadata?.deletionTimestamp !== undefined) continue
    const reservedFor = [...(claim.status.reservedFor ?? []), { resource: 'pods', name, uid }]
    await deps.client
      .resource(resourceClaims, claim.metadata?.namespace)
      .updateStatus({ ...claim, status: { ...claim.status, reservedFor } })
  }
}

async function syncClaim(key: string, deps: Dependencies): Promise<void> {
  const known = deps.claims.get(key)
  if (known === undefined) return
  const over = await consumersThatAreOver(known, deps)
  const { status, dropFinalizer, remove } = cleanup(known, ({ uid }) => over.has(uid))
  const claims = deps.client.resource(resourceClaims, known.metadata?.namespace)
  try {
    let claim = known
    if (status !== undefined) claim = await claims.updateStatus({ ...claim, status })
    if (dropFinalizer) {
      const finalizers = claim.metadata?.finalizers?.filter((one) => one !== claimFinalizer) ?? []
      claim = await claims.update({ ...claim, metadata: { ...claim.metadata, finalizers } })
    }
    const { name = '', uid } = claim.metadata ?? {}
    if (remove) await claims.delete(name, uid === undefined ? {} : { preconditions: { uid } })
  } catch (error) {
    if (!isReason(error, 'NotFound')) throw error
  }
}

/** UIDs of pods that use the claim no more, of its owner as well. A pod the cache has not is asked for before it is believed to be gone. */
async function consumersThatAreOver(
  claim: ResourceV1ResourceClaim,
  { client, pods: known }: Dependencies,
): Promise<Set<string>> {
  const namespace = claim.metadata?.namespace ?? ''
  const owner = controllerOf(claim)
  const consumers = (claim.status?.reservedFor ?? []).filter(
    ({ apiGroup = '', resource }) => apiGroup === '' && resource === 'pods',
  )
  const over = new Set<string>()
  for (const { name, uid } of [...consumers, ...(owner?.kind === 'Pod' ? [owner] : [])]) {
    let pod = known.get(`${namespace}/${name}`)
    if (pod?.metadata?.uid !== uid) pod = await read(client, namespace, name)
    if (pod?.metadata?.uid !== uid || isDoneWithClaims(pod)) over.add(uid)
  }
  return over
}

async function read(client: ApiClient, namespace: string, name: string): Promise<V1Pod | undefined> {
  try {
    return await client.resource(pods, namespace).get(name)
  } catch (error) {
    if (isReason(error, 'NotFound')) return undefined
    throw error
  }
}
