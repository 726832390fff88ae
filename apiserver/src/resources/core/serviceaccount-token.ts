import type { AuthenticationV1TokenRequest, V1ServiceAccount } from '@kapell/openapi/types'
import { invalid, required, type FieldError } from '@kapell/openapi/meta/field-errors'
import type { KubeObject } from '@kapell/openapi/meta/object'
import { badRequest, conflict, invalidObject, notFound } from '@kapell/openapi/meta/status'
import { rfc3339 } from '@kapell/openapi/meta/time'
import type { ActionRequest } from '../../registry/definition.ts'
import type { ResourceName } from '../../registry/services.ts'

/** `serviceaccounts/token`: a token for an account, bound to an object and running out with it. */

const accounts = { group: '', plural: 'serviceaccounts' }
const minSeconds = 600
const maxSeconds = 2 ** 32
const defaultSeconds = 3600

/** What a token can be bound to. */
const boundKinds: Readonly<Record<string, ResourceName>> = {
  'v1/Pod': { group: '', plural: 'pods' },
  'v1/Secret': { group: '', plural: 'secrets' },
  'v1/Node': { group: '', plural: 'nodes' },
}

function validate(seconds: number): FieldError[] {
  if (seconds < minSeconds) {
    return [invalid('spec.expirationSeconds', seconds, 'may not specify a duration less than 10 minutes')]
  }
  return seconds > maxSeconds
    ? [invalid('spec.expirationSeconds', seconds, 'may not specify a duration larger than 2^32 seconds')]
    : []
}

export async function requestToken(request: ActionRequest): Promise<KubeObject> {
  const { namespace, name, services, now } = request
  const body = request.body as AuthenticationV1TokenRequest
  const given = body.metadata ?? {}
  if (given.name !== undefined && given.name !== '' && given.name !== name) {
    throw badRequest(`the name of the object (${given.name}) does not match the name on the URL (${name})`)
  }
  const spec: TokenSpec = body.spec ?? {}
  const seconds = spec.expirationSeconds ?? defaultSeconds
  const errors = validate(seconds)
  if (errors.length > 0) throw invalidObject({ group: 'authentication.k8s.io', kind: 'TokenRequest' }, '', errors)
  const account = await services.objects.getLatest<V1ServiceAccount>(accounts, { namespace, name })
  if (account === undefined) throw notFound(accounts, name)

  const asked = spec.audiences ?? []
  const audiences = asked.length > 0 ? asked : [...services.tokens.defaultAudiences]
  const bound = await findBound(request, spec.boundObjectRef)
  const issued = await services.tokens.issue({
    namespace,
    serviceAccount: { name, uid: account.metadata?.uid ?? '' },
    audiences,
    expirationSeconds: seconds,
    ...(bound === undefined ? {} : { boundObject: bound }),
  })
  return {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenRequest',
    metadata: {
      ...given,
      name,
      namespace,
      creationTimestamp: rfc3339(now),
      ...(account.metadata?.uid === undefined ? {} : { uid: account.metadata.uid }),
    },
    spec: {
      ...spec,
      audiences,
      expirationSeconds: seconds,
      boundObjectRef: bound === undefined ? null : { ...spec.boundObjectRef, uid: spec.boundObjectRef?.uid },
    },
    status: { token: issued.token, expirationTimestamp: issued.expirationTimestamp },
  } as unknown as KubeObject
}

type TokenSpec = NonNullable<AuthenticationV1TokenRequest['spec']>
type BoundRef = NonNullable<TokenSpec['boundObjectRef']>

async function findBound(
  { namespace, services }: ActionRequest,
  ref: BoundRef | undefined,
): Promise<{ kind: string; apiVersion: string; name: string; uid: string } | undefined> {
  if (ref === undefined || ref === null) return undefined
  const { kind = '', apiVersion = '', name = '' } = ref
  if (name === '') {
    const errors = [required('spec.boundObjectRef.name')]
    throw invalidObject({ group: 'authentication.k8s.io', kind: 'TokenRequest' }, '', errors)
  }
  const resource = boundKinds[`${apiVersion}/${kind}`]
  if (resource === undefined) {
    throw badRequest(`cannot bind token for serviceaccount to object of type ${apiVersion}, Kind=${kind}`)
  }
  const at = kind === 'Node' ? { name } : { namespace, name }
  const found = await services.objects.getLatest(resource, at)
  if (found === undefined) throw notFound(resource, name)
  const uid = found.metadata?.uid ?? ''
  if ((ref.uid ?? '') !== '' && ref.uid !== uid) {
    throw conflict(
      resource,
      name,
      `the UID in the bound object reference (${ref.uid ?? ''}) does not match the UID in record. The object might have been deleted and then recreated`,
    )
  }
  return { kind, apiVersion, name, uid }
}
