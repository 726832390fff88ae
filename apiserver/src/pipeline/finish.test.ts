import { warningHeaders } from './finish.ts'

it('quotes what is quoted', () => {
  expect(warningHeaders(['unknown field "a\\b"'])).toEqual(['299 - "unknown field \\"a\\\\b\\""'])
})

it('writes what is beyond ASCII as UTF-8, a byte a character', () => {
  expect(warningHeaders(['é'])).toEqual(['299 - "\u00c3\u00a9"'])
})

it('leaves out texts with control characters, and no others', () => {
  expect(warningHeaders(['a\nb', 'c\u0007', 'd'])).toEqual(['299 - "d"'])
})

it('cuts long texts short when all together are too long', () => {
  const long = 'x'.repeat(5000)
  expect(warningHeaders([long, 'short'])).toEqual([`299 - "${'x'.repeat(256)}"`, '299 - "short"'])
  expect(warningHeaders(['x'.repeat(4096)])).toEqual([`299 - "${'x'.repeat(4096)}"`])
  const lines = warningHeaders(Array.from({ length: 1000 }, () => long))
  expect(lines).toHaveLength(16)
})
