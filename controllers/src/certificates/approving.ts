import type { ApiClient } from '@kapell/controllers/machinery/client'
import type { Clock } from '@kapell/controllers/machinery/clock'
import { defineController } from '@kapell/controllers/machinery/controller'
import type { Lister } from '@kapell/controllers/machinery/store'
import { certificateSigningRequests, subjectAccessReviews } from '@kapell/openapi/meta/refs'
import type { V1CertificateSigningRequest } from '@kapell/openapi/types'
import { kubeletClient, kubeletClientSigner } from './signers.ts'
import { approve, tryRead } from './approve.ts'
import { isDecided } from './state.ts'

interface Dependencies {
  client: ApiClient
  clock: Clock
  requests: Lister<V1CertificateSigningRequest>
}

/** Approves the client certificates of nodes, where the one who asks may have them. Source: "TLS bootstrapping". */
export const certificateApprovingController = defineController<Dependencies, V1CertificateSigningRequest>({
  name: 'certificatesigningrequest-approving-controller',
  serviceAccount: 'certificate-controller',
  component: 'certificate-controller',
  queue: 'certificate',
  primary: certificateSigningRequests,
  setup: ({ client, clock, lister }) => ({ client, clock, requests: lister(certificateSigningRequests) }),
  reconcile: async (name, { client, clock, requests }) => {
    const request = requests.get(name)
    if (request === undefined || isDecided(request) || request.spec?.signerName !== kubeletClientSigner) return
    const facts = await tryRead(request)
    if (facts === undefined || kubeletClient(facts, request.spec.usages ?? []) !== undefined) return
    const own = facts.commonName === request.spec.username
    const ways = own ? ['selfnodeclient', 'nodeclient'] : ['nodeclient']
    for (const way of ways) {
      if (!(await isAllowed(client, request, way))) continue
      const self = way === 'selfnodeclient' ? 'self ' : ''
      const message = `Auto approving ${self}kubelet client certificate after SubjectAccessReview.`
      await approve(request, { client, clock, message })
      return
    }
    // Whoever asks may be given the right soon: it is looked at again, ever more slowly.
    throw new Error(
      `recognized csr ${JSON.stringify(name)} as [${ways.join(' ')}] but subject access review was not approved`,
    )
  },
})

async function isAllowed(client: ApiClient, { spec }: V1CertificateSigningRequest, way: string): Promise<boolean> {
  const review = await client.resource(subjectAccessReviews).create({
    spec: {
      ...(spec?.username === undefined ? {} : { user: spec.username }),
      ...(spec?.uid === undefined ? {} : { uid: spec.uid }),
      ...(spec?.groups === undefined ? {} : { groups: spec.groups }),
      ...(spec?.extra === undefined ? {} : { extra: spec.extra }),
      resourceAttributes: {
        group: 'certificates.k8s.io',
        resource: 'certificatesigningrequests',
        verb: 'create',
        subresource: way,
        version: '*',
      },
    },
  })
  return review.status?.allowed === true
}
