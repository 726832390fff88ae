import { createPrivateKey, webcrypto, X509Certificate } from 'node:crypto'
import { isIP } from 'node:net'
import type { ApiClient } from '@kapell/controllers/machinery/client'
import { certificateSigningRequests } from '@kapell/openapi/meta/refs'
import type { V1CertificateSigningRequest } from '@kapell/openapi/types'
import type * as X509 from '@peculiar/x509'

/** A certificate and its key, as PEM. */
export interface CertificatePair {
  cert: string
  key: string
}

export const clientSigner = 'kubernetes.io/kube-apiserver-client-kubelet'
export const servingSigner = 'kubernetes.io/kubelet-serving'

export interface CertificateOrder {
  client: ApiClient
  signerName: typeof clientSigner | typeof servingSigner
  nodeName: string
  /** Names and addresses of a serving certificate. */
  hosts?: readonly string[]
  /** How long it shall be good; default: as long as the signer gives. */
  expirationSeconds?: number
  signal: AbortSignal
}

/** A new key's certificate. Rejects when the request is denied, cannot be signed, or `signal` aborts. */
export async function orderCertificate(order: CertificateOrder): Promise<CertificatePair> {
  const { client, signerName, nodeName, hosts = [], expirationSeconds, signal } = order
  const { csr, key } = await createRequest(nodeName, hosts)
  const api = client.resource(certificateSigningRequests)
  const made = await api.create(
    {
      metadata: { generateName: signerName === clientSigner ? 'node-csr-' : 'csr-' },
      spec: {
        request: Buffer.from(csr).toString('base64'),
        signerName,
        usages: ['digital signature', signerName === clientSigner ? 'client auth' : 'server auth'],
        ...(expirationSeconds === undefined ? {} : { expirationSeconds }),
      },
    },
    { signal },
  )
  const name = made.metadata?.name ?? ''
  const options = { fieldSelector: `metadata.name=${name}`, sendInitialEvents: true, allowWatchBookmarks: true, signal }
  while (!signal.aborted) {
    // A watch ends now and then: it is begun anew.
    for await (const { type, object } of api.watch(options)) {
      if (type === 'BOOKMARK') continue
      const outcome = outcomeOf(object)
      if (outcome === undefined) continue
      if ('problem' in outcome) throw new Error(`certificate request ${name} ${outcome.problem}`)
      return { cert: outcome.cert, key }
    }
  }
  throw new Error(`certificate request ${name} was not answered in time`)
}

function outcomeOf({ status }: V1CertificateSigningRequest): { cert: string } | { problem: string } | undefined {
  const bad = status?.conditions?.find(({ type }) => type === 'Denied' || type === 'Failed')
  if (bad !== undefined) {
    const what = bad.type === 'Denied' ? 'was denied' : 'cannot be signed'
    return { problem: `${what}: ${bad.message ?? bad.reason ?? ''}` }
  }
  if ((status?.certificate ?? '') === '') return undefined
  return { cert: Buffer.from(status?.certificate ?? '', 'base64').toString('utf8') }
}

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const

/** A new key, and the request for a node's certificate of it, both PEM. The library is loaded on first use. */
export async function createRequest(nodeName: string, hosts: readonly string[]): Promise<{ csr: string; key: string }> {
  await import('reflect-metadata')
  const x509: typeof X509 = await import('@peculiar/x509')
  x509.cryptoProvider.set(webcrypto as unknown as Crypto)
  const keys = (await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])) as webcrypto.CryptoKeyPair
  const names = hosts.map((value) => ({ type: isIP(value) === 0 ? ('dns' as const) : ('ip' as const), value }))
  const csr = await x509.Pkcs10CertificateRequestGenerator.create({
    name: new x509.Name([{ O: ['system:nodes'] }, { CN: [`system:node:${nodeName}`] }]),
    keys,
    signingAlgorithm: algorithm,
    extensions: names.length === 0 ? [] : [new x509.SubjectAlternativeNameExtension(names)],
  })
  const key = createPrivateKey({
    key: Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey)),
    format: 'der',
    type: 'pkcs8',
  })
  return { csr: csr.toString('pem'), key: key.export({ type: 'pkcs8', format: 'pem' }).toString() }
}

/** Whether the pair can be used now, under all these names and addresses, and was signed by the authority (PEM). */
export function isUsable(
  pair: CertificatePair,
  { authority, hosts = [], now }: { authority: string; hosts?: readonly string[]; now: Date },
): boolean {
  try {
    const certificate = new X509Certificate(pair.cert)
    if (!certificate.checkPrivateKey(createPrivateKey(pair.key))) return false
    if (certificate.validToDate <= now || certificate.validFromDate > now) return false
    if (!certificate.verify(new X509Certificate(authority).publicKey)) return false
    const covers = (host: string): boolean =>
      (isIP(host) === 0 ? certificate.checkHost(host) : certificate.checkIP(host)) !== undefined
    return hosts.every(covers)
  } catch {
    return false
  }
}
