import { types } from '../types/types.ts'
import { admissionActivation, admissionEnv, compileAdmission, type AdmissionInput } from './environment.ts'
import { compileMatchConditions } from './match-conditions.ts'

const input: AdmissionInput = {
  object: { metadata: { name: 'a', labels: { x: 'y' } }, spec: { replicas: 3 } },
  oldObject: null,
  request: {
    operation: 'CREATE',
    name: 'a',
    namespace: 'n',
    resource: { group: 'apps', version: 'v1', resource: 'deployments' },
    userInfo: { username: 'jane', groups: ['dev'] },
  },
  namespaceObject: { metadata: { name: 'n', labels: { env: 'prod' } } },
  params: { spec: { max: 5 } },
  authorize: (question) => ({
    allowed: question.verb === 'get' && question.resource === 'deployments',
    reason: question.name ?? '',
  }),
}

test.each([
  'object.spec.replicas <= params.spec.max',
  'oldObject == null && request.operation == "CREATE"',
  'request.userInfo.groups.exists(g, g == "dev")',
  'namespaceObject.metadata.labels.env == "prod"',
  'authorizer.requestResource.check("get").allowed()',
  '!authorizer.group("").resource("pods").namespace("n").name("p").check("get").allowed()',
  'authorizer.group("apps").resource("deployments").name("p").check("get").reason() == "p"',
])('%s', (source) => {
  const { compilation, problem } = compileAdmission(source, admissionEnv({ params: true }), [types.bool])
  expect(problem).toBeUndefined()
  expect(compilation?.program?.evaluate(admissionActivation(input))).toMatchObject({ value: true })
})

test.each([
  [
    'object.',
    "compilation failed: ERROR: <input>:1:8: Syntax error: no viable alternative at input '.'\n | object.\n | .......^",
  ],
  ['1', 'must evaluate to bool but got int'],
  [
    'params.x',
    "compilation failed: ERROR: <input>:1:1: undeclared reference to 'params' (in container '')\n | params.x\n | ^",
  ],
  [
    'request.nope == 1',
    "compilation failed: ERROR: <input>:1:8: undefined field 'nope'\n | request.nope == 1\n | .......^",
  ],
])('%s is refused', (source, problem) => {
  expect(compileAdmission(source, admissionEnv(), [types.bool])).toEqual({ problem })
})

test('one of several types', () => {
  expect(compileAdmission('1', admissionEnv(), [types.string, types.null])).toEqual({
    problem: 'must evaluate to one of [string null_type] but got int',
  })
})

test.each([
  [['true', 'object.metadata.name == "a"'], { kind: 'match' }],
  [['object.nope == 1', 'false'], { kind: 'no-match', condition: 'c1' }],
  [
    ['object.nope == 1', 'true'],
    { kind: 'error', errors: ["expression 'object.nope == 1' resulted in error: no such key: nope"] },
  ],
])('conditions %j', (expressions, expected) => {
  const conditions = compileMatchConditions(expressions.map((expression, i) => ({ name: `c${i}`, expression })))
  expect(conditions.evaluate(admissionActivation(input))).toEqual(expected)
})
