import { X509Certificate } from 'node:crypto'
import type { DetailedPeerCertificate, TLSSocket } from 'node:tls'

/** Bounds the walk up a chain. */
const maxChain = 10

/** Whether the chain that a client showed, already found good, leads to this authority (PEM) rather than to another one. */
export function isSignedBy(authority: string): (connection: TLSSocket) => boolean {
  const root = new X509Certificate(authority).fingerprint256
  return (connection) => {
    let at: DetailedPeerCertificate | undefined = connection.getPeerCertificate(true)
    for (let i = 0; i < maxChain && at !== undefined; i++) {
      if (at.fingerprint256 === root) return true
      if (at.issuerCertificate === at) return false
      at = at.issuerCertificate
    }
    return false
  }
}
