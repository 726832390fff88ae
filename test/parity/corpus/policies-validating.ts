import type { ParityCases } from '../case.ts'
import { configMap, core, create, deployment, get, grouped, patch, pod, put, remove } from './build.ts'
import {
  policies,
  bindings,
  configMaps,
  deployments,
  rule,
  constraints,
  policy,
  binding,
  setup,
  away,
  validating,
  one,
  post,
  data,
} from './policy-build.ts'

/** What validating policies answer to requests. */

export const validatingPolicyCases: ParityCases = {
  'deny: several validations': validating({
    spec: {
      validations: [
        { expression: 'object.metadata.name != "a"', message: 'first', reason: 'Forbidden' },
        { expression: 'object.metadata.name != "a"', messageExpression: '"second of " + object.metadata.name' },
        { expression: 'object.metadata.name != "b"' },
      ],
    },
    asks: [post('a'), post('b'), post('c')],
  }),
  'deny: each reason': validating({
    spec: {
      validations: ['Forbidden', 'Invalid', 'RequestEntityTooLarge'].map((reason) => ({
        expression: `object.metadata.name != "${reason.toLowerCase()}"`,
        message: reason,
        reason,
      })),
    },
    asks: ['forbidden', 'invalid', 'requestentitytoolarge'].map((name) => post(name)),
  }),
  'deny: a generated name': validating({
    spec: one('false', { message: 'never' }),
    plain: true,
    asks: [
      create(
        `${configMaps}?dryRun=All`,
        { apiVersion: 'v1', kind: 'ConfigMap', metadata: { generateName: 'g-' } },
        { until: { code: 422 } },
      ),
    ],
  }),
  'message expressions that fail': validating({
    spec: {
      validations: [
        { expression: 'object.metadata.name != "a"', message: 'plain', messageExpression: 'string(object.data.x)' },
        { expression: 'object.metadata.name != "b"', messageExpression: 'string(object.data.x)' },
        { expression: 'object.metadata.name != "c"', message: 'plain', messageExpression: '"a\\nb"' },
        { expression: 'object.metadata.name != "d"', message: 'plain', messageExpression: '"  "' },
        { expression: 'object.metadata.name != "e"', messageExpression: '" with blanks "' },
        { expression: 'object.metadata.name != "f"', message: 'plain', messageExpression: 'string(object.data.x)' },
        { expression: '\n  object.metadata.name\n != "g"', message: 'p' },
        { expression: 'object.metadata.name != "h"\n', message: 'h' },
      ],
    },
    asks: [
      post('a'),
      post('b'),
      post('c'),
      post('d'),
      post('e'),
      post('f', { data: { x: 'm'.repeat(5121) } }),
      post('g'),
      post('h'),
    ],
  }),
  warn: validating({
    spec: {
      validations: [
        { expression: 'object.metadata.name != "a"', message: 'first "quoted"', reason: 'Forbidden' },
        { expression: 'object.metadata.name != "a"' },
      ],
    },
    bind: { validationActions: ['Warn'] },
    asks: [post('a'), post('b')],
  }),
  'warn and audit': validating({
    spec: one('object.metadata.name != "a"'),
    bind: { validationActions: ['Warn', 'Audit'] },
    asks: [post('a')],
  }),
  'audit alone': validating({
    spec: one('false'),
    plain: true,
    bind: { validationActions: ['Audit'] },
    asks: [post('a')],
  }),
  errors: validating({
    spec: {
      variables: [
        { name: 'x', expression: 'object.data.x' },
        { name: 'y', expression: 'variables.x + "y"' },
      ],
      validations: [
        { expression: 'object.metadata.name != "a" || object.data.x == "1"', message: 'unused', reason: 'Forbidden' },
        { expression: 'object.metadata.name != "b" || variables.x == "1"' },
        { expression: 'object.metadata.name != "c" || variables.y == "1"' },
        { expression: 'object.metadata.name != "d" || 1 / (object.data.size() - 1) == 0' },
        { expression: 'object.metadata.name != "e" || int(object.data.x) == 1' },
        { expression: 'object.metadata.name != "f" || object.data["k"] == "1"' },
        { expression: 'object.metadata.name != "g" || object.data.k + 1 == 2' },
        { expression: 'object.metadata.name != "h" || object.data' },
        { expression: 'object.metadata.name != "i" || uint(object.data.x) == 1u' },
        { expression: 'object.metadata.name != "j" || double(object.data.x) == 1.0' },
        { expression: 'object.metadata.name != "k" || bool(object.data.x)' },
        { expression: 'object.metadata.name != "l" || timestamp(object.data.x) == timestamp(object.data.x)' },
        { expression: 'object.metadata.name != "m" || duration(object.data.x) == duration(object.data.x)' },
        { expression: 'object.metadata.name != "n" || int(object.data) == 1' },
        { expression: 'object.metadata.name != "o" || object.data.x[0] == "a"' },
        { expression: 'object.metadata.name != "p" || [1, 2][5] == 1' },
        { expression: 'object.metadata.name != "q" || object.data.x.matches(object.data.re)' },
        { expression: 'object.metadata.name != "r" || quantity(object.data.x).isGreaterThan(quantity("1"))' },
        { expression: 'object.metadata.name != "s" || url(object.data.x).getHost() == ""' },
        { expression: 'object.metadata.name != "t" || -9223372036854775807 - 5 == 0' },
        { expression: 'object.metadata.name != "u" || string(object.data) == ""' },
        { expression: 'object.metadata.name != "v" || object.data.x.foo == ""' },
        { expression: 'object.metadata.name != "w" || semver(object.data.x).major() == 1' },
        { expression: 'object.metadata.name != "x" || ip(object.data.x).family() == 4' },
        { expression: 'object.metadata.name != "y" || object.data.x.substring(5) == ""' },
      ],
    },
    asks: [
      post('a'),
      post('b'),
      post('c'),
      post('d', { data: { k: 'v' } }),
      post('e', { data: { x: 'v' } }),
      post('f', { data: { x: 'v' } }),
      post('g', { data: { k: 'v' } }),
      post('h', { data: { k: 'v' } }),
      ...'ijklmnopqrstuvwxy'.split('').map((name) => post(name, { data: { x: 'v', re: '(' } })),
    ],
  }),
  'errors that are warned of': validating({
    spec: one('object.metadata.name != "a" || object.data.x == "1"'),
    bind: { validationActions: ['Warn'] },
    asks: [post('a')],
  }),
  'errors that are ignored': validating({
    spec: {
      failurePolicy: 'Ignore',
      validations: [
        { expression: 'object.metadata.name != "a" || object.data.x == "1"' },
        { expression: 'object.metadata.name != "b"', message: 'still counts' },
      ],
    },
    asks: [post('a'), post('b')],
  }),
  costs: validating({
    spec: {
      validations: [
        {
          expression:
            'object.metadata.name != "a" || object.data.all(a, object.data.all(b, object.data.all(c, object.data.all(d, object.data.all(e, a == a)))))',
        },
        {
          expression:
            'object.metadata.name != "b" || object.data.all(a, object.data.all(b, object.data.all(c, a == a)))',
        },
      ],
    },
    asks: [post('a', data(30)), post('b', data(20))],
  }),
  'costs: all together': validating({
    spec: {
      validations: Array.from({ length: 40 }, (_, i) => ({
        expression: `object.metadata.name != "a" || object.data.all(a, object.data.all(b, object.data.all(c, a == a || ${i} == ${i})))`,
      })),
    },
    asks: [post('a', data(40))],
  }),
  'match conditions': validating({
    spec: {
      matchConditions: [
        { name: 'one', expression: 'object.metadata.name != "a"' },
        { name: 'two', expression: 'object.metadata.name == "probe" || object.data.x == "1"' },
        { name: 'three', expression: 'object.metadata.name == "probe" || object.data.y == "1"' },
      ],
      ...one('object.metadata.name == "probe"', { message: 'reached' }),
    },
    asks: [
      post('a'),
      post('b'),
      post('b', { data: { x: '2' } }),
      post('b', { data: { x: '1', y: '2' } }),
      post('b', { data: { x: '1', y: '1' } }),
    ],
  }),
  'match conditions: errors ignored': validating({
    spec: {
      failurePolicy: 'Ignore',
      matchConditions: [{ name: 'two', expression: 'object.metadata.name == "probe" || object.data.x == "1"' }],
      ...one('object.metadata.name == "probe"', { message: 'reached' }),
    },
    asks: [post('b'), post('b', { data: { x: '1' } })],
  }),
  'match conditions: errors warned of': validating({
    spec: {
      matchConditions: [{ name: 'two', expression: 'object.metadata.name == "probe" || object.data.x == "1"' }],
      ...one('object.metadata.name == "probe"', { message: 'reached' }),
    },
    bind: { validationActions: ['Warn'] },
    asks: [post('b')],
  }),
  'the request': validating({
    spec: one('object.metadata.name == "probe"', {
      messageExpression:
        '[request.operation, request.name, request.namespace, request.kind.group, request.kind.version, request.kind.kind, request.resource.resource, request.requestKind.kind, request.requestResource.version, string(request.dryRun), request.userInfo.groups.join(","), namespaceObject.metadata.name].join("|")',
    }),
    asks: [post('a'), create(configMaps, configMap('b'))],
  }),
  'what may be absent of the request': validating({
    spec: one('object.metadata.name == "probe"', {
      messageExpression:
        '[has(request.subResource), has(request.options), has(request.userInfo.uid), has(request.name)].map(b, string(b)).join("|")',
    }),
    asks: [post('a')],
  }),
  'updates and deletes': {
    steps: [
      create(
        policies,
        policy({
          matchConstraints: constraints([rule(['configmaps'], { operations: ['UPDATE', 'DELETE'] })]),
          validations: [
            { expression: 'request.operation != "UPDATE" || object.data.k == oldObject.data.k', message: 'k stays' },
            { expression: 'request.operation != "DELETE" || oldObject.metadata.name != "a"', message: 'a stays' },
            { expression: 'request.operation != "DELETE" || object == null', message: 'no object' },
          ],
        }),
        setup,
      ),
      create(bindings, binding(), setup),
      create(configMaps, configMap('a', { data: { k: '1' } }), setup),
      create(configMaps, configMap('b', { data: { k: '1' } }), setup),
      remove(`${configMaps}/a?dryRun=All`, undefined, { ...setup, until: { code: 422 } }),
      put(`${configMaps}/a`, configMap('a', { data: { k: '2' } })),
      patch('merge', `${configMaps}/a`, { data: { k: '3' } }),
      patch('apply', `${configMaps}/a?fieldManager=m&force=true`, configMap('a', { data: { k: '3' } })),
      patch('merge', `${configMaps}/a`, { data: { l: '3' } }),
      remove(`${configMaps}/a`),
      remove(`${configMaps}/b`),
      remove(configMaps),
      ...away(bindings, policies),
    ],
  },
  subresources: {
    steps: [
      create(deployments, deployment('d', { replicas: 1 }), setup),
      create(core('pods'), pod('p'), setup),
      create(
        policies,
        policy({
          matchConstraints: constraints([
            rule(['deployments/scale', 'pods/binding', 'pods/eviction', 'pods/exec', 'deployments/status'], {
              operations: ['*'],
            }),
          ]),
          validations: [
            {
              expression: 'false',
              messageExpression:
                '[request.operation, request.subResource, request.requestSubResource, request.kind.kind, string(object.kind), request.name].join("|")',
            },
          ],
        }),
        setup,
      ),
      create(bindings, binding(), setup),
      patch('merge', `${deployments}/d/scale`, { spec: { replicas: 5 } }, { until: { code: 422 } }),
      patch('merge', `${deployments}/d/status`, { status: { replicas: 5 } }),
      create(`${core('pods')}/p/binding`, {
        apiVersion: 'v1',
        kind: 'Binding',
        metadata: { name: 'p' },
        target: { kind: 'Node', name: 'n' },
      }),
      create(`${core('pods')}/p/eviction`, { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name: 'p' } }),
      get(`${core('pods')}/p/exec?command=ls&stdout=true`),
      ...away(bindings, policies),
    ],
  },
  'equivalent versions': {
    steps: [
      create(
        policies,
        policy({
          matchConstraints: constraints([
            rule(['horizontalpodautoscalers'], { apiGroups: ['autoscaling'], apiVersions: ['v1'] }),
          ]),
          validations: [
            {
              expression: 'false',
              messageExpression:
                '[request.kind.version, request.requestKind.version, string(object.apiVersion), string(object.spec.targetCPUUtilizationPercentage)].join("|")',
            },
          ],
        }),
        setup,
      ),
      create(bindings, binding(), setup),
      create(
        `${grouped('autoscaling/v2', 'horizontalpodautoscalers')}?dryRun=All`,
        {
          apiVersion: 'autoscaling/v2',
          kind: 'HorizontalPodAutoscaler',
          metadata: { name: 'h' },
          spec: {
            maxReplicas: 2,
            scaleTargetRef: { kind: 'Deployment', name: 'd', apiVersion: 'apps/v1' },
            metrics: [
              { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 50 } } },
            ],
          },
        },
        { until: { code: 422 } },
      ),
      ...away(bindings, policies),
    ],
  },
  'what a binding leaves out': validating({
    spec: one('object.metadata.name == "probe"', { message: 'bound' }),
    bind: {
      matchResources: {
        objectSelector: { matchExpressions: [{ key: 'skip', operator: 'DoesNotExist' }] },
        excludeResourceRules: [rule(['configmaps'], { resourceNames: ['excluded'] })],
      },
    },
    asks: [
      post('a'),
      post('excluded'),
      create(`${configMaps}?dryRun=All`, { ...configMap('b'), metadata: { name: 'b', labels: { skip: '1' } } }),
    ],
  }),
  'resource names': validating({
    spec: {
      matchConstraints: constraints([rule(['configmaps'], { resourceNames: ['a', 'probe'] })]),
      ...one('object.metadata.name == "probe"', { message: 'named' }),
    },
    asks: [post('a'), post('b')],
  }),
  'annotations that fail': validating({
    spec: {
      ...one('true'),
      auditAnnotations: [
        { key: 'a', valueExpression: 'object.metadata.name == "a" ? object.data.x + "" : "fine"' },
        { key: 'b', valueExpression: 'object.metadata.name == "b" ? object.data.x + "" : "fine"' },
      ],
    },
    asks: [post('a'), post('b'), post('c')],
  }),
  'two bindings': {
    steps: [
      create(policies, policy(one('object.metadata.name == "x"', { message: 'no' })), setup),
      create(bindings, binding({}, '{{id}}-a'), setup),
      create(bindings, binding({ validationActions: ['Deny', 'Audit'] }, '{{id}}-b'), setup),
      create(bindings, binding({ validationActions: ['Warn'] }, '{{id}}-c'), setup),
      post('a', {}, { until: { code: 422 }, codeOnly: true }),
      ...['a', 'b', 'c'].map((one) => remove(`${bindings}/{{id}}-${one}`, undefined, setup)),
      ...away(policies),
    ],
  },
  authorizer: validating({
    spec: {
      validations: [
        {
          expression: 'object.metadata.name != "a" || authorizer.requestResource.check("create").allowed() == false',
          message: 'the requester may',
        },
        {
          expression:
            'object.metadata.name != "b" || authorizer.serviceAccount("{{ns}}", "default").group("").resource("pods").namespace("{{ns}}").check("get").allowed()',
          messageExpression: '"may not"',
        },
        {
          expression: 'object.metadata.name != "c" || authorizer.path("/healthz").check("get").reason() == "x"',
          message: 'healthz',
        },
        {
          expression:
            'object.metadata.name != "d" || authorizer.serviceAccount("A b", "c").path("/x").check("get").allowed()',
        },
        { expression: 'object.metadata.name != "e" || authorizer.group("").resource("pods").check("get").errored()' },
        { expression: 'object.metadata.name != "f" || authorizer.path("").check("get").allowed()' },
      ],
    },
    asks: ['a', 'b', 'c', 'd', 'e', 'f'].map((name) => post(name)),
  }),
  'the policy alone does nothing': {
    steps: [create(policies, policy(one('false')), setup), post('a'), ...away(policies)],
  },
  'policies are not about policies': {
    steps: [
      create(
        policies,
        policy({ matchConstraints: { resourceRules: [rule(['validatingadmissionpolicies'])] }, ...one('false') }),
        setup,
      ),
      create(bindings, binding(), setup),
      create(policies, policy(one('true'), '{{id}}-b')),
      remove(`${policies}/{{id}}-b`, undefined, setup),
      ...away(bindings, policies),
    ],
  },
  'cluster-scoped objects': {
    steps: [
      create(
        policies,
        policy({
          matchConstraints: {
            resourceRules: [rule(['priorityclasses'], { resourceNames: ['{{id}}'] })],
            namespaceSelector: { matchLabels: { nope: 'x' } },
          },
          validations: [{ expression: 'namespaceObject != null', message: 'no namespace' }],
        }),
        setup,
      ),
      create(bindings, binding(), setup),
      create(
        '/apis/scheduling.k8s.io/v1/priorityclasses?dryRun=All',
        { apiVersion: 'scheduling.k8s.io/v1', kind: 'PriorityClass', metadata: { name: '{{id}}' }, value: 1 },
        { until: { code: 422 } },
      ),
      ...away(bindings, policies),
    ],
  },
  'updates of policies': {
    steps: [
      create(policies, policy(one('object.metadata.name == "a"')), setup),
      patch('merge', `${policies}/{{id}}`, { spec: { validations: [{ expression: '1' }] } }),
      patch('merge', `${policies}/{{id}}`, { spec: { matchConstraints: null } }),
      patch('merge', `${policies}/{{id}}`, { spec: { failurePolicy: 'Ignore' }, status: { observedGeneration: 5 } }),
      patch('merge', `${policies}/{{id}}/status`, {
        spec: { failurePolicy: 'Fail' },
        status: { observedGeneration: 7, typeChecking: { expressionWarnings: [{ fieldRef: '', warning: '' }] } },
      }),
      patch('merge', `${policies}/{{id}}/status`, {
        status: {
          observedGeneration: 7,
          typeChecking: { expressionWarnings: [{ fieldRef: 'spec.validations[0].expression', warning: 'w' }] },
          conditions: [
            { type: 'A', status: 'Maybe', reason: '', message: '', lastTransitionTime: '2020-01-01T00:00:00Z' },
          ],
        },
      }),
      patch('merge', `${policies}/{{id}}/status`, {
        status: {
          observedGeneration: 7,
          typeChecking: { expressionWarnings: [{ fieldRef: 'spec.validations[0].expression', warning: 'w' }] },
          conditions: [
            { type: 'A', status: 'True', reason: 'B', message: '', lastTransitionTime: '2020-01-01T00:00:00Z' },
          ],
        },
      }),
      get(`${policies}/{{id}}`),
      ...away(policies),
    ],
  },
}
