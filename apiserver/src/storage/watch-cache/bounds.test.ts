import { systemClock } from '../log.ts'
import { CachedEvent, CachedJson } from './cached-object.ts'
import { EventRing } from './event-ring.ts'
import { ParsedPool } from './parsed-pool.ts'

const json = (name: string, size = 0): Buffer =>
  Buffer.from(`{"kind":"X","apiVersion":"v1","metadata":{"name":"${name}"},"pad":"${'x'.repeat(size)}"}`)
const cached = (pool: ParsedPool, name: string, revision: number, size = 0): CachedJson =>
  new CachedJson({ key: `/x/${name}`, prefix: '/x/', revision, json: json(name, size), pool })

describe('ParsedPool', () => {
  it('parses once while in use, and forgets what is not used when the budget is spent', () => {
    const pool = new ParsedPool(10_000)
    const hot = cached(pool, 'hot', 1, 1000)
    const first = hot.object
    for (let i = 0; i < 100; i++) {
      void cached(pool, `p${i}`, i, 1000).object
      expect(hot.object).toBe(first)
    }
    expect(pool.sizeBytes).toBeLessThanOrEqual(10_000)
  })

  it('gives what it forgot again, parsed anew', () => {
    const pool = new ParsedPool(3000)
    const one = cached(pool, 'one', 1, 1000)
    const first = one.object
    for (let i = 0; i < 10; i++) void cached(pool, `p${i}`, i, 1000).object
    expect(one.object).not.toBe(first)
    expect(one.object).toEqual(first)
  })

  it('forgets what nobody used for a while, and then asks for no more time', () => {
    let due: (() => void) | undefined
    const after = (_ms: number, then: () => void): (() => void) => {
      due = then
      return () => {}
    }
    const passTime = (): void => {
      const then = due
      due = undefined
      then?.()
    }
    const pool = new ParsedPool(1_000_000, { ...systemClock, after })
    const hot = cached(pool, 'hot', 1)
    const cold = cached(pool, 'cold', 2)
    const [hotObject, coldObject] = [hot.object, cold.object]
    expect(hot.object).toBe(hotObject)
    passTime()
    expect(cold.object).not.toBe(coldObject)
    expect(hot.object).toBe(hotObject)
    passTime()
    passTime()
    expect(pool.sizeBytes).toBe(0)
    expect(due).toBeUndefined()
  })

  it('an object larger than the budget can be read all the same', () => {
    expect(cached(new ParsedPool(10), 'big', 1, 1000).object.metadata?.name).toBe('big')
  })
})

describe('EventRing', () => {
  const pool = new ParsedPool(1)
  const event = (revision: number, size = 0): CachedEvent =>
    new CachedEvent('ADDED', revision, cached(pool, `p${revision}`, revision, size))
  const limits = { maxEvents: 100, maxBytes: 1_000_000, keepMs: 1000, minEvents: 3 }
  const revisions = (ring: EventRing): number[] =>
    Array.from({ length: ring.end - ring.first }, (_, i) => ring.at(ring.first + i)?.revision ?? 0)

  it('drops what is too old, but keeps a few', () => {
    const ring = new EventRing(0, limits)
    for (let i = 1; i <= 10; i++) ring.push(event(i), i * 400)
    expect(revisions(ring)).toEqual([8, 9, 10])
    expect(ring.floor).toBe(7)
  })

  it('never holds too many, nor too much', () => {
    const many = new EventRing(0, limits)
    for (let i = 1; i <= 250; i++) many.push(event(i), 0)
    expect(revisions(many)).toEqual(Array.from({ length: 100 }, (_, i) => 151 + i))
    const much = new EventRing(0, { ...limits, maxBytes: 10_000 })
    for (let i = 1; i <= 20; i++) much.push(event(i, 1000), 0)
    expect(revisions(much).length).toBeLessThan(6)
    expect(revisions(much).at(-1)).toBe(20)
  })

  it('finds the first event after a revision, and says when it is gone', () => {
    const ring = new EventRing(5, limits)
    for (const revision of [7, 9, 9, 12]) ring.push(event(revision), 0)
    const at = (revision: number): unknown => {
      const number = ring.after(revision)
      return number === undefined ? undefined : ring.at(number)?.revision
    }
    expect([at(4), at(5), at(7), at(8), at(9), at(11)]).toEqual([undefined, 7, 9, 9, 12, 12])
    expect(ring.after(12)).toBe(ring.end)
  })
})
