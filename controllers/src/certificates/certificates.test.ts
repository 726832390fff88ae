import { X509Certificate } from 'node:crypto'
import 'reflect-metadata'
import * as x509 from '@peculiar/x509'
import { endMs } from './cleaning.ts'
import { clientSigner, kubeletClientSigner, kubeletServingSigner, refusal } from './signers.ts'
import { readRequest, signRequest } from './x509.ts'

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
const keys = () =>
  crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']) as Promise<{
    privateKey: CryptoKey
    publicKey: CryptoKey
  }>
const now = new Date('2026-01-01T00:00:00Z')

async function authority() {
  x509.cryptoProvider.set(crypto)
  const pair = await keys()
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: 'CN=test',
    keys: pair,
    signingAlgorithm: algorithm,
    notBefore: new Date('2025-01-01'),
    notAfter: new Date('2027-01-01'),
    extensions: [new x509.BasicConstraintsExtension(true, undefined, true)],
  })
  const der = Buffer.from(await crypto.subtle.exportKey('pkcs8', pair.privateKey)).toString('base64')
  return {
    certificate: certificate.toString('pem'),
    key: `-----BEGIN PRIVATE KEY-----\n${der}\n-----END PRIVATE KEY-----`,
  }
}
async function request(name: string, dns: string[] = []): Promise<string> {
  x509.cryptoProvider.set(crypto)
  const csr = await x509.Pkcs10CertificateRequestGenerator.create({
    name,
    keys: await keys(),
    signingAlgorithm: algorithm,
    extensions:
      dns.length === 0
        ? []
        : [new x509.SubjectAlternativeNameExtension(dns.map((value) => ({ type: 'dns' as const, value })))],
  })
  return btoa(csr.toString('pem'))
}

describe('requests', () => {
  test('are read', async () => {
    expect(await readRequest(await request('O=system:nodes, CN=system:node:a', ['a.example.com']))).toMatchObject({
      commonName: 'system:node:a',
      organizations: ['system:nodes'],
      dnsNames: ['a.example.com'],
      ipAddresses: [],
    })
    await expect(readRequest(btoa('nonsense'))).rejects.toThrow()
  })

  test('are signed with their names, for their usages, no longer than the authority', async () => {
    const ca = await authority()
    const pem = await signRequest({
      request: await request('O=team, CN=jane', ['x.example.com']),
      usages: ['digital signature', 'client auth'],
      authority: ca,
      now,
      durationMs: 10 * 365 * 24 * 3_600_000,
    })
    const certificate = new X509Certificate(pem)
    expect(certificate.verify(new X509Certificate(ca.certificate).publicKey)).toBe(true)
    expect(certificate.subject).toContain('CN=jane')
    expect(certificate.subjectAltName).toBe('DNS:x.example.com')
    expect(certificate.keyUsage).toEqual(['1.3.6.1.5.5.7.3.2'])
    expect(new Date(certificate.validTo).getFullYear()).toBe(2027)
    expect(new Date(certificate.validFrom).toISOString()).toBe('2025-12-31T23:55:00.000Z')
    expect(certificate.ca).toBe(false)
  })
})

describe('the signers refuse', () => {
  const facts = {
    commonName: 'system:node:a',
    organizations: ['system:nodes'],
    dnsNames: [],
    ipAddresses: [],
    emailAddresses: [],
    uris: [],
  }
  const client = ['digital signature', 'client auth']
  const server = ['digital signature', 'server auth']
  it.each([
    ['nothing of a good node', kubeletClientSigner, facts, client, undefined],
    [
      'a node without its group',
      kubeletClientSigner,
      { ...facts, organizations: [] },
      client,
      'subject organization is not system:nodes',
    ],
    [
      'a node that wants names',
      kubeletClientSigner,
      { ...facts, dnsNames: ['a'] },
      client,
      'DNS subjectAltNames are not allowed',
    ],
    ['serving as a client', kubeletClientSigner, facts, server, 'usages did not match [client auth digital signature]'],
    ['serving without a name', kubeletServingSigner, facts, server, 'DNS or IP subjectAltName is required'],
    ['nothing of a good server', kubeletServingSigner, { ...facts, ipAddresses: ['10.0.0.1'] }, server, undefined],
    ['a client that is none', clientSigner, facts, server, 'usages did not include [client auth]'],
  ])('%s', (_, signer, given, usages, why) => expect(refusal(signer, given, usages)).toBe(why))
})

describe('requests go', () => {
  const created = { creationTimestamp: '2026-01-01T00:00:00Z' }
  const hours = async (status: object) =>
    ((await endMs({ metadata: created, status } as never)) - Date.parse(created.creationTimestamp)) / 3_600_000
  it.each([
    ['a day after nobody answered', {}, 24],
    [
      'an hour after they were refused',
      { conditions: [{ type: 'Denied', status: 'True', lastUpdateTime: '2026-01-01T02:00:00Z' }] },
      3,
    ],
    [
      'a day after they were approved in vain',
      { conditions: [{ type: 'Approved', status: 'True', lastUpdateTime: '2026-01-01T02:00:00Z' }] },
      24,
    ],
  ])('%s', async (_, status, expected) => expect(await hours(status)).toBe(expected))
})
