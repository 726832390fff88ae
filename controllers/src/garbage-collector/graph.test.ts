import type { KubeObject, OwnerReference } from '@kapell/openapi/meta/object'
import { Graph, type Node } from './graph.ts'
import { blockers, judge } from './reconcile.ts'

const ref = { group: '', version: 'v1', kind: 'ConfigMap', plural: 'configmaps', namespaced: true } as const
const owner = (uid: string, more: Partial<OwnerReference> = {}): OwnerReference => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  name: uid,
  uid,
  ...more,
})
const object = (uid: string, owners: OwnerReference[] = [], more: KubeObject['metadata'] = {}): KubeObject => ({
  metadata: { name: uid, namespace: 'a', uid, ownerReferences: owners, ...more },
})

function start() {
  const asked: string[] = []
  const graph = new Graph({
    toDelete: ({ identity }) => void asked.push(`delete ${identity.uid}`),
    toOrphan: ({ identity }) => void asked.push(`orphan ${identity.uid}`),
  })
  const put = (...args: Parameters<typeof object>) => graph.put(ref, object(...args))
  const take = () => asked.splice(0)
  return { graph, put, take }
}

describe('the graph of owners', () => {
  test('an object whose owner is there needs no look; one whose owner was never seen does', () => {
    const { put, take } = start()
    put('o')
    put('d', [owner('o')])
    expect(take()).toEqual([])
    put('s', [owner('nobody')])
    expect(take()).toEqual(['delete s'])
  })
  test('an owner that is not what the reference says is looked for', () => {
    const { put, take } = start()
    put('o')
    put('d', [owner('o', { name: 'other' })])
    expect(take()).toEqual(['delete d'])
  })
  test('an owner gone: all its dependents are looked at', () => {
    const { graph, put, take } = start()
    put('o')
    put('d1', [owner('o')])
    put('d2', [owner('o')])
    graph.remove('o')
    expect(take()).toEqual(['delete d1', 'delete d2'])
    graph.remove('d1')
    graph.remove('d2')
    expect(graph.size).toBe(0)
  })
  test('foreground: dependents and the owner are looked at, and the owner again as they go', () => {
    const { graph, put, take } = start()
    put('o')
    put('d', [owner('o', { blockOwnerDeletion: true })])
    put('o', [], { deletionTimestamp: 'now', finalizers: ['foregroundDeletion'] })
    expect(take()).toEqual(['delete d', 'delete o'])
    expect(blockers(graph.get('o') as Node)).toHaveLength(1)
    put('o', [], { deletionTimestamp: 'now', finalizers: ['foregroundDeletion'] })
    expect(take()).toEqual([])
    graph.remove('d')
    expect(take()).toEqual(['delete o'])
    expect(blockers(graph.get('o') as Node)).toHaveLength(0)
  })
  test('a dependent that stops blocking wakes its owner', () => {
    const { put, take } = start()
    put('o', [], { deletionTimestamp: 'now', finalizers: ['foregroundDeletion'] })
    put('d', [owner('o', { blockOwnerDeletion: true })])
    take()
    put('d', [owner('o', { blockOwnerDeletion: false })])
    expect(take()).toEqual(['delete o'])
  })
  test('orphaning is asked for once', () => {
    const { put, take } = start()
    put('o')
    const leaving = { deletionTimestamp: 'now', finalizers: ['orphan'] }
    put('o', [], leaving)
    put('o', [], leaving)
    expect(take()).toEqual(['orphan o'])
  })
  test('references dropped leave nothing behind', () => {
    const { graph, put } = start()
    put('d', [owner('ghost')])
    expect(graph.size).toBe(2)
    put('d')
    expect(graph.size).toBe(1)
  })
})

describe('whether an object goes', () => {
  const states = (...list: ('solid' | 'gone' | 'waiting')[]) =>
    list.map((state, i) => ({ reference: owner(`o${i}`), state }))
  const none = { dependents: new Set<Node>() }
  const some = (deletingDependents: boolean) => ({ dependents: new Set([{ deletingDependents } as Node]) })
  it.each([
    ['no owner: it stays', states(), none, {}, { do: 'nothing' }],
    ['an owner is there', states('solid'), none, {}, { do: 'nothing' }],
    ['one of two is there', states('gone', 'solid'), none, {}, { do: 'unreference', uids: ['o0'] }],
    ['all gone', states('gone', 'gone'), none, {}, { do: 'delete', policy: 'Background', unblock: false }],
    [
      'its own wish to orphan holds',
      states('gone'),
      none,
      { finalizers: ['orphan'] },
      { do: 'delete', policy: 'Orphan', unblock: false },
    ],
    [
      'an owner waits, and so do others for it',
      states('waiting'),
      some(false),
      {},
      { do: 'delete', policy: 'Foreground', unblock: false },
    ],
    ['in a ring', states('waiting'), some(true), {}, { do: 'delete', policy: 'Foreground', unblock: true }],
    [
      'an owner waits, nobody for it',
      states('waiting'),
      none,
      {},
      { do: 'delete', policy: 'Background', unblock: false },
    ],
  ])('%s', (_, owners, node, metadata, verdict) => {
    expect(judge({ metadata }, owners, node)).toEqual(verdict)
  })
})
