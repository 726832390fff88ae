import { randomUUID } from 'node:crypto'
import type { KubeObject } from '@kapell/openapi/meta/object'
import { badRequest, internalError, notFound } from '@kapell/openapi/meta/status'
import type { AnyDefinition } from '../../registry/definition.ts'
import type { Services } from '../../registry/services.ts'
import type { AdmissionAttributes } from '../admission.ts'
import type { CompiledHook } from './hooks.ts'
import { isExempt, matchedAs, objectMatches } from './matching.ts'
import { CallFailure, namespaceOf, readReview, reviewRequest, reviewVersion, type Verdict } from './review.ts'
import { versionedObjects, type VersionedObjects } from './versioned.ts'

/** From a request to the webhooks that it is for, and from a webhook to its verdict. */

const namespaces = { group: '', plural: 'namespaces' }

/** The labels that a namespaceSelector looks at; undefined where there is no namespace. Throws 404. */
async function namespaceLabels(
  attributes: AdmissionAttributes,
  services: Services,
): Promise<Record<string, string> | undefined> {
  const { resource, object, operation } = attributes
  const isNamespace = resource.group === '' && resource.plural === 'namespaces'
  // The cache does not know a namespace that is only being made, or changed.
  if (isNamespace && operation !== 'DELETE' && object?.metadata !== undefined) return object.metadata.labels ?? {}
  const name = namespaceOf(attributes)
  if (name === '') return undefined
  const found =
    services.objects.get<KubeObject>(namespaces, { name }) ??
    (await services.objects.getLatest<KubeObject>(namespaces, { name }))
  if (found === undefined) throw notFound(namespaces, name)
  return found.metadata?.labels ?? {}
}

/** Whether a webhook is for the request, and as what it wants to see it. */
export interface Matched {
  hook: CompiledHook
  definition: AnyDefinition['definition']
}

/** True when no webhook can be for it: what most requests cost. */
export function isNobodys(hooks: readonly CompiledHook[], attributes: AdmissionAttributes): boolean {
  return hooks.length === 0 || isExempt(attributes.resource)
}

/** Matches one webhook after the other; the namespace is looked up once, when the first selector asks for it. */
export function createMatcher(
  attributes: AdmissionAttributes,
  services: Services,
): (hook: CompiledHook) => Promise<Matched | undefined> {
  const { resource, subresource, operation } = attributes
  const inNamespace = attributes.namespace !== '' && !(resource.group === '' && resource.plural === 'namespaces')
  const { group, version, plural } = resource
  const request = { group, version, plural, subresource, operation, inNamespace }
  let labels: Promise<Record<string, string> | undefined> | undefined
  return async (hook) => {
    const { webhook } = hook
    const definition = matchedAs<AnyDefinition['definition']>(webhook.rules ?? [], request, {
      own: resource,
      others: () => (webhook.matchPolicy === 'Exact' ? [] : services.webhooks.equivalents(resource)),
    })
    if (definition === undefined) return undefined
    if (!objectMatches(hook.objectSelector, attributes.object, attributes.oldObject)) return undefined
    if (!hook.namespaceSelector.empty) {
      const found = await (labels ??= namespaceLabels(attributes, services))
      if (found !== undefined && !hook.namespaceSelector.matches(found)) return undefined
    }
    return { hook, definition }
  }
}

/**
 * The request as the webhook sees it, or undefined when its match conditions leave it out. Throws ApiErrors, and
 * {@link CallFailure} for conditions that cannot be evaluated here.
 */
export async function prepareCall(
  { hook, definition }: Matched,
  attributes: AdmissionAttributes,
): Promise<VersionedObjects | undefined> {
  const seen = await versionedObjects(attributes, definition)
  return hook.conditions({ attributes, seen, webhook: hook.webhook.name }) ? seen : undefined
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
export function settleFailure(error: unknown, hook: CompiledHook): void {
  if (!(error instanceof CallFailure)) throw error
  if (hook.failurePolicy === 'Fail') throw internalError(error.message)
}
