import type { V1Secret } from '../types.ts'
import { parseBootstrapToken, readBootstrapSecret } from './bootstrap-token.ts'

const secret = (data: Record<string, string>, more: Partial<V1Secret> = {}): V1Secret => ({
  metadata: { name: 'bootstrap-token-abcdef' },
  type: 'bootstrap.kubernetes.io/token',
  data: Object.fromEntries(
    Object.entries({ 'token-id': 'abcdef', 'token-secret': '0123456789abcdef', ...data }).map(([key, value]) => [
      key,
      btoa(value),
    ]),
  ),
  ...more,
})
const now = new Date('2026-01-01T00:00:00Z')

it.each<[string, boolean]>([
  ['abcdef.0123456789abcdef', true],
  ['abcdef.0123456789abcde', false],
  ['ABCDEF.0123456789abcdef', false],
  ['abcdef0123456789abcdef', false],
  ['abcdef.0123456789abcdef ', false],
])('%j is a token: %s', (text, is) => expect(parseBootstrapToken(text) !== undefined).toBe(is))

describe('the Secret of a token', () => {
  it('says what it may be used for, until when, and for which groups', () => {
    const found = readBootstrapSecret(
      secret({
        'usage-bootstrap-signing': 'true',
        'auth-extra-groups': 'system:bootstrappers:a,system:bootstrappers:b:c',
        expiration: '2026-01-01T01:00:00Z',
        description: 'für uns',
      }),
      now,
    )
    expect(found).toMatchObject({
      id: 'abcdef',
      usages: ['signing'],
      expired: false,
      groups: ['system:bootstrappers', 'system:bootstrappers:a', 'system:bootstrappers:b:c'],
    })
  })

  it.each<[string, string, boolean]>([
    ['none', '', false],
    ['later', '2026-01-01T00:00:01Z', false],
    ['now', '2026-01-01T00:00:00Z', true],
    ['unreadable', 'tomorrow', true],
  ])('expires: %s', (_rule, expiration, expired) =>
    expect(readBootstrapSecret(secret({ expiration }), now)?.expired).toBe(expired),
  )

  it.each<[string, V1Secret]>([
    ['another type', secret({}, { type: 'Opaque' })],
    ['another name', secret({}, { metadata: { name: 'bootstrap-token-ghijkl' } })],
    ['no secret', secret({ 'token-secret': '' })],
    ['no data', { metadata: { name: 'bootstrap-token-' }, type: 'bootstrap.kubernetes.io/token' }],
  ])('is none: %s', (_rule, object) => expect(readBootstrapSecret(object, now)).toBeUndefined())

  it('may not give groups of others', () => {
    expect(readBootstrapSecret(secret({ 'auth-extra-groups': 'system:masters' }), now)?.groups).toBeUndefined()
  })
})
