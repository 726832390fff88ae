import type { ApiClient } from '@kapell/controllers/machinery/client'
import type { Clock } from '@kapell/controllers/machinery/clock'
import { defineController } from '@kapell/controllers/machinery/controller'
import type { Lister } from '@kapell/controllers/machinery/store'
import { certificateSigningRequests } from '@kapell/openapi/meta/refs'
import { isReason } from '@kapell/openapi/meta/status'
import type { V1CertificateSigningRequest } from '@kapell/openapi/types'
import { timeMs } from '../shared/pods.ts'
import { isApproved, isDecided, isDenied, isFailed, isIssued } from './state.ts'
import { endOf } from './x509.ts'

/** Source: "Certificates and Certificate Signing Requests", "Request signing process". */
const decidedMs = 3_600_000
const pendingMs = 24 * 3_600_000

interface Dependencies {
  client: ApiClient
  clock: Clock
  requests: Lister<V1CertificateSigningRequest>
}

/** Deletes requests that have served, were refused, or that nobody answered. */
export const certificateCleaningController = defineController<Dependencies, V1CertificateSigningRequest>({
  name: 'certificatesigningrequest-cleaner-controller',
  serviceAccount: 'certificate-controller',
  queue: 'certificate_cleaning',
  primary: certificateSigningRequests,
  setup: ({ client, clock, lister }) => ({ client, clock, requests: lister(certificateSigningRequests) }),
  reconcile: async (name, { client, clock, requests }) => {
    const request = requests.get(name)
    if (request === undefined) return
    const leftMs = (await endMs(request)) - clock.now().getTime()
    if (leftMs > 0) return { afterMs: leftMs }
    const { uid } = request.metadata ?? {}
    try {
      await client
        .resource(certificateSigningRequests)
        .delete(name, uid === undefined ? {} : { preconditions: { uid } })
    } catch (error) {
      if (!isReason(error, 'NotFound')) throw error
    }
    return
  },
})

/** When the request may go, in ms. */
export async function endMs(request: V1CertificateSigningRequest): Promise<number> {
  const ends: number[] = []
  for (const condition of request.status?.conditions ?? []) {
    const since = timeMs(condition.lastUpdateTime)
    const counts =
      (condition.type === 'Approved' && isApproved(request) && isIssued(request)) ||
      (condition.type === 'Denied' && isDenied(request)) ||
      (condition.type === 'Failed' && isFailed(request))
    if (counts && since > 0) ends.push(since + decidedMs)
  }
  if (!isDecided(request) || (isApproved(request) && !isIssued(request)))
    ends.push(timeMs(request.metadata?.creationTimestamp) + pendingMs)
  if (isIssued(request)) {
    try {
      ends.push((await endOf(atob(request.status?.certificate ?? ''))).getTime())
    } catch {
      // Not a certificate that we can read: its age decides.
      ends.push(timeMs(request.metadata?.creationTimestamp) + pendingMs)
    }
  }
  return Math.min(...ends)
}
