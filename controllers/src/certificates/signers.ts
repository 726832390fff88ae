import type { RequestFacts } from './x509.ts'

/** What the built-in signers sign. Source: "Certificates and Certificate Signing Requests", "Kubernetes signers". */
export const clientSigner = 'kubernetes.io/kube-apiserver-client'
export const kubeletClientSigner = 'kubernetes.io/kube-apiserver-client-kubelet'
export const kubeletServingSigner = 'kubernetes.io/kubelet-serving'
export const legacySigner = 'kubernetes.io/legacy-unknown'
export const signers: readonly string[] = [clientSigner, kubeletClientSigner, kubeletServingSigner, legacySigner]

/** Why the signer refuses the request; undefined when it does not. */
export function refusal(signer: string, facts: RequestFacts, usages: readonly string[]): string | undefined {
  switch (signer) {
    case clientSigner:
      return clientUsages(usages)
    case kubeletClientSigner:
      return kubeletClient(facts, usages)
    case kubeletServingSigner:
      return kubeletServing(facts, usages)
    default:
      return undefined
  }
}

const allowed = (usages: readonly string[], permitted: readonly string[]): boolean =>
  usages.every((usage) => permitted.includes(usage))

function clientUsages(usages: readonly string[]): string | undefined {
  if (!usages.includes('client auth')) return 'usages did not include [client auth]'
  return allowed(usages, ['client auth', 'digital signature', 'key encipherment'])
    ? undefined
    : 'invalid usages for client certificate: allowed are [client auth], [digital signature] and [key encipherment]'
}

function nodeSubject({ commonName, organizations }: RequestFacts): string | undefined {
  if (organizations.length !== 1 || organizations[0] !== 'system:nodes')
    return 'subject organization is not system:nodes'
  return commonName.startsWith('system:node:') ? undefined : 'subject common name does not begin with system:node: '
}

export function kubeletClient(facts: RequestFacts, usages: readonly string[]): string | undefined {
  const subject = nodeSubject(facts)
  if (subject !== undefined) return subject
  if (facts.dnsNames.length > 0) return 'DNS subjectAltNames are not allowed'
  if (facts.emailAddresses.length > 0) return 'Email subjectAltNames are not allowed'
  if (facts.ipAddresses.length > 0) return 'IP subjectAltNames are not allowed'
  if (facts.uris.length > 0) return 'URI subjectAltNames are not allowed'
  const required = ['digital signature', 'client auth']
  return required.every((usage) => usages.includes(usage)) && allowed(usages, [...required, 'key encipherment'])
    ? undefined
    : 'usages did not match [client auth digital signature]'
}

function kubeletServing(facts: RequestFacts, usages: readonly string[]): string | undefined {
  const subject = nodeSubject(facts)
  if (subject !== undefined) return subject
  if (facts.dnsNames.length + facts.ipAddresses.length === 0) return 'DNS or IP subjectAltName is required'
  if (facts.emailAddresses.length > 0) return 'Email subjectAltNames are not allowed'
  if (facts.uris.length > 0) return 'URI subjectAltNames are not allowed'
  const required = ['digital signature', 'server auth']
  return required.every((usage) => usages.includes(usage)) && allowed(usages, [...required, 'key encipherment'])
    ? undefined
    : 'usages did not match [server auth digital signature]'
}
