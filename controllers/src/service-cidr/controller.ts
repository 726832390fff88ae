import type { ApiClient } from '@kapell/controllers/machinery/client'
import type { Clock } from '@kapell/controllers/machinery/clock'
import { defineController, type ReconcileResult } from '@kapell/controllers/machinery/controller'
import type { Lister } from '@kapell/controllers/machinery/store'
import { ipAddresses, serviceCidrs } from '@kapell/openapi/meta/refs'
import { isReason } from '@kapell/openapi/meta/status'
import { rfc3339 } from '@kapell/openapi/meta/time'
import type { V1IPAddress, V1ServiceCIDR } from '@kapell/openapi/types'
import { isDeleting, timeMs } from '../shared/pods.ts'
import { canGo, overlap } from './ranges.ts'

const finalizer = 'networking.k8s.io/service-cidr-finalizer'
/** API servers may still give out addresses of a range until they have heard that it is being deleted. */
const deletionGraceMs = 10_000

interface Dependencies {
  client: ApiClient
  clock: Clock
  ranges: Lister<V1ServiceCIDR>
  addresses: Lister<V1IPAddress>
}

/** Keeps a range of Service addresses while addresses of it are in use. Source: "Extend Service IP Ranges". */
export const serviceCidrController = defineController<Dependencies, V1ServiceCIDR>({
  name: 'service-cidr-controller',
  serviceAccount: 'service-cidrs-controller',
  queue: 'ipaddresses',
  primary: serviceCidrs,
  workers: 5,
  setup: ({ client, clock, informer, queue }) => {
    const { lister: ranges, onChange } = informer(serviceCidrs)
    const wakeLeaving = (): void => {
      for (const range of ranges.list()) if (isDeleting(range)) queue.add(range.metadata?.name ?? '')
    }
    const wakeOverlapping = (changed: V1ServiceCIDR): void => {
      for (const range of ranges.list())
        if (isDeleting(range) && overlap(range, changed)) queue.add(range.metadata?.name ?? '')
    }
    onChange({ add: wakeOverlapping, update: (_, next) => wakeOverlapping(next), delete: wakeOverlapping })
    const addresses = informer(ipAddresses)
    addresses.onChange({ delete: wakeLeaving })
    return { client, clock, ranges, addresses: addresses.lister }
  },
  reconcile: async (name, d) => {
    const range = d.ranges.get(name)
    if (range === undefined) return
    try {
      return await (isDeleting(range) ? release(range, d) : keep(range, d))
    } catch (error) {
      if (!isReason(error, 'NotFound')) throw error
    }
  },
})

const readyOf = (range: V1ServiceCIDR) => range.status?.conditions?.find(({ type }) => type === 'Ready')

async function keep(range: V1ServiceCIDR, { client, clock }: Dependencies): Promise<void> {
  const finalizers = range.metadata?.finalizers ?? []
  let current = range
  if (!finalizers.includes(finalizer))
    current = await client
      .resource(serviceCidrs)
      .update({ ...range, metadata: { ...range.metadata, finalizers: [...finalizers, finalizer] } })
  if (readyOf(current)?.status === 'True') return
  await setReady(current, { client, clock }, 'True', '', 'Kubernetes Service CIDR is ready')
}

async function release(range: V1ServiceCIDR, d: Dependencies): Promise<ReconcileResult | undefined> {
  const { finalizers = [], deletionTimestamp } = range.metadata ?? {}
  if (!finalizers.includes(finalizer)) return undefined
  const staying = d.ranges.list().filter((other) => other !== range && !isDeleting(other))
  const inUse = d.addresses.list().map(({ metadata }) => metadata?.name ?? '')
  if (!canGo(range, staying, inUse)) {
    if (readyOf(range)?.reason !== 'Terminating')
      await setReady(
        range,
        d,
        'False',
        'Terminating',
        'There are still IPAddresses referencing the ServiceCIDR, please remove them or create a new ServiceCIDR',
      )
    return undefined
  }
  const leftMs = timeMs(deletionTimestamp) + deletionGraceMs - d.clock.now().getTime()
  if (leftMs > 0) return { afterMs: leftMs }
  await d.client
    .resource(serviceCidrs)
    .update({ ...range, metadata: { ...range.metadata, finalizers: finalizers.filter((one) => one !== finalizer) } })
  return undefined
}

async function setReady(
  range: V1ServiceCIDR,
  { client, clock }: Pick<Dependencies, 'client' | 'clock'>,
  status: 'True' | 'False',
  reason: string,
  message: string,
): Promise<void> {
  const condition = { type: 'Ready', status, reason, message, lastTransitionTime: rfc3339(clock.now()) }
  const name = range.metadata?.name ?? ''
  const body = {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'ServiceCIDR',
    metadata: { name },
    status: { conditions: [condition] },
  }
  const options = { fieldManager: 'service-cidr-controller', force: true, subresource: 'status' }
  await client.resource(serviceCidrs).patch(name, 'apply', body, options)
}
