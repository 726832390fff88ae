import { forbiddenError, forbiddenPath, ApiError } from '@kapell/openapi/meta/status'
import type { AuthorizationAttributes, AuthorizationDecision } from '../registry/services.ts'

/** Decides on one request; `allowed: false` without `denied` means "no opinion". */
export type Authorizer = (attributes: AuthorizationAttributes) => AuthorizationDecision | Promise<AuthorizationDecision>

export const noOpinion = (reason = ''): AuthorizationDecision => ({ allowed: false, reason })
export const allow = (reason = ''): AuthorizationDecision => ({ allowed: true, reason })

/** Asks in order until one has an opinion; the reasons of those that had none are kept for the refusal. */
export function firstOpinion(authorizers: readonly Authorizer[]): Authorizer {
  return async (attributes) => {
    const reasons: string[] = []
    for (const authorize of authorizers) {
      const decision = await authorize(attributes)
      if (decision.allowed || decision.denied === true) return decision
      if (decision.reason !== '') reasons.push(decision.reason)
    }
    return noOpinion(reasons.join('\n'))
  }
}

const quote = (text: string): string => JSON.stringify(text)

/** `User "x" cannot list resource "pods" in API group "" in the namespace "default"`. */
export function refusalText(attributes: AuthorizationAttributes): string {
  const { user, verb, resource, subresource, namespace } = attributes
  const who = `User ${quote(user.username)} cannot ${verb}`
  if (resource === undefined) return `${who} path ${quote(attributes.path ?? '')}`
  const what = subresource === undefined || subresource === '' ? resource : `${resource}/${subresource}`
  const where =
    namespace === undefined || namespace === '' ? 'at the cluster scope' : `in the namespace ${quote(namespace)}`
  return `${who} resource ${quote(what)} in API group ${quote(attributes.group ?? '')} ${where}`
}

/** The 403 for a request that nobody allowed. */
/** What somebody may not do at all, before anything of the request is looked at. */
export class Refusal extends ApiError {}

export function refusal(attributes: AuthorizationAttributes, reason: string): Refusal {
  const text = refusalText(attributes)
  const message = reason === '' ? text : `${text}: ${reason}`
  const { status } =
    attributes.resource === undefined
      ? forbiddenPath(`forbidden: ${message}`)
      : forbiddenError({ group: attributes.group ?? '', plural: attributes.resource }, attributes.name, message)
  return new Refusal(status)
}
