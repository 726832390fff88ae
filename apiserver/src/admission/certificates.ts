import type { V1CertificateSigningRequest } from '@kapell/openapi/types'
import { forbiddenError } from '@kapell/openapi/meta/status'
import type { Services } from '../registry/services.ts'
import { sameJson } from '../resources/common/validation.ts'
import type { AdmissionAttributes, AdmissionPlugin } from './admission.ts'
import { about, refusedName, named } from './matching.ts'

/** Who may approve and sign for which signer. Source: "Certificates and Certificate Signing Requests". */

const group = 'certificates.k8s.io'
const plural = 'certificatesigningrequests'

async function mayDo(
  verb: 'approve' | 'sign',
  signerName: string,
  a: AdmissionAttributes,
  services: Services,
): Promise<boolean> {
  const [domain = ''] = signerName.split('/')
  for (const name of [signerName, `${domain}/*`]) {
    const decision = await services.authorize({ user: a.user, verb, group, version: '*', resource: 'signers', name })
    if (decision.allowed) return true
  }
  return false
}

export const certificateApproval: AdmissionPlugin = {
  name: 'CertificateApproval',
  handles: (a) => a.operation === 'UPDATE' && about(a, group, plural, 'approval'),
  validate: async (attributes, services) => {
    const { signerName } = (attributes.oldObject as V1CertificateSigningRequest).spec
    if (await mayDo('approve', signerName, attributes, services)) return
    throw forbiddenError(
      named(attributes),
      refusedName(attributes),
      `user not permitted to approve requests with signerName ${JSON.stringify(signerName)}`,
    )
  },
}

export const certificateSigning: AdmissionPlugin = {
  name: 'CertificateSigning',
  handles: (a) => a.operation === 'UPDATE' && about(a, group, plural, 'status'),
  validate: async (attributes, services) => {
    const old = attributes.oldObject as V1CertificateSigningRequest
    const next = attributes.object as V1CertificateSigningRequest
    const signs =
      !sameJson(old.status?.certificate, next.status?.certificate) ||
      !sameJson(old.status?.conditions, next.status?.conditions)
    if (!signs || (await mayDo('sign', old.spec.signerName, attributes, services))) return
    throw forbiddenError(
      named(attributes),
      refusedName(attributes),
      `user not permitted to sign requests with signerName ${JSON.stringify(old.spec.signerName)}`,
    )
  },
}
