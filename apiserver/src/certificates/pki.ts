import { X509Certificate } from 'node:crypto'
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { isIP } from 'node:net'
import { join } from 'node:path'
import { createAuthority, createSigningKey, issueCertificate, type CertificateRequest, type KeyPair } from './issue.ts'

const dayMs = 86_400_000
const authorityDays = 3650
const leafDays = 365
/** A leaf with less time left than this is issued anew at start. */
const renewWithinDays = 60

/** The name in a front proxy's certificate. */
export const frontProxyName = 'front-proxy'

export interface PkiOptions {
  /** Everything is kept here, readable by the owner only, and found again at the next start. */
  directory: string
  /** Names and addresses that clients use for this server. */
  hosts: readonly string[]
  now: () => Date
}

/** The certificates and keys of one cluster. */
export interface Pki {
  authority: KeyPair
  serving: KeyPair
  /** O=system:masters. */
  admin: KeyPair
  /** What the API server shows to node agents. */
  kubeletClient: KeyPair
  /** Of servers that pass requests on in others' names: their authority, and what this server shows to those behind it. */
  frontProxy: { authority: string; client: KeyPair }
  /** Signs service-account tokens. */
  serviceAccount: { privateKey: string; publicKey: string }
  /** A new leaf certificate from the cluster's authority, valid for a year. */
  issue(request: Omit<CertificateRequest, 'notBefore' | 'notAfter'>): Promise<KeyPair>
}

async function readPair(directory: string, names: [string, string]): Promise<[string, string] | undefined> {
  try {
    return [await readFile(join(directory, names[0]), 'utf8'), await readFile(join(directory, names[1]), 'utf8')]
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

async function writePair(directory: string, names: [string, string], texts: [string, string]): Promise<void> {
  for (const i of [1, 0] as const) {
    const path = join(directory, names[i])
    await writeFile(`${path}.new`, texts[i], { mode: 0o600 })
    await rename(`${path}.new`, path)
  }
}

/** True when the certificate still has time, was signed by this authority and covers the hosts. */
export function stillGood(leaf: string, authority: string, hosts: readonly string[], now: Date): boolean {
  try {
    const certificate = new X509Certificate(leaf)
    const issuer = new X509Certificate(authority)
    if (!certificate.checkIssued(issuer) || !certificate.verify(issuer.publicKey)) return false
    if (certificate.validToDate.getTime() - now.getTime() < renewWithinDays * dayMs) return false
    return hosts.every(
      (host) => (isIP(host) === 0 ? certificate.checkHost(host) : certificate.checkIP(host)) !== undefined,
    )
  } catch {
    return false
  }
}

/** Reads what an earlier start wrote and makes what is missing, expired or issued for other hosts. */
export async function loadOrCreatePki(options: PkiOptions): Promise<Pki> {
  const { directory } = options
  await mkdir(directory, { recursive: true, mode: 0o700 })
  const now = options.now()
  const notBefore = new Date(now.getTime() - 5 * 60_000)
  const until = (days: number): Date => new Date(now.getTime() + days * dayMs)

  const keep = async (
    names: [string, string],
    make: () => Promise<[string, string]>,
    good: (first: string) => boolean = () => true,
  ): Promise<[string, string]> => {
    const found = await readPair(directory, names)
    if (found !== undefined && good(found[0])) return found
    const made = await make()
    await writePair(directory, names, made)
    return made
  }

  const authorityOf = async (file: string, commonName: string): Promise<KeyPair> => {
    const [certificate, key] = await keep([`${file}.crt`, `${file}.key`], async () => {
      const made = await createAuthority({ commonName, notBefore, notAfter: until(authorityDays) })
      return [made.certificate, made.key]
    })
    return { certificate, key }
  }
  const [authority, frontAuthority] = await Promise.all([
    authorityOf('ca', 'kubernetes'),
    authorityOf('front-proxy-ca', 'front-proxy-ca'),
  ])
  const leaf = async (
    file: string,
    request: Omit<CertificateRequest, 'notBefore' | 'notAfter'>,
    issuer = authority,
  ): Promise<KeyPair> => {
    const [certificate, key] = await keep(
      [`${file}.crt`, `${file}.key`],
      async () => {
        const made = await issueCertificate(issuer, { ...request, notBefore, notAfter: until(leafDays) })
        return [made.certificate, made.key]
      },
      (text) => stillGood(text, issuer.certificate, request.hosts ?? [], now),
    )
    return { certificate, key }
  }
  const [serving, admin, kubeletClient, frontClient, [privateKey, publicKey]] = await Promise.all([
    leaf('apiserver', { commonName: 'kube-apiserver', hosts: options.hosts, usages: ['server'] }),
    leaf('admin', { commonName: 'kubernetes-admin', organizations: ['system:masters'], usages: ['client'] }),
    leaf('apiserver-kubelet-client', {
      commonName: 'system:kube-apiserver',
      organizations: ['system:masters'],
      usages: ['client'],
    }),
    leaf('front-proxy-client', { commonName: frontProxyName, usages: ['client'] }, frontAuthority),
    keep(['sa.key', 'sa.pub'], async () => {
      const made = await createSigningKey()
      return [made.privateKey, made.publicKey]
    }),
  ])
  return {
    authority,
    serving,
    admin,
    kubeletClient,
    frontProxy: { authority: frontAuthority.certificate, client: frontClient },
    serviceAccount: { privateKey, publicKey },
    issue: (request) => {
      const at = options.now()
      return issueCertificate(authority, {
        ...request,
        notBefore: new Date(at.getTime() - 5 * 60_000),
        notAfter: new Date(at.getTime() + leafDays * dayMs),
      })
    },
  }
}
