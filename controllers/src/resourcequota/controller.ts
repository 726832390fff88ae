import {
  defineController,
  type ControllerContext,
  type ReconcileResult,
} from '@kapell/controllers/machinery/controller'
import { discover, type DiscoveredResource } from '@kapell/controllers/machinery/discovery'
import { createInformerFactory } from '@kapell/controllers/machinery/informer-factory'
import type { SharedInformer } from '@kapell/controllers/machinery/shared-informer'
import { keyOf, splitKey, type Lister } from '@kapell/controllers/machinery/store'
import type { KubeObject } from '@kapell/openapi/meta/object'
import { persistentVolumeClaims, pods, resourceQuotas, services } from '@kapell/openapi/meta/refs'
import { groupResource } from '@kapell/openapi/meta/resource-ref'
import type { V1PersistentVolumeClaim, V1Pod, V1ResourceQuota, V1Service } from '@kapell/openapi/types'
import { sameMeaning } from '../shared/equal.ts'
import { isFinished } from '../shared/pods.ts'
import {
  add,
  addClaim,
  addPod,
  addService,
  countOf,
  isScoped,
  kindCounted,
  plainCounts,
  podInScopes,
  usedOf,
  type Usage,
} from './usage.ts'

/** Counted anew this often even when nothing says that it changed. */
const resyncMs = 5 * 60_000

interface Dependencies {
  context: ControllerContext
  quotas: Lister<V1ResourceQuota>
  pods: Lister<V1Pod>
  services: Lister<V1Service>
  claims: Lister<V1PersistentVolumeClaim>
  /** Names and numbers of any other kind; undefined when it is not served. */
  others: (kind: string) => Promise<SharedInformer<KubeObject> | undefined>
}

/** Gives back to quotas what deletions freed. Source: concepts page "Resource Quotas". */
export const resourceQuotaController = defineController({
  name: 'resourcequota-controller',
  queue: 'resourcequota_primary',
  workers: 5,
  setup: (context) => {
    const { informer, lister, queue } = context
    const quotas = lister(resourceQuotas)
    // Admission counts what comes, in the status. Counting anew because of that would miss what the status is of, when
    // the quota's event comes before the object's.
    informer(resourceQuotas).onChange({
      add: (quota) => queue.add(keyOf(quota)),
      update: (old, quota) => {
        if (!sameMeaning(old.spec, quota.spec)) queue.add(keyOf(quota))
      },
    })
    const wake = (object: KubeObject): void => {
      for (const quota of quotas.inNamespace(object.metadata?.namespace ?? '')) queue.add(keyOf(quota))
    }
    informer(pods).onChange({
      update: (old, pod) => {
        // Another deadline is another scope, and a resize asks for more or less.
        const isAnother = old.metadata?.generation !== pod.metadata?.generation
        if (isAnother || isFinished(old) !== isFinished(pod)) wake(pod)
      },
      delete: wake,
    })
    informer(services).onChange({
      update: (old, service) => {
        if (!sameMeaning(old.spec, service.spec)) wake(service)
      },
      delete: wake,
    })
    const claims = informer(persistentVolumeClaims)
    claims.onChange({ delete: wake })
    return {
      context,
      quotas,
      pods: lister(pods),
      services: lister(services),
      claims: claims.lister,
      others: otherKinds(context, wake),
    }
  },
  reconcile,
})

async function reconcile(key: string, d: Dependencies): Promise<ReconcileResult | undefined> {
  const quota = d.quotas.get(key)
  if (quota === undefined) return undefined
  const { namespace } = splitKey(key)
  const kinds = new Set(Object.keys(quota.spec?.hard ?? {}).map(kindCounted))
  const usage: Usage = new Map()
  const scoped = isScoped(quota)
  if (kinds.has('pods'))
    for (const pod of d.pods.inNamespace(namespace)) if (!scoped || podInScopes(quota, pod)) addPod(usage, pod)
  if (!scoped) {
    if (kinds.has('services')) for (const service of d.services.inNamespace(namespace)) addService(usage, service)
    if (kinds.has('persistentvolumeclaims')) for (const claim of d.claims.inNamespace(namespace)) addClaim(usage, claim)
    for (const kind of kinds) {
      if (kind === undefined || ['pods', 'services', 'persistentvolumeclaims'].includes(kind)) continue
      const informer = await d.others(kind)
      if (informer === undefined) continue
      await informer.synced()
      const count = countOf(informer.lister.inNamespace(namespace))
      add(usage, `count/${kind}`, count)
      if (plainCounts.includes(kind)) add(usage, kind, count)
    }
  }
  const status = { hard: { ...quota.spec?.hard }, used: usedOf(quota, usage) }
  if (!sameMeaning(status, quota.status))
    await d.context.client.resource(resourceQuotas, namespace).updateStatus({ ...quota, status })
  return { afterMs: resyncMs }
}

/** Watches of names only, each begun when the first quota counts its kind. */
function otherKinds(context: ControllerContext, wake: (object: KubeObject) => void): Dependencies['others'] {
  const client = context.metadataClientFor('resourcequota-controller')
  const factory = createInformerFactory({ ...context, client })
  const known = new Map<string, SharedInformer<KubeObject>>()
  let served: Promise<Map<string, DiscoveredResource>> | undefined
  const discovered = async (): Promise<Map<string, DiscoveredResource>> => {
    const { resources } = await discover(context.client, context.signal)
    return new Map(resources.filter(({ namespaced }) => namespaced).map((one) => [groupResource(one), one]))
  }
  return async (kind) => {
    const before = known.get(kind)
    if (before !== undefined) return before
    served ??= discovered()
    let ref: DiscoveredResource | undefined
    try {
      ref = (await served).get(kind)
    } finally {
      // A kind that is not there may come, and a failure may pass.
      if (ref === undefined) served = undefined
    }
    if (ref === undefined) return undefined
    const informer = factory.informer<KubeObject>(ref)
    if (!known.has(kind)) {
      known.set(kind, informer)
      informer.onChange({ delete: wake })
    }
    return informer
  }
}
