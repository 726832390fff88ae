import type { V1Secret, V1ServiceAccount } from '@kapell/openapi/types'
import { filled, isOf, missing } from './token-secrets.ts'

const base64 = (text: string): string => Buffer.from(text).toString('base64')
const secret = (annotations: Record<string, string>, data: Record<string, string> = {}): V1Secret => ({
  metadata: { name: 's', namespace: 'a', annotations },
  data: Object.fromEntries(Object.entries(data).map(([name, value]) => [name, base64(value)])),
})
const named = { 'kubernetes.io/service-account.name': 'bot' }
const bound = { ...named, 'kubernetes.io/service-account.uid': '1' }
const account: V1ServiceAccount = { metadata: { name: 'bot', namespace: 'a', uid: '1' } }

it.each([
  ['by name', secret(named), true],
  ['by name and uid', secret(bound), true],
  ['of an earlier account of the name', secret({ ...bound, 'kubernetes.io/service-account.uid': '0' }), false],
  ['of another', secret({ 'kubernetes.io/service-account.name': 'other' }), false],
  ['of another namespace', { metadata: { namespace: 'b', annotations: bound } }, false],
])('whose a Secret is: %s', (_, one, expected) => {
  expect(isOf(one, account)).toBe(expected)
})

const whole = { 'ca.crt': 'CA', namespace: 'a', token: 't' }
it.each([
  ['nothing', secret(bound, whole), undefined],
  ['only the uid', secret(named, whole), { ca: false, namespace: false, token: false }],
  ['the newest authority', secret(bound, { ...whole, 'ca.crt': 'old' }), { ca: true, namespace: false, token: false }],
  ['all', secret(named), { ca: true, namespace: true, token: true }],
])('what it lacks: %s', (_, one, expected) => {
  expect(missing(one, 'CA')).toEqual(expected)
})

it('what is there stays, but for the authority', () => {
  const before = secret(named, { extra: 'x', namespace: 'theirs', token: 'theirs', 'ca.crt': 'old' })
  expect(filled(before, { name: 'bot', uid: '1' }, { rootCa: 'CA', token: 'ours' })).toEqual(
    secret(bound, { extra: 'x', namespace: 'theirs', token: 'theirs', 'ca.crt': 'CA' }),
  )
})
