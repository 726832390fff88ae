import { jest } from '@jest/globals'
import { createNameQueue } from './name-queue.ts'

describe('a queue of names', () => {
  beforeEach(() => jest.useFakeTimers())
  afterEach(() => jest.useRealTimers())

  function queueOf(settle: (name: string) => Promise<void>) {
    const closing = new AbortController()
    const failures: string[] = []
    const queue = createNameQueue({
      settle,
      failed: (name, error) => failures.push(`${name}: ${String(error)}`),
      retryAfterMs: 1000,
      closing: closing.signal,
    })
    return { queue, failures, closing }
  }

  it('takes one after another, and each once while it waits', async () => {
    const seen: string[] = []
    let busy = 0
    const { queue } = queueOf(async (name) => {
      expect(++busy).toBe(1)
      await Promise.resolve()
      seen.push(name)
      busy--
    })
    for (const name of ['a', 'b', 'a', 'b', 'c']) queue.add(name)
    await jest.advanceTimersByTimeAsync(0)
    // The first was taken at once, so that it could be added again.
    expect(seen).toEqual(['a', 'b', 'a', 'c'])
  })

  it('comes back to what failed, after a while', async () => {
    let tries = 0
    const { queue, failures } = queueOf(async () => {
      if (++tries < 3) throw new Error('no')
    })
    queue.add('a')
    await jest.advanceTimersByTimeAsync(999)
    expect(tries).toBe(1)
    await jest.advanceTimersByTimeAsync(5000)
    expect(tries).toBe(3)
    expect(failures).toEqual(['a: Error: no', 'a: Error: no'])
  })

  it('is still once the server closes', async () => {
    const seen: string[] = []
    const { queue, failures, closing } = queueOf(async (name) => {
      seen.push(name)
      closing.abort()
      throw new Error('closing')
    })
    queue.add('a')
    queue.add('b')
    await jest.advanceTimersByTimeAsync(5000)
    queue.add('c')
    await jest.advanceTimersByTimeAsync(5000)
    expect(seen).toEqual(['a'])
    expect(failures).toEqual([])
  })
})
