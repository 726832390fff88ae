import type { ApiClient } from '@kapell/controllers/machinery/client'
import type { Clock } from '@kapell/controllers/machinery/clock'
import { certificateSigningRequests } from '@kapell/openapi/meta/refs'
import { rfc3339 } from '@kapell/openapi/meta/time'
import type { V1CertificateSigningRequest } from '@kapell/openapi/types'
import { readRequest, type RequestFacts } from './x509.ts'

/** What those who approve by themselves have in common. */

/** Undefined for a request that cannot be read: that is for people to refuse. */
export async function tryRead(request: V1CertificateSigningRequest): Promise<RequestFacts | undefined> {
  try {
    return await readRequest(request.spec?.request ?? '')
  } catch {
    return undefined
  }
}

export async function approve(
  request: V1CertificateSigningRequest,
  { client, clock, message }: { client: ApiClient; clock: Clock; message: string },
): Promise<void> {
  const now = rfc3339(clock.now())
  const approved = {
    type: 'Approved',
    status: 'True',
    reason: 'AutoApproved',
    message,
    lastUpdateTime: now,
    lastTransitionTime: now,
  }
  const conditions = [...(request.status?.conditions ?? []), approved]
  await client
    .resource(certificateSigningRequests)
    .update({ ...request, status: { ...request.status, conditions } }, { subresource: 'approval' })
}
