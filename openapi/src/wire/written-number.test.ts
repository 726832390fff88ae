import {
  keepWrittenNumbers,
  mayHoldWrittenNumbers,
  parseKeepingText,
  withoutText,
  WrittenNumber,
} from './written-number.ts'

describe('numbers as they were written', () => {
  it.each([
    ['{"a":1.0}', true],
    ['{"a": [1,3e0]}', true],
    ['{"a":1,"b":1.5,"c":"x:y"}', false],
    ['{"a":10}', false],
  ])('%s: a closer look is worth it: %s', (text, expected) => {
    expect(mayHoldWrittenNumbers(text)).toBe(expected)
  })
  it('keeps the text of whole numbers that are written otherwise, and of no others', () => {
    expect(keepWrittenNumbers('{"a":1.0,"b":2,"c":2.5,"d":[3e0]}')).toEqual({
      a: new WrittenNumber('1.0'),
      b: 2,
      c: 2.5,
      d: [new WrittenNumber('3e0')],
    })
  })
  it('what is not looked into is plain again', () => {
    expect(withoutText(parseKeepingText('{"a":{"b":[1.0]}}'))).toEqual({ a: { b: [1] } })
  })
})
