import { alreadyExists, notFound, serviceUnavailable, staleResourceVersion } from '@kapell/openapi/meta/status'
import type { ApiClient } from './client.ts'
import { FakeClock, settle } from './clock.ts'
import { runAsLeader, type LeaseObject } from './leader-election.ts'
import { silentLogger } from './log.ts'

const leases = { group: 'coordination.k8s.io', plural: 'leases' }

/** A server with one lease, compare-and-swap included. */
function leaseServer() {
  let lease: LeaseObject | undefined
  let version = 0
  const state = { down: false, lease: () => lease }
  const store = (next: LeaseObject): Promise<LeaseObject> => {
    lease = { ...next, metadata: { ...next.metadata, resourceVersion: String(++version) } }
    return Promise.resolve(lease)
  }
  const guard = (): void => {
    if (state.down) throw serviceUnavailable('down')
  }
  const resource = {
    get: async () => {
      await Promise.resolve()
      guard()
      if (lease === undefined) throw notFound(leases, 'l')
      return structuredClone(lease)
    },
    create: async (next: LeaseObject) => {
      await Promise.resolve()
      guard()
      if (lease !== undefined) throw alreadyExists(leases, 'l')
      return store(next)
    },
    update: async (next: LeaseObject) => {
      await Promise.resolve()
      guard()
      if (next.metadata?.resourceVersion !== lease?.metadata?.resourceVersion) throw staleResourceVersion(leases, 'l')
      return store(next)
    },
  }
  return { state, client: { resource: () => resource } as unknown as ApiClient }
}

function compete(client: ApiClient, identity: string, clock: FakeClock) {
  const stop = new AbortController()
  const history: string[] = []
  const done = runAsLeader(
    { client, name: 'l', identity, clock, log: silentLogger, signal: stop.signal, random: () => 0 },
    async (signal) => {
      history.push('leads')
      await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
      history.push('stops')
    },
  )
  return { stop, history, done }
}

describe('leader election', () => {
  test('one of two leads; on its clean stop the other follows at its next try', async () => {
    const { client, state } = leaseServer()
    const clock = new FakeClock()
    const a = compete(client, 'a', clock)
    await settle()
    const b = compete(client, 'b', clock)
    await clock.advance(60_000)
    expect([a.history, b.history]).toEqual([['leads'], []])
    a.stop.abort()
    await a.done
    await clock.advance(4000)
    expect([a.history, b.history]).toEqual([['leads', 'stops'], ['leads']])
    expect(state.lease()?.spec).toMatchObject({ holderIdentity: 'b' })
  })

  test('a holder that died is followed after the lease duration, whatever its clock said', async () => {
    const { client, state } = leaseServer()
    const ahead = new FakeClock('2031-01-01T00:00:00Z')
    const a = compete(client, 'a', ahead)
    await settle()
    expect(state.lease()?.spec?.renewTime).toContain('2031')
    // a's clock stands still from here: it renews no more.
    const clock = new FakeClock()
    const b = compete(client, 'b', clock)
    await clock.advance(14_000)
    expect(b.history).toEqual([])
    await clock.advance(4_000)
    expect(b.history).toEqual(['leads'])
    expect(a.history).toEqual(['leads'])
    expect(state.lease()?.spec?.leaseTransitions).toBe(1)
  })

  test('a leader that cannot renew stops before anyone else may lead', async () => {
    const { client, state } = leaseServer()
    const clock = new FakeClock()
    const a = compete(client, 'a', clock)
    await clock.advance(10_000)
    state.down = true
    await clock.advance(12_000)
    expect(a.history).toEqual(['leads', 'stops'])
    await a.done
  })
})
