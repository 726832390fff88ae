import { createHash, X509Certificate } from 'node:crypto'
import { UserError } from '../errors.ts'

/** How a certificate authority is named by its public key: "sha256:" and its hash in hex. Source: RFC 7469; "kubeadm join". */
export function caHash(certificate: string): string {
  const key = new X509Certificate(certificate).publicKey.export({ type: 'spki', format: 'der' })
  return `sha256:${createHash('sha256').update(key).digest('hex')}`
}

/** @throws UserError when it is none. */
export function parseCaHash(text: string): string {
  if (!/^sha256:[0-9a-f]{64}$/i.test(text))
    throw new UserError(`--ca-cert-hash takes "sha256:" and 64 hexadecimal digits, not "${text}"`)
  return text.toLowerCase()
}

/** The certificates of a PEM bundle, one by one. */
export const certificatesOf = (bundle: string): string[] =>
  bundle.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []
