import { newestOf, nextLookMs } from './next-look.ts'

const nowMs = 1_000_000
const seen = (ageMs: number, windowMs = 15_000) => ({ timestampMs: nowMs - ageMs, windowMs })

it.each([
  ['nothing was seen: by the clock', undefined, 15_000],
  ['a moment after the next are measured', seen(5000), 10_250],
  ['those of short windows come sooner', seen(100, 2000), 2150],
  ['never later than by the clock', seen(0, 60_000), 15_000],
  ['late by less than a window: every second', seen(20_000), 1000],
  ['due now: in a second', seen(15_000), 1000],
  ['late by more: by the clock', seen(31_000), 15_000],
  ['from a clock that is ahead', seen(-60_000), 15_000],
])('%s', (_, metrics, expected) => {
  expect(nextLookMs(metrics, nowMs)).toBe(expected)
})

it('the newest of the pods counts', () => {
  const metric = (timestampMs: number) => ({ value: 1, timestampMs, windowMs: 1 })
  expect(newestOf([metric(1), metric(3), metric(2)])).toEqual({ timestampMs: 3, windowMs: 1 })
  expect(newestOf([])).toBeUndefined()
})
