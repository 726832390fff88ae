import { formatIssues } from './issues.ts'
import { parse } from './parser.ts'

const complaint = (source: string): string => formatIssues(source, parse(source).issues)
const start = "'.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}"

test.each([
  ['object.', "1:8: Syntax error: no viable alternative at input '.'"],
  ['self.true == 1', "1:6: Syntax error: mismatched input 'true' expecting IDENTIFIER"],
  ['nope(', `1:6: Syntax error: mismatched input '<EOF>' expecting {'[', '{', '(', ')', ${start}`],
  ['self ==', `1:8: Syntax error: mismatched input '<EOF>' expecting {'[', '{', '(', ${start}`],
  ['f(1', "1:4: Syntax error: missing ')' at '<EOF>'"],
  ['a b', "1:3: Syntax error: extraneous input 'b' expecting <EOF>"],
  ['a{}()', "1:4: Syntax error: mismatched input '(' expecting <EOF>"],
  ['1 + $ 2', "1:5: Syntax error: token recognition error at: '$'"],
  ['has(m)', '1:5: invalid argument to has() macro'],
  ['1.all(2, 3)', '1:7: argument must be a simple name'],
  ['m.filter(a.b, false)', '1:11: argument is not an identifier'],
  ['0xFFFFFFFFFFFFFFFFF', '1:1: invalid int literal'],
  ['if == 1', '1:1: reserved identifier: if'],
])('%s', (source, message) => {
  expect(complaint(source).split('\n')[0]).toBe(`ERROR: <input>:${message}`)
})

test('the caret stands below the place, on the line it is about', () => {
  expect(complaint('1 +\n  2 3 4')).toBe(
    "ERROR: <input>:2:5: Syntax error: mismatched input '3' expecting <EOF>\n |   2 3 4\n | ....^",
  )
})

describe('input that means harm is refused in bounded time', () => {
  test.each([
    ['parentheses', '('.repeat(20_000) + '1' + ')'.repeat(20_000)],
    ['lists', '['.repeat(20_000)],
    ['maps', '{1:'.repeat(20_000)],
    ['calls', 'f('.repeat(20_000)],
    ['conditionals', '1?1:'.repeat(20_000)],
    ['a chain of sums', Array(20_000).fill('1').join('+')],
    ['a chain of fields', 'a' + '.b'.repeat(20_000)],
    ['a chain of indexes', 'a' + '[0]'.repeat(20_000)],
  ])('%s', (_, source) => {
    expect(complaint(source)).toBe('ERROR: <input>:-1:0: expression recursion limit exceeded: 250')
  })

  test('too long', () => {
    expect(complaint(' '.repeat(100_001))).toContain('expression code point size exceeds limit: size: 100001')
  })
  test('long chains of && and || are shallow', () => {
    expect(parse(Array(10_000).fill('true').join(' && ')).issues).toEqual([])
  })
  test('signs, quotes and garbage', () => {
    expect(parse('-'.repeat(50_000) + '1').issues).toEqual([])
    expect(parse('"'.repeat(1001)).issues.length).toBeGreaterThan(0)
    expect(parse('\u0000\ud800$#@'.repeat(100)).issues.length).toBeGreaterThan(0)
  })
})
