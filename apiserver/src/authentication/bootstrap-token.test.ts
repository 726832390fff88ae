import type { V1Secret } from '@kapell/openapi/types'
import type { TokenService } from '../registry/services.ts'
import { withBootstrapTokens } from './bootstrap-token.ts'

const now = new Date('2026-01-01T00:00:00Z')
const token = 'abcdef.0123456789abcdef'
const stored = (data: Record<string, string>, metadata: V1Secret['metadata'] = {}): V1Secret => ({
  metadata: { name: 'bootstrap-token-abcdef', ...metadata },
  type: 'bootstrap.kubernetes.io/token',
  data: Object.fromEntries(
    Object.entries({
      'token-id': 'abcdef',
      'token-secret': '0123456789abcdef',
      'usage-bootstrap-authentication': 'true',
      ...data,
    }).map(([key, value]) => [key, btoa(value)]),
  ),
})
const others: TokenService = {
  issuer: 'i',
  defaultAudiences: ['i'],
  issue: () => Promise.reject(new Error('not asked')),
  review: () => Promise.resolve({ error: 'of others' }),
}
const review = (secret: V1Secret | undefined, text = token, audiences: string[] = []) =>
  withBootstrapTokens(others, {
    now: () => now,
    getLatest: (_resource, { namespace, name }) =>
      Promise.resolve(namespace === 'kube-system' && name === 'bootstrap-token-abcdef' ? secret : undefined),
  }).review(text, audiences)

it('makes the machine a member of the bootstrappers and of the groups that the token gives', async () => {
  const secret = stored({ 'auth-extra-groups': 'system:bootstrappers:workers', expiration: '2026-01-01T00:00:01Z' })
  expect(await review(secret)).toEqual({
    user: {
      username: 'system:bootstrap:abcdef',
      groups: ['system:bootstrappers', 'system:bootstrappers:workers', 'system:authenticated'],
    },
    audiences: ['i'],
  })
})

it.each<[string, V1Secret | undefined]>([
  ['unknown', undefined],
  ['over', stored({ expiration: '2026-01-01T00:00:00Z' })],
  ['for signing only', stored({ 'usage-bootstrap-authentication': 'false', 'usage-bootstrap-signing': 'true' })],
  ['of another secret', stored({ 'token-secret': '0123456789abcdeg' })],
  ['being deleted', stored({}, { deletionTimestamp: '2025-12-31T00:00:00Z' } as unknown as V1Secret['metadata'])],
  ['one that would give a group of others', stored({ 'auth-extra-groups': 'system:masters' })],
  ['of another type', { ...stored({}), type: 'Opaque' }],
])('a token is refused that is %s', async (_rule, secret) =>
  expect(await review(secret)).toEqual({ error: 'invalid bearer token' }),
)

it('is no token for other audiences', async () => {
  expect(await review(stored({}), token, ['vault'])).toMatchObject({ error: expect.stringContaining('audiences') })
})

it('leaves tokens of other forms to others', async () => {
  expect(await review(stored({}), 'eyJ.x.y')).toEqual({ error: 'of others' })
})
