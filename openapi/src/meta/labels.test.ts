import { parseSelector, selectorFromLabelSelector, selectorFromSet } from './labels.ts'

const name =
  "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"
const value =
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"

describe('parseSelector', () => {
  it.each([
    ['an equality holds', 'a=b', { a: 'b' }, true],
    ['a missing label is not equal', 'a=b', {}, false],
    ['a missing label is unequal', 'a!=b', {}, true],
    ['in lists the values', 'a in (b, c)', { a: 'c' }, true],
    ['notin takes the missing label too', 'a notin (b)', {}, true],
    ['a bare key asks for presence', 'a', { a: '' }, true],
    ['a negated key asks for absence', '!a', { a: '' }, false],
    ['greater compares integers', 'a>5', { a: '10' }, true],
    ['greater takes no text', 'a>5', { a: 'x' }, false],
    ['all must hold', 'a=b,c=d', { a: 'b' }, false],
    ['nothing asked matches everything', '', { a: 'b' }, true],
    ['an empty list is the empty value', 'a in ()', { a: '' }, true],
    ['doubled commas hold the empty value', 'a in (b,,c)', { a: '' }, true],
    ['in is a key as well', 'in', { in: 'x' }, true],
    ['prototype properties are no labels', 'constructor', {}, false],
  ])('%s: %s', (_rule, text, labels, matches) => {
    expect(parseSelector(text).matches(labels)).toBe(matches)
  })

  it.each([
    ['a b', "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt"],
    ['a in', "unable to parse requirement: found '' expected: '('"],
    ['a in (b c)', "unable to parse requirement: found 'c', expected: ',' or ')'"],
    ['a in (a,=', "unable to parse requirement: found '=', expected: ',', or identifier"],
    ['a in (b', "unable to parse requirement: found '', expected: ',' or ')'"],
    ['a,', "found '', expected: identifier after ','"],
    ['a,,b', "found ',', expected: identifier after ','"],
    ['!', "unable to parse requirement: found '', expected: identifier"],
    ['!a=b', "found '=', expected: ',' or 'end of string'"],
    ['a=b c', "found 'c', expected: ',' or 'end of string'"],
    ['==', "found '==', expected: !, identifier, or 'end of string'"],
    ['(a)', "found '(', expected: !, identifier, or 'end of string'"],
    ['a)', "unable to parse requirement: found ')', expected: in, notin, =, ==, !=, gt, lt"],
    ['a=!b', "unable to parse requirement: found '!', expected: identifier"],
    ['a<>b', "unable to parse requirement: found '>', expected: identifier"],
    ['_=x', `unable to parse requirement: <nil>: Invalid value: "_": ${name}`],
    ['/a=x', 'unable to parse requirement: <nil>: Invalid value: "/a": prefix part must be non-empty'],
    ['a=-', `unable to parse requirement: values[0][a]: Invalid value: "-": ${value}`],
    [
      'a in (-,_)',
      `unable to parse requirement: [values[0][a]: Invalid value: "-": ${value}, values[1][a]: Invalid value: "_": ${value}]`,
    ],
    [
      'a>x',
      `unable to parse requirement: values[0]: Invalid value: "x": for 'Gt', 'Lt' operators, the value must be an integer`,
    ],
    [
      'a>99999999999999999999',
      `unable to parse requirement: values[0]: Invalid value: "99999999999999999999": for 'Gt', 'Lt' operators, the value must be an integer`,
    ],
  ])('refuses %s as the original does', (text, message) => {
    expect(() => parseSelector(text)).toThrow(message)
  })

  it('prints requirements sorted by key', () => {
    expect(parseSelector('z, !y ,x in (b,a),w>1,v!=2,u==3').toString()).toBe('u==3,v!=2,w>1,x in (a,b),!y,z')
  })
})

describe('selectorFromLabelSelector', () => {
  it('takes an absent selector for one that matches nothing, an empty one for everything', () => {
    expect(selectorFromLabelSelector(undefined).matches({})).toBe(false)
    expect(selectorFromLabelSelector({}).matches({ a: 'b' })).toBe(true)
  })
  it('joins labels and expressions', () => {
    const selector = selectorFromLabelSelector({
      matchLabels: { a: 'b' },
      matchExpressions: [
        { key: 'c', operator: 'NotIn', values: ['x'] },
        { key: 'd', operator: 'Exists' },
      ],
    })
    expect(selector.toString()).toBe('a=b,c notin (x),d')
    expect(selector.matches({ a: 'b', d: '' })).toBe(true)
    expect(selector.matches({ a: 'b', c: 'x', d: '' })).toBe(false)
  })
  it('refuses an operator it does not know', () => {
    expect(() => selectorFromLabelSelector({ matchExpressions: [{ key: 'a', operator: 'Nope' }] })).toThrow(
      '"Nope" is not a valid label selector operator',
    )
  })
})

test('selectorFromSet asks for every pair', () => {
  expect(selectorFromSet({ b: '1', a: '2' }).toString()).toBe('a=2,b=1')
  expect(selectorFromSet(undefined).empty).toBe(true)
})
