import type { V1Lease } from '@kapell/openapi/types'
import { column, defineResource } from '../../registry/definition.ts'
import { ageColumn, nameColumn } from '../common/columns.ts'
import { validateLease } from './lease-rules.ts'

export const leases = defineResource<V1Lease>({
  group: 'coordination.k8s.io',
  version: 'v1',
  kind: 'Lease',
  plural: 'leases',
  namespaced: true,
  storagePrefix: 'leases',
  hasGeneration: false,
  allowCreateOnUpdate: true,
  allowUnconditionalUpdate: false,
  prepareForCreate: (o) => {
    o.spec ??= {}
  },
  // Coordinated leader election is behind a feature gate: what only it knows is dropped.
  default: (o) => {
    delete o.spec?.strategy
    delete o.spec?.preferredHolder
  },
  validate: validateLease,
  columns: [nameColumn, column('Holder', 'string', (o) => o.spec?.holderIdentity ?? ''), ageColumn],
})
