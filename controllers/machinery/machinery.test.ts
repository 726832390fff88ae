import { notFound } from '@kapell/openapi/meta/status'
import type { KubeObject } from '@kapell/openapi/meta/object'
import { FakeClock } from './clock.ts'
import { createExpectations } from './expectations.ts'
import { claimObjects, controllerReference } from './owner-refs.ts'

describe('expectations', () => {
  test('are met by what was seen, and given up after five minutes', async () => {
    const clock = new FakeClock()
    const expectations = createExpectations(clock)
    expect(expectations.satisfied('k')).toBe(true)
    expectations.expectCreations('k', 2)
    expectations.creationObserved('k')
    expect(expectations.satisfied('k')).toBe(false)
    expectations.creationObserved('k')
    expect(expectations.satisfied('k')).toBe(true)
    expectations.expectDeletions('k', ['x', 'y'])
    expectations.deletionObserved('k', 'x')
    expectations.deletionObserved('k', 'x')
    expect(expectations.satisfied('k')).toBe(false)
    await clock.advance(5 * 60_000 + 1)
    expect(expectations.satisfied('k')).toBe(true)
  })
})

describe('claiming objects', () => {
  const kind = { group: 'apps', version: 'v1', kind: 'ReplicaSet' }
  const owner: KubeObject = { metadata: { name: 'rs', uid: 'me' } }
  const mine = controllerReference(owner, kind)
  const pod = (name: string, app: string, more: KubeObject['metadata'] = {}): KubeObject => ({
    metadata: { name, labels: { app }, ...more },
  })
  const claim = async (objects: KubeObject[], over: { owner?: KubeObject; mayAdopt?: boolean } = {}) => {
    const done: string[] = []
    const claimed = await claimObjects({
      owner: over.owner ?? owner,
      objects,
      matches: (o) => o.metadata?.labels?.app === 'a',
      mayAdopt: () => Promise.resolve(over.mayAdopt ?? true),
      adopt: (o) => Promise.resolve(void done.push(`adopt ${o.metadata?.name}`)),
      release: (o) => Promise.resolve(void done.push(`release ${o.metadata?.name}`)),
    })
    return { done, claimed: claimed.map((o) => o.metadata?.name) }
  }

  test('keeps its own, releases what no longer matches, adopts matching orphans, leaves others alone', async () => {
    const result = await claim([
      pod('own', 'a', { ownerReferences: [mine] }),
      pod('lost', 'b', { ownerReferences: [mine] }),
      pod('orphan', 'a'),
      pod('dying', 'a', { deletionTimestamp: 'now' }),
      pod('stranger', 'b'),
      pod('others', 'a', { ownerReferences: [{ ...mine, uid: 'else' }] }),
    ])
    expect(result).toEqual({ done: ['release lost', 'adopt orphan'], claimed: ['own', 'orphan'] })
  })
  test('an owner being deleted neither adopts nor releases', async () => {
    const leaving = { metadata: { ...owner.metadata, deletionTimestamp: 'now' } }
    const result = await claim([pod('orphan', 'a'), pod('lost', 'b', { ownerReferences: [mine] })], { owner: leaving })
    expect(result).toEqual({ done: [], claimed: [] })
  })
  test('an owner that is gone adopts nothing', async () => {
    expect(await claim([pod('orphan', 'a')], { mayAdopt: false })).toEqual({ done: [], claimed: [] })
  })
  test('an orphan that vanished is no error', async () => {
    const claimed = await claimObjects({
      owner,
      objects: [pod('orphan', 'a')],
      matches: () => true,
      mayAdopt: () => Promise.resolve(true),
      adopt: () => Promise.reject(notFound({ group: '', plural: 'pods' }, 'orphan')),
      release: () => Promise.resolve(),
    })
    expect(claimed).toEqual([])
  })
})
