import { IdleMemory } from './idle-memory.ts'

const mib = 2 ** 20

/** Looks every five seconds: CPU of each, in milliseconds, and memory in MiB; tells after which ones memory was given back. */
function replay(
  looks: [cpuMs: number, residentMiB: number][],
  after: { pauseMs: number; residentMiB: number },
): number[] {
  const idle = new IdleMemory()
  const given: number[] = []
  let cpuMs = 0
  for (const [i, [more, resident]] of looks.entries()) {
    cpuMs += more
    const use = { nowMs: i * 5000, cpuMs, residentBytes: resident * mib }
    if (!idle.look(use)) continue
    given.push(i)
    const nowMs = use.nowMs + after.pauseMs
    idle.done(use, { nowMs, cpuMs: cpuMs + after.pauseMs, residentBytes: after.residentMiB * mib })
  }
  return given
}

const after = { pauseMs: 10, residentMiB: 100 }

describe('giving memory back', () => {
  it('waits until the process was idle for two looks', () => {
    expect(
      replay(
        [
          [3000, 140],
          [4000, 140],
          [100, 140],
          [4000, 140],
          [100, 140],
          [100, 140],
        ],
        after,
      ),
    ).toEqual([5])
  })

  it('is done once, until the process has grown again', () => {
    const idle = Array.from({ length: 4 }, (): [number, number] => [50, 110])
    expect(replay([[50, 140], [50, 140], [50, 140], ...idle, [50, 120], ...idle], after)).toEqual([2, 7])
  })

  it('counts growth from the least that was held', () => {
    expect(
      replay(
        [
          [0, 140],
          [0, 140],
          [0, 140],
          [0, 108],
          [0, 90],
          [0, 107],
        ],
        after,
      ),
    ).toEqual([2, 5])
  })

  it('leaves long times between long pauses', () => {
    const looks = Array.from({ length: 60 }, (): [number, number] => [0, 500])
    // 100 s for each tenth of a second.
    expect(replay(looks, { pauseMs: 100, residentMiB: 400 })).toEqual([2, 23, 44])
  })
})
