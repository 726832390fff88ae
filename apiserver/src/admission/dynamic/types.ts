import type { WebhookConfig } from '../../server/webhook-client.ts'

/** Webhook configurations as they are stored: defaulted. Source: "Dynamic Admission Control". */

export interface LabelSelectorShape {
  matchLabels?: Record<string, string>
  matchExpressions?: { key: string; operator: string; values?: string[] }[]
}

/** What a webhook or a policy is asked about; each list may hold "*". */
export interface MatchRule {
  operations: string[]
  apiGroups: string[]
  apiVersions: string[]
  /** "pods", "pods/status", "pods/*", "*", and so on */
  resources: string[]
  scope?: string
  /** Only these names; policies only. */
  resourceNames?: string[]
}

export interface MatchCondition {
  name: string
  expression: string
}

export interface WebhookShape {
  name: string
  clientConfig: WebhookConfig
  rules?: MatchRule[]
  failurePolicy?: string
  matchPolicy?: string
  namespaceSelector?: LabelSelectorShape
  objectSelector?: LabelSelectorShape
  sideEffects?: string
  timeoutSeconds?: number
  admissionReviewVersions?: string[]
  matchConditions?: MatchCondition[]
  /** Mutating webhooks only. */
  reinvocationPolicy?: string
}

/** A group, version and resource, and a subresource or ''. */
export interface ResourcePath {
  group: string
  version: string
  plural: string
  subresource: string
}
