import { parseDuration } from './duration.ts'

it.each([
  ['0', 0],
  ['5s', 5000],
  ['1m30s', 90_000],
  ['.5s', 500],
  ['1.s', 1000],
  ['+2ms', 2],
  ['-1h', -3_600_000],
  ['1us', 0.001],
])('reads %s', (text, ms) => expect(parseDuration(text)).toEqual({ ms }))

it.each([
  ['5', 'missing unit in duration "5"'],
  ['5s5', 'missing unit in duration "5s5"'],
  ['5x', 'unknown unit "x" in duration "5x"'],
  ['1constructor', 'unknown unit "constructor" in duration "1constructor"'],
  ['s', 'invalid duration "s"'],
  ['', 'invalid duration ""'],
  ['-', 'invalid duration "-"'],
  ['99999999999h', 'invalid duration "99999999999h"'],
])('says what is wrong with %p', (text, problem) =>
  expect(parseDuration(text)).toEqual({ problem: `time: ${problem}` }),
)
