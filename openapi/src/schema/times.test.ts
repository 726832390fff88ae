import { normalMicroTime, normalTime } from './times.ts'

const layout = '"2006-01-02T15:04:05Z07:00"'

test.each<[text: string, expected: string | undefined]>([
  ['2026-01-01T00:00:00Z', '2026-01-01T00:00:00Z'],
  ['2026-01-31T00:00:00Z', '2026-01-31T00:00:00Z'],
  ['2024-02-29T00:00:00Z', '2024-02-29T00:00:00Z'],
  ['2026-01-01T00:00:00.999Z', '2026-01-01T00:00:00Z'],
  ['2026-01-01T01:30:00+01:30', '2026-01-01T00:00:00Z'],
  ['0001-01-01T00:00:00Z', undefined],
])('%s is a time', (text, expected) => {
  expect(normalTime(text)).toBe(expected)
})

test.each<[text: string, message: string]>([
  ['', `parsing time "" as ${layout}: cannot parse "" as "2006"`],
  ['2026-13-01T00:00:00Z', 'parsing time "2026-13-01T00:00:00Z": month out of range'],
  ['2026-02-30T00:00:00Z', 'parsing time "2026-02-30T00:00:00Z": day out of range'],
  ['2026-01-01T24:00:00Z', 'parsing time "2026-01-01T24:00:00Z": hour out of range'],
  ['2026-01-01', `parsing time "2026-01-01" as ${layout}: cannot parse "" as "T"`],
  ['2026-01-01T00:00:00', `parsing time "2026-01-01T00:00:00" as ${layout}: cannot parse "" as "Z07:00"`],
  ['2026-01-01T00:00:00Zx', 'parsing time "2026-01-01T00:00:00Zx": extra text: "x"'],
])('%j is none', (text, message) => {
  expect(() => normalTime(text)).toThrow(message)
})

test('a micro time has exactly six decimals', () => {
  expect(normalMicroTime('2026-01-01T01:00:00.123456+01:00')).toBe('2026-01-01T00:00:00.123456Z')
  expect(() => normalMicroTime('2026-01-01T00:00:00Z')).toThrow('cannot parse "Z" as ".000000"')
  expect(() => normalMicroTime('2026-01-01T00:00:00.1Z')).toThrow('cannot parse ".1Z" as ".000000"')
})
