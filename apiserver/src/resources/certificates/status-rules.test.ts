import type { V1CertificateSigningRequest } from '@kapell/openapi/types'
import { FieldPath } from '@kapell/openapi/meta/field-errors'
import { takeApproval, takeStatus, validateApproval, validateStatus } from './status-rules.ts'

type Conditions = NonNullable<NonNullable<V1CertificateSigningRequest['status']>['conditions']>

const now = new Date('2026-02-01T00:00:00Z')
const time = '2026-02-01T00:00:00Z'
const before = '2026-01-01T00:00:00Z'
const decided = (type: string, more: Partial<Conditions[number]> = {}): Conditions[number] =>
  ({ type, status: 'True', ...more }) as Conditions[number]
const csr = (conditions: Conditions, certificate?: string): V1CertificateSigningRequest =>
  ({ spec: {}, status: { conditions, ...(certificate === undefined ? {} : { certificate }) } }) as never
const at = new FieldPath()

describe('approval', () => {
  it('stamps what it says anew, and keeps the time of what was so before', () => {
    const next = csr([decided('Approved'), decided('Ready', { status: 'False' })])
    takeApproval(next, csr([decided('Approved', { lastTransitionTime: before as never })]), now)
    expect(next.status?.conditions).toEqual([
      decided('Approved', { lastUpdateTime: time as never, lastTransitionTime: before as never }),
      decided('Ready', { status: 'False', lastUpdateTime: time as never, lastTransitionTime: time as never }),
    ])
  })

  it.each([
    ['what is final cannot be taken back', [], [decided('Failed')], ['status.conditions']],
    ['other conditions can', [], [decided('Ready')], []],
    ['a decision is True or not there', [decided('Denied', { status: 'False' })], [], ['status.conditions[0].status']],
    ['one decision excludes the other', [decided('Approved'), decided('Denied')], [], ['status.conditions']],
    ['a type stands once', [decided('Ready'), decided('Ready')], [], ['status.conditions[1].type']],
  ])('%s', (_, next, previous, fields) => {
    expect(validateApproval(csr(next), csr(previous), at).map(({ field }) => field)).toEqual(fields)
  })
})

describe('status', () => {
  it('leaves decisions as they were made', () => {
    const made = decided('Approved', { lastUpdateTime: before as never, message: 'made' })
    const next = csr([decided('Approved', { message: 'other' })])
    takeStatus(next, csr([made]), now)
    expect(next.status?.conditions).toEqual([made])
  })

  const text = (body: string): string => Buffer.from(body).toString('base64')
  it.each([
    [
      'decisions are not made here',
      csr([decided('Approved')]),
      csr([]),
      'updates may not add a condition of type "Approved"',
    ],
    ['no PEM', csr([], text('x')), csr([]), 'must contain at least one CERTIFICATE PEM block'],
    [
      'something else',
      csr([], text('-----BEGIN OTHER-----\nQUJD\n-----END OTHER-----\n')),
      csr([]),
      'only CERTIFICATE PEM blocks are allowed, found "OTHER"',
    ],
    [
      'no certificate',
      csr([], text('-----BEGIN CERTIFICATE-----\nQUJD\n-----END CERTIFICATE-----\n')),
      csr([]),
      'x509: malformed certificate',
    ],
    ['a certificate stays', csr([], 'eA=='), csr([], 'eQ=='), 'updates may not modify existing certificate content'],
  ])('%s', (_, next, previous, detail) => {
    expect(validateStatus(next, previous, at).map((error) => error.detail)).toEqual([detail])
  })
})
