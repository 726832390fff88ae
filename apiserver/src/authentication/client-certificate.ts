import type { TLSSocket } from 'node:tls'
import type { CredentialCheck } from './authenticator.ts'
import { isSignedBy } from './peer-certificate.ts'
import type { UserInfo } from './user.ts'

const list = (value: string | string[] | undefined): string[] =>
  value === undefined ? [] : Array.isArray(value) ? value : [value]

/** CN is the user, every O a group; undefined when the certificate names nobody. */
export function userOfSubject(
  subject: { CN?: string | string[]; O?: string | string[] },
  fingerprint?: string,
): UserInfo | undefined {
  const username = list(subject.CN)[0]
  if (username === undefined || username === '') return undefined
  const groups = [...list(subject.O), 'system:authenticated']
  if (fingerprint === undefined) return { username, groups }
  const id = `X509SHA256=${fingerprint.replaceAll(':', '').toLowerCase()}`
  return { username, groups, extra: { 'authentication.kubernetes.io/credential-id': [id] } }
}

/**
 * Client certificates signed by the cluster's authority (PEM); those of front proxies are signed by another one and name
 * nobody. The outcome is kept for the life of the connection.
 */
export function clientCertificateCheck(authority: string): CredentialCheck {
  const signed = isSignedBy(authority)
  const known = new WeakMap<TLSSocket, UserInfo | 'none' | 'wrong'>()
  return ({ connection }) => {
    if (connection === undefined) return 'none'
    let outcome = known.get(connection)
    if (outcome === undefined) {
      const certificate = connection.getPeerCertificate()
      if (certificate?.subject === undefined) outcome = 'none'
      else
        outcome =
          connection.authorized && signed(connection)
            ? (userOfSubject(certificate.subject, certificate.fingerprint256) ?? 'wrong')
            : 'wrong'
      known.set(connection, outcome)
    }
    return outcome
  }
}
