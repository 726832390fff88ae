import { parseBootstrapToken } from '@kapell/openapi/meta/bootstrap-token'
import { renderTokens } from './command.ts'
import { newToken, parseDuration, tokenSecret } from './secrets.ts'

it('a new token has the form of one, and is another each time', () => {
  const { id, secret } = newToken()
  expect(parseBootstrapToken(`${id}.${secret}`)).toEqual({ id, secret })
  expect(newToken().secret).not.toBe(secret)
})

it.each<[string, number | undefined]>([
  ['24h', 86_400_000],
  ['1h30m', 5_400_000],
  ['24h0m0s', 86_400_000],
  ['90s', 90_000],
  ['0', 0],
  ['', undefined],
  ['1d', undefined],
  ['-1h', undefined],
])('a time of %j', (text, ms) => expect(parseDuration(text)).toBe(ms))

const now = new Date('2026-01-01T00:00:00Z')

it('the Secret says all of it; what is not said is left out', () => {
  const token = { id: 'abcdef', secret: '0123456789abcdef' }
  const made = tokenSecret({
    token,
    usages: ['signing'],
    groups: [],
    description: '',
    ttlMs: 3_600_000,
    now,
  })
  expect(made).toEqual({
    metadata: { name: 'bootstrap-token-abcdef', namespace: 'kube-system' },
    type: 'bootstrap.kubernetes.io/token',
    stringData: {
      'token-id': 'abcdef',
      'token-secret': '0123456789abcdef',
      expiration: '2026-01-01T01:00:00Z',
      'usage-bootstrap-signing': 'true',
    },
  })
  const forever = tokenSecret({ token, usages: [], groups: ['g'], description: 'd', ttlMs: 0, now })
  expect(Object.keys(forever.stringData ?? {})).toEqual([
    'token-id',
    'token-secret',
    'auth-extra-groups',
    'description',
  ])
})

it('tokens are listed as kubeadm lists them', () => {
  const base = { secret: '0123456789abcdef', description: '', expired: false, usages: [] }
  const text = renderTokens(
    [
      {
        ...base,
        id: 'aaaaaa',
        usages: ['authentication', 'signing'],
        expiration: '2026-01-02T00:00:00Z',
        description: 'mine',
        groups: ['system:bootstrappers', 'system:bootstrappers:x'],
      },
      { ...base, id: 'bbbbbb' },
      { ...base, id: 'cccccc', expired: true, expiration: '2025-01-01T00:00:00Z' },
    ],
    now,
  )
  expect(text).toBe(
    `TOKEN                     TTL         EXPIRES                USAGES                   DESCRIPTION   EXTRA GROUPS
aaaaaa.0123456789abcdef   24h         2026-01-02T00:00:00Z   authentication,signing   mine          system:bootstrappers:x
bbbbbb.0123456789abcdef   <forever>   <never>                <none>                   <none>        <none>
cccccc.0123456789abcdef   <invalid>   2025-01-01T00:00:00Z   <none>                   <none>        <none>
`,
  )
})
