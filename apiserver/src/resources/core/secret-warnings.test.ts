import { generateKeyPairSync } from 'node:crypto'
import { secretWarnings } from './secret-warnings.ts'

const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const key = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
const badCert = '-----BEGIN CERTIFICATE-----\neA==\n-----END CERTIFICATE-----\n'
const secret = (crt: string, tlsKey: string, type = 'kubernetes.io/tls') => ({
  type,
  data: { 'tls.crt': Buffer.from(crt).toString('base64'), 'tls.key': Buffer.from(tlsKey).toString('base64') },
})

describe('a TLS secret', () => {
  it.each<[string, string, string, string]>([
    ['certificate is none', 'x', key, 'tls: failed to find any PEM data in certificate input'],
    ['key is none', badCert, 'x', 'tls: failed to find any PEM data in key input'],
    ['certificate cannot be read', badCert, key, 'x509: malformed certificate'],
    [
      'key is a certificate',
      badCert,
      badCert,
      'tls: found a certificate rather than a key in the PEM for the private key',
    ],
    [
      'parts are switched',
      key,
      badCert,
      'tls: failed to find certificate PEM data in certificate input, but did find a private key; PEM inputs may have been switched',
    ],
  ])('whose %s is warned of', (_, crt, tlsKey, warning) => {
    expect(secretWarnings(secret(crt, tlsKey))).toEqual([warning])
  })
  it('of another type is not looked at', () => {
    expect(secretWarnings(secret('x', 'y', 'Opaque'))).toEqual([])
  })
})
