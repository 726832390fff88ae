import type { ResourceV1ResourceClaim } from '@kapell/openapi/types'
import { column, defineResource } from '../../registry/definition.ts'
import { ageColumn, nameColumn } from '../common/columns.ts'
import { adminAccessErrors } from './admin-access.ts'
import { permitClaimStatus } from './claim-status-permission.ts'
import { validateClaimStatus } from './claim-status-rules.ts'
import { defaultClaimSpec, validateClaimSpec } from './claim-rules.ts'
import { internalView } from '../common/internal-view.ts'
import { sameJson } from '../common/validation.ts'
import { immutable } from '@kapell/openapi/meta/field-errors'
import { keepStatus, startStatus, statusView } from '../common/status.ts'

function stateCell(claim: ResourceV1ResourceClaim): string {
  const states: string[] = []
  if (claim.metadata?.deletionTimestamp !== undefined) states.push('deleted')
  if (claim.status?.allocation === undefined) {
    if (claim.metadata?.deletionTimestamp === undefined) states.push('pending')
  } else {
    states.push('allocated')
    states.push(...((claim.status.reservedFor ?? []).length > 0 ? ['reserved'] : []))
  }
  return states.join(',')
}

export const resourceClaims = defineResource<ResourceV1ResourceClaim>({
  group: 'resource.k8s.io',
  version: 'v1',
  kind: 'ResourceClaim',
  plural: 'resourceclaims',
  namespaced: true,
  storagePrefix: 'resourceclaims',
  hasGeneration: false,
  default: (o) => defaultClaimSpec(o.spec),
  columns: [nameColumn, column('State', 'string', stateCell), ageColumn],
  validateCreate: (o, at, context) => [
    ...adminAccessErrors(o.spec, o.metadata?.namespace, at.child('spec'), context),
    ...validateClaimSpec(o.spec, at.child('spec')),
  ],
  validateUpdate: (next, previous, at) =>
    sameJson(next.spec, previous.spec)
      ? []
      : [immutable(at.child('spec'), internalView('resource.v1.ResourceClaimSpec', next.spec))],
  prepareForCreate: (o) => startStatus(o),
  prepareForUpdate: keepStatus,
  subresources: { status: statusView({ keep: 'all', permit: permitClaimStatus, validate: validateClaimStatus }) },
})
