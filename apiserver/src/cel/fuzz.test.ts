/** Whatever is typed in: an issue, an error or a value; never a crash, and never without end. */
import fc from 'fast-check'
import { compile } from './compile.ts'
import { kubernetesEnv } from './kubernetes/environment.ts'
import { activationOf } from './runtime/frame.ts'
import { celFromJson, jsonFromCel } from './schema/json-values.ts'
import { types } from './types/types.ts'

const words = [
  'self', 'x', 'self.a', '1', '-1', '2u', '1.5', '"a"', "b'\\xff'", 'null', 'true', '[1, 2]', '{"a": 1}', '(', ')', '[',
  ']', '{', '}', '.', '?', ':', ',', '+', '-', '*', '/', '%', '!', '==', '<', 'in', '&&', '||', '.map(x, ', '.all(x, ',
  '.exists(i, v, ', 'size(', 'has(self.a)', '.?a', '[?0]', 'duration("1h")', 'timestamp("2020-01-01T00:00:00Z")',
  '.matches("a+")', 'quantity("1Gi")', '.format([', 'optional.of(', '__proto__', 'constructor', '.toString()',
] // prettier-ignore
const env = kubernetesEnv({ self: types.dyn })
const seed = 20_260_415

const run = (source: string, self: unknown): void => {
  for (const check of [true, false]) {
    const { program, issues, text } = compile(source, env, { check })
    expect(program === undefined).toBe(issues.length > 0)
    expect(typeof text).toBe('string')
    program?.evaluate(activationOf({ self: celFromJson(self) }), { costBudget: 10_000 })
  }
}

test('words in any order', () => {
  const property = fc.property(fc.array(fc.constantFrom(...words), { maxLength: 12 }), fc.jsonValue(), (list, self) =>
    run(list.join(' '), self),
  )
  fc.assert(property, { seed, numRuns: 1500 })
})

test('any text', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (source) => run(source, null)),
    { seed, numRuns: 500 },
  )
})

test('JSON stays what it is through values', () => {
  const property = fc.property(fc.jsonValue(), (json) => {
    expect(jsonFromCel(celFromJson(json))).toEqual(JSON.parse(JSON.stringify(json)))
  })
  fc.assert(property, { seed, numRuns: 300 })
})

test("names of JavaScript's own are no fields", () => {
  for (const name of ['constructor', 'toString', 'hasOwnProperty']) {
    const { program } = compile(`has(self.${name})`, env)
    expect(program?.evaluate(activationOf({ self: celFromJson({}) }))).toMatchObject({ value: false })
  }
})
