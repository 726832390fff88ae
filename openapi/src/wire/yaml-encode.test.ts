import { compareKeys, encodeYaml, numberText } from './yaml-encode.ts'

const words = (count: number): string => Array.from({ length: count }, () => 'word').join(' ')

// Each as the original writes it.
it.each<[string, string, string]>([
  ['cuts long lines at blanks', words(20), `a: ${words(16)}\n  ${words(4)}\n`],
  ['cuts in single quotes', `a: ${words(20)}`, `a: 'a: ${words(15)}\n  ${words(5)}'\n`],
  ['cuts no long word', `${'x'.repeat(100)} y`, `a: ${'x'.repeat(100)}\n  y\n`],
  ['cuts at no double blank', `${'x'.repeat(100)}  y z`, `a: ${'x'.repeat(100)}  y\n  z\n`],
  ['cuts in double quotes', `a\t${words(20)}`, `a: "a\\t${words(15)}\n  ${words(5)}"\n`],
  ['puts blanks at ends in quotes', 'trail ', "a: 'trail '\n"],
  ['a blank before a line end is not for blocks', 'trail \nb', 'a: "trail \\nb"\n'],
  ['blocks that begin with blanks say so', '  lead\nb', 'a: |2-\n    lead\n  b\n'],
  ['blocks that begin with a line end', '\na', 'a: |2-\n\n  a\n'],
  ['blocks that end with several', 'a\n\n', 'a: |+\n  a\n\n'],
  ['a line end alone', '\n', 'a: |2+\n\n'],
  ['beyond the first plane', '😀', 'a: "\\U0001F600"\n'],
  ['quotes inside', "'a'", "a: '''a'''\n"],
  ['document marks', '---', "a: '---'\n"],
  ['separators of lines', '\u2028ls', "a: '\u2028  ls'\n"],
  ['what only looks like a time', '2001-01-01 ', "a: '2001-01-01 '\n"],
  ['numbers that nothing holds', '0xffffffffffffffffff', 'a: 0xffffffffffffffffff\n'],
])('%s', (_rule, text, written) => {
  expect(encodeYaml({ a: text })).toBe(written)
})

it('writes long keys behind a question mark', () => {
  const key = 'x'.repeat(130)
  expect(encodeYaml({ [key]: 'a', b: { [key]: { c: 1 } } })).toBe(`b:\n  ? ${key}\n  : c: 1\n? ${key}\n: a\n`)
})

it.each([
  ['a2', 'a10'],
  ['a', 'ab'],
  ['1', 'a'],
  ['-', 'a'],
  ['a-b', 'ab'],
  ['B', 'a'],
  ['x9', 'x9a'],
  ['a1b', 'a1-'],
  ['.a', '1'],
])('%s comes before %s', (first, second) => {
  expect(Math.sign(compareKeys(first, second))).toBe(-1)
  expect(Math.sign(compareKeys(second, first))).toBe(1)
})

it.each([
  [1.5, '1.5'],
  [0.0001, '0.0001'],
  [0.00001, '1e-05'],
  [1234567.5, '1.2345675e+06'],
  [9007199254740993n, '9007199254740993'],
])('%s is written %s', (value, text) => {
  expect(encodeYaml(value)).toBe(`${text}\n`)
  if (typeof value === 'number') expect(numberText(value)).toBe(text)
})
