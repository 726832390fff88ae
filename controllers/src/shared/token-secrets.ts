import type { V1Secret, V1ServiceAccount } from '@kapell/openapi/types'

export interface BoundReference {
  name: string
  uid: string
}

export const tokenType = 'kubernetes.io/service-account-token'
const nameAnnotation = 'kubernetes.io/service-account.name'
const uidAnnotation = 'kubernetes.io/service-account.uid'

export const isTokenSecret = ({ type }: V1Secret): boolean => type === tokenType
export const accountNameOf = ({ metadata }: V1Secret): string => metadata?.annotations?.[nameAnnotation] ?? ''

/** True when the Secret says it is this very account's: by name, and by uid where it names one. */
export function isOf(secret: V1Secret, account: V1ServiceAccount): boolean {
  const uid = secret.metadata?.annotations?.[uidAnnotation] ?? ''
  return (
    secret.metadata?.namespace === account.metadata?.namespace &&
    accountNameOf(secret) === account.metadata?.name &&
    (uid === '' || uid === account.metadata?.uid)
  )
}

const base64 = (text: string): string => Buffer.from(text).toString('base64')

/** What a Secret lacks to be a token; undefined when it lacks nothing. A token that is there stays, whatever it is. */
export function missing(
  secret: V1Secret,
  rootCa: string,
): { ca: boolean; namespace: boolean; token: boolean } | undefined {
  const { data = {} } = secret
  const lacks = {
    ca: rootCa !== '' && data['ca.crt'] !== base64(rootCa),
    namespace: (data.namespace ?? '') === '',
    token: (data.token ?? '') === '',
  }
  return lacks.ca || lacks.namespace || lacks.token || secret.metadata?.annotations?.[uidAnnotation] === undefined
    ? lacks
    : undefined
}

/** The Secret with what it lacked. */
export function filled(
  secret: V1Secret,
  account: BoundReference,
  values: { rootCa: string; token: string | undefined },
): V1Secret {
  const lacks = missing(secret, values.rootCa)
  const data = { ...secret.data }
  if (lacks?.ca === true) data['ca.crt'] = base64(values.rootCa)
  if (lacks?.namespace === true) data.namespace = base64(secret.metadata?.namespace ?? '')
  if (lacks?.token === true && values.token !== undefined) data.token = base64(values.token)
  const annotations = {
    ...secret.metadata?.annotations,
    [nameAnnotation]: account.name,
    [uidAnnotation]: account.uid,
  }
  return { ...secret, metadata: { ...secret.metadata, annotations }, data }
}
