import { keepTrue } from './kept-true.ts'

describe('keepTrue', () => {
  it('writes nothing before it begins, then changes that come together once', async () => {
    let writes = 0
    const kept = keepTrue({ write: () => Promise.resolve(void (writes += 1)), failed: () => {} })
    kept.touch()
    kept.touch()
    expect(writes).toBe(0)
    kept.begin()
    kept.touch()
    await kept.settled()
    expect(writes).toBe(1)
    await kept.close()
  })

  it('writes again what changes while it writes, never two at a time', async () => {
    let at = 0
    let most = 0
    const seen: number[] = []
    let known = 1
    const kept = keepTrue({
      write: async () => {
        most = Math.max(most, (at += 1))
        const now = known
        if (now === 1) {
          known = 2
          kept.touch()
        }
        await Promise.resolve()
        seen.push(now)
        at -= 1
      },
      failed: () => {},
    })
    kept.begin()
    await kept.settled()
    expect([seen, most]).toEqual([[1, 2], 1])
    await kept.close()
  })

  it('tries again after a failure, and only then is settled', async () => {
    const failures: [string, number][] = []
    let tries = 0
    const kept = keepTrue({
      write: () => ((tries += 1) === 1 ? Promise.reject(new Error('no')) : Promise.resolve()),
      failed: (error, inMs) => failures.push([error, inMs]),
    })
    kept.begin()
    await kept.settled()
    expect([tries, failures]).toEqual([2, [['no', 200]]])
    await kept.close()
  })

  it('writes again what somebody undid', async () => {
    let there = false
    const written = Promise.withResolvers<void>()
    let writes = 0
    const kept = keepTrue({
      write: () => {
        there = true
        if ((writes += 1) === 2) written.resolve()
        return Promise.resolve()
      },
      failed: () => {},
      undone: () => Promise.resolve(!there),
      checkMs: 1,
    })
    kept.begin()
    await kept.settled()
    there = false
    await written.promise
    await kept.close()
  })

  it('writes nothing once closed, and leaves nobody waiting', async () => {
    let writes = 0
    const kept = keepTrue({ write: () => Promise.resolve(void (writes += 1)), failed: () => {} })
    const waiting = kept.settled()
    expect(await kept.close()).toBe(true)
    kept.begin()
    await waiting
    await kept.settled()
    expect([writes, await kept.close()]).toEqual([0, false])
  })
})
