import { createHash, randomUUID, type KeyObject } from 'node:crypto'
import type { JWTPayload } from 'jose'
import type { KubeObject } from '@kapell/openapi/meta/object'
import type { ResourceName, TokenService } from '../registry/services.ts'
import { legacyIssuer, reviewLegacyToken, type LegacyTokenAccess } from './legacy-tokens.ts'
import type { UserInfo } from './user.ts'

const cacheLimit = 4096
const cacheMs = 10_000

interface BoundReference {
  name: string
  uid: string
}

interface KubernetesClaims {
  namespace: string
  serviceaccount: BoundReference
  pod?: BoundReference
  secret?: BoundReference
  node?: BoundReference
  warnafter?: number
}

interface Claims {
  iss: string
  sub: string
  aud: string[]
  exp: number
  iat: number
  nbf: number
  jti: string
  'kubernetes.io': KubernetesClaims
}

export interface TokenServiceOptions {
  issuer: string
  audiences: readonly string[]
  privateKey: KeyObject
  publicKey: KeyObject
  keyId: string
  now: () => Date
  /** The newest state of the objects that tokens are bound to. */
  getLatest: (resource: ResourceName, at: { namespace?: string; name: string }) => Promise<KubeObject | undefined>
  /** Notes on a Secret that the token in it was used. */
  labelSecret?: LegacyTokenAccess['labelSecret']
}

/** The `kid` of a public key: SHA-256 of its SPKI, as upstream derives it. */
export function keyIdOf(publicKey: KeyObject): string {
  return createHash('sha256')
    .update(publicKey.export({ type: 'spki', format: 'der' }))
    .digest('base64url')
}

const boundKinds: Record<string, { claim: 'pod' | 'secret' | 'node'; plural: string; namespaced: boolean }> = {
  Pod: { claim: 'pod', plural: 'pods', namespaced: true },
  Secret: { claim: 'secret', plural: 'secrets', namespaced: true },
  Node: { claim: 'node', plural: 'nodes', namespaced: false },
}

/**
 * Bound service-account tokens (ES256 JWTs): good while the account, and the object they are bound to, are there
 * under the same uid. Source: "Managing Service Accounts", "Bound service account token volume mechanism".
 */
export function createTokenService(options: TokenServiceOptions): TokenService {
  const cache = new Map<string, { audiences: readonly string[]; user: UserInfo; until: number }>()
  const seconds = (): number => Math.floor(options.now().getTime() / 1000)

  async function stillThere(claims: KubernetesClaims): Promise<string | undefined> {
    const { namespace } = claims
    const account = await options.getLatest(
      { group: '', plural: 'serviceaccounts' },
      { namespace, name: claims.serviceaccount.name },
    )
    if (account === undefined) return `serviceaccounts "${claims.serviceaccount.name}" not found`
    if (account.metadata?.uid !== claims.serviceaccount.uid) {
      return `service account UID (${account.metadata?.uid ?? ''}) does not match claim (${claims.serviceaccount.uid})`
    }
    for (const { claim, plural, namespaced } of Object.values(boundKinds)) {
      const reference = claims[claim]
      // A token of a pod also tells of its node; only one bound to the node alone depends on it.
      if (reference === undefined || (claim === 'node' && claims.pod !== undefined)) continue
      const bound = await options.getLatest(
        { group: '', plural },
        { ...(namespaced ? { namespace } : {}), name: reference.name },
      )
      if (bound?.metadata?.uid !== reference.uid) return `service account token has been invalidated`
    }
    return undefined
  }

  function userOf(claims: Claims): UserInfo {
    const own = claims['kubernetes.io']
    const extra: Record<string, string[]> = { 'authentication.kubernetes.io/credential-id': [`JTI=${claims.jti}`] }
    for (const claim of ['pod', 'node'] as const) {
      const reference = own[claim]
      if (reference === undefined) continue
      extra[`authentication.kubernetes.io/${claim}-name`] = [reference.name]
      if (reference.uid !== '') extra[`authentication.kubernetes.io/${claim}-uid`] = [reference.uid]
    }
    return {
      username: `system:serviceaccount:${own.namespace}:${own.serviceaccount.name}`,
      uid: own.serviceaccount.uid,
      groups: ['system:serviceaccounts', `system:serviceaccounts:${own.namespace}`, 'system:authenticated'],
      extra,
    }
  }

  /** The token itself, whoever it is shown to; `endMs` is when it must be checked again at the latest. */
  async function check(
    token: string,
  ): Promise<{ user: UserInfo; audiences: readonly string[]; endMs: number } | { error: string }> {
    const { jwtVerify } = await import('jose')
    let payload: JWTPayload
    try {
      const verified = await jwtVerify(token, options.publicKey, {
        algorithms: ['ES256'],
        issuer: [options.issuer, legacyIssuer],
        currentDate: options.now(),
        requiredClaims: ['sub'],
      })
      payload = verified.payload
      for (const claim of payload.iss === legacyIssuer ? [] : ['exp', 'aud', 'kubernetes.io'])
        if (payload[claim] === undefined) throw new Error(`missing required "${claim}" claim`)
    } catch (error) {
      // What is no token of this form at all is nobody's.
      const code = (error as { code?: string }).code ?? ''
      if (code === 'ERR_JWS_INVALID' || code === 'ERR_JWT_INVALID') return { error: 'invalid bearer token' }
      return { error: `[invalid bearer token, ${error instanceof Error ? error.message : 'unreadable'}]` }
    }
    if (payload.iss === legacyIssuer) {
      const outcome = await reviewLegacyToken(token, payload, options)
      if ('error' in outcome) return { error: `[invalid bearer token, ${outcome.error}]` }
      return { user: outcome.user, audiences: options.audiences, endMs: Infinity }
    }
    const claims = payload as unknown as Claims
    const why = await stillThere(claims['kubernetes.io'])
    if (why !== undefined) return { error: `[invalid bearer token, ${why}]` }
    const audiences = Array.isArray(claims.aud) ? claims.aud : [claims.aud]
    return { user: userOf(claims), audiences, endMs: claims.exp * 1000 }
  }

  return {
    issuer: options.issuer,
    defaultAudiences: options.audiences,
    async issue(request) {
      const { SignJWT } = await import('jose')
      const now = seconds()
      const expires = now + request.expirationSeconds
      const own: KubernetesClaims = { namespace: request.namespace, serviceaccount: request.serviceAccount }
      const bound = request.boundObject
      if (bound !== undefined) {
        const kind = boundKinds[bound.kind]
        if (kind !== undefined) own[kind.claim] = { name: bound.name, uid: bound.uid }
        if (bound.kind === 'Pod') {
          const pod = (await options.getLatest(
            { group: '', plural: 'pods' },
            { namespace: request.namespace, name: bound.name },
          )) as (KubeObject & { spec?: { nodeName?: string } }) | undefined
          const nodeName = pod?.spec?.nodeName
          if (nodeName !== undefined && nodeName !== '') {
            const node = await options.getLatest({ group: '', plural: 'nodes' }, { name: nodeName })
            own.node = { name: nodeName, uid: node?.metadata?.uid ?? '' }
          }
        }
      }
      const token = await new SignJWT({ 'kubernetes.io': own })
        .setProtectedHeader({ alg: 'ES256', kid: options.keyId })
        .setIssuer(options.issuer)
        .setSubject(`system:serviceaccount:${request.namespace}:${request.serviceAccount.name}`)
        .setAudience(request.audiences.length > 0 ? request.audiences : [...options.audiences])
        .setIssuedAt(now)
        .setNotBefore(now)
        .setExpirationTime(expires)
        .setJti(randomUUID())
        .sign(options.privateKey)
      return { token, expirationTimestamp: new Date(expires * 1000).toISOString().replace('.000', '') }
    },
    async review(token, audiences) {
      const nowMs = options.now().getTime()
      let known = cache.get(token)
      if (known === undefined || known.until <= nowMs) {
        cache.delete(token)
        const checked = await check(token)
        if ('error' in checked) return checked
        known = { ...checked, until: Math.min(nowMs + cacheMs, checked.endMs) }
        if (cache.size >= cacheLimit) cache.delete(cache.keys().next().value ?? '')
        cache.set(token, known)
      }
      const carried = known.audiences
      const shared = audiences.length === 0 ? [...carried] : audiences.filter((audience) => carried.includes(audience))
      if (shared.length === 0) {
        return {
          error: `[invalid bearer token, token audiences ${JSON.stringify(carried)} is invalid for the target audiences ${JSON.stringify(audiences)}]`,
        }
      }
      return { user: known.user, audiences: shared }
    },
  }
}
