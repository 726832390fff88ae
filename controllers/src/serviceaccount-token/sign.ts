import type { BoundReference } from '../shared/token-secrets.ts'

/** As the API server calls the issuer of tokens that are kept in Secrets. */
const issuer = 'kubernetes/serviceaccount'
const algorithm = { name: 'ECDSA', namedCurve: 'P-256' } as const
const prefix = 'kubernetes.io/serviceaccount'

export type TokenSigner = (token: { namespace: string; secret: string; account: BoundReference }) => Promise<string>

/**
 * Signs tokens for Secrets: without an end, good while the Secret and the account are there.
 * `key` is PEM, PKCS #8, of the pair by which the API server knows its tokens.
 */
export async function createTokenSigner(key: string): Promise<TokenSigner> {
  const der = Buffer.from(key.replace(/-----[^-]+-----/g, '').replace(/\s/g, ''), 'base64')
  const privateKey = await crypto.subtle.importKey('pkcs8', der, algorithm, true, ['sign'])
  const { kty, crv, x, y } = await crypto.subtle.exportKey('jwk', privateKey)
  const publicJwk = { kty: kty!, crv: crv!, x: x!, y: y! }
  const publicKey = await crypto.subtle.importKey('jwk', publicJwk, algorithm, true, ['verify'])
  const digest = await crypto.subtle.digest('SHA-256', await crypto.subtle.exportKey('spki', publicKey))
  const header = part({ alg: 'ES256', kid: Buffer.from(digest).toString('base64url') })
  return async ({ namespace, secret, account }) => {
    const claims = part({
      iss: issuer,
      [`${prefix}/namespace`]: namespace,
      [`${prefix}/secret.name`]: secret,
      [`${prefix}/service-account.name`]: account.name,
      [`${prefix}/service-account.uid`]: account.uid,
      sub: `system:serviceaccount:${namespace}:${account.name}`,
    })
    const signed = new TextEncoder().encode(`${header}.${claims}`)
    const signature = await crypto.subtle.sign({ name: 'ECDSA', hash: 'SHA-256' }, privateKey, signed)
    return `${header}.${claims}.${Buffer.from(signature).toString('base64url')}`
  }
}

const part = (json: object): string => Buffer.from(JSON.stringify(json)).toString('base64url')
