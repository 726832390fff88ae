import type {
  V1MutatingAdmissionPolicy,
  V1MutatingAdmissionPolicyBinding,
  V1ValidatingAdmissionPolicy,
  V1ValidatingAdmissionPolicyBinding,
} from '@kapell/openapi/types'
import { column, defineResource } from '../../registry/definition.ts'
import { ageColumn, nameColumn } from '../common/columns.ts'
import { countColumn } from '../common/simple.ts'
import { keepStatus, startStatus, statusView } from '../common/status.ts'

import { defaultMatch, defaultPolicy } from './rules.ts'
import {
  validateMutatingPolicy,
  validatePolicyBinding,
  validatePolicyStatus,
  validateValidatingPolicy,
} from './policy-validation.ts'

const common = {
  group: 'admissionregistration.k8s.io',
  version: 'v1',
  categories: ['api-extensions'],
  namespaced: false,
  hasGeneration: true,
} as const

function paramKindCell(kind: { apiVersion?: string; kind?: string } | undefined): string {
  return kind === undefined ? '<unset>' : `${kind.apiVersion ?? ''}/${kind.kind ?? ''}`
}

function paramRefCell(ref: { name?: string; namespace?: string; selector?: unknown } | undefined): string {
  if (ref === undefined) return '<unset>'
  const name = ref.name ?? '*'
  return ref.namespace === undefined || ref.namespace === '' ? name : `${ref.namespace}/${name}`
}

export const validatingAdmissionPolicies = defineResource<V1ValidatingAdmissionPolicy>({
  ...common,
  kind: 'ValidatingAdmissionPolicy',
  plural: 'validatingadmissionpolicies',
  allowUnconditionalUpdate: false,
  default: (o) => defaultPolicy(o.spec),
  validate: (o, at) => validateValidatingPolicy(o.spec ?? {}, { at: at.child('spec'), name: o.metadata?.name ?? '' }),
  storagePrefix: 'validatingadmissionpolicies',
  columns: [
    nameColumn,
    countColumn('Validations', (o) => o.spec?.validations),
    column('ParamKind', 'string', (o) => paramKindCell(o.spec?.paramKind)),
    ageColumn,
  ],
  prepareForCreate: (o) => startStatus(o),
  prepareForUpdate: keepStatus,
  subresources: {
    status: statusView({ keep: 'all', validate: (o, _old, at) => validatePolicyStatus(o.status, at.child('status')) }),
  },
})

export const validatingAdmissionPolicyBindings = defineResource<V1ValidatingAdmissionPolicyBinding>({
  ...common,
  kind: 'ValidatingAdmissionPolicyBinding',
  plural: 'validatingadmissionpolicybindings',
  allowUnconditionalUpdate: false,
  default: (o) => defaultMatch(o.spec?.matchResources),
  validate: (o, at) => validatePolicyBinding(o.spec ?? {}, { at: at.child('spec'), needsActions: true }),
  storagePrefix: 'validatingadmissionpolicybindings',
  columns: [
    nameColumn,
    column('PolicyName', 'string', (o) => o.spec?.policyName ?? ''),
    column('ParamRef', 'string', (o) => paramRefCell(o.spec?.paramRef)),
    ageColumn,
  ],
})

export const mutatingAdmissionPolicies = defineResource<V1MutatingAdmissionPolicy>({
  ...common,
  kind: 'MutatingAdmissionPolicy',
  plural: 'mutatingadmissionpolicies',
  allowUnconditionalUpdate: false,
  default: (o) => defaultPolicy(o.spec),
  validate: (o, at) => validateMutatingPolicy(o.spec ?? {}, at.child('spec')),
  storagePrefix: 'mutatingadmissionpolicies',
  hashedVersion: 'v1beta1',
  columns: [
    nameColumn,
    countColumn('Mutations', (o) => o.spec?.mutations),
    column('ParamKind', 'string', (o) => paramKindCell(o.spec?.paramKind)),
    ageColumn,
  ],
})

export const mutatingAdmissionPolicyBindings = defineResource<V1MutatingAdmissionPolicyBinding>({
  ...common,
  kind: 'MutatingAdmissionPolicyBinding',
  plural: 'mutatingadmissionpolicybindings',
  allowUnconditionalUpdate: false,
  default: (o) => defaultMatch(o.spec?.matchResources),
  validate: (o, at) => validatePolicyBinding(o.spec ?? {}, { at: at.child('spec'), needsActions: false }),
  storagePrefix: 'mutatingadmissionpolicybindings',
  hashedVersion: 'v1beta1',
  columns: [
    nameColumn,
    column('PolicyName', 'string', (o) => o.spec?.policyName ?? ''),
    column('ParamRef', 'string', (o) => paramRefCell(o.spec?.paramRef)),
    ageColumn,
  ],
})
