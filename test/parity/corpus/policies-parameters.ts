import type { ParityCases } from '../case.ts'
import { create } from './build.ts'
import {
  policies,
  bindings,
  rule,
  policy,
  binding,
  setup,
  away,
  validating,
  one,
  post,
  limits,
  limit,
  withCrd,
  paramKind,
  atMost,
  data,
} from './policy-build.ts'

/** Parameters of validating policies. */

export const parameterPolicyCases: ParityCases = {
  'params: by name': validating({
    before: [...withCrd('Namespaced'), create(limits('{{ns}}'), limit('low', 1), setup)],
    spec: atMost,
    plain: true,
    bind: { paramRef: { name: 'low', parameterNotFoundAction: 'Deny' } },
    asks: [post('a', data(2), { until: { has: 'at most', seconds: 50 } }), post('a', data(1))],
  }),
  'params: by selector': validating({
    before: [
      ...withCrd('Namespaced'),
      create(limits('{{ns}}'), limit('a-low', 1, { use: 'yes' }), setup),
      create(limits('{{ns}}'), limit('b-high', 3, { use: 'yes' }), setup),
      create(limits('{{ns}}'), limit('c-other', 0), setup),
    ],
    spec: atMost,
    plain: true,
    bind: { paramRef: { selector: { matchLabels: { use: 'yes' } }, parameterNotFoundAction: 'Deny' } },
    asks: [
      post('a', data(2), { until: { has: 'at most', seconds: 50 } }),
      post('a', data(4), { codeOnly: true }),
      post('a', data(1)),
    ],
  }),
  'params: none, allowed': validating({
    before: withCrd('Namespaced'),
    spec: atMost,
    plain: true,
    bind: { paramRef: { name: 'low', parameterNotFoundAction: 'Allow' } },
    asks: [post('a', data(2))],
  }),
  'params: none, denied': validating({
    before: withCrd('Namespaced'),
    spec: atMost,
    plain: true,
    bind: { paramRef: { selector: { matchLabels: { a: 'b' } }, parameterNotFoundAction: 'Deny' } },
    asks: [post('a', data(2), { until: { has: 'no params found', seconds: 50 } })],
  }),
  'params: cluster-scoped': validating({
    before: [...withCrd('Cluster'), create(limits(), limit('low', 1), setup)],
    spec: atMost,
    plain: true,
    bind: { paramRef: { name: 'low', parameterNotFoundAction: 'Deny' } },
    asks: [post('a', data(2), { until: { has: 'at most', seconds: 50 } })],
  }),
  'params: a namespace of what has none': validating({
    before: [...withCrd('Cluster'), create(limits(), limit('low', 1), setup)],
    spec: atMost,
    plain: true,
    bind: { paramRef: { name: 'low', namespace: '{{ns}}', parameterNotFoundAction: 'Deny' } },
    asks: [post('a', data(2), { until: { has: 'cluster-scoped', seconds: 50 } })],
  }),
  'params: no namespace to look in': {
    steps: [
      ...withCrd('Namespaced'),
      create(
        policies,
        policy({
          paramKind,
          matchConstraints: { resourceRules: [rule(['priorityclasses'], { resourceNames: ['{{id}}'] })] },
          validations: [{ expression: 'params.max > 1' }],
        }),
        setup,
      ),
      create(bindings, binding({ paramRef: { name: 'low', parameterNotFoundAction: 'Allow' } }), setup),
      create(
        '/apis/scheduling.k8s.io/v1/priorityclasses?dryRun=All',
        { apiVersion: 'scheduling.k8s.io/v1', kind: 'PriorityClass', metadata: { name: '{{id}}' }, value: 1 },
        { until: { has: 'with binding', seconds: 30 } },
      ),
      ...away(bindings, policies),
    ],
  },
  'params: no such kind': validating({
    spec: { paramKind: { apiVersion: '{{id}}.example.com/v1', kind: 'Nope' }, ...one('params.max > 1') },
    plain: true,
    bind: { paramRef: { name: 'low', parameterNotFoundAction: 'Allow' } },
    asks: [post('a', {}, { until: { has: 'denied', seconds: 30 } })],
  }),
  'params: no reference': validating({
    before: withCrd('Namespaced'),
    spec: { paramKind, ...one('params != null', { message: 'null' }) },
    plain: true,
    asks: [post('a', {}, { until: { has: 'with binding', seconds: 30 } })],
  }),
  'params: a reference that nobody asked for': validating({
    spec: one('object.metadata.name != "a"'),
    bind: { paramRef: { name: 'low', parameterNotFoundAction: 'Deny' } },
    asks: [post('a')],
  }),
  'params: in match conditions': validating({
    before: [...withCrd('Namespaced'), create(limits('{{ns}}'), limit('low', 1), setup)],
    spec: {
      ...atMost,
      matchConditions: [{ name: 'small', expression: 'params.max < 2 && object.metadata.name != "b"' }],
    },
    plain: true,
    bind: { paramRef: { name: 'low', parameterNotFoundAction: 'Deny' } },
    asks: [post('a', data(2), { until: { has: 'at most', seconds: 50 } }), post('b', data(2))],
  }),
}
