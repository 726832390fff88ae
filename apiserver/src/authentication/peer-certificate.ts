import { X509Certificate } from 'node:crypto'
import type { DetailedPeerCertificate, TLSSocket } from 'node:tls'

/** Bounds the walk up a chain. */
const maxChain = 10

/** The certificates of a PEM bundle. */
const splitPem = (bundle: string): string[] =>
  bundle.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []

/** Whether the chain that a client showed, already found good, leads to one of these (a PEM bundle) rather than to others. */
export function isSignedBy(authorities: string): (connection: TLSSocket) => boolean {
  const roots = new Set(splitPem(authorities).map((pem) => new X509Certificate(pem).fingerprint256))
  return (connection) => {
    let at: DetailedPeerCertificate | undefined = connection.getPeerCertificate(true)
    for (let i = 0; i < maxChain && at !== undefined; i++) {
      if (roots.has(at.fingerprint256)) return true
      if (at.issuerCertificate === at) return false
      at = at.issuerCertificate
    }
    return false
  }
}
