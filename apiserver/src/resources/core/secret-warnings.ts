import { createPrivateKey, createPublicKey, X509Certificate, type KeyObject } from 'node:crypto'
import type { V1Secret } from '@kapell/openapi/types'

/** A TLS pair that no server could use is kept all the same; the client is told. */
export function secretWarnings({ type, data }: V1Secret): string[] {
  if (type !== 'kubernetes.io/tls') return []
  const text = (key: string): string => Buffer.from(data?.[key] ?? '', 'base64').toString('latin1')
  const problem = pairProblem(text('tls.crt'), text('tls.key'))
  return problem === undefined ? [] : [problem]
}

interface Block {
  label: string
  pem: string
}

/** The blocks of a PEM text; anything between them is passed over. */
function blocksOf(text: string): Block[] {
  const blocks = text.matchAll(/-----BEGIN ([A-Z0-9 ]+)-----\s[\s\S]*?-----END \1-----/g)
  return [...blocks].map(([pem, label = '']) => ({ label, pem }))
}

const isKey = ({ label }: Block): boolean => label === 'PRIVATE KEY' || label.endsWith(' PRIVATE KEY')

function pairProblem(certText: string, keyText: string): string | undefined {
  const certs = blocksOf(certText)
  const cert = certs.find(({ label }) => label === 'CERTIFICATE')
  if (cert === undefined) {
    if (certs.length === 0) return 'tls: failed to find any PEM data in certificate input'
    return certs.length === 1 && certs.every(isKey)
      ? 'tls: failed to find certificate PEM data in certificate input, but did find a private key; PEM inputs may have been switched'
      : `tls: failed to find "CERTIFICATE" PEM block in certificate input after skipping PEM blocks of the following types: [${certs.map((b) => b.label).join(' ')}]`
  }
  const keys = blocksOf(keyText)
  const key = keys.find(isKey)
  if (key === undefined) {
    if (keys.length === 0) return 'tls: failed to find any PEM data in key input'
    return keys.length === 1 && keys[0]?.label === 'CERTIFICATE'
      ? 'tls: found a certificate rather than a key in the PEM for the private key'
      : `tls: failed to find PEM block with type ending in "PRIVATE KEY" in key input after skipping PEM blocks of the following types: [${keys.map((b) => b.label).join(' ')}]`
  }
  const publicKey = attempt(() => new X509Certificate(cert.pem).publicKey)
  if (publicKey === undefined) return 'x509: malformed certificate'
  const privateKey = attempt(() => createPrivateKey(key.pem))
  if (privateKey === undefined) return 'tls: failed to parse private key'
  if (privateKey.asymmetricKeyType !== publicKey.asymmetricKeyType) {
    return 'tls: private key type does not match public key type'
  }
  return sameKey(createPublicKey(key.pem), publicKey) ? undefined : 'tls: private key does not match public key'
}

const sameKey = (a: KeyObject, b: KeyObject): boolean =>
  a.export({ type: 'spki', format: 'der' }).equals(b.export({ type: 'spki', format: 'der' }))

function attempt<T>(make: () => T): T | undefined {
  try {
    return make()
  } catch {
    return undefined
  }
}
