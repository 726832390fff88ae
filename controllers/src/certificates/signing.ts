import type { ApiClient } from '@kapell/controllers/machinery/client'
import type { Clock } from '@kapell/controllers/machinery/clock'
import { defineController } from '@kapell/controllers/machinery/controller'
import { errorText } from '@kapell/controllers/machinery/log'
import type { Lister } from '@kapell/controllers/machinery/store'
import { certificateSigningRequests } from '@kapell/openapi/meta/refs'
import { rfc3339 } from '@kapell/openapi/meta/time'
import type { V1CertificateSigningRequest } from '@kapell/openapi/types'
import { refusal, signers } from './signers.ts'
import { isApproved, isDenied, isFailed, isIssued } from './state.ts'
import { readRequest, signRequest, type Authority } from './x509.ts'

/** Source: --cluster-signing-duration. */
const longestMs = 365 * 24 * 3_600_000

interface Dependencies {
  client: ApiClient
  clock: Clock
  authority: Authority | undefined
  requests: Lister<V1CertificateSigningRequest>
}

/** Signs what was approved, as the built-in signers do; without an authority it signs nothing. */
export const certificateSigningController = defineController<Dependencies, V1CertificateSigningRequest>({
  name: 'certificatesigningrequest-signing-controller',
  serviceAccount: 'certificate-controller',
  component: 'certificate-controller',
  queue: 'certificate_signing',
  primary: certificateSigningRequests,
  setup: ({ client, clock, signing, lister }) => ({
    client,
    clock,
    authority: signing,
    requests: lister(certificateSigningRequests),
  }),
  reconcile: async (name, { client, clock, authority, requests }) => {
    const request = requests.get(name)
    if (authority === undefined || request === undefined) return
    if (!isApproved(request) || isDenied(request) || isFailed(request) || isIssued(request)) return
    const { signerName = '', usages = [], expirationSeconds } = request.spec ?? {}
    if (!signers.includes(signerName)) return
    const resource = client.resource(certificateSigningRequests)
    const why = await refuse(request, signerName, usages)
    if (why !== undefined) {
      const now = rfc3339(clock.now())
      const failed = {
        type: 'Failed',
        status: 'True',
        reason: 'SignerValidationFailure',
        message: why,
        lastUpdateTime: now,
        lastTransitionTime: now,
      }
      await resource.updateStatus({
        ...request,
        status: { ...request.status, conditions: [...(request.status?.conditions ?? []), failed] },
      })
      return
    }
    const certificate = await signRequest({
      request: request.spec?.request ?? '',
      usages,
      authority,
      now: clock.now(),
      durationMs: Math.min((expirationSeconds ?? Infinity) * 1000, longestMs),
    })
    await resource.updateStatus({ ...request, status: { ...request.status, certificate: btoa(certificate) } })
  },
})

async function refuse(
  request: V1CertificateSigningRequest,
  signer: string,
  usages: readonly string[],
): Promise<string | undefined> {
  try {
    return refusal(signer, await readRequest(request.spec?.request ?? ''), usages)
  } catch (error) {
    return `unable to parse csr ${JSON.stringify(request.metadata?.name)}: ${errorText(error)}`
  }
}
