import type { V1Node, V1Pod } from '@kapell/openapi/types'
import { createPodAdmission } from './admission.ts'
import { testContainer, testPod } from './testing.ts'

const labelled = (labels: Record<string, string>): V1Node => ({ metadata: { name: 'n', labels } })

function bench(node: V1Node = labelled({}), pressures: string[] = []) {
  const pods: V1Pod[] = []
  const admission = createPodAdmission({
    pods: () => pods,
    allocatable: { cpu: '1', memory: '1Gi', pods: '3' },
    pressures: () => pressures,
    node: () => Promise.resolve(node),
  })
  return {
    pods,
    admit: (pod: V1Pod) => {
      if (!pods.includes(pod)) pods.push(pod)
      return admission.admit(pod)
    },
  }
}

const pod = (uid: string, container = {}, spec = {}): V1Pod =>
  testPod({ containers: [testContainer('c', container)], ...spec }, { metadata: { name: uid, namespace: 'ns', uid } })
const withPort = (uid: string, port = {}): V1Pod =>
  pod(uid, { ports: [{ containerPort: 80, hostPort: 8080, ...port }] })

test('a host port is taken until its pod has ended', async () => {
  const { pods, admit } = bench()
  const first = withPort('a')
  expect(await admit(first)).toBeUndefined()
  expect(await admit(withPort('b'))).toEqual({
    reason: 'NodePorts',
    message: "Predicate NodePorts failed: node(s) didn't have free ports for the requested pod ports",
  })
  expect(await admit(withPort('c', { protocol: 'UDP' }))).toBeUndefined()
  pods[0] = { ...first, status: { phase: 'Succeeded' } }
  expect(await admit(withPort('d'))).toBeUndefined()
})

test('of two addresses each has its own ports; all addresses collide with each', async () => {
  const { admit } = bench()
  expect(await admit(withPort('a', { hostIP: '10.0.0.1' }))).toBeUndefined()
  expect(await admit(withPort('b', { hostIP: '10.0.0.2' }))).toBeUndefined()
  expect((await admit(withPort('c')))?.reason).toBe('NodePorts')
})

test('what does not fit is refused with the numbers', async () => {
  const { admit } = bench()
  expect(await admit(pod('a', { resources: { requests: { cpu: '600m' } } }))).toBeUndefined()
  expect(await admit(pod('b', { resources: { requests: { cpu: '500m' } } }))).toEqual({
    reason: 'OutOfcpu',
    message: "Node didn't have enough resource: cpu, requested: 500, used: 600, capacity: 1000",
  })
  // Refused pods hold nothing; resources the node does not know are not its matter.
  expect(await admit(pod('c', { resources: { requests: { cpu: '400m', 'x.io/y': '1' } } }))).toBeUndefined()
  expect(await admit(pod('d'))).toBeUndefined()
  expect((await admit(pod('e')))?.reason).toBe('OutOfpods')
})

test('pods that come together do not both get the last room', async () => {
  const { admit } = bench(labelled({ disk: 'ssd' }))
  const both = await Promise.all(
    ['a', 'b'].map((uid) =>
      admit(pod(uid, { resources: { requests: { cpu: '1' } } }, { nodeSelector: { disk: 'ssd' } })),
    ),
  )
  expect(both.map((one) => one?.reason).sort()).toEqual(['OutOfcpu', undefined])
})

test("a pod must want the node's labels", async () => {
  const { admit } = bench(labelled({ disk: 'hdd' }))
  expect(await admit(pod('a', {}, { nodeSelector: { disk: 'hdd' } }))).toBeUndefined()
  expect(await admit(pod('b', {}, { nodeSelector: { disk: 'ssd' } }))).toEqual({
    reason: 'NodeAffinity',
    message: "Predicate NodeAffinity failed: node(s) didn't match Pod's node affinity/selector",
  })
})

test('a pod that has started before is not asked again', async () => {
  const { admit } = bench()
  const big = pod('a', { resources: { requests: { cpu: '8' } } })
  expect(await admit({ ...big, status: { startTime: '2026-01-01T00:00:00Z' } })).toBeUndefined()
})

describe('under pressure', () => {
  const asks = { resources: { requests: { memory: '1Mi' } } }
  const tolerating = {
    tolerations: [{ key: 'node.kubernetes.io/memory-pressure', operator: 'Exists', effect: 'NoSchedule' }],
  }
  it.each<[rule: string, pressures: string[], pod: V1Pod, taken: boolean]>([
    ['short of memory, not one that asks for none', ['MemoryPressure'], pod('a'), false],
    ['short of memory, one that asked for its own', ['MemoryPressure'], pod('a', asks), true],
    ['short of memory, one that tolerates it', ['MemoryPressure'], pod('a', {}, tolerating), true],
    ['short of disk, none', ['DiskPressure'], pod('a', asks), false],
    ['short of both, none', ['MemoryPressure', 'DiskPressure'], pod('a', asks, tolerating), false],
    ['a critical one always', ['DiskPressure'], pod('a', {}, { priority: 2_000_000_000 }), true],
  ])('%s', async (_, pressures, one, taken) => {
    const rejection = await bench(labelled({}), pressures).admit(one)
    expect(rejection).toEqual(
      taken ? undefined : { reason: 'Evicted', message: `The node had condition: [${pressures.join(' ')}]. ` },
    )
  })
})
