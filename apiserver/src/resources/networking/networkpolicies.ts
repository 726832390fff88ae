import type { V1NetworkPolicy } from '@kapell/openapi/types'
import { column, defineResource } from '../../registry/definition.ts'
import { ageColumn, formatLabelSelector, nameColumn } from '../common/columns.ts'
import { defaultNetworkPolicy, validateNetworkPolicy } from './networkpolicy-rules.ts'

export const networkPolicies = defineResource<V1NetworkPolicy>({
  group: 'networking.k8s.io',
  version: 'v1',
  kind: 'NetworkPolicy',
  plural: 'networkpolicies',
  shortNames: ['netpol'],
  namespaced: true,
  storagePrefix: 'networkpolicies',
  hasGeneration: true,
  default: defaultNetworkPolicy,
  validate: validateNetworkPolicy,
  columns: [nameColumn, column('Pod-Selector', 'string', (o) => formatLabelSelector(o.spec?.podSelector)), ageColumn],
})
