import type { V1CertificateSigningRequest } from '@kapell/openapi/types'
import { pathSegmentName } from '@kapell/openapi/meta/names'
import { humanDuration } from '@kapell/openapi/meta/time'
import { column, defineResource, type ViewSubresource } from '../../registry/definition.ts'
import { ageColumn, nameColumn } from '../common/columns.ts'
import { validateRequest } from './rules.ts'
import { takeApproval, takeStatus, validateApproval, validateStatus } from './status-rules.ts'
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

const approval: ViewSubresource<Csr> = {
  type: 'view',
  verbs: ['get', 'update', 'patch'],
  prepareForUpdate: (next, previous, { now }) => {
    keepField(next, previous, 'spec')
    takeApproval(next, previous, now)
  },
  validateUpdate: validateApproval,
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
      prepare: (next, previous, { now }) => takeStatus(next, previous, now),
      validate: validateStatus,
    }),
  },
})
