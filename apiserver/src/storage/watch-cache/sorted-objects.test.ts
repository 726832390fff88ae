import { SortedObjects } from './sorted-objects.ts'
import type { CachedObject } from './types.ts'

const object = (key: string, revision = 1): CachedObject => ({
  key,
  namespace: '',
  name: key,
  revision,
  json: new Uint8Array(),
  object: {},
  parse: () => ({}),
})
const keysOf = (objects: Iterable<CachedObject>): string[] => [...objects].map(({ key }) => key)

/** A fixed sequence of pseudo-random numbers below n. */
function* numbers(n: number): Generator<number> {
  for (let x = 12345; ; x = (x * 1103515245 + 12345) & 0x7fffffff) yield x % n
}

describe('SortedObjects', () => {
  it('agrees with a plain map through random changes, and old snapshots stay as they were', () => {
    const sorted = new SortedObjects()
    const model = new Map<string, number>()
    const kept: { snapshot: ReturnType<SortedObjects['snapshot']>; expected: string[] }[] = []
    const random = numbers(2000)
    const next = (): number => random.next().value as number
    const modelled = (): string[] => [...model].map(([key, revision]) => `${key}@${revision}`).sort()
    for (let i = 0; i < 6000; i++) {
      const key = `/p/${String(next()).padStart(4, '0')}`
      if (next() % 3 === 0) {
        sorted.delete(key)
        model.delete(key)
      } else {
        sorted.set(object(key, i))
        model.set(key, i)
      }
      if (i % 500 === 0) kept.push({ snapshot: sorted.snapshot(), expected: modelled() })
    }
    kept.push({ snapshot: sorted.snapshot(), expected: modelled() })
    for (const { snapshot, expected } of kept) {
      expect([...snapshot.entries('/p/')].map(({ key, revision }) => `${key}@${revision}`)).toEqual(expected)
      expect(snapshot.size).toBe(expected.length)
    }
  })

  it('lists a prefix from after a key', () => {
    const sorted = new SortedObjects()
    for (const key of ['/p/a/1', '/p/a/2', '/p/a-b/1', '/p/b/1', '/p/b/2', '/q/1']) sorted.set(object(key))
    const { entries } = sorted.snapshot()
    expect(keysOf(entries('/p/a/'))).toEqual(['/p/a/1', '/p/a/2'])
    expect(keysOf(entries('/p/'))).toEqual(['/p/a-b/1', '/p/a/1', '/p/a/2', '/p/b/1', '/p/b/2'])
    expect(keysOf(entries('/p/', '/p/a/2'))).toEqual(['/p/b/1', '/p/b/2'])
    expect(keysOf(entries('/p/b/', '/p/a/2'))).toEqual(['/p/b/1', '/p/b/2'])
    expect(keysOf(entries('/p/', '/p/z'))).toEqual([])
    expect(keysOf(entries('/r/'))).toEqual([])
  })
})
