import { RecentFrames } from './recent-frames.ts'

describe('RecentFrames', () => {
  const frames = (recent: RecentFrames, sizes: readonly number[]): number[] => {
    const forgotten: number[] = []
    sizes.forEach((sizeBytes, i) => recent.add({ sizeBytes, forget: () => void forgotten.push(i) }))
    return forgotten
  }

  it('forgets the oldest when there is too much', () => {
    const recent = new RecentFrames(100)
    expect(frames(recent, [40, 40, 40, 10])).toEqual([0])
    expect(recent.sizeBytes).toBe(90)
  })

  it('keeps the newest however large it is', () => {
    const recent = new RecentFrames(100)
    expect(frames(recent, [40, 1000])).toEqual([0])
    expect(frames(recent, [1])).toEqual([])
    expect(recent.sizeBytes).toBe(1)
  })

  it('holds no more after many', () => {
    const recent = new RecentFrames(100)
    const forgotten = frames(recent, Array<number>(1000).fill(10))
    expect(forgotten).toEqual(Array.from({ length: 990 }, (_, i) => i))
    expect(recent.sizeBytes).toBe(100)
  })
})
