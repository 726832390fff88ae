import { formatDuration, parseDuration } from './duration.ts'

it.each([
  ['0s', 0],
  ['1ns', 1],
  ['1.5µs', 1500],
  ['250ms', 250e6],
  ['15.02s', 15.02e9],
  ['1m0s', 60e9],
  ['1h1m30.5s', 3690.5e9],
  ['-1s', -1e9],
])('%s is %d nanoseconds, both ways', (text, nanos) => {
  expect(formatDuration(nanos)).toBe(text)
  expect(parseDuration(text)).toBe(nanos)
})

it.each(['', 's', '1', '1 s', '1d', '1.2.3s', 'x1s'])('%j is no duration', (text) => {
  expect(parseDuration(text)).toBeUndefined()
})
