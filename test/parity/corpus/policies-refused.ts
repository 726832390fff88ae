import type { ParityCases } from '../case.ts'
import {
  policies,
  bindings,
  mutations,
  mutationBindings,
  rule,
  constraints,
  policy,
  binding,
  mutation,
  mutationBinding,
  merge,
  jsonPatch,
  one,
  stores,
  wrong,
  wrongMutation,
  expressionOf,
} from './policy-build.ts'

/** Admission policies and bindings that are refused, and the like that are not. */

const refusedPolicies: ParityCases = {
  'no validations': wrong({}),
  'no spec': stores(policies, { ...policy({}), spec: {} }),
  'no constraints': stores(policies, { ...policy({}), spec: one('true') }),
  'no rules': wrong({ matchConstraints: {}, ...one('true') }),
  'rules that say nothing': wrong({ matchConstraints: { resourceRules: [{}] }, ...one('true') }),
  'rules that say too much': wrong({
    matchConstraints: {
      resourceRules: [
        {
          apiGroups: ['*', 'apps'],
          apiVersions: ['*', 'v1'],
          operations: ['*', 'CREATE'],
          resources: ['*', 'pods'],
        },
      ],
      matchPolicy: 'Sometimes',
      excludeResourceRules: [{ apiGroups: ['a'], apiVersions: ['v1'], operations: ['GET'], resources: [''] }],
    },
    ...one('true'),
  }),
  'resource names': wrong({
    matchConstraints: { resourceRules: [rule(['pods'], { resourceNames: ['a', 'a', 'B_C', ''] })] },
    ...one('true'),
  }),
  selectors: wrong({
    matchConstraints: {
      resourceRules: [rule(['pods'])],
      namespaceSelector: { matchExpressions: [{ key: 'a', operator: 'Has' }] },
      objectSelector: { matchLabels: { 'a b': 'c' } },
    },
    ...one('true'),
  }),
  'failure policy': wrong({ failurePolicy: 'Maybe', ...one('true') }),
  'no expression': wrong({ validations: [{}] }),
  'blank expression': wrong({ validations: [{ expression: '  ' }] }),
  'expression with blanks around': wrong({ validations: [{ expression: '  true ' }] }),
  syntax: expressionOf('object.'),
  'syntax, twice': expressionOf('object. && request.'),
  'not a bool': expressionOf('1'),
  'not a bool: string': expressionOf('object.metadata.name + "a"'),
  'unknown name': expressionOf('nope == 1'),
  'params without a kind': expressionOf('params.x == 1'),
  'unknown field of the request': expressionOf('request.nope == 1'),
  'dryRun is known': expressionOf('request.dryRun'),
  'namespace fields': expressionOf('namespaceObject.metadata.nope == ""'),
  'namespace status': expressionOf('namespaceObject.status.phase == "Active"'),
  authorizer: expressionOf('authorizer.group("").resource("pods").check("get").allowed()'),
  'authorizer, wrong': expressionOf('authorizer.resource("pods").check("get").allowed()'),
  'patches are for mutations': expressionOf('JSONPatch{op: "add"} == null'),
  'objects are for mutations': expressionOf('Object{spec: Object.spec{}} == object'),
  'two-variable macros': expressionOf('object.metadata.labels.all(k, v, k != v)'),
  'cel.bind': expressionOf('cel.bind(x, 1, x == 1)'),
  optionals: expressionOf('object.?data[?"x"].orValue("") == ""'),
  format: expressionOf('!format.dns1123Label().validate("a").hasValue()'),
  ip: expressionOf('isIP("1.2.3.4")'),
  semver: expressionOf('semver("1.2.3").isGreaterThan(semver("1.0.0"))'),
  'variables before': wrong({
    variables: [
      { name: 'a', expression: '1' },
      { name: 'b', expression: 'variables.a + 1' },
    ],
    ...one('variables.b == 2'),
  }),
  'variables after': wrong({
    variables: [
      { name: 'b', expression: 'variables.a + 1' },
      { name: 'a', expression: '1' },
    ],
    ...one('variables.b == 2'),
  }),
  'unknown variable': wrong(one('variables.b == 2')),
  'variables of the wrong type': wrong({
    variables: [{ name: 'b', expression: '"a"' }],
    ...one('variables.b + 1 == 2'),
  }),
  'variable names': wrong({
    variables: [
      { name: '', expression: 'true' },
      { name: 'a-b', expression: 'true' },
      { name: 'x', expression: '' },
      { name: 'x', expression: 'true' },
      { name: 'in', expression: 'true' },
    ],
    ...one('true'),
  }),
  messages: wrong({
    validations: [
      { expression: 'true', message: ' ' },
      { expression: 'true', message: 'a\nb' },
      { expression: 'true', message: 'm'.repeat(5121) },
      { expression: 'true', messageExpression: ' ' },
      { expression: 'true', messageExpression: '1' },
      { expression: 'true', messageExpression: 'authorizer.x' },
      { expression: 'true', messageExpression: '"a' },
      { expression: 'true\n', message: 'a' },
      { expression: 'true\n&& true' },
    ],
  }),
  reasons: wrong({
    validations: [
      { expression: 'true', reason: 'Unauthorized' },
      { expression: 'true', reason: 'Because' },
      { expression: 'true', reason: '' },
    ],
  }),
  annotations: wrong({
    auditAnnotations: [
      { key: '', valueExpression: '"a"' },
      { key: 'a b', valueExpression: '"a"' },
      { key: 'ok', valueExpression: '' },
      { key: 'ok', valueExpression: '1' },
      { key: 'x/y', valueExpression: 'null' },
      { key: 'bad', valueExpression: 'a.' },
    ],
  }),
  'too many annotations': wrong({
    auditAnnotations: Array.from({ length: 21 }, (_, i) => ({ key: `k${i}`, valueExpression: '"a"' })),
  }),
  'match conditions': wrong({
    matchConditions: [
      { name: '', expression: 'true' },
      { name: 'a b', expression: '' },
      { name: 'a', expression: '1' },
      { name: 'a', expression: 'variables.x' },
      { name: 'b', expression: 'authorizer.requestResource.check("get").allowed()' },
      { name: 'c', expression: 'params.x' },
    ],
    ...one('true'),
  }),
  'match conditions may use parameters': wrong({
    paramKind: { apiVersion: 'v1', kind: 'ConfigMap' },
    matchConditions: [{ name: 'c', expression: 'params.x' }],
    ...one('true'),
  }),
  'kind of parameters': wrong({ paramKind: { apiVersion: '', kind: '' }, ...one('true') }),
  'kind of parameters, badly named': wrong({ paramKind: { apiVersion: 'a/b/c', kind: 'A b' }, ...one('true') }),
  'kind of parameters, no version': wrong({ paramKind: { apiVersion: 'apps/', kind: 'A' }, ...one('true') }),
  'costs too much': expressionOf(
    'object.data.all(a, object.data.all(b, object.data.all(c, object.data.all(d, a == d))))',
  ),
  'what is defaulted': wrong({
    matchConstraints: { resourceRules: [{ ...rule(['pods']), scope: undefined }] },
    ...one('true', { message: 'x', reason: 'Forbidden' }),
    matchConditions: [{ name: 'c', expression: 'true' }],
  }),
}

const refusedBindings: ParityCases = {
  'binding: nothing': stores(bindings, { ...binding(), spec: {} }),
  'binding: actions': stores(bindings, binding({ validationActions: ['Deny', 'Warn', 'Deny', 'Nag'] })),
  'binding: same action twice': stores(bindings, binding({ validationActions: ['Audit', 'Audit'] })),
  'binding: policy name': stores(bindings, binding({ policyName: 'A_b' })),
  'binding: reference without anything': stores(bindings, binding({ paramRef: {} })),
  'binding: name and selector': stores(
    bindings,
    binding({ paramRef: { name: 'a', selector: {}, parameterNotFoundAction: 'Deny' } }),
  ),
  'binding: selector': stores(
    bindings,
    binding({
      paramRef: { selector: { matchExpressions: [{ key: 'a', operator: 'Has' }] }, parameterNotFoundAction: 'Deny' },
    }),
  ),
  'binding: not found action': stores(bindings, binding({ paramRef: { name: 'a', parameterNotFoundAction: 'Cry' } })),
  'binding: name of parameters': stores(
    bindings,
    binding({ paramRef: { name: 'A b', namespace: 'c d', parameterNotFoundAction: 'Allow' } }),
  ),
  'binding: matches': stores(
    bindings,
    binding({ matchResources: { resourceRules: [{ operations: ['X'] }], matchPolicy: 'No' } }),
  ),
  'binding: stored': stores(bindings, binding({ matchResources: {} })),
  'mutation binding: nothing': stores(mutationBindings, { ...mutationBinding(), spec: {} }),
  'mutation binding: bad': stores(
    mutationBindings,
    mutationBinding({ policyName: 'A_b', paramRef: { name: '', parameterNotFoundAction: '' } }),
  ),
  'mutation binding: stored': stores(
    mutationBindings,
    mutationBinding({ paramRef: { name: 'a', parameterNotFoundAction: 'Allow' }, matchResources: {} }),
  ),
}

const refusedMutations: ParityCases = {
  'mutation: nothing': wrongMutation({}),
  'mutation: no spec': stores(mutations, { ...mutation({}), spec: {} }),
  'mutation: reinvocation': wrongMutation({ reinvocationPolicy: 'Often', mutations: [merge('Object{}')] }),
  'mutation: no patch type': wrongMutation({ mutations: [{}] }),
  'mutation: patch type': wrongMutation({ mutations: [{ patchType: 'Merge' }] }),
  'mutation: both': wrongMutation({
    mutations: [{ ...merge('Object{}'), jsonPatch: { expression: '[]' } }],
  }),
  'mutation: the other': wrongMutation({
    mutations: [{ patchType: 'JSONPatch', applyConfiguration: { expression: 'Object{}' } }],
  }),
  'mutation: type without its own': wrongMutation({
    mutations: [{ patchType: 'JSONPatch' }, { patchType: 'ApplyConfiguration' }],
  }),
  'mutation: blank': wrongMutation({ mutations: [merge(' '), jsonPatch('')] }),
  'mutation: syntax': wrongMutation({ mutations: [merge('Object{'), jsonPatch('[')] }),
  'mutation: wrong results': wrongMutation({
    mutations: [merge('1'), merge('{}'), merge('[]'), jsonPatch('1'), jsonPatch('[1]'), jsonPatch('JSONPatch{}')],
  }),
  'mutation: no operations': wrongMutation({ mutations: [jsonPatch('[]')] }),
  'mutation: optional operations': wrongMutation({
    mutations: [jsonPatch('[?optional.none()]'), jsonPatch('true ? [JSONPatch{op: "add"}] : []')],
  }),
  'mutation: fields of operations': wrongMutation({
    mutations: [jsonPatch('[JSONPatch{op: "add", nope: 1}]'), jsonPatch('[JSONPatch{op: 1, path: 2, from: 3}]')],
  }),
  'mutation: object fields': wrongMutation({
    mutations: [
      merge('Object{spec: Object.spec{replicas: 1}}'),
      merge('Object{spec: 1}'),
      merge('Object{spec: Object.other{}}'),
      merge('Object.spec{}'),
      merge('Object{metadata: Object.metadata{labels: {"a": "b"}}}'),
      merge('Object{metadata: {"labels": {"a": "b"}}}'),
      merge('Object{?spec: optional.none()}'),
    ],
  }),
  'mutation: lists of objects': wrongMutation({
    mutations: [
      merge(
        'Object{spec: Object.spec{containers: [Object.spec.containers{name: "a"}, Object.spec.containers{name: "b"}]}}',
      ),
      merge(
        'Object{spec: Object.spec{containers: object.spec.containers.map(c, Object.spec.containers.item{name: "a"})}}',
      ),
    ],
  }),
  'mutation: escapeKey': wrongMutation({
    mutations: [jsonPatch('[JSONPatch{op: "remove", path: "/a/" + jsonpatch.escapeKey("b/c")}]')],
  }),
  'mutation: variables and parameters': wrongMutation({
    paramKind: { apiVersion: 'v1', kind: 'ConfigMap' },
    variables: [
      { name: 'a', expression: 'Object{}' },
      { name: 'b', expression: '1 +' },
    ],
    mutations: [merge('variables.a'), merge('Object{data: params.data}')],
  }),
  'mutation: the rest as policies': wrongMutation({
    failurePolicy: 'X',
    matchConditions: [{ name: 'a', expression: '1' }],
    paramKind: { apiVersion: '', kind: '' },
    variables: [{ name: 'a-b', expression: 'true' }],
    mutations: [merge('Object{}')],
  }),
  'mutation: connect': wrongMutation({
    matchConstraints: constraints([rule(['pods'], { operations: ['CONNECT', 'DELETE', '*'] })]),
    mutations: [merge('Object{}')],
  }),
  'mutation: deletes': wrongMutation({
    matchConstraints: constraints([rule(['pods'], { operations: ['DELETE', 'CONNECT'] })]),
    mutations: [merge('Object{}')],
  }),
  'mutation: stored': wrongMutation({ mutations: [merge('Object{}')] }),
}

export const refusedPolicyCases: ParityCases = { ...refusedPolicies, ...refusedBindings, ...refusedMutations }
