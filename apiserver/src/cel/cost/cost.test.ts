/** Costs in a run and before it. The figures are those of upstream's documented model. */
import type { JsonSchema } from '@kapell/openapi/schema/structural/json-schema'
import { compile } from '../compile.ts'
import { costLimits, kubernetesEnv } from '../kubernetes/environment.ts'
import { activationOf } from '../runtime/frame.ts'
import { celFromJson } from '../schema/json-values.ts'
import { typeOfSchema } from '../schema/schema-type.ts'
import { estimateCost } from './estimate.ts'

const schema: JsonSchema = {
  type: 'object',
  properties: {
    s: { type: 'string', maxLength: 100 },
    i: { type: 'integer' },
    l: { type: 'array', maxItems: 10, items: { type: 'string', maxLength: 20 } },
    free: { type: 'array', items: { type: 'string' } },
  },
}
const type = typeOfSchema(schema)
if (!type) throw new Error('the schema has a type')
const env = kubernetesEnv({ self: type })
const programOf = (source: string): NonNullable<ReturnType<typeof compile>['program']> => {
  const { program, text } = compile(source, env)
  if (!program) throw new Error(text)
  return program
}
const self = (json: object): ReturnType<typeof activationOf> => activationOf({ self: celFromJson(json, type) })

test.each([
  ['1 == 1', 1],
  ['self.i == 1', 3],
  ['self.i == 1 && self.i == 2', 6],
  ['self.i == 2 || self.i == 1', 6],
  ['has(self.i)', 1],
  ['self.i in [1, 2, 3]', 5],
  ['[self.i] == [1]', 13],
  ['self.s.contains("a")', 4],
  ['self.s == "abcdefghijklmnopqrstuvwxyz"', 4],
  ['self.l.all(x, x == "a")', 2 + 2 * (1 + 1 + 1 + 1 + 1) - 0 + 1],
])('%s costs %d', (source, cost) => {
  const outcome = programOf(source).evaluate(self({ i: 1, s: 'abcdefghijklm', l: ['a', 'a'] }))
  expect(outcome).toMatchObject({ value: expect.any(Boolean), cost })
})

test('an estimate bounds what a run costs', () => {
  for (const source of [
    'self.l.all(x, x.contains("ab"))',
    'self.s.matches("a+")',
    'self.l.map(x, x + "a").size() == 1',
  ]) {
    const program = programOf(source)
    const largest = self({ s: 's'.repeat(100), l: Array(10).fill('x'.repeat(20)) })
    expect(program.evaluate(largest).cost).toBeLessThanOrEqual(estimateCost(program, env).max)
    expect(estimateCost(program, env).max).toBeLessThan(costLimits.perRule)
  }
})

test('what no schema bounds is too expensive', () => {
  expect(estimateCost(programOf('self.free.all(x, self.free.all(y, x == y))'), env).max).toBeGreaterThan(
    costLimits.perRule,
  )
})

test('a run ends when its budget is spent', () => {
  const program = programOf('self.free.all(x, self.free.all(y, self.free.all(z, x == y || y != z)))')
  const outcome = program.evaluate(self({ free: Array(1000).fill('a') }), { costBudget: costLimits.perCall })
  expect(outcome).toMatchObject({ error: 'operation cancelled: actual cost limit exceeded', costExceeded: true })
})

test('no macro and no operator absorbs the end of the budget', () => {
  const program = programOf('self.free.exists(x, x == "b") || true')
  expect(program.evaluate(self({ free: Array(1000).fill('a') }), { costBudget: 100 }).error).toBeDefined()
})
