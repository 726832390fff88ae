import { AssumeCache } from '@kapell/controllers/machinery/assume-cache'
import type { ApiClient } from '@kapell/controllers/machinery/client'
import type { Clock } from '@kapell/controllers/machinery/clock'
import type { InformerFactory } from '@kapell/controllers/machinery/informer-factory'
import { keyOf } from '@kapell/controllers/machinery/store'
import { claimFinalizer } from '@kapell/controllers/machinery/placement/resource-claims'
import { deviceClasses, pods, resourceClaims, resourceSlices } from '@kapell/openapi/meta/refs'
import { isReason } from '@kapell/openapi/meta/status'
import type { ResourceV1ResourceClaim, V1DeviceClass } from '@kapell/openapi/types'
import type { CompileDeviceSelector, Devices } from '../framework/devices.ts'
import type { ClusterEvent } from '../framework/plugin.ts'
import { implicitPrefix } from '../plugins/dynamic-resources/extended.ts'
import { Waiters } from '../waiters.ts'
import { PoolBook } from './pool-book.ts'
import { UseBook } from './use-book.ts'

/** What the scheduler reads of devices and claims, from informers, and its writes to claims. */
export function deviceReader(options: {
  client: ApiClient
  informers: InformerFactory
  clock: Clock
  signal: AbortSignal
  compileSelector: CompileDeviceSelector
  event: Devices['event']
}): {
  devices: Devices
  /**
   * Tells of every change that could let a waiting pod fit, and of classes that stand for other resources than before.
   * Resolves when the first state is in.
   */
  watch: (told: {
    event: (event: ClusterEvent, before: unknown, after: unknown) => void
    resourcesChanged: () => void
  }) => Promise<void>
} {
  const { client, informers, clock, signal } = options
  const claimInformer = informers.informer(resourceClaims)
  const classInformer = informers.informer(deviceClasses, { indexers: { resource: resourcesOf } })
  const sliceInformer = informers.informer(resourceSlices)
  const claims = new AssumeCache(claimInformer.lister)
  const pools = new PoolBook()
  const book = new UseBook()
  const waiters = new Waiters(clock, signal)
  const claimsIn = (namespace: string | undefined) => client.resource(resourceClaims, namespace)
  const written = (claim: ResourceV1ResourceClaim): ResourceV1ResourceClaim => {
    claims.assume(claim)
    return claim
  }

  const devices: Devices = {
    compileSelector: options.compileSelector,
    claim: (key) => claims.get(key),
    deviceClass: (name) => classInformer.lister.get(name),
    classOfResource: (resourceName) =>
      resourceName.startsWith(implicitPrefix)
        ? classInformer.lister.get(resourceName.slice(implicitPrefix.length))
        : newest(classInformer.lister.byIndex('resource', resourceName)),
    poolsOn: (node) => pools.on(node),
    uses: book.uses,
    isInFlight: (uid) => book.isInFlight(uid),
    take: (uid, allocation) => book.take(uid, allocation),
    settle: (uid, claim) => (claim === undefined ? book.settle(uid) : book.written(uid, claim)),
    now: () => clock.now(),
    readClaim: (key) => {
      const slash = key.indexOf('/')
      return claimsIn(key.slice(0, slash)).get(key.slice(slash + 1))
    },
    createClaim: (claim) => claimsIn(claim.metadata?.namespace).create(claim),
    updateClaim: async (claim) => written(await claimsIn(claim.metadata?.namespace).update(claim)),
    updateClaimStatus: async (claim) => written(await claimsIn(claim.metadata?.namespace).updateStatus(claim)),
    deleteClaim: async (claim) => {
      const { namespace, name = '', uid, finalizers = [] } = claim.metadata ?? {}
      const left = finalizers.filter((finalizer) => finalizer !== claimFinalizer)
      try {
        await claimsIn(namespace).patch(name, 'merge', { metadata: { uid, finalizers: left } })
        await claimsIn(namespace).delete(name, uid === undefined ? {} : { preconditions: { uid } })
      } catch (error) {
        if (!isReason(error, 'NotFound', 'Conflict')) throw error
      }
    },
    patchPodStatus: async (pod, status) => {
      const { namespace, name = '', uid } = pod.metadata ?? {}
      const patch = { metadata: { uid }, status }
      await client.resource(pods, namespace).patch(name, 'strategic', patch, { subresource: 'status' })
    },
    event: options.event,
    until: (keys, timeoutMs, look) => waiters.until(keys, timeoutMs, look),
  }

  return {
    devices,
    watch: async ({ event, resourcesChanged }) => {
      // What was just written may be newer than what the informer brings.
      const count = (claim: ResourceV1ResourceClaim): void => book.setClaim(claims.get(keyOf(claim)) ?? claim)
      claimInformer.onChange({
        add: (claim) => {
          count(claim)
          waiters.wake(keyOf(claim))
          event('ResourceClaimAdd', undefined, claim)
        },
        update: (before, claim) => {
          if (before.metadata?.uid !== claim.metadata?.uid) book.removeClaim(before.metadata?.uid ?? '')
          count(claim)
          waiters.wake(keyOf(claim))
          event('ResourceClaimUpdate', before, claim)
        },
        delete: (claim) => {
          book.removeClaim(claim.metadata?.uid ?? '')
          claims.restore(keyOf(claim))
          waiters.wake(keyOf(claim))
          event('ResourceClaimDelete', claim, undefined)
        },
      })
      sliceInformer.onChange({
        add: (slice) => {
          pools.set(slice)
          event('ResourceSliceAdd', undefined, slice)
        },
        update: (before, slice) => {
          pools.set(slice, before)
          event('ResourceSliceUpdate', before, slice)
        },
        delete: (slice) => {
          pools.delete(slice)
          event('ResourceSliceUpdate', slice, undefined)
        },
      })
      classInformer.onChange({
        add: (deviceClass) => {
          resourcesChanged()
          event('DeviceClassAdd', undefined, deviceClass)
        },
        update: (before, deviceClass) => {
          if (resourcesOf(before)[0] !== resourcesOf(deviceClass)[0]) resourcesChanged()
          event('DeviceClassUpdate', before, deviceClass)
        },
        delete: () => resourcesChanged(),
      })
      await Promise.all([claimInformer.synced(), classInformer.synced(), sliceInformer.synced()])
    },
  }
}

function resourcesOf({ spec }: V1DeviceClass): string[] {
  return spec.extendedResourceName === undefined ? [] : [spec.extendedResourceName]
}

/** Of several classes for one resource, the one made last; then by name. */
function newest(classes: readonly V1DeviceClass[]): V1DeviceClass | undefined {
  const made = ({ metadata }: V1DeviceClass): number => Date.parse(metadata?.creationTimestamp ?? '') || 0
  return [...classes].sort(
    (a, b) => made(b) - made(a) || ((a.metadata?.name ?? '') < (b.metadata?.name ?? '') ? -1 : 1),
  )[0]
}
