import { SchedulerCache } from '../../cache.ts'
import { named } from '../../extenders/wire.ts'
import { podInfo } from '../../framework/pod-info.ts'
import { askExtenders, type PreemptingExtender } from './ask-extenders.ts'
import { measured } from './victims.ts'

const pod = (name: string) => podInfo({ metadata: { name, namespace: 'a', uid: name }, spec: { containers: [] } })

function start(extenders: readonly Partial<PreemptingExtender>[]) {
  const cache = new SchedulerCache()
  for (const node of ['n1', 'n2']) {
    cache.setNode({ metadata: { name: node } })
    for (const name of ['x', 'y']) cache.setPod(pod(`${node}-${name}`), node)
  }
  const candidates = new Map(['n1', 'n2'].map((node) => [node, measured([pod(`${node}-x`)], 0)]))
  return askExtenders({
    pod: pod('p'),
    snapshot: cache,
    candidates,
    extenders: extenders.map((one) => ({ name: 'http://e', ignorable: false, preempt: refuse, ...one })),
  })
}
const refuse = (): Promise<never> => Promise.reject(new Error('down'))
const uidsOf = async (left: ReturnType<typeof start>) =>
  [...(await left)].map(([node, { pods, violations }]) => [node, pods.map(({ uid }) => uid), violations])

describe('extenders asked about preemption', () => {
  test('leave nodes out, and choose other pods; each sees what the one before left', async () => {
    const seen: string[][] = []
    const note: PreemptingExtender['preempt'] = (_, candidates) => {
      seen.push([...candidates.keys()])
      return Promise.resolve(new Map([['n2', { uids: ['n2-y', 'n2-x'], violations: 2 }]]))
    }
    expect(await uidsOf(start([{ preempt: note }, { preempt: note }]))).toEqual([['n2', ['n2-y', 'n2-x'], 2]])
    expect(seen).toEqual([['n1', 'n2'], ['n2']])
  })
  test('one that may be ignored is, when it fails', async () => {
    expect(await uidsOf(start([{ ignorable: true }]))).toHaveLength(2)
    await expect(start([{}])).rejects.toThrow('down')
  })
  test('pods that are not there cannot be removed', async () => {
    const preempt = () => Promise.resolve(new Map([['n1', { uids: ['n2-x'], violations: 0 }]]))
    await expect(start([{ preempt }])).rejects.toThrow(
      'extender: http://e claims to preempt pod (UID: n2-x) on node: n1, but the pod is not found on that node',
    )
  })
})

it.each([
  ['as upstream writes them', { NodeNames: ['a'] }, { nodeNames: ['a'] }],
  ['in lower case', { nodenames: ['a'] }, { nodeNames: ['a'] }],
  ['null is as good as absent', { NodeNames: null }, {}],
  ['others are skipped', { other: 1 }, {}],
  ['what is no object has none', ['nodenames'], {}],
])("names in extenders' answers: %s", (_, answer, expected) => {
  expect(named(answer, 'nodeNames')).toEqual(expected)
})
