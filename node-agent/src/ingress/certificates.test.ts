import type { V1Secret } from '@kapell/openapi/types'
import { certificateWishes, readCertificate } from './certificates.ts'
import { selfSigned } from './default-certificate.ts'
import { ingress } from './testing.ts'

const base64 = (text: string): string => Buffer.from(text).toString('base64')
const secret = (crt: string, key: string): V1Secret => ({ data: { 'tls.crt': base64(crt), 'tls.key': base64(key) } })
const split = (pem: string): [crt: string, key: string] => {
  const at = pem.indexOf('-----BEGIN PRIVATE')
  return [pem.slice(0, at), pem.slice(at)]
}
let crt: string
let key: string
let otherKey: string

beforeAll(async () => {
  ;[crt, key] = split(await selfSigned('a.example', new Date()))
  ;[, otherKey] = split(await selfSigned('b.example', new Date()))
})

describe('the certificate in a Secret', () => {
  const read = (from: V1Secret | undefined) => readCertificate(from, { namespace: 'ns', secret: 's' })

  it('is chain and key, without whatever else stands there', () => {
    expect(read(secret(`hello\n${crt}\n${crt}bye`, `x\n${key}`))).toEqual({
      pem: `${[crt.trim(), crt.trim(), key.trim()].join('\n')}\n`,
    })
  })

  it.each<[string, () => V1Secret | undefined, string]>([
    ['is not there', () => undefined, 'Secret "ns/s" does not exist'],
    ['is empty', () => ({ data: {} }), 'Secret "ns/s" holds no "tls.crt" and "tls.key"'],
    ['has no key', () => secret(crt, ''), 'Secret "ns/s" holds no "tls.crt" and "tls.key"'],
    ['is rubbish', () => secret('rubbish', key), '"tls.crt" of Secret "ns/s" holds no certificate in PEM'],
    ['has a rubbish key', () => secret(crt, 'rubbish'), '"tls.key" of Secret "ns/s" holds no private key in PEM'],
    [
      'looks like one',
      () => secret('-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----', key),
      'the certificate of Secret "ns/s" cannot be used: ',
    ],
    ["has somebody else's key", () => secret(crt, otherKey), 'the certificate of Secret "ns/s" cannot be used: '],
    ['is far too large', () => secret(crt.repeat(1000), key), 'Secret "ns/s" holds more than a certificate'],
  ])('that %s is told to be so', (_, make, problem) => {
    expect(read(make())).toEqual({ problem: expect.stringContaining(problem) as string })
  })
})

it('of two certificates for one host the older Ingress has its way', () => {
  const old = ingress('z', [], { tls: [{ hosts: ['a', 'b', 'a'], secretName: 'old' }] }, '2025-01-01T00:00:00Z')
  const young = ingress('a', [], {
    tls: [
      { hosts: ['b', 'c'], secretName: 'young' },
      { hosts: ['a'], secretName: 'none' },
      { secretName: 'named' },
      { hosts: ['d'] },
    ],
  })
  expect(certificateWishes([young, old]).map(({ secret: name, hosts }) => [name, hosts])).toEqual([
    ['old', ['a', 'b']],
    ['young', ['c']],
    ['named', []],
  ])
})
