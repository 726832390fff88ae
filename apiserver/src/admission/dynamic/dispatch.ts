import { randomUUID } from 'node:crypto'
import { badRequest, internalError } from '@kapell/openapi/meta/status'
import type { AnyDefinition } from '../../registry/definition.ts'
import type { Services } from '../../registry/services.ts'
import type { AdmissionAttributes } from '../admission.ts'
import type { CompiledHook } from './hooks.ts'
import { isExempt } from './matching.ts'
import { ConditionFailure } from './match-conditions.ts'
import { createRequestMatcher } from './request-matcher.ts'
import { CallFailure, readReview, reviewRequest, reviewVersion, type Verdict } from './review.ts'
import { versionedObjects, type VersionedObjects } from './versioned.ts'

/** From a request to the webhooks that it is for, and from a webhook to its verdict. */

/** Whether a webhook is for the request, and as what it wants to see it. */
export interface Matched {
  hook: CompiledHook
  definition: AnyDefinition['definition']
}

/** True when no webhook can be for it: what most requests cost. */
export function isNobodys(hooks: readonly CompiledHook[], attributes: AdmissionAttributes): boolean {
  return hooks.length === 0 || isExempt(attributes.resource)
}

/** Matches one webhook after the other; what several ask for is looked up once. */
export function createMatcher(
  attributes: AdmissionAttributes,
  services: Services,
): (hook: CompiledHook) => Promise<Matched | undefined> {
  const matches = createRequestMatcher(attributes, services)
  return async (hook) => {
    const definition = await matches(hook.criteria)
    return definition === undefined ? undefined : { hook, definition }
  }
}

/**
 * The request as the webhook sees it, or undefined when its match conditions leave it out. Throws ApiErrors, and
 * {@link ConditionFailure} for conditions that have no value.
 */
export async function prepareCall(
  { hook, definition }: Matched,
  { attributes, services }: { attributes: AdmissionAttributes; services: Services },
): Promise<VersionedObjects | undefined> {
  const seen = await versionedObjects(attributes, definition)
  return (await hook.conditions({ attributes, seen, services })) ? seen : undefined
}

/** Asks the webhook. Throws {@link CallFailure} when it does not answer as it should, ApiError when it may not be asked. */
export async function callHook(
  { hook }: Matched,
  call: { attributes: AdmissionAttributes; seen: VersionedObjects; services: Services; mutating: boolean },
): Promise<Verdict> {
  const { attributes, seen, services, mutating } = call
  const { webhook, timeoutMs } = hook
  if (attributes.dryRun && webhook.sideEffects !== 'None' && webhook.sideEffects !== 'NoneOnDryRun') {
    throw badRequest(`admission webhook ${JSON.stringify(webhook.name)} does not support dry run`)
  }
  const version = reviewVersion(webhook.admissionReviewVersions)
  if (version === undefined) {
    throw new CallFailure(webhook.name, 'could not get REST client: no known admission review version')
  }
  const uid = randomUUID()
  const body = {
    kind: 'AdmissionReview',
    apiVersion: `admission.k8s.io/${version}`,
    request: reviewRequest(attributes, seen, uid),
  }
  let answer: unknown
  try {
    answer = await services.webhooks.call({ config: webhook.clientConfig, body, timeoutMs })
  } catch (error) {
    throw new CallFailure(
      webhook.name,
      `failed to call webhook: ${error instanceof Error ? error.message : String(error)}`,
    )
  }
  const verdict = readReview(answer, { webhook: webhook.name, uid, version, mutating })
  for (const text of verdict.warnings) attributes.warn(text)
  return verdict
}

/** A failed call passes where the webhook's failurePolicy is Ignore; all else is thrown on. */
export function settleFailure(error: unknown, hook: CompiledHook, attributes: AdmissionAttributes): void {
  if (error instanceof ConditionFailure) {
    if (hook.failurePolicy === 'Fail') throw error.refusal(attributes)
    return
  }
  if (!(error instanceof CallFailure)) throw error
  if (hook.failurePolicy === 'Fail') throw internalError(error.message)
}
