import { parseFieldSelector } from './fields.ts'

describe('parseFieldSelector', () => {
  it('reads terms, with == as =', () => {
    expect(parseFieldSelector('metadata.name!=a,spec.nodeName==b\\,c').requirements).toEqual([
      { field: 'metadata.name', operator: '!=', value: 'a' },
      { field: 'spec.nodeName', operator: '=', value: 'b,c' },
    ])
  })
  it.each([
    ['an absent field is the empty text', 'spec.nodeName=', {}, true],
    ['equal', 'a=b', { a: 'b' }, true],
    ['unequal', 'a!=b', { a: 'b' }, false],
    ['empty terms are skipped', ',', {}, true],
  ])('%s', (_rule, text, fields: Record<string, string>, matches) => {
    expect(parseFieldSelector(text).matches((f) => fields[f])).toBe(matches)
  })
  it.each([
    ['x', "invalid selector: 'x'; can't understand 'x'"],
    ['metadata.name=a,x', "invalid selector: 'metadata.name=a,x'; can't understand 'x'"],
    ['a=b\\', 'invalid field selector: invalid escape sequence: \\'],
    ['a=a\\b', 'invalid field selector: invalid escape sequence: \\b'],
    ['a=a=b', 'invalid field selector: unescaped character in value: 61'],
  ])('refuses %s as the original does', (text, message) => {
    expect(() => parseFieldSelector(text)).toThrow(message)
  })
  it('prints what it reads', () => {
    expect(parseFieldSelector('a=b\\,c,d!=e').toString()).toBe('a=b\\,c,d!=e')
  })
})
