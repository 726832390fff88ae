import { selectorFromLabelSelector } from '@kapell/openapi/meta/labels'
import type { KubeObject } from '@kapell/openapi/meta/object'
import type { KindAccess } from '../../registry/parameters.ts'
import type { ParamRef } from './types.ts'

/** Parameters of a policy: what a binding refers to. Source: "Validating Admission Policy", "Parameter resources". */

/** A policy or binding that cannot work as it is: its failure policy decides. */
export class ConfigurationError extends Error {}

/**
 * The parameters that the policy is evaluated with, once for each: a single undefined where it has none. None at all:
 * the binding says nothing of the request. Throws {@link ConfigurationError}.
 */
export async function paramsOf(
  paramRef: ParamRef | undefined,
  kind: KindAccess | undefined,
  namespaceOfRequest: string,
): Promise<(KubeObject | undefined)[]> {
  if (kind === undefined || paramRef === undefined) return [undefined]
  const { name, selector, parameterNotFoundAction } = paramRef
  const namespace = namespaceFor(paramRef, kind, namespaceOfRequest)
  let found: KubeObject[]
  if (name !== undefined && name !== '') {
    const one = await kind.get({ namespace, name })
    found = one === undefined ? [] : [one]
  } else {
    const wanted = selectorFromLabelSelector(selector ?? {})
    found = (await kind.list(namespace)).filter((one) => wanted.matches(one.metadata?.labels))
  }
  if (found.length === 0 && parameterNotFoundAction === 'Deny') {
    throw new ConfigurationError('no params found for policy binding with `Deny` parameterNotFoundAction')
  }
  return found
}

function namespaceFor({ namespace = '' }: ParamRef, kind: KindAccess, namespaceOfRequest: string): string {
  if (!kind.namespaced) {
    if (namespace === '') return ''
    throw new ConfigurationError('paramRef.namespace must not be provided for a cluster-scoped `paramKind`')
  }
  if (namespace !== '') return namespace
  if (namespaceOfRequest !== '') return namespaceOfRequest
  throw new ConfigurationError('cannot use namespaced paramRef in policy binding that matches cluster-scoped resources')
}
