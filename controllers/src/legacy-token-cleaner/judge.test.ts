import type { V1Secret } from '@kapell/openapi/types'
import { invalidSinceLabel, judge, lastUsedLabel } from './judge.ts'

const dayMs = 86_400_000
const nowMs = Date.parse('2026-11-25T10:00:00Z')
const named = { secrets: [{ name: 's' }] }
const old = '2026-01-01T00:00:00Z'
const used = (day: string) => ({ [lastUsedLabel]: day })
const since = (day: string) => ({ [invalidSinceLabel]: day })

it.each([
  ['never used, named by its account', {}, {}, 'mark'],
  ['younger than the period', {}, { created: '2026-11-20T00:00:00Z' }, 'keep'],
  ['made by hand: its account does not name it', {}, { account: {} }, 'keep'],
  ['its account is gone', {}, { account: undefined }, 'keep'],
  ['a pod mounts it', {}, { mounted: true }, 'keep'],
  ['used of late', used('2026-11-15'), {}, 'keep'],
  ['used long ago', used('2026-11-14'), {}, 'mark'],
  ['used on a day that is none', used('some day'), {}, 'keep'],
  ['marked of late', since('2026-11-15'), {}, 'keep'],
  ['marked long ago', since('2026-11-14'), {}, 'delete'],
  ['marked on a day that is none', since('foo'), {}, 'mark'],
  ['marked in the future', since('2026-12-01'), {}, 'mark'],
  ['marked long ago, but used since', { ...since('2026-11-01'), ...used('2026-11-20') }, {}, 'keep'],
] as const)('%s', (_, labels, more, verdict) => {
  const facts: { created?: string; account?: object | undefined; mounted?: boolean } = { account: named, ...more }
  const secret: V1Secret = { metadata: { name: 's', labels, creationTimestamp: facts.created ?? old } }
  expect(judge(secret, { account: facts.account, mounted: facts.mounted ?? false, nowMs, periodMs: 10 * dayMs })).toBe(
    verdict,
  )
})
