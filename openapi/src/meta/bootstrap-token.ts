import type { V1Secret } from '../types.ts'

/** The form of bootstrap tokens and of the Secrets that hold them. Source: "Authenticating with Bootstrap Tokens". */
export const bootstrapTokenType = 'bootstrap.kubernetes.io/token'
export const bootstrapTokenNamespace = 'kube-system'
export const bootstrapGroup = 'system:bootstrappers'
const tokenUsages = ['authentication', 'signing'] as const
export type BootstrapTokenUsage = (typeof tokenUsages)[number]

const tokenForm = /^([a-z0-9]{6})\.([a-z0-9]{16})$/
const groupForm = /^system:bootstrappers:[a-z0-9:-]{0,255}[a-z0-9]$/

export interface BootstrapToken {
  /** Not secret. */
  id: string
  secret: string
}

/** Undefined when it has not the form of a bootstrap token. */
export function parseBootstrapToken(text: string): BootstrapToken | undefined {
  const match = tokenForm.exec(text)
  return match === null ? undefined : { id: match[1] ?? '', secret: match[2] ?? '' }
}

export const isBootstrapTokenId = (text: string): boolean => /^[a-z0-9]{6}$/.test(text)
export const isBootstrapGroup = (text: string): boolean => groupForm.test(text)
export const isBootstrapTokenUsage = (text: string): text is BootstrapTokenUsage =>
  tokenUsages.some((usage) => usage === text)
export const bootstrapTokenSecretName = (id: string): string => `bootstrap-token-${id}`

export interface BootstrapSecretFacts extends BootstrapToken {
  usages: BootstrapTokenUsage[]
  /** RFC 3339; absent: it never expires. */
  expiration?: string
  /** Also when its expiration cannot be read. */
  expired: boolean
  description: string
  /** system:bootstrappers and more; undefined when one of them is none that a token may give. */
  groups?: string[]
}

/** Undefined when the Secret holds no token, or its name is that of another one. */
export function readBootstrapSecret(secret: V1Secret, now: Date): BootstrapSecretFacts | undefined {
  const of = (key: string): string => decoded(secret.data?.[key])
  const [id, text] = [of('token-id'), of('token-secret')]
  if (secret.type !== bootstrapTokenType || text === '' || secret.metadata?.name !== bootstrapTokenSecretName(id))
    return undefined
  const expiration = of('expiration')
  const extra = of('auth-extra-groups')
    .split(',')
    .filter((group) => group !== '')
  return {
    id,
    secret: text,
    usages: tokenUsages.filter((usage) => of(`usage-bootstrap-${usage}`) === 'true'),
    expired: expiration !== '' && !(Date.parse(expiration) > now.getTime()),
    description: of('description'),
    ...(expiration === '' ? {} : { expiration }),
    ...(extra.every(isBootstrapGroup) ? { groups: [...new Set([bootstrapGroup, ...extra])] } : {}),
  }
}

function decoded(text: string | undefined): string {
  if (text === undefined) return ''
  try {
    return new TextDecoder().decode(Uint8Array.from(atob(text), (char) => char.charCodeAt(0)))
  } catch {
    return ''
  }
}
