/**
 * The signature that a token puts under the cluster's kubeconfig: a JWS (HS256) whose payload is left out, as it stands
 * beside it. Source: "Authenticating with Bootstrap Tokens", "ConfigMap Signing"; RFC 7515, appendix F.
 */
export async function signDetached(content: string, token: { id: string; secret: string }): Promise<string> {
  const header = base64url(utf8(JSON.stringify({ alg: 'HS256', kid: token.id })))
  return `${header}..${await macOf(header, content, token.secret)}`
}

/** Whether the token has signed the content. */
export async function isSignedBy(
  signature: string,
  content: string,
  token: { id: string; secret: string },
): Promise<boolean> {
  const [header = '', payload, mac, ...rest] = signature.split('.')
  if (payload !== '' || mac === undefined || rest.length > 0 || !namesToken(header, token.id)) return false
  return mac === (await macOf(header, content, token.secret))
}

function namesToken(header: string, id: string): boolean {
  try {
    const { alg, kid } = JSON.parse(atob(header.replaceAll('-', '+').replaceAll('_', '/'))) as Record<string, unknown>
    return alg === 'HS256' && kid === id
  } catch {
    return false
  }
}

async function macOf(header: string, content: string, secret: string): Promise<string> {
  const algorithm = { name: 'HMAC', hash: 'SHA-256' }
  const key = await crypto.subtle.importKey('raw', utf8(secret), algorithm, false, ['sign'])
  const signed = await crypto.subtle.sign(algorithm, key, utf8(`${header}.${base64url(utf8(content))}`))
  return base64url(new Uint8Array(signed))
}

const utf8 = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text)

function base64url(bytes: Uint8Array): string {
  const text = btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''))
  return text.replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '')
}
