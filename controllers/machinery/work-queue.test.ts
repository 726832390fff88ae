import { FakeClock } from './clock.ts'
import { createMetrics } from './metrics.ts'
import { createRateLimiter, createTokenBucket } from './rate-limiter.ts'
import { createWorkQueue } from './work-queue.ts'

const open = (clock = new FakeClock()) => ({ clock, queue: createWorkQueue({ name: 'q', clock }) })

describe('the work queue', () => {
  test('gives keys in the order they came, each once however often added', async () => {
    const { queue } = open()
    for (const key of ['a', 'b', 'a', 'c', 'b']) queue.add(key)
    expect(queue.length).toBe(3)
    expect([await queue.get(), await queue.get(), await queue.get()]).toEqual(['a', 'b', 'c'])
  })

  test('a key added while processed comes again after done, not before', async () => {
    const { queue } = open()
    queue.add('a')
    expect(await queue.get()).toBe('a')
    queue.add('a')
    queue.add('a')
    expect(queue.length).toBe(0)
    queue.done('a')
    expect(queue.length).toBe(1)
    expect(await queue.get()).toBe('a')
    queue.done('a')
    expect(queue.length).toBe(0)
  })

  test('a waiting worker gets the next key; shut down, undefined', async () => {
    const { queue } = open()
    const first = queue.get()
    const second = queue.get()
    queue.add('a')
    expect(await first).toBe('a')
    queue.shutDown()
    expect(await second).toBeUndefined()
    expect(await queue.get()).toBeUndefined()
  })

  test('what waits is given out after shutdown, nothing more is taken', async () => {
    const { queue } = open()
    queue.add('a')
    queue.shutDown()
    queue.add('b')
    expect([await queue.get(), await queue.get()]).toEqual(['a', undefined])
  })

  test('delays take the earliest of the wanted times', async () => {
    const { queue, clock } = open()
    queue.addAfter('a', 500)
    queue.addAfter('a', 100)
    queue.addAfter('a', 900)
    await clock.advance(99)
    expect(queue.length).toBe(0)
    await clock.advance(1)
    expect(queue.length).toBe(1)
    expect(clock.waiting).toBe(0)
  })

  test('retries double from 5 ms up to 1000 s and forget starts anew', () => {
    const limiter = createRateLimiter({ clock: new FakeClock() })
    expect([1, 2, 3, 4].map(() => limiter.when('a'))).toEqual([5, 10, 20, 40])
    for (let i = 0; i < 20; i++) limiter.when('a')
    expect(limiter.when('a')).toBe(1_000_000)
    limiter.forget('a')
    expect(limiter.when('a')).toBe(5)
  })

  test('retries of many items are limited together', () => {
    const limiter = createRateLimiter({ clock: new FakeClock() })
    for (let i = 0; i < 100; i++) expect(limiter.when(`k${i}`)).toBe(5)
    expect(limiter.when('k100')).toBe(100)
    expect(limiter.when('k101')).toBe(200)
  })

  test('a bucket survives a clock set back', async () => {
    const clock = new FakeClock()
    const bucket = createTokenBucket({ clock, perSecond: 1, burst: 1 })
    expect(bucket.tryTake()).toBe(true)
    await clock.advance(-60_000)
    expect(bucket.tryTake()).toBe(false)
    await clock.advance(1000)
    expect(bucket.tryTake()).toBe(true)
  })

  test('metrics carry the names and meaning of upstream', async () => {
    const clock = new FakeClock()
    const metrics = createMetrics()
    const queue = createWorkQueue({ name: 'deployment', clock, metrics })
    queue.add('a')
    queue.add('b')
    await clock.advance(50)
    await queue.get()
    await clock.advance(2000)
    const text = metrics.render()
    expect(text).toContain('workqueue_depth{name="deployment"} 1')
    expect(text).toContain('workqueue_adds_total{name="deployment"} 2')
    expect(text).toContain('workqueue_unfinished_work_seconds{name="deployment"} 2')
    expect(text).toContain('workqueue_queue_duration_seconds_bucket{name="deployment",le="0.1"} 1')
    expect(text).toContain('workqueue_queue_duration_seconds_bucket{name="deployment",le="0.01"} 0')
    queue.done('a')
    expect(metrics.render()).toContain('workqueue_work_duration_seconds_sum{name="deployment"} 2')
  })
})
