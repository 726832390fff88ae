import type * as X509 from '@peculiar/x509'

/** Certificate requests read and signed: the only place that knows X.509. The library is loaded on first use. */
export interface RequestFacts {
  commonName: string
  organizations: string[]
  dnsNames: string[]
  ipAddresses: string[]
  emailAddresses: string[]
  uris: string[]
}

/** A certificate authority, as PEM; the key in PKCS #8. */
export interface Authority {
  certificate: string
  key: string
}

const usageNames = [
  'digital signature',
  'content commitment',
  'key encipherment',
  'data encipherment',
  'key agreement',
  'cert sign',
  'crl sign',
  'encipher only',
  'decipher only',
] as const

/** Extended usages by the names the API has for them. Source: CertificateSigningRequest, spec.usages. */
const extendedUsages: Record<string, string> = {
  any: '2.5.29.37.0',
  'server auth': '1.3.6.1.5.5.7.3.1',
  'client auth': '1.3.6.1.5.5.7.3.2',
  'code signing': '1.3.6.1.5.5.7.3.3',
  'email protection': '1.3.6.1.5.5.7.3.4',
  's/mime': '1.3.6.1.5.5.7.3.4',
  'ipsec end system': '1.3.6.1.5.5.7.3.5',
  'ipsec tunnel': '1.3.6.1.5.5.7.3.6',
  'ipsec user': '1.3.6.1.5.5.7.3.7',
  timestamping: '1.3.6.1.5.5.7.3.8',
  'ocsp signing': '1.3.6.1.5.5.7.3.9',
  'microsoft sgc': '1.3.6.1.4.1.311.10.3.3',
  'netscape sgc': '2.16.840.1.113730.4.1',
}

const alternativeNames = '2.5.29.17'
/** Clocks of those who check may be behind. */
const backdateMs = 5 * 60_000

async function library(): Promise<typeof X509> {
  await import('reflect-metadata')
  const x509 = await import('@peculiar/x509')
  x509.cryptoProvider.set(crypto)
  return x509
}

/** `spec.request` is PEM in base64. Throws when it is not a request, or its signature is not its own. */
async function open(request: string): Promise<{ x509: typeof X509; csr: X509.Pkcs10CertificateRequest }> {
  const x509 = await library()
  const csr = new x509.Pkcs10CertificateRequest(atob(request))
  if (!(await csr.verify())) throw new Error('the signature of the request does not fit its key')
  return { x509, csr }
}

export async function readRequest(request: string): Promise<RequestFacts> {
  const { x509, csr } = await open(request)
  const extension = csr.getExtension(alternativeNames)
  const names = extension === null ? [] : new x509.SubjectAlternativeNameExtension(extension.rawData).names.items
  const of = (type: string): string[] => names.filter((name) => name.type === type).map(({ value }) => value)
  return {
    commonName: csr.subjectName.getField('CN')[0] ?? '',
    organizations: csr.subjectName.getField('O'),
    dnsNames: of('dns'),
    ipAddresses: of('ip'),
    emailAddresses: of('email'),
    uris: of('url'),
  }
}

/** A certificate for the request's key, names and these usages, in PEM. It ends no later than its authority. */
export async function signRequest(options: {
  request: string
  usages: readonly string[]
  authority: Authority
  now: Date
  durationMs: number
}): Promise<string> {
  const { request, usages, authority, now, durationMs } = options
  const { x509, csr } = await open(request)
  const issuer = new x509.X509Certificate(authority.certificate)
  const { name, namedCurve } = issuer.publicKey.algorithm as { name: string; namedCurve?: string }
  const algorithm = namedCurve === undefined ? { name, hash: 'SHA-256' } : { name, namedCurve, hash: 'SHA-256' }
  const signingKey = await crypto.subtle.importKey('pkcs8', der(authority.key), algorithm, false, ['sign'])
  const flags = usages.reduce((sum, usage) => sum | flagOf(usage), 0)
  const extended = usages.map((usage) => extendedUsages[usage]).filter((oid) => oid !== undefined)
  const names = csr.getExtension(alternativeNames)
  const notAfter = new Date(Math.min(now.getTime() + durationMs, issuer.notAfter.getTime()))
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    subject: subjectAsGo(csr.subjectName),
    issuer: issuer.subjectName,
    notBefore: new Date(now.getTime() - backdateMs),
    notAfter,
    publicKey: csr.publicKey,
    signingKey,
    signingAlgorithm: algorithm,
    extensions: [
      ...(flags === 0 ? [] : [new x509.KeyUsagesExtension(flags, true)]),
      ...(extended.length === 0 ? [] : [new x509.ExtendedKeyUsageExtension(extended)]),
      new x509.BasicConstraintsExtension(false, undefined, true),
      await x509.AuthorityKeyIdentifierExtension.create(issuer.publicKey),
      ...(names === null ? [] : [new x509.SubjectAlternativeNameExtension(names.rawData)]),
    ],
  })
  return `${certificate.toString('pem')}\n`
}

/** One set a kind of attribute, in this order: who reads a subject by its place finds what the original's has there. */
const subjectOrder = ['C', 'O', 'OU', 'L', 'ST', 'street', 'postalCode', 'CN', 'serialNumber']

function subjectAsGo(subject: X509.Name): X509.JsonName | X509.Name {
  const sets = new Map<string, string[]>()
  for (const set of subject.toJSON())
    for (const [type, values] of Object.entries(set)) sets.set(type, [...(sets.get(type) ?? []), ...values])
  // Others would be lost to it: then the subject stays as it was asked for.
  if ([...sets.keys()].some((type) => !subjectOrder.includes(type))) return subject
  if ([...sets.values()].flat().some((value) => value.startsWith('#'))) return subject
  return subjectOrder.flatMap((type) => (sets.has(type) ? [{ [type]: sets.get(type) ?? [] }] : []))
}

/** When a certificate in PEM ends. Throws when it is none. */
export async function endOf(certificate: string): Promise<Date> {
  const x509 = await library()
  return new x509.X509Certificate(certificate).notAfter
}

function flagOf(usage: string): number {
  const at = usage === 'signing' ? 0 : (usageNames as readonly string[]).indexOf(usage)
  return at < 0 ? 0 : 1 << at
}

function der(pem: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(pem.replace(/-----[^-]+-----|\s/g, '')), (char) => char.charCodeAt(0))
}

/** Positive, of 16 bytes. */
function serialNumber(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('')
}
