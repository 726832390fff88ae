import type { V1CertificateSigningRequest } from '@kapell/openapi/types'
import { duplicate, invalid, required, type FieldError, type FieldPath } from '@kapell/openapi/meta/field-errors'
import { dns1123Label } from '@kapell/openapi/meta/names'
import { unsupported } from '../common/validation.ts'

/** Source: CertificateSigningRequest v1 certificates. */

const knownUsages = [
  'any',
  'cert sign',
  'client auth',
  'code signing',
  'content commitment',
  'crl sign',
  'data encipherment',
  'decipher only',
  'digital signature',
  'email protection',
  'encipher only',
  'ipsec end system',
  'ipsec tunnel',
  'ipsec user',
  'key agreement',
  'key encipherment',
  'microsoft sgc',
  'netscape sgc',
  'ocsp signing',
  's/mime',
  'server auth',
  'signing',
  'timestamping',
]
const minSeconds = 600

export function validateRequest(csr: V1CertificateSigningRequest, root: FieldPath): FieldError[] {
  const at = root.child('spec')
  const { usages, signerName = '', expirationSeconds } = csr.spec ?? {}
  const given = usages ?? []
  // Bytes that were never given arrive as null.
  const request = csr.spec?.request ?? ''
  const errors: FieldError[] = []
  const pem = Buffer.from(request, 'base64').toString('latin1')
  if (!/-----BEGIN CERTIFICATE REQUEST-----[\s\S]+-----END CERTIFICATE REQUEST-----/.test(pem)) {
    errors.push(
      invalid(
        at.child('request'),
        csr.spec?.request === '' ? '' : (csr.spec?.request ?? null),
        'PEM block type must be CERTIFICATE REQUEST',
      ),
    )
  }
  if (given.length === 0) errors.push(required(at.child('usages')))
  for (const [i, usage] of given.entries()) {
    const here = at.child('usages').index(i)
    if (!knownUsages.includes(usage)) errors.push(unsupported(here, usage, knownUsages))
    if (given.indexOf(usage) < i) errors.push(duplicate(here, usage))
  }
  errors.push(...validateSigner(signerName, at.child('signerName')))
  if (expirationSeconds !== undefined && expirationSeconds < minSeconds) {
    errors.push(
      invalid(
        at.child('expirationSeconds'),
        expirationSeconds,
        'may not specify a duration less than 600 seconds (10 minutes)',
      ),
    )
  }
  return errors
}

function validateSigner(name: string, at: FieldPath): FieldError[] {
  if (name === '') return [required(at)]
  const [domain = '', path, ...more] = name.split('/')
  if (path === undefined || path === '' || more.length > 0) {
    return [invalid(at, name, "must be a fully qualified domain and path of the form 'example.com/signer-name'")]
  }
  const errors = domain
    .split('.')
    .flatMap((label) =>
      dns1123Label(label).map((text) => invalid(at, domain, `validating label ${JSON.stringify(label)}: ${text}`)),
    )
  if (domain.split('.').length < 2) {
    errors.push(invalid(at, domain, 'should be a domain with at least two segments separated by dots'))
  }
  return errors
}
