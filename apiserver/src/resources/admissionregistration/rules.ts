/** What webhooks and policies leave out. Source: "Dynamic Admission Control". */

interface Match {
  matchPolicy?: string
  namespaceSelector?: object
  objectSelector?: object
  resourceRules?: { scope?: string }[]
  excludeResourceRules?: { scope?: string }[]
}

export function defaultMatch(match: Match | undefined): void {
  if (match === undefined) return
  match.matchPolicy ??= 'Equivalent'
  match.namespaceSelector ??= {}
  match.objectSelector ??= {}
  for (const rule of [...(match.resourceRules ?? []), ...(match.excludeResourceRules ?? [])]) rule.scope ??= '*'
}

interface Policy {
  failurePolicy?: string
  matchConstraints?: Match
}

export function defaultPolicy(spec: Policy | undefined): void {
  if (spec === undefined) return
  spec.failurePolicy ??= 'Fail'
  defaultMatch(spec.matchConstraints)
}

interface Webhook {
  failurePolicy?: string
  matchPolicy?: string
  namespaceSelector?: object
  objectSelector?: object
  timeoutSeconds?: number
  reinvocationPolicy?: string
  rules?: { scope?: string }[]
  clientConfig: { service?: { port?: number } }
}

export function defaultWebhook(webhook: Webhook): void {
  webhook.failurePolicy ??= 'Fail'
  webhook.matchPolicy ??= 'Equivalent'
  webhook.namespaceSelector ??= {}
  webhook.objectSelector ??= {}
  webhook.timeoutSeconds ??= 10
  for (const rule of webhook.rules ?? []) rule.scope ??= '*'
  if (webhook.clientConfig?.service !== undefined) webhook.clientConfig.service.port ??= 443
}
