import type { V1DaemonSet, V1Node, V1Pod, V1Taint } from '@kapell/openapi/types'
import { podFor, verdictFor } from './pods.ts'
import { daemonStatus, maxUnavailable, planDaemons, planUpdate } from './reconcile.ts'

const nowMs = Date.parse('2026-01-01T01:00:00Z')
const node = (name: string, taints: V1Taint[] = []): V1Node => ({ metadata: { name }, spec: { taints } })
type State = 'ok' | 'old' | 'oldill' | 'ill' | 'failed' | 'leaving'
const pod = (on: string, state: State = 'ok', n = 1): V1Pod => ({
  metadata: {
    name: `${on}-${n}`,
    labels: { 'controller-revision-hash': state.startsWith('old') ? 'h1' : 'h2' },
    creationTimestamp: `2026-01-01T00:00:0${n}Z`,
    ...(state === 'leaving' ? { deletionTimestamp: 'now' } : {}),
  },
  spec: { nodeName: on, containers: [] },
  status: {
    phase: state === 'failed' ? 'Failed' : 'Running',
    conditions: [{ type: 'Ready', status: state === 'ok' || state === 'old' ? 'True' : 'False' }],
  },
})
const set = (rollingUpdate: object = {}): V1DaemonSet => ({
  metadata: { name: 'd', namespace: 'a' },
  spec: {
    selector: {},
    template: { spec: { containers: [] } },
    updateStrategy: { type: 'RollingUpdate', rollingUpdate },
  },
})
const names = (pods: V1Pod[]) => pods.map(({ metadata }) => metadata?.name)
const input = (pods: V1Pod[], nodes = [node('a'), node('b')], owner = set()) => ({
  set: owner,
  nodes,
  pods,
  hash: 'h2',
  nowMs,
})

describe('one pod on each node', () => {
  it.each([
    ['made where there is none', [pod('a')], ['b'], []],
    ['the oldest of two stays', [pod('a', 'ok', 2), pod('a', 'ok', 1), pod('b')], [], ['a-2']],
    ['what failed goes first', [pod('a', 'failed'), pod('b')], [], ['a-1']],
    ['a leaving one keeps its place', [pod('a', 'leaving'), pod('b')], [], []],
  ])('%s', (_, pods, create, remove) => {
    const plan = planDaemons(input(pods))
    expect([plan.create, names(plan.delete)]).toEqual([create, remove])
  })
  it.each([
    ['NoSchedule keeps new ones away and lets the old stay', 'NoSchedule', [], []],
    ['NoExecute drives them away', 'NoExecute', [], ['b-1']],
  ])('%s', (_, effect, create, remove) => {
    const plan = planDaemons(input([pod('a'), pod('b')], [node('a'), node('b', [{ key: 'x', effect }])]))
    expect([plan.create, names(plan.delete)]).toEqual([create, remove])
  })
  it('tolerates what befalls nodes, but not what their owner set', () => {
    const may = (key: string, effect: string) =>
      verdictFor(podFor(set(), 'a', 'h'), node('a', [{ key, effect }])).shouldRun
    expect(may('node.kubernetes.io/not-ready', 'NoExecute')).toBe(true)
    expect(may('node.kubernetes.io/unschedulable', 'NoSchedule')).toBe(true)
    expect(may('node.kubernetes.io/network-unavailable', 'NoSchedule')).toBe(false)
    expect(may('dedicated', 'NoSchedule')).toBe(false)
  })
})

describe('a rolling update', () => {
  it.each([
    ['replaces as many as may be missing', {}, [pod('a', 'old'), pod('b', 'old')], ['a-1']],
    ['waits for the new one', {}, [pod('a', 'ill'), pod('b', 'old')], []],
    ['replaces what does not work at once', {}, [pod('a', 'oldill'), pod('b', 'old')], ['a-1']],
    ['a share of the nodes', { maxUnavailable: '100%' }, [pod('a', 'old'), pod('b', 'old')], ['a-1', 'b-1']],
  ])('%s', (_, rolling, pods, remove) => {
    expect(names(planUpdate(input(pods, undefined, set(rolling))).delete)).toEqual(remove)
  })
  it('with a surge, puts the new beside the old and then ends the old', () => {
    const owner = set({ maxSurge: 1, maxUnavailable: 0 })
    expect(planUpdate(input([pod('a', 'old'), pod('b', 'old')], undefined, owner)).create).toEqual(['a'])
    expect(planUpdate(input([pod('a', 'old'), pod('a', 'ill', 2), pod('b', 'old')], undefined, owner)).create).toEqual(
      [],
    )
    expect(
      names(planDaemons(input([pod('a', 'old'), pod('a', 'ok', 2), pod('b', 'old')], undefined, owner)).delete),
    ).toEqual(['a-1'])
  })
  it('may miss one when nothing else is said', () => {
    expect(maxUnavailable(set(), 10)).toBe(1)
    expect(maxUnavailable(set({ maxUnavailable: '25%' }), 10)).toBe(3)
  })
})

it('counts what is where it should be and what is not', () => {
  const tainted = node('c', [{ key: 'x', effect: 'NoSchedule' }])
  expect(
    daemonStatus(input([pod('a'), pod('b', 'oldill'), pod('c')], [node('a'), node('b'), tainted, node('d')]), 0),
  ).toMatchObject({
    desiredNumberScheduled: 3,
    currentNumberScheduled: 2,
    numberMisscheduled: 1,
    numberReady: 1,
    updatedNumberScheduled: 1,
    numberAvailable: 1,
    numberUnavailable: 2,
  })
})
