import type { V1Secret } from '@kapell/openapi/types'
import { signedData } from './controller.ts'
import { isSignedBy, signDetached } from './jws.ts'

const token = { id: 'abcdef', secret: '0123456789abcdef' }
const now = new Date('2026-01-01T00:00:00Z')
const secretOf = (id: string, more: Record<string, string> = {}): V1Secret => {
  const data = {
    'token-id': id,
    'token-secret': token.secret,
    'usage-bootstrap-signing': 'true',
    'usage-bootstrap-authentication': 'true',
    ...more,
  }
  return {
    metadata: { name: `bootstrap-token-${id}`, namespace: 'kube-system' },
    type: 'bootstrap.kubernetes.io/token',
    data: Object.fromEntries(Object.entries(data).map(([key, value]) => [key, btoa(value)])),
  }
}

describe('detached signatures', () => {
  it('have the form of a JWS without its payload', async () => {
    const signature = await signDetached('content', token)
    const [header = '', payload, mac] = signature.split('.')
    expect(JSON.parse(atob(header))).toEqual({ alg: 'HS256', kid: 'abcdef' })
    expect(payload).toBe('')
    // As openssl has it: dgst -sha256 -hmac 0123456789abcdef, over "HEADER.Y29udGVudA".
    expect(mac).toBe('psz1NayrXM3IaFzKZGsb5n_mBl7MjtlsZ1xE8MRmF_4')
    expect(await isSignedBy(signature, 'content', token)).toBe(true)
  })

  it.each<[string, string, string, typeof token]>([
    ['another content', 'other', '', token],
    ['another secret', 'content', '', { ...token, secret: 'fedcba9876543210' }],
    ['another id', 'content', '', { ...token, id: 'ghijkl' }],
    ['a payload of its own', 'content', 'Y29udGVudA', token],
  ])('are refused for %s', async (_rule, content, payload, by) => {
    const signature = await signDetached('content', token)
    expect(await isSignedBy(signature.replace('..', `.${payload}.`), content, by)).toBe(false)
  })

  it.each(['', '...', 'x', 'e30..', '{..}'])('text that is none is refused: %j', async (text) => {
    expect(await isSignedBy(text, 'content', token)).toBe(false)
  })
})

describe('cluster-info is signed', () => {
  const kubeconfig = 'clusters: []'

  it('by every token that may sign and is not over', async () => {
    const tokens = [
      secretOf('aaaaaa'),
      secretOf('bbbbbb', { 'usage-bootstrap-signing': 'false' }),
      secretOf('cccccc', { expiration: '2025-12-31T23:59:59Z' }),
      secretOf('dddddd', { expiration: '2026-01-01T00:00:01Z' }),
      { ...secretOf('eeeeee'), type: 'Opaque' },
    ]
    const signed = await signedData({ kubeconfig }, kubeconfig, tokens, now)
    expect(Object.keys(signed ?? {}).sort()).toEqual(['jws-kubeconfig-aaaaaa', 'jws-kubeconfig-dddddd', 'kubeconfig'])
  })

  it('once: nothing is written again, and signatures of tokens that are gone go', async () => {
    const signed = (await signedData({ kubeconfig }, kubeconfig, [secretOf('aaaaaa')], now)) ?? {}
    expect(await signedData(signed, kubeconfig, [secretOf('aaaaaa')], now)).toBeUndefined()
    expect(await signedData(signed, kubeconfig, [], now)).toEqual({ kubeconfig })
  })
})
