import type { ApiClient } from '@kapell/controllers/machinery/client'
import type { Clock } from '@kapell/controllers/machinery/clock'
import { errorText, type Logger } from '@kapell/controllers/machinery/log'
import { leases } from '@kapell/openapi/meta/refs'
import { isReason } from '@kapell/openapi/meta/status'
import { microTime } from '@kapell/openapi/meta/time'
import type { V1Lease } from '@kapell/openapi/types'

export interface LeaseOptions {
  client: ApiClient
  nodeName: string
  nodeUid(): string
  clock: Clock
  log: Logger
  signal: AbortSignal
  /** Told of each time the API server took it: when the request was sent. */
  renewed?: (at: Date) => void
}

const namespace = 'kube-node-lease'
const durationSeconds = 40
const renewMs = 10_000

/** Renews the node's Lease every ten seconds: the cheap sign of life. */
export function keepLease({ client, nodeName, nodeUid, clock, log, signal, renewed }: LeaseOptions): void {
  const api = client.resource(leases, namespace)
  let lease: V1Lease | undefined

  const renew = async (): Promise<void> => {
    const startedAt = clock.now()
    const spec = { holderIdentity: nodeName, leaseDurationSeconds: durationSeconds, renewTime: microTime(startedAt) }
    const fresh: V1Lease = {
      metadata: {
        name: nodeName,
        namespace,
        ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name: nodeName, uid: nodeUid() }],
      },
      spec,
    }
    const call = { signal: AbortSignal.any([signal, AbortSignal.timeout(10_000)]) }
    try {
      if (lease === undefined) {
        lease = await api.get(nodeName, call).catch((error: unknown) => {
          if (isReason(error, 'NotFound')) return undefined
          throw error
        })
      }
      lease =
        lease === undefined
          ? await api.create(fresh, call)
          : await api.update({ ...lease, spec: { ...lease.spec, ...spec } }, call)
      renewed?.(startedAt)
    } catch (error) {
      // Whatever it was (deleted, taken): read it again next time.
      lease = undefined
      throw error
    }
  }
  const loop = async (): Promise<void> => {
    while (!signal.aborted) {
      const failed = await renew().then(
        () => false,
        (error: unknown) => {
          if (!signal.aborted) log.warn(`lease of node ${nodeName}: ${errorText(error)}`)
          return true
        },
      )
      await clock.sleep(failed ? 1000 : renewMs, signal)
    }
  }
  void loop()
}
