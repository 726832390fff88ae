import type { AuthenticationV1TokenRequest, V1ServiceAccount } from '@kapell/openapi/types'
import { invalid, type FieldError } from '@kapell/openapi/meta/field-errors'
import { parseApiVersion, type KubeObject } from '@kapell/openapi/meta/object'
import { badRequest, conflict, invalidObject, notFound } from '@kapell/openapi/meta/status'
import { rfc3339 } from '@kapell/openapi/meta/time'
import type { ActionRequest } from '../../registry/definition.ts'
import type { ResourceName } from '../../registry/services.ts'

/** `serviceaccounts/token`: a token for an account, bound to an object and running out with it. */

const tokenRequest = { group: 'authentication.k8s.io', kind: 'TokenRequest' }
const accounts = { group: '', plural: 'serviceaccounts' }
const minSeconds = 600
const maxSeconds = 2 ** 32
const defaultSeconds = 3600

/** What a token can be bound to, of the core group; which version of it is said makes no difference. */
const boundKinds = new Map<string, ResourceName>([
  ['Pod', { group: '', plural: 'pods' }],
  ['Secret', { group: '', plural: 'secrets' }],
  ['Node', { group: '', plural: 'nodes' }],
])

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
    throw invalidObject(tokenRequest, name, [
      invalid('metadata.name', given.name, 'must match the service account name if specified'),
    ])
  }
  const account = await services.objects.getLatest<V1ServiceAccount>(accounts, { namespace, name })
  if (account === undefined) throw notFound(accounts, name)
  const spec: TokenSpec = body.spec ?? {}
  const seconds = spec.expirationSeconds ?? defaultSeconds
  const errors = validate(seconds)
  if (errors.length > 0) throw invalidObject(tokenRequest, '', errors)

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
  const { group, version } = parseApiVersion(apiVersion)
  const resource = group === '' ? boundKinds.get(kind) : undefined
  if (resource === undefined) {
    throw badRequest(`cannot bind token to object of type ${group}/${version}, Kind=${kind}`)
  }
  if (name === '') throw badRequest('Name parameter required.')
  const at = kind === 'Node' ? { name } : { namespace, name }
  const found = await services.objects.getLatest(resource, at)
  if (found === undefined) throw notFound(resource, name)
  const uid = found.metadata?.uid ?? ''
  if ((ref.uid ?? '') !== '' && ref.uid !== uid) {
    throw conflict(
      { group: '', plural: kind },
      name,
      `the UID in the bound object reference (${ref.uid ?? ''}) does not match the UID in record. The object might have been deleted and then recreated`,
    )
  }
  return { kind, apiVersion, name, uid }
}
