import fc from 'fast-check'
import { encodeYaml } from './yaml-encode.ts'
import { decodeYaml, YamlError } from './yaml.ts'

it.each<[string, string, unknown]>([
  ['words of YAML 1.1 are booleans', 'a: yes\nb: Off\nc: y\nd: TRUE', { a: true, b: false, c: true, d: true }],
  ['mixed case is text', 'a: yEs', { a: 'yEs' }],
  ['nulls', 'a: ~\nb:\nc: null', { a: null, b: null, c: null }],
  ['quoted text is text', `a: "yes"\nb: '1'`, { a: 'yes', b: '1' }],
  [
    'integers in every base',
    'a: 014\nb: 0o14\nc: 0x1F\nd: 0b101\ne: 1_000\nf: -7\ng: +8',
    { a: 12, b: 12, c: 31, d: 5, e: 1000, f: -7, g: 8 },
  ],
  ['floats', 'a: 1.5\nb: .5\nc: 1.\nd: 1e3\ne: 1.5e-1', { a: 1.5, b: 0.5, c: 1, d: 1000, e: 0.15 }],
  [
    'times and base 60 are text',
    'a: 12:30:45\nb: 2020-01-01\nc: 2020-01-01T00:00:00Z',
    { a: '12:30:45', b: '2020-01-01', c: '2020-01-01T00:00:00Z' },
  ],
  ['keys become text', '1: a\ny: b\n1.5: c\n0x10: d', { 1: 'a', true: 'b', '1.5': 'c', 16: 'd' }],
  [
    'anchors, aliases and merges',
    'a: &x {b: 1, c: 2}\nd: {<<: *x, c: 3}\ne: *x',
    { a: { b: 1, c: 2 }, d: { b: 1, c: 3 }, e: { b: 1, c: 2 } },
  ],
  ['the first of several documents', 'a: 1\n---\nb: 2\n', { a: 1 }],
  ['nothing but a comment', '---\n# c\n', null],
  ['binary is decoded', 'a: !!binary aGVsbG8=', { a: 'hello' }],
  ['tags force a type', 'a: !!str 1\nb: !!int "2"', { a: '1', b: 2 }],
  ['block scalars', 'a: |\n  x\n  y\nb: >-\n  x\n  y', { a: 'x\ny\n', b: 'x y' }],
  ['JSON', '{"a": [1, "yes"]}', { a: [1, 'yes'] }],
  ['a list', '- a\n- b: c', ['a', { b: 'c' }]],
])('%s', async (_rule, text, value) => {
  expect((await decodeYaml(text)).value).toEqual(value)
})

it('tells of keys set twice, and takes the last', async () => {
  expect(await decodeYaml('apiVersion: v1\nmetadata:\n  name: a\n  name: b\n')).toEqual({
    value: { apiVersion: 'v1', metadata: { name: 'b' } },
    problems: ['line 4: key "name" already set in map'],
  })
})

it.each([
  ['a: [', /did not find expected node content/],
  ['apiVersion: v1\n kind: [', /line 2: mapping values are not allowed in this context/],
  ['a: b: c', /mapping values are not allowed in this context/],
  ['\ta: b', /found character that cannot start any token/],
  ['a: @x', /found character that cannot start any token/],
  ['a: "x', /found unexpected end of stream/],
  ['a: *x', /unknown anchor 'x' referenced/],
  ['a: !!binary zz!', /!!binary value contains invalid base64 data/],
  ['a: .nan', /json: unsupported value: NaN/],
  ['~: 4', /unsupported map key of type: %!s\(<nil>\), key: <nil>, value: 4/],
  ['a: !!int x', /cannot decode !!str `x` as a !!int/],
])('refuses %j', async (text, message) => {
  await expect(decodeYaml(text)).rejects.toThrow(message)
})

it.each([
  ['nested brackets', `a: ${'['.repeat(20000)}`],
  ['nested lists', '- '.repeat(20000)],
  [
    'aliases that multiply',
    `a: &a [x,x,x,x,x,x,x,x,x]\n${[...'bcdefghi'].map((c, i) => `${c}: &${c} [${new Array(9).fill(`*${'abcdefgh'[i]}`).join(',')}]`).join('\n')}`,
  ],
  ['an alias of itself', 'a: &x [*x]'],
])('bounds %s', async (_what, text) => {
  await expect(decodeYaml(text)).rejects.toThrow(YamlError)
})

it('writes as the original does', async () => {
  const value = {
    b: {
      a: 'yes',
      c: '1',
      d: 'x: y',
      e: 'multi\nline\n',
      f: 'multi\nline',
      g: ' lead',
      h: '- x',
      i: '12:30:45',
      j: '',
      k: 'tab\t',
    },
    a: ['x', { y: 1, n: '2020-01-01' }],
    e: {},
    f: [],
    g: "a'b",
    h: '.5',
    z: true,
  }
  expect(encodeYaml(value)).toBe(`a:
- x
- "n": "2020-01-01"
  "y": 1
b:
  a: "yes"
  c: "1"
  d: 'x: y'
  e: |
    multi
    line
  f: |-
    multi
    line
  g: ' lead'
  h: '- x'
  i: "12:30:45"
  j: ""
  k: "tab\\t"
e: {}
f: []
g: a'b
h: ".5"
z: true
`)
})

it('reads what it writes', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.dictionary(fc.string({ maxLength: 6 }), fc.jsonValue({ maxDepth: 3, noUnicodeString: false }), { maxKeys: 4 }),
      async (value) => {
        const plain = JSON.parse(JSON.stringify(value)) as unknown
        expect((await decodeYaml(encodeYaml(plain))).value).toEqual(plain)
      },
    ),
    { seed: 12, numRuns: 80 },
  )
})

it('never fails but by its own error', async () => {
  const piece = fc.constantFrom(
    'a',
    ': ',
    '\n',
    '  ',
    '- ',
    '[',
    ']',
    '{',
    '}',
    ',',
    '&x ',
    '*x',
    '!!int ',
    '|',
    '>',
    '"',
    "'",
    '#',
    '? ',
    '<<',
    '\t',
    '%',
    '---\n',
    '~',
  )
  await fc.assert(
    fc.asyncProperty(fc.array(piece, { maxLength: 14 }), async (pieces) => {
      try {
        JSON.stringify(await decodeYaml(pieces.join('')))
      } catch (error) {
        if (!(error instanceof YamlError)) throw error
      }
    }),
    { seed: 6, numRuns: 250 },
  )
})

it('keeps whole numbers of 64 bits for those who ask', async () => {
  const text = 'a: 9007199254740993\nb: -9_007_199_254_740_993\nc: 99999999999999999999\nd: 7\ne: "9007199254740993"\n'
  expect((await decodeYaml(text, { exact: true })).value).toEqual({
    a: 9007199254740993n,
    b: -9007199254740993n,
    c: 1e20,
    d: 7,
    e: '9007199254740993',
  })
  expect((await decodeYaml('{"a": 9007199254740993}', { exact: true })).value).toEqual({ a: 9007199254740993n })
  expect((await decodeYaml('{"a": 9007199254740993}')).value).toEqual({ a: 9007199254740992 })
})
