import { IdleMemory } from './idle-memory.ts'

const mib = 2 ** 20

/** Looks every five seconds: CPU of each, in milliseconds, and memory in MiB; tells what was given back after which ones. */
function replay(
  looks: readonly (readonly [cpuMs: number, residentMiB: number])[],
  after: { pauseMs: number; cpuMs?: number; residentMiB: number },
): string[] {
  const idle = new IdleMemory()
  const given: string[] = []
  let cpuMs = 0
  for (const [i, [more, resident]] of looks.entries()) {
    cpuMs += more
    const use = { nowMs: i * 5000, cpuMs, residentBytes: resident * mib }
    const release = idle.look(use)
    if (release === undefined) continue
    given.push(`${release} ${i}`)
    const nowMs = use.nowMs + after.pauseMs
    idle.done(release, use, {
      nowMs,
      cpuMs: cpuMs + (after.cpuMs ?? after.pauseMs),
      residentBytes: after.residentMiB * mib,
    })
  }
  return given
}

const after = { pauseMs: 4, residentMiB: 100 }
const several = (count: number, cpuMs: number, residentMiB: number): [number, number][] =>
  Array.from({ length: count }, () => [cpuMs, residentMiB])

describe('giving memory back', () => {
  it('waits until the process was idle for two looks', () => {
    const looks = [
      [3000, 140],
      [4000, 140],
      [100, 140],
      [4000, 140],
      [100, 140],
      [100, 140],
    ] as const
    expect(replay(looks, after)).toEqual(['all 5'])
  })

  it('is done once, until the process has grown again', () => {
    const looks = [
      ...several(7, 50, 140).map(([cpu, size], i) => [cpu, i < 3 ? size : 110] as const),
      [50, 120] as const,
    ]
    expect(replay([...looks, ...several(4, 50, 110)], after)).toEqual(['all 2', 'all 7'])
  })

  it('counts growth from the least that was held', () => {
    expect(replay([...several(3, 0, 140), [0, 108], [0, 90], [0, 107]], after)).toEqual(['all 2', 'all 5'])
  })

  it('gives back what was freed of a busy process that has grown much', () => {
    const looks = [...several(3, 4000, 140), [4000, 190], [4000, 210], [4000, 150], [4000, 170]] as const
    expect(replay(looks, { pauseMs: 4, residentMiB: 150 })).toEqual(['freed 4'])
  })

  it('is done once more when it was quiet for a minute, and again after the next busy moment', () => {
    const looks = [...several(30, 50, 110), [4000, 110] as const, ...several(15, 50, 110)]
    expect(replay(looks, after)).toEqual(['all 2', 'all 12', 'all 42'])
  })

  it('leaves long times between long pauses', () => {
    // 100 s for each tenth of a second.
    expect(replay(several(60, 0, 500), { pauseMs: 100, residentMiB: 400 })).toEqual(['all 2', 'all 23', 'all 44'])
  })

  it('counts of a pause only what was its own doing', () => {
    expect(replay(several(12, 0, 500), { pauseMs: 100, cpuMs: 4, residentMiB: 400 })).toEqual([
      ...['all 2', 'all 3', 'all 4', 'all 5', 'all 6', 'all 7', 'all 8', 'all 9', 'all 10', 'all 11'],
    ])
  })
})
