/** cel-spec's own cases, without those that need messages of protobuf. */
import { tests } from '@bufbuild/cel-spec/testdata/conformance.js'
import { runCase, type Case } from './run-case.ts'

interface Suite {
  name: string
  suites?: Suite[]
  tests?: { original: object }[]
}
/** Files about messages, enums, wrappers and what only their users have. */
const left = new Set(['dynamic', 'enums', 'proto2', 'proto2_ext', 'proto3', 'wrappers', 'unknowns', 'block_ext'])
const needsMessages =
  /TestAllTypes|NestedEnum|google\.protobuf\.(?!Timestamp|Duration)|Proto2|Proto3|cel\.expr\.conformance/

function cases(suite: Suite): Case[] {
  const own = (suite.tests ?? []).map(({ original }) => original as Case)
  return [...own, ...(suite.suites ?? []).flatMap(cases)]
}
const files = (tests as unknown as Suite).suites ?? []
const table = files
  .filter(({ name }) => !left.has(name))
  .map((suite) => [suite.name, cases(suite).filter((one) => !needsMessages.test(JSON.stringify(one)))] as const)

test.each(table)('%s', (_, list) => {
  const failures = list.flatMap((one) => {
    const outcome = runCase(one)
    return outcome === undefined ? [] : [`${one.name}: ${one.expr} => ${outcome}`]
  })
  expect(failures).toEqual([])
})

test('there are cases', () => {
  expect(table.reduce((count, [, list]) => count + list.length, 0)).toBeGreaterThan(1600)
})
