import { FakeClock } from '@kapell/controllers/machinery/clock'
import type { V1Pod, V1ResourceRequirements } from '@kapell/openapi/types'
import { createAllocations } from './allocation.ts'

const podOf = (uid: string, resources: V1ResourceRequirements, more: Partial<V1Pod> = {}): V1Pod => ({
  metadata: { name: uid, namespace: 'ns', uid, generation: 2 },
  spec: { containers: [{ name: 'c', resources }] },
  ...more,
})
const cpu = (amount: string): V1ResourceRequirements => ({ requests: { cpu: amount }, limits: { cpu: amount } })

function bench(full: () => boolean = () => false) {
  const events: string[] = []
  const retried: string[] = []
  const allocations = createAllocations({
    allocatable: { cpu: '2', memory: '1Gi' },
    shortage: () => (full() ? { reason: 'OutOfcpu', message: "Node didn't have enough resource: cpu" } : undefined),
    retry: (uid) => void retried.push(uid),
    events: (_pod, type, reason, message) => void events.push(`${type} ${reason} ${message}`),
    clock: new FakeClock(),
  })
  const cpuOf = (pod: V1Pod) => allocations.of(pod).spec?.containers[0]?.resources?.requests?.['cpu']
  return { events, retried, allocations, cpuOf }
}

describe('what a node gives to its pods', () => {
  it('is what they ask for at first, and what they ask for later when there is room', () => {
    const { events, allocations, cpuOf } = bench()
    expect(allocations.decide(podOf('a', cpu('1'))).pending).toBeUndefined()
    const grown = podOf('a', cpu('2'))
    expect(allocations.decide(grown)).toEqual({ pod: grown, pending: undefined })
    expect(cpuOf(grown)).toBe('2')
    allocations.arrived(grown)
    allocations.arrived(grown)
    const asked =
      '{"containers":[{"name":"c","resources":{"limits":{"cpu":"2"},"requests":{"cpu":"2"}}}],"generation":2}'
    expect(events).toEqual([
      `Normal ResizeStarted Pod resize started: ${asked}`,
      `Normal ResizeCompleted Pod resize completed: ${asked}`,
    ])
  })

  it('stays what it was while there is no room: told once, tried again when another goes', () => {
    let full = true
    const { events, retried, allocations, cpuOf } = bench(() => full)
    allocations.decide(podOf('a', cpu('1')))
    allocations.decide(podOf('b', cpu('1')))
    const grown = podOf('a', cpu('2'))
    const first = allocations.decide(grown)
    expect(first.pending).toMatchObject({ reason: 'Deferred', message: "Node didn't have enough resource: cpu" })
    expect(first.pod.spec?.containers[0]?.resources).toEqual(cpu('1'))
    allocations.decide(grown)
    expect(events).toEqual([
      expect.stringMatching(/^Warning ResizeDeferred Pod resize OutOfcpu: \{.*"generation":2,"error":"Node didn't/),
    ])
    full = false
    allocations.forget('b')
    expect(retried).toEqual(['a'])
    expect(allocations.decide(grown).pending).toBeUndefined()
    expect(cpuOf(grown)).toBe('2')
  })

  it('is never more than the node has', () => {
    const { events, retried, allocations } = bench()
    allocations.decide(podOf('a', cpu('1')))
    allocations.decide(podOf('b', cpu('1')))
    expect(allocations.decide(podOf('a', cpu('9'))).pending).toMatchObject({
      reason: 'Infeasible',
      message: "Node didn't have enough capacity: cpu, requested: 9000, capacity: 2000",
    })
    expect(events[0]).toContain('Warning ResizeInfeasible Pod resize Infeasible: ')
    allocations.forget('b')
    expect(retried).toEqual([])
    // Who asks for what it has waits for nothing any more.
    expect(allocations.decide(podOf('a', cpu('1'))).pending).toBeUndefined()
  })

  it('is remembered by the pods themselves when the agent starts again', () => {
    const { allocations, cpuOf } = bench(() => true)
    const status = { name: 'c', image: '', imageID: '', ready: true, restartCount: 0 }
    const waiting = podOf('a', cpu('2'), {
      status: { containerStatuses: [{ ...status, state: { running: {} }, resources: cpu('1') }] },
    })
    expect(allocations.decide(waiting).pending?.reason).toBe('Deferred')
    expect(cpuOf(waiting)).toBe('1')
  })
})
