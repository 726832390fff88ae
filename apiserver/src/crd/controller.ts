import { isReason } from '@kapell/openapi/meta/status'
import { deepEqual } from '../registry/deep-equal.ts'
import type { ObjectAccess, Services } from '../registry/services.ts'
import { createNameQueue } from '../registry/name-queue.ts'
import { trackUpdate } from '../registry/managed-fields.ts'
import type { ResourceTable } from '../registry/resource-table.ts'
import type { ServerLogger } from '../server/log.ts'
import type { WebhookCaller } from '../server/webhook-client.ts'
import { settleApiService } from './api-services.ts'
import { storageDefinition } from './define.ts'
import { deleteInstances, nextDeletion } from './instances.ts'
import { acceptNames, namesTaken } from './names.ts'
import { createServing } from './serving.ts'
import { settledStatus, withCondition } from './status.ts'
import { cleanupFinalizer, conditionIs, crds, type Crd } from './types.ts'

export interface CustomResourcesOptions {
  table: ResourceTable
  objects: ObjectAccess
  services: Services
  callWebhook: WebhookCaller
  now: () => Date
  log: ServerLogger
  closing: AbortSignal
}

export interface CustomResources {
  /** Serves every definition there is; then follows what comes. */
  start(): Promise<void>
}

const retryAfterMs = 1000
/** Whom the status of definitions is put down to. */
const manager = 'kube-apiserver'

/**
 * Makes custom resources of their definitions: accepts names, serves versions, and takes everything away again when a
 * definition is deleted. Names are granted one definition at a time, so that no two get the same; instances are deleted
 * beside that. Whatever fails is tried again.
 */
export function createCustomResources(options: CustomResourcesOptions): CustomResources {
  const { table, objects, log, closing } = options
  const serving = createServing({ table, callWebhook: options.callWebhook })
  const leaving = new Set<string>()
  const queue = createNameQueue({
    settle,
    failed: (name, error) =>
      log.warn('a custom resource definition could not be brought up to date', { name, error: String(error) }),
    retryAfterMs,
    closing,
  })

  async function update(name: string, change: (crd: Crd) => void): Promise<void> {
    try {
      const tracked = (crd: Crd): void => {
        const live = structuredClone(crd)
        change(crd)
        const resource = table.named(crds)
        if (resource?.type !== 'stored') return
        trackUpdate({ live, object: crd, resource, manager, now: options.now(), subresource: 'status' })
      }
      await seen(await objects.update<Crd>(crds, { name }, tracked, { raw: true }))
    } catch (error) {
      if (!isReason(error, 'NotFound')) throw error
    }
  }

  /** Names are judged by what the cache knows, so it has to know what was granted before. */
  async function seen(written: Crd): Promise<void> {
    const resource = table.named(crds)
    const revision = Number(written.metadata?.resourceVersion ?? 0)
    if (resource?.type === 'stored' && revision > 0) {
      await resource.store
        .cache()
        .waitFor(revision, { signal: closing })
        .catch(() => {})
    }
  }

  /** Definitions that were refused a name may have it now. */
  function askRefused(except: string): void {
    for (const crd of objects.list<Crd>(crds)) {
      const name = crd.metadata?.name ?? ''
      if (name !== except && conditionIs(crd, 'NamesAccepted', 'False')) queue.add(name)
    }
  }

  async function settle(name: string): Promise<void> {
    const crd = await objects.getLatest<Crd>(crds, { name })
    if (crd === undefined) {
      await stop(name)
      askRefused(name)
      return
    }
    if (crd.metadata?.deletionTimestamp !== undefined) {
      if (conditionIs(crd, 'Established', 'True')) await serve(crd)
      if (crd.metadata.finalizers?.includes(cleanupFinalizer) === true) takeDown(name)
      return
    }
    const others = objects
      .list<Crd>(crds)
      .filter((other) => other.metadata?.name !== name && other.spec.group === crd.spec.group)
    const judged = acceptNames(crd, namesTaken(others))
    const wanted = settledStatus(crd, judged, options.now())
    const current = { ...crd, status: wanted }
    // Served before it is said: who waits for Established finds the resource there.
    if (conditionIs(current, 'Established', 'True')) await serve(current)
    if (wanted !== crd.status) {
      await update(name, (stored) => {
        // What else was written meanwhile comes with its own event, and is judged then.
        stored.status = { ...settledStatus(stored, judged, options.now()) }
      })
      if (!deepEqual(wanted.acceptedNames, crd.status?.acceptedNames)) askRefused(name)
    }
  }

  async function serve(crd: Crd): Promise<void> {
    await settleApiServices(crd.spec.group, serving.serve(crd))
  }

  async function stop(name: string): Promise<void> {
    const gone = serving.stop(name)
    if (gone !== undefined) await settleApiServices(gone.group, gone.versions)
  }

  async function settleApiServices(group: string, versions: readonly string[]): Promise<void> {
    for (const version of versions) {
      await settleApiService(objects, { group, version }, table.resourcesOf(group, version).length > 0)
    }
  }

  function takeDown(name: string): void {
    if (leaving.has(name)) return
    leaving.add(name)
    clearAway(name)
      .catch((error: unknown) => {
        if (!closing.aborted) {
          log.warn('the objects of a custom resource could not be deleted', { name, error: String(error) })
        }
        return undefined
      })
      .then((isGone) => {
        leaving.delete(name)
        if (isGone === undefined) queue.addAfterFailure(name)
        else if (!isGone) queue.add(name)
      })
      .catch(() => {})
  }

  /** True when nothing is left and the definition may go; false when it is time to look again. */
  async function clearAway(name: string): Promise<boolean> {
    const crd = await objects.getLatest<Crd>(crds, { name })
    if (crd === undefined || crd.metadata?.finalizers?.includes(cleanupFinalizer) !== true) return true
    const terminating = (stored: Crd, reason: string, message: string, status = 'True'): void => {
      const conditions = stored.status?.conditions ?? []
      const wanted = { type: 'Terminating', status, reason, message }
      ;(stored.status ??= {}).conditions = withCondition(conditions, wanted, options.now())
    }
    // A definition whose names were refused has no objects; those under its key are another's.
    if (conditionIs(crd, 'Established', 'True')) {
      await update(name, (stored) =>
        terminating(stored, 'InstanceDeletionInProgress', 'CustomResource deletion is in progress'),
      )
      const kept = storageDefinition(crd, { callWebhook: options.callWebhook })
      const resource = kept === undefined ? undefined : table.describe(kept, { custom: true })
      if (resource?.type === 'stored') {
        const since = await resource.store.storage.revision()
        const left = await deleteInstances(resource, { now: options.now(), services: options.services })
        if (left > 0) {
          await nextDeletion(resource.store, { since, signal: closing })
          return false
        }
        table.dropStore(resource.store.prefix)
      }
    }
    await stop(name)
    await update(name, (stored) => {
      terminating(stored, 'InstanceDeletionCompleted', 'removed all instances', 'False')
      const metadata = (stored.metadata ??= {})
      metadata.finalizers = (metadata.finalizers ?? []).filter((one) => one !== cleanupFinalizer)
    })
    return true
  }

  return {
    async start() {
      for (const crd of objects.list<Crd>(crds)) await settle(crd.metadata?.name ?? '')
      objects.follow<Crd>(crds, (name) => queue.add(name))
    },
  }
}
