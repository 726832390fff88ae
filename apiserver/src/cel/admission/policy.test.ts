import { PolicyExpressions } from './composition.ts'
import { compilePolicy } from './policy.ts'

const request = { operation: 'CREATE', name: 'a', userInfo: { username: 'jane' } }
const object = { spec: { replicas: 7, names: ['a', 'b'] } }

test('validations, variables, messages and annotations', () => {
  const policy = compilePolicy({
    paramKind: {},
    variables: [
      { name: 'count', expression: 'object.spec.replicas' },
      { name: 'limit', expression: 'variables.count > 5 ? params.max : 100' },
    ],
    validations: [
      { expression: 'variables.count <= variables.limit', messageExpression: '"at most " + string(variables.limit)' },
      { expression: 'object.spec.names.size() < 2', message: 'too many', reason: 'Forbidden' },
      { expression: 'object.spec.replicas > 8' },
      { expression: 'object.nope == 1' },
      { expression: 'true' },
    ],
    auditAnnotations: [
      { key: 'count', valueExpression: 'string(variables.count)' },
      { key: 'none', valueExpression: 'null' },
    ],
  })
  expect(policy.evaluate({ object, oldObject: null, request, params: { max: 6 } })).toEqual({
    verdicts: [
      { kind: 'deny', message: 'at most 6', reason: 'Invalid' },
      { kind: 'deny', message: 'too many', reason: 'Forbidden' },
      { kind: 'deny', message: 'failed expression: object.spec.replicas > 8', reason: 'Invalid' },
      { kind: 'error', message: "expression 'object.nope == 1' resulted in error: no such key: nope" },
      { kind: 'admit' },
    ],
    annotations: { count: '7' },
  })
})

test('a variable that fails is told by its name, wherever it is asked for', () => {
  const policy = compilePolicy({
    variables: [{ name: 'bad', expression: '1 / (object.spec.replicas - 7)' }],
    validations: [{ expression: 'variables.bad == 1' }, { expression: 'true || variables.bad == 1' }],
  })
  const { verdicts } = policy.evaluate({ object, oldObject: null, request })
  expect(verdicts.map(({ kind }) => kind)).toEqual(['error', 'admit'])
})

test('what is wanted of each expression', () => {
  const expressions = new PolicyExpressions({ params: false, variables: true })
  expect(expressions.variable('a', '1 + 1').problem).toBeUndefined()
  expect(expressions.validation('variables.a').problem).toBe('must evaluate to bool but got int')
  expect(expressions.validation('variables.b == 1').problem).toContain("undefined field 'b'")
  expect(expressions.message('1').problem).toBe('must evaluate to string but got int')
  expect(expressions.message('string(authorizer)').problem).toContain("undeclared reference to 'authorizer'")
  expect(expressions.annotation('1').problem).toBe('must evaluate to one of [string null_type] but got int')
})
