import type { V1CertificateSigningRequest } from '@kapell/openapi/types'
import { pathSegmentName } from '@kapell/openapi/meta/names'
import { humanDuration } from '@kapell/openapi/meta/time'
import { column, defineResource, type ViewSubresource } from '../../registry/definition.ts'
import { ageColumn, nameColumn } from '../common/columns.ts'
import { validateCertificate, validateDecision, validateRequest } from './rules.ts'
import { keepField, keepStatus, startStatus, statusView } from '../common/status.ts'

type Csr = V1CertificateSigningRequest

function conditionCell(csr: Csr): string {
  const types = (csr.status?.conditions ?? []).map((c) => c.type)
  const shown: string[] = types.includes('Denied')
    ? ['Denied']
    : types.includes('Approved')
      ? ['Approved']
      : types.includes('Failed')
        ? []
        : ['Pending']
  if (types.includes('Failed')) shown.push('Failed')
  if ((csr.status?.certificate ?? '') !== '') shown.push('Issued')
  return shown.join(',')
}

const decisions = new Set(['Approved', 'Denied'])
const isDecision = (c: { type: string }): boolean => decisions.has(c.type)

/** Approving writes the decision and nothing else; signing (status) writes everything but the decision. */
function takeConditions(next: Csr, previous: Csr, ofDecision: boolean): void {
  const given = next.status?.conditions ?? []
  const kept = previous.status?.conditions ?? []
  const conditions = [
    ...kept.filter((c) => isDecision(c) !== ofDecision),
    ...given.filter((c) => isDecision(c) === ofDecision),
  ]
  next.status = { ...next.status, ...(conditions.length === 0 ? {} : { conditions }) }
}

const approval: ViewSubresource<Csr> = {
  type: 'view',
  verbs: ['get', 'update', 'patch'],
  prepareForUpdate: (next, previous, { now }) => {
    const given = next.status?.conditions ?? []
    keepField(next, previous, 'spec')
    keepStatus(next, previous)
    const { conditions: _conditions, ...rest } = next.status ?? {}
    const conditions = given.map((c) => stamp(c, previous, now))
    next.status = { ...rest, ...(conditions.length === 0 ? {} : { conditions }) }
  },
  validateUpdate: validateDecision,
}

type Condition = NonNullable<NonNullable<Csr['status']>['conditions']>[number]

function stamp(condition: Condition, previous: Csr, now: Date): Condition {
  const time = `${now.toISOString().slice(0, 19)}Z`
  const before = (previous.status?.conditions ?? []).find((c) => c.type === condition.type)
  return {
    ...condition,
    status: condition.status ?? 'True',
    lastUpdateTime: condition.lastUpdateTime ?? time,
    lastTransitionTime:
      condition.lastTransitionTime ??
      (before?.status === condition.status ? before.lastTransitionTime : undefined) ??
      time,
  }
}

export const certificateSigningRequests = defineResource<Csr>({
  group: 'certificates.k8s.io',
  version: 'v1',
  kind: 'CertificateSigningRequest',
  plural: 'certificatesigningrequests',
  shortNames: ['csr'],
  namespaced: false,
  storagePrefix: 'certificatesigningrequests',
  hasGeneration: false,
  columns: [
    nameColumn,
    ageColumn,
    column('SignerName', 'string', (o) => (o.spec.signerName === '' ? '<none>' : o.spec.signerName)),
    column('Requestor', 'string', (o) => o.spec.username ?? ''),
    column('RequestedDuration', 'string', (o) =>
      o.spec.expirationSeconds === undefined ? '<none>' : humanDuration(o.spec.expirationSeconds * 1000),
    ),
    column('Condition', 'string', conditionCell),
  ],
  // Any will do.
  validateName: (name) => pathSegmentName(name),
  selectableFields: { 'spec.signerName': (o) => o.spec.signerName },
  prepareForCreate: (o, { user }) => {
    startStatus(o)
    o.spec.username = user.username
    o.spec.groups = [...user.groups]
    if (user.uid !== undefined && user.uid !== '') o.spec.uid = user.uid
    else delete o.spec.uid
    const extra = Object.entries(user.extra ?? {})
    if (extra.length > 0) o.spec.extra = Object.fromEntries(extra.map(([key, values]) => [key, [...values]]))
    else delete o.spec.extra
  },
  prepareForUpdate: (next, previous) => {
    keepField(next, previous, 'spec')
    keepStatus(next, previous)
  },
  validateCreate: validateRequest,
  subresources: {
    approval,
    status: statusView({
      prepare: (next, previous) => takeConditions(next, previous, false),
      validate: (next, _previous, at) => validateCertificate(next, at),
    }),
  },
})
