import { FakeClock } from '../testing/fake-clock.ts'
import { progressMayOvertake, translateEtcdError } from './client.ts'
import { Leases } from './leases.ts'

describe('leases', () => {
  const setUp = () => {
    const clock = new FakeClock()
    const granted: unknown[] = []
    let failure: Error | undefined
    const client = {
      leaseGrant: ({ TTL }: { TTL?: string | number }) => {
        granted.push(TTL)
        if (failure !== undefined) return Promise.reject(failure)
        return Promise.resolve({ header: {} as never, ID: `lease-${granted.length}`, TTL: String(TTL), error: '' })
      },
    }
    return {
      clock,
      granted,
      leases: new Leases({ client, clock }),
      fail: (error: Error | undefined) => (failure = error),
    }
  }

  it('are shared by keys written close together, and last at least as long as each asked', async () => {
    const { clock, granted, leases } = setUp()
    const ids = await Promise.all([leases.lease(3600), leases.lease(3600), leases.lease(7200)])
    expect(ids).toEqual(['lease-1', 'lease-1', 'lease-2'])
    clock.step(59_000)
    expect(await leases.lease(3600)).toBe('lease-1')
    clock.step(2000)
    expect(await leases.lease(3600)).toBe('lease-3')
    expect(granted).toEqual([3660, 7260, 3660])
  })

  it('take a bounded number of keys', async () => {
    const { leases } = setUp()
    const ids = await Promise.all(Array.from({ length: 1001 }, () => leases.lease(3600)))
    expect(new Set(ids)).toEqual(new Set(['lease-1', 'lease-2']))
  })

  it('a failed grant is not handed out again', async () => {
    const { leases, fail } = setUp()
    fail(new Error('down'))
    await expect(leases.lease(3600)).rejects.toThrow('down')
    fail(undefined)
    expect(await leases.lease(3600)).toBe('lease-2')
  })
})

describe('etcd errors', () => {
  it.each([
    ['etcdserver: mvcc: required revision has been compacted', 'compacted'],
    ['etcdserver: mvcc: required revision is a future revision', 'future'],
    ['etcdserver: request is too large', 'tooLarge'],
    ['etcdserver: mvcc: database space exceeded', 'full'],
    ['14 UNAVAILABLE: No connection established', 'unavailable'],
  ])('%s is %s', (message, reason) => {
    expect(translateEtcdError(new Error(message))).toMatchObject({ reason })
  })
})

describe('progress reports', () => {
  it.each([
    ['3.4.23', true],
    ['3.4.25', false],
    ['3.5.7', true],
    ['3.5.8', false],
    ['3.6.0', false],
    ['3.3.10', true],
    ['4.0.0-alpha', false],
  ])('of etcd %s may overtake events: %s', (version, expected) => {
    expect(progressMayOvertake(version)).toBe(expected)
  })
})
