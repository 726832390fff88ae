/** Rules of custom resources over objects, as the original answers them. */
import type { JsonSchema } from '@kapell/openapi/schema/structural/json-schema'
import { FieldPath } from '@kapell/openapi/meta/field-errors'
import { checkRuleExpressions } from './check-rules.ts'
import { compileRules } from './compile-rules.ts'
import { evaluateRules } from './evaluate-rules.ts'

const rules = (...list: object[]): object => ({ 'x-kubernetes-validations': list })
const schema = {
  type: 'object',
  properties: {
    spec: {
      type: 'object',
      ...rules(
        { rule: "self.s != 'bad'" },
        { rule: 'self.i != 7', message: 'no seven', fieldPath: '.i', reason: 'FieldValueForbidden' },
        { rule: 'self.i != 8', reason: 'FieldValueRequired', fieldPath: ".o['a-b']" },
        { rule: "!has(self.m) || self.m['zz'] == 1", message: 'zz' },
        { rule: 'self.i != 9', messageExpression: "'i is in ' + self.s" },
        { rule: '!has(self.o) || !has(self.o.x) || self.o.x > 3' },
      ),
      properties: {
        s: { type: 'string', maxLength: 10 },
        i: { type: 'integer' },
        m: {
          type: 'object',
          maxProperties: 4,
          additionalProperties: { type: 'integer', ...rules({ rule: 'self < 100' }) },
        },
        o: { type: 'object', properties: { 'a-b': { type: 'string' }, x: { 'x-kubernetes-int-or-string': true } } },
        im: { type: 'string', ...rules({ rule: 'self == oldSelf', message: 'is immutable' }) },
        os: { type: 'string', ...rules({ rule: "oldSelf.orValue('none') != self", optionalOldSelf: true }) },
        k: {
          type: 'array',
          'x-kubernetes-list-type': 'map',
          'x-kubernetes-list-map-keys': ['n'],
          items: {
            type: 'object',
            properties: {
              n: { type: 'string' },
              v: { type: 'integer', ...rules({ rule: 'self >= oldSelf', message: 'must not shrink' }) },
            },
          },
        },
      },
    },
  },
  ...rules({ rule: "self.metadata.name != 'root'", message: 'bad name' }),
} as JsonSchema

const node = compileRules(schema, { root: true })
const object = (spec: object, name = 't'): object => ({ apiVersion: 'a/v1', kind: 'T', metadata: { name }, spec })
const base = { s: 'a', i: 1 }

test.each([
  ['nothing wrong', base, undefined, []],
  ['a rule without a message', { ...base, s: 'bad' }, undefined, ["spec: failed rule: self.s != 'bad'"]],
  ['a place and a reason', { ...base, i: 7 }, undefined, ['spec.i: no seven']],
  ['a quoted place', { ...base, i: 8 }, undefined, ['spec.o.a-b: failed rule: self.i != 8']],
  ['a message of an expression', { ...base, i: 9 }, undefined, ['spec: i is in a']],
  [
    'errors of a run; values of maps',
    { ...base, m: { a: 200 } },
    undefined,
    ['spec: no such key: zz evaluating rule: zz', 'spec.m[a]: failed rule: self < 100'],
  ],
  [
    'types known in the run only',
    { ...base, o: { x: 'q' } },
    undefined,
    [
      "spec: 'no such overload': call arguments did not match a supported operator, function or macro signature for rule: !has(self.o) || !has(self.o.x) || self.o.x > 3",
    ],
  ],
  ['a transition', { ...base, im: 'y' }, { ...base, im: 'x' }, ['spec.im: is immutable']],
  ['no transition on create', { ...base, im: 'y' }, undefined, []],
  [
    'an old value that may be absent',
    { ...base, os: 'none' },
    undefined,
    ["spec.os: failed rule: oldSelf.orValue('none') != self"],
  ],
  [
    'items told apart by their keys',
    {
      ...base,
      k: [
        { n: 'b', v: 2 },
        { n: 'a', v: 1 },
      ],
    },
    {
      ...base,
      k: [
        { n: 'a', v: 3 },
        { n: 'b', v: 1 },
      ],
    },
    ['spec.k[1].v: must not shrink'],
  ],
  ['what stays is forgiven', { ...base, s: 'bad' }, { ...base, s: 'bad' }, []],
])('%s', (_, next, previous, expected) => {
  const errors = node && evaluateRules(node, { next: object(next), previous: previous && object(previous) })
  expect(errors?.map(({ field, detail }) => `${field}: ${detail}`)).toEqual(expected)
})

test("the resource's own fields are there at the root", () => {
  expect(node && evaluateRules(node, { next: object(base, 'root'), previous: undefined })).toMatchObject([
    { detail: 'bad name' },
  ])
})

test('one budget for the whole object', () => {
  const errors = node && evaluateRules(node, { next: object({ ...base, s: 'bad' }), previous: undefined, budget: 1 })
  expect(errors).toMatchObject([
    { detail: 'validation failed due to running out of cost budget, no further validation rules will be run' },
  ])
})

describe('rules of a definition', () => {
  const check = (rule: object, more: object = {}): string[] => {
    const part = { type: 'string', ...more, ...rules(rule) } as JsonSchema
    const whole = { type: 'object', properties: { a: part } } as JsonSchema
    return checkRuleExpressions(whole, new FieldPath('s')).map(
      ({ field, detail }) => `${field.replace(/^.*\[0\]\./, '')}: ${detail}`,
    )
  }
  test.each([
    [{ rule: 'self' }, ['rule: cel expression must evaluate to a bool']],
    [
      { rule: 'self > 3' },
      [
        "rule: compilation failed: ERROR: <input>:1:6: found no matching overload for '_>_' applied to '(string, int)'\n | self > 3\n | .....^",
      ],
    ],
    [
      { rule: "self.matches('(')" },
      [
        "rule: compilation failed: ERROR: <input>:1:14: invalid matches argument\n | self.matches('(')\n | .............^",
      ],
    ],
    [{ rule: 'true', messageExpression: '1' }, ['messageExpression: messageExpression must evaluate to a string']],
    [{ rule: 'true', optionalOldSelf: true }, ['optionalOldSelf: may not be set if oldSelf is not used in rule']],
  ])('%j', (rule, expected) => {
    expect(check(rule)).toEqual(expected)
  })
})
