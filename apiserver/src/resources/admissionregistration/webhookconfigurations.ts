import type { V1MutatingWebhookConfiguration, V1ValidatingWebhookConfiguration } from '@kapell/openapi/types'
import { defineResource } from '../../registry/definition.ts'
import { ageColumn, nameColumn } from '../common/columns.ts'
import { countColumn } from '../common/simple.ts'

import { defaultWebhook } from './rules.ts'
import { validateWebhooks } from './webhook-validation.ts'

const common = {
  group: 'admissionregistration.k8s.io',
  version: 'v1',
  categories: ['api-extensions'],
  namespaced: false,
  hasGeneration: true,
} as const

export const mutatingWebhookConfigurations = defineResource<V1MutatingWebhookConfiguration>({
  ...common,
  kind: 'MutatingWebhookConfiguration',
  plural: 'mutatingwebhookconfigurations',
  allowUnconditionalUpdate: false,
  storagePrefix: 'mutatingwebhookconfigurations',
  default: (o) => {
    for (const webhook of o.webhooks ?? []) {
      defaultWebhook(webhook)
      webhook.reinvocationPolicy ??= 'Never'
    }
  },
  validateCreate: (o, at) => validateWebhooks(o.webhooks, { at: at.child('webhooks'), mutating: true }),
  validateUpdate: (o, old, at) =>
    validateWebhooks(o.webhooks, { at: at.child('webhooks'), mutating: true, previous: old.webhooks ?? [] }),
  columns: [nameColumn, countColumn('Webhooks', (o) => o.webhooks), ageColumn],
})

export const validatingWebhookConfigurations = defineResource<V1ValidatingWebhookConfiguration>({
  ...common,
  kind: 'ValidatingWebhookConfiguration',
  plural: 'validatingwebhookconfigurations',
  allowUnconditionalUpdate: false,
  storagePrefix: 'validatingwebhookconfigurations',
  default: (o) => (o.webhooks ?? []).forEach(defaultWebhook),
  validateCreate: (o, at) => validateWebhooks(o.webhooks, { at: at.child('webhooks'), mutating: false }),
  validateUpdate: (o, old, at) =>
    validateWebhooks(o.webhooks, { at: at.child('webhooks'), mutating: false, previous: old.webhooks ?? [] }),
  columns: [nameColumn, countColumn('Webhooks', (o) => o.webhooks), ageColumn],
})
