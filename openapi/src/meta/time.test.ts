import { humanDuration, microTime, parseRfc3339, rfc3339 } from './time.ts'

const s = 1000
const m = 60 * s
const h = 60 * m
const d = 24 * h

it.each([
  [-3 * s, '<invalid>'],
  [-1, '0s'],
  [0, '0s'],
  [119 * s, '119s'],
  [120 * s, '2m'],
  [5 * m + 30 * s, '5m30s'],
  [10 * m + 5 * s, '10m'],
  [179 * m, '179m'],
  [3 * h + 4 * m, '3h4m'],
  [8 * h + 1 * m, '8h'],
  [47 * h, '47h'],
  [48 * h, '2d'],
  [51 * h, '2d3h'],
  [8 * d, '8d'],
  [729 * d, '729d'],
  [730 * d, '2y'],
  [735 * d, '2y5d'],
  [3000 * d, '8y'],
])('an age of %d ms reads %s', (ms, text) => {
  expect(humanDuration(ms)).toBe(text)
})

it('writes times as the API does', () => {
  const date = new Date('2026-11-25T03:09:04.123Z')
  expect(rfc3339(date)).toBe('2026-11-25T03:09:04Z')
  expect(microTime(date)).toBe('2026-11-25T03:09:04.123000Z')
})

it.each([
  ['2026-11-25T03:09:04Z', { seconds: Date.UTC(2026, 10, 25, 3, 9, 4) / 1000, nanos: 0 }],
  ['2026-11-25T03:09:04.5+01:00', { seconds: Date.UTC(2026, 10, 25, 2, 9, 4) / 1000, nanos: 500000000 }],
  ['0001-01-01T00:00:00Z', { seconds: -62135596800, nanos: 0 }],
  ['2026-02-30T00:00:00Z', undefined],
  ['2026-11-25', undefined],
])('reads %s', (text, time) => {
  expect(parseRfc3339(text)).toEqual(time)
})
