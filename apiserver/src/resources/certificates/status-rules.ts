import { X509Certificate } from 'node:crypto'
import type { V1CertificateSigningRequest } from '@kapell/openapi/types'
import {
  duplicate,
  forbidden,
  invalid,
  required,
  type FieldError,
  type FieldPath,
} from '@kapell/openapi/meta/field-errors'
import { unsupported } from '../common/validation.ts'

/** What the two doors to a request's status let in. Source: CertificateSigningRequest v1 certificates. */
type Csr = V1CertificateSigningRequest
type Condition = NonNullable<NonNullable<Csr['status']>['conditions']>[number]

/** Said by approving only; what is said here stays said. */
const decisions: readonly string[] = ['Approved', 'Denied']
const final: readonly string[] = [...decisions, 'Failed']

const conditionsOf = (csr: Csr): readonly Condition[] => csr.status?.conditions ?? []
const typesOf = (csr: Csr, known: readonly string[]): Set<string> =>
  new Set(conditionsOf(csr).flatMap(({ type }) => (known.includes(type) ? [type] : [])))

/** Approving writes conditions and nothing else of the status. */
export function takeApproval(next: Csr, previous: Csr, now: Date): void {
  const conditions = conditionsOf(next).map((one) => stamped(one, previous, now))
  const { conditions: _conditions, ...rest } = previous.status ?? {}
  next.status = { ...rest, ...(conditions.length === 0 ? {} : { conditions }) }
}

/** Signing writes all but decisions: those that are there stay as they are. */
export function takeStatus(next: Csr, previous: Csr, now: Date): void {
  const decided = new Map(
    conditionsOf(previous).flatMap((one) => (decisions.includes(one.type) ? [[one.type, one]] : [])),
  )
  const conditions = conditionsOf(next).map((one) => decided.get(one.type) ?? stamped(one, previous, now))
  next.status = { ...next.status, ...(conditions.length === 0 ? {} : { conditions }) }
}

function stamped(condition: Condition, previous: Csr, now: Date): Condition {
  const time = `${now.toISOString().slice(0, 19)}Z`
  const before = conditionsOf(previous).find(({ type }) => type === condition.type)
  const kept = before?.status === condition.status ? before?.lastTransitionTime : undefined
  return {
    ...condition,
    lastUpdateTime: condition.lastUpdateTime ?? time,
    lastTransitionTime: condition.lastTransitionTime ?? kept ?? time,
  }
}

export function validateApproval(next: Csr, previous: Csr, root: FieldPath): FieldError[] {
  return [...validateConditions(next, root), ...removed(next, previous, root)]
}

export function validateStatus(next: Csr, previous: Csr, root: FieldPath): FieldError[] {
  const before = typesOf(previous, decisions)
  const added = [...typesOf(next, decisions)].filter((type) => !before.has(type))
  return [
    ...validateConditions(next, root),
    ...validateCertificate(next, previous, root.child('status', 'certificate')),
    ...removed(next, previous, root),
    ...added.map((type) =>
      forbidden(root.child('status', 'conditions'), `updates may not add a condition of type ${JSON.stringify(type)}`),
    ),
  ]
}

function validateConditions(csr: Csr, root: FieldPath): FieldError[] {
  const at = root.child('status', 'conditions')
  const seen = new Set<string>()
  const errors: FieldError[] = []
  for (const [i, { type = '', status = '' }] of conditionsOf(csr).entries()) {
    const here = at.index(i)
    const statuses = final.includes(type) ? ['True'] : ['False', 'True', 'Unknown']
    if (type === '') errors.push(required(here.child('type')))
    if (status === '') errors.push(required(here.child('status')))
    else if (!statuses.includes(status)) errors.push(unsupported(here.child('status'), status, statuses))
    const other = decisions.find((one) => one !== type && seen.has(one))
    if (decisions.includes(type) && other !== undefined) {
      errors.push(invalid(at, type, 'Approved and Denied conditions are mutually exclusive'))
    }
    if (seen.has(type)) errors.push(duplicate(here.child('type'), type))
    seen.add(type)
  }
  return errors
}

function removed(next: Csr, previous: Csr, root: FieldPath): FieldError[] {
  const left = typesOf(next, final)
  return [...typesOf(previous, final)]
    .filter((type) => !left.has(type))
    .map((type) =>
      forbidden(
        root.child('status', 'conditions'),
        `updates may not remove a condition of type ${JSON.stringify(type)}`,
      ),
    )
}

function validateCertificate(next: Csr, previous: Csr, at: FieldPath): FieldError[] {
  const given = next.status?.certificate ?? ''
  const before = previous.status?.certificate ?? ''
  if (before !== '' && given !== before) return [forbidden(at, 'updates may not modify existing certificate content')]
  if (given === '' || given === before) return []
  const why = whyNoCertificates(Buffer.from(given, 'base64').toString('latin1'))
  return why === undefined ? [] : [invalid(at, '<certificate data>', why)]
}

const block = /^-----BEGIN ([^\n-]+)-----\s*\n[\s\S]*?^-----END \1-----/gm

function whyNoCertificates(pem: string): string | undefined {
  const blocks = [...pem.matchAll(block)]
  for (const [text, type] of blocks) {
    if (type !== 'CERTIFICATE') return `only CERTIFICATE PEM blocks are allowed, found ${JSON.stringify(type)}`
    try {
      new X509Certificate(text)
    } catch {
      return 'x509: malformed certificate'
    }
  }
  return blocks.length === 0 ? 'must contain at least one CERTIFICATE PEM block' : undefined
}
