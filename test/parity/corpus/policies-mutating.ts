import type { ParityCase, ParityCases } from '../case.ts'
import { configMap, core, create, deployment, patch, pod, remove } from './build.ts'
import {
  policies,
  bindings,
  mutations,
  mutationBindings,
  configMaps,
  deployments,
  rule,
  constraints,
  policy,
  binding,
  mutation,
  mutationBinding,
  merge,
  jsonPatch,
  setup,
  away,
  one,
  change,
  mutating,
  refused,
  changed,
  limits,
  limit,
  withCrd,
  paramKind,
} from './policy-build.ts'

/** What mutating policies make of requests. */

const withFinalizer = { ...change, metadata: { name: 'a', finalizers: ['a/b'] } }
const probed = '[JSONPatch{op: "add", path: "/metadata/annotations", value: {"known": "done"}}]'
/** One operation; what it does to an object named probe shows that the policy is known. */
const operation = (text: string): ParityCase =>
  mutating({
    spec: { mutations: [jsonPatch(`object.metadata.name == "probe" ? ${probed} : [JSONPatch${text}]`)] },
    asks: [
      create(`${configMaps}?dryRun=All`, configMap('probe'), { ...setup, until: { has: 'done' } }),
      create(`${configMaps}?dryRun=All`, withFinalizer),
    ],
  })

export const mutatingPolicyCases: ParityCases = {
  'json patch: every operation': changed(
    jsonPatch(
      '[JSONPatch{op: "add", path: "/data/a", value: "done"}, JSONPatch{op: "test", path: "/data/a", value: "done"}, JSONPatch{op: "copy", from: "/data/a", path: "/data/b"}, JSONPatch{op: "move", from: "/data/b", path: "/data/c"}, JSONPatch{op: "replace", path: "/data/c", value: "x"}, JSONPatch{op: "remove", path: "/data/k"}]',
    ),
  ),
  'json patch: keys with slashes': changed(
    jsonPatch(
      '[JSONPatch{op: "add", path: "/metadata/labels", value: {}}, JSONPatch{op: "add", path: "/metadata/labels/" + jsonpatch.escapeKey("example.com/a"), value: "done"}]',
    ),
    { ...change, metadata: { name: 'a' } },
  ),
  'json patch: objects as values': changed(
    jsonPatch(
      '[JSONPatch{op: "add", path: "/metadata/labels", value: Object.metadata.labels{done: "yes"}}, JSONPatch{op: "add", path: "/metadata/annotations", value: {"n": "a", "b": "c"}}]',
    ),
  ),
  'json patch: numbers': {
    steps: [
      create(
        mutations,
        mutation({
          matchConstraints: constraints([rule(['deployments'])]),
          mutations: [
            jsonPatch(
              '[JSONPatch{op: "replace", path: "/spec/replicas", value: object.spec.replicas + 4}, JSONPatch{op: "add", path: "/spec/template/spec/hostNetwork", value: true}, JSONPatch{op: "add", path: "/spec/template/spec/containers/0/args", value: ["done", "b"]}]',
            ),
          ],
        }),
        setup,
      ),
      create(mutationBindings, mutationBinding(), setup),
      create(`${deployments}?dryRun=All`, deployment('d', { replicas: 1 }), { until: { has: 'done' } }),
      ...away(mutationBindings, mutations),
    ],
  },
  'json patch: no operation': refused(jsonPatch('[JSONPatch{path: "/data/k"}]')),
  'json patch: strange operation': refused(jsonPatch('[JSONPatch{op: "ruin", path: "/data/k"}]')),
  'json patch: no path': refused(jsonPatch('[JSONPatch{op: "add", value: "x"}]')),
  'json patch: no value': changed(jsonPatch('[JSONPatch{op: "add", path: "/data/z"}]')),
  'json patch: path without parent': refused(jsonPatch('[JSONPatch{op: "add", path: "/x/y/z", value: "a"}]')),
  'json patch: remove what is not there': refused(jsonPatch('[JSONPatch{op: "remove", path: "/data/zzz"}]')),
  'json patch: copy from nowhere': refused(jsonPatch('[JSONPatch{op: "copy", from: "/x/y", path: "/data/z"}]')),
  'json patch: test that fails': changed(jsonPatch('[JSONPatch{op: "test", path: "/data/k", value: "w"}]')),
  'json patch: remove without parent': operation('{op: "remove", path: "/x/y"}'),
  'json patch: replace without parent': operation('{op: "replace", path: "/x/y", value: "a"}'),
  'json patch: replace what is not there': operation('{op: "replace", path: "/data/zzz", value: "a"}'),
  'json patch: move from nowhere': operation('{op: "move", from: "/x/y", path: "/data/z"}'),
  'json patch: move what is not there': operation('{op: "move", from: "/data/zzz", path: "/data/z"}'),
  'json patch: move to nowhere': operation('{op: "move", from: "/data/k", path: "/x/y"}'),
  'json patch: copy to nowhere': operation('{op: "copy", from: "/data/k", path: "/x/y"}'),
  'json patch: copy what is not there': operation('{op: "copy", from: "/data/zzz", path: "/data/z"}'),
  'json patch: test what is not there': operation('{op: "test", path: "/data/zzz", value: "w"}'),
  'json patch: test without parent': operation('{op: "test", path: "/x/y", value: "w"}'),
  'json patch: an index that is none': operation('{op: "add", path: "/metadata/finalizers/x", value: "a/b"}'),
  'json patch: an index too high': operation('{op: "add", path: "/metadata/finalizers/5", value: "a/b"}'),
  'json patch: remove an index too high': operation('{op: "remove", path: "/metadata/finalizers/5"}'),
  'json patch: the whole': operation('{op: "replace", path: "", value: {"data": {"x": "done"}}}'),
  'json patch: result of another type': refused(jsonPatch('[JSONPatch{op: "replace", path: "/data", value: 5}]')),
  'json patch: value of a wrong type': refused(jsonPatch('[JSONPatch{op: "add", path: "/data/z", value: 5}]')),
  'json patch: unknown fields': refused(
    jsonPatch('[JSONPatch{op: "add", path: "/nope", value: 5}, JSONPatch{op: "add", path: "/data/z", value: "done"}]'),
  ),
  'json patch: an expression that fails': refused(
    jsonPatch('[JSONPatch{op: "add", path: "/data/z", value: object.data.nope}]'),
  ),
  'json patch: another name': changed(jsonPatch('[JSONPatch{op: "replace", path: "/metadata/name", value: "b"}]')),
  'json patch: another kind': refused(jsonPatch('[JSONPatch{op: "replace", path: "/kind", value: "Secret"}]')),
  'json patch: no condition': changed(
    jsonPatch('object.metadata.name == "a" ? [JSONPatch{op: "add", path: "/data/z", value: "done"}] : []'),
  ),
  'apply: labels': changed(merge('Object{metadata: Object.metadata{labels: Object.metadata.labels{env: "done"}}}')),
  'apply: labels from a map': changed(merge('Object{metadata: Object.metadata{labels: {"a": "done"}}}')),
  'apply: data': changed(merge('Object{data: Object.data{k: "done", l: object.data.k}}')),
  'apply: an expression that fails': refused(merge('Object{data: Object.data{l: object.data.nope}}')),
  'apply: types by another path': refused(merge('Object{data: Object.metadata{l: "x"}}')),
  'apply: fields that are not there': refused(merge('Object{nope: "x"}')),
  'apply: values of a wrong type': refused(merge('Object{data: Object.data{k: 5}}')),
  'apply: nothing': {
    steps: [
      create(
        mutations,
        mutation({
          mutations: [merge('Object{}'), jsonPatch('[JSONPatch{op: "add", path: "/data/z", value: "done"}]')],
        }),
        setup,
      ),
      create(mutationBindings, mutationBinding(), setup),
      create(`${configMaps}?dryRun=All`, change, { until: { has: 'done' } }),
      ...away(mutationBindings, mutations),
    ],
  },
  'apply: optional fields': changed(
    merge('Object{?metadata: optional.none(), data: Object.data{?k: optional.of("done"), ?z: object.data[?"zz"]}}'),
  ),
  'apply: unset with optional none': changed(
    merge(
      'Object{data: Object.data{l: "done"}, ?metadata: optional.of(Object.metadata{labels: Object.metadata.labels{a: "b"}})}',
    ),
  ),
  'apply: the name': changed(merge('Object{metadata: Object.metadata{name: "b"}}')),
  'apply: containers': {
    steps: [
      create(
        mutations,
        mutation({
          matchConstraints: constraints([rule(['pods'])]),
          mutations: [
            merge(
              'Object{spec: Object.spec{initContainers: [Object.spec.initContainers{name: "mesh-proxy", image: "registry.example/done:1", restartPolicy: "Always"}], containers: object.spec.containers.map(c, Object.spec.containers{name: c.name, env: [Object.spec.containers.env{name: "X", value: "1"}]})}}',
            ),
          ],
        }),
        setup,
      ),
      create(mutationBindings, mutationBinding(), setup),
      create(
        `${core('pods')}?dryRun=All`,
        pod('p', { containers: [{ name: 'c', image: 'registry.example/a:1', env: [{ name: 'Y', value: '2' }] }] }),
        { until: { has: 'done' } },
      ),
      ...away(mutationBindings, mutations),
    ],
  },
  'apply: an atomic list': {
    steps: [
      create(
        mutations,
        mutation({
          matchConstraints: constraints([rule(['pods'])]),
          mutations: [merge('Object{spec: Object.spec{containers: [Object.spec.containers{name: "c", args: ["x"]}]}}')],
        }),
        setup,
      ),
      create(mutationBindings, mutationBinding(), setup),
      create(`${core('pods')}?dryRun=All`, pod('p'), { until: { has: 'denied' } }),
      ...away(mutationBindings, mutations),
    ],
  },
  'apply: an atomic map': {
    steps: [
      create(
        mutations,
        mutation({
          matchConstraints: constraints([rule(['pods'])]),
          mutations: [merge('Object{spec: Object.spec{nodeSelector: Object.spec.nodeSelector{a: "b"}}}')],
        }),
        setup,
      ),
      create(mutationBindings, mutationBinding(), setup),
      create(`${core('pods')}?dryRun=All`, pod('p'), { until: { has: 'denied' } }),
      ...away(mutationBindings, mutations),
    ],
  },
  'apply: items without keys': {
    steps: [
      create(
        mutations,
        mutation({
          matchConstraints: constraints([rule(['pods'])]),
          mutations: [merge('Object{spec: Object.spec{containers: [Object.spec.containers{image: "c"}]}}')],
        }),
        setup,
      ),
      create(mutationBindings, mutationBinding(), setup),
      create(`${core('pods')}?dryRun=All`, pod('p'), { until: { code: 422 } }),
      ...away(mutationBindings, mutations),
    ],
  },
  'apply: defaults afterwards': {
    steps: [
      create(
        mutations,
        mutation({
          matchConstraints: constraints([rule(['services'])]),
          mutations: [
            merge(
              'Object{spec: Object.spec{ports: [Object.spec.ports{port: 81, name: "done"}], sessionAffinity: "ClientIP"}}',
            ),
          ],
        }),
        setup,
      ),
      create(mutationBindings, mutationBinding(), setup),
      create(
        `${core('services')}?dryRun=All`,
        {
          apiVersion: 'v1',
          kind: 'Service',
          metadata: { name: 's' },
          spec: { ports: [{ port: 80, name: 'a' }], selector: { a: 'b' } },
        },
        { until: { has: 'done' } },
      ),
      ...away(mutationBindings, mutations),
    ],
  },
  'mutations of an update, and who owns them': {
    keep: ['managedFields'],
    steps: [
      create(
        mutations,
        mutation({
          mutations: [
            merge('Object{data: Object.data{l: "done"}}'),
            jsonPatch('[JSONPatch{op: "add", path: "/data/m", value: "too"}]'),
          ],
        }),
        setup,
      ),
      create(mutationBindings, mutationBinding(), setup),
      create(`${configMaps}?dryRun=All`, change, { setup: true, until: { has: 'done' } }),
      create(`${configMaps}?fieldManager=c`, change),
      patch('merge', `${configMaps}/a?fieldManager=p`, { data: { l: 'mine', n: 'x' } }),
      patch('apply', `${configMaps}/a?fieldManager=s`, configMap('a', { data: { o: 'x' } })),
      ...away(mutationBindings, mutations),
    ],
  },
  'mutations: parameters and variables': {
    steps: [
      ...withCrd('Namespaced'),
      create(limits('{{ns}}'), limit('a-one', 1, { use: 'yes' }), setup),
      create(limits('{{ns}}'), limit('b-two', 2, { use: 'yes' }), setup),
      create(
        mutations,
        mutation({
          paramKind,
          variables: [{ name: 'key', expression: '"k" + string(params.max)' }],
          mutations: [jsonPatch('[JSONPatch{op: "add", path: "/data/" + variables.key, value: params.metadata.name}]')],
        }),
        setup,
      ),
      create(
        mutationBindings,
        mutationBinding({
          paramRef: { selector: { matchLabels: { use: 'yes' } }, parameterNotFoundAction: 'Deny' },
        }),
        setup,
      ),
      create(`${configMaps}?dryRun=All`, change, { until: { has: 'b-two', seconds: 50 } }),
      ...away(mutationBindings, mutations),
    ],
  },
  'mutations: no parameters': {
    steps: [
      ...withCrd('Namespaced'),
      create(mutations, mutation({ paramKind, mutations: [merge('Object{data: Object.data{k: "x"}}')] }), setup),
      create(mutationBindings, mutationBinding({ paramRef: { name: 'low', parameterNotFoundAction: 'Deny' } }), setup),
      create(`${configMaps}?dryRun=All`, change, { until: { has: 'with binding', seconds: 50 } }),
      ...away(mutationBindings, mutations),
    ],
  },
  'mutations: match conditions': mutating({
    spec: {
      matchConditions: [
        { name: 'a', expression: 'object.metadata.name != "b"' },
        { name: 'c', expression: 'object.metadata.name != "c" || object.data.nope == ""' },
      ],
      mutations: [merge('Object{data: Object.data{l: "done"}}')],
    },
    asks: [
      create(`${configMaps}?dryRun=All`, change, { until: { has: 'done' } }),
      create(`${configMaps}?dryRun=All`, configMap('b')),
      create(`${configMaps}?dryRun=All`, configMap('c')),
    ],
  }),
  'mutations: failures ignored': mutating({
    spec: {
      failurePolicy: 'Ignore',
      mutations: [
        merge('Object{data: Object.data{l: "done"}}'),
        merge('Object{data: Object.data{m: object.data.nope}}'),
        merge('Object{data: Object.data{n: "too"}}'),
      ],
    },
    asks: [create(`${configMaps}?dryRun=All`, change, { until: { has: 'done' } })],
  }),
  'mutations: one sees what another did': mutating({
    spec: {
      variables: [{ name: 'n', expression: 'string(object.data.size())' }],
      mutations: [
        merge('Object{data: Object.data{l: variables.n}}'),
        merge('Object{data: Object.data{m: variables.n, done: object.data.l}}'),
      ],
    },
    asks: [create(`${configMaps}?dryRun=All`, change, { until: { has: 'done' } })],
  }),
  'mutations: another looks again': {
    steps: [
      create(
        mutations,
        mutation(
          {
            reinvocationPolicy: 'IfNeeded',
            mutations: [jsonPatch('[JSONPatch{op: "add", path: "/data/a" + string(object.data.size()), value: "a"}]')],
          },
          '{{id}}-a',
        ),
        setup,
      ),
      create(
        mutations,
        mutation(
          {
            mutations: [jsonPatch('[JSONPatch{op: "add", path: "/data/b" + string(object.data.size()), value: "b"}]')],
          },
          '{{id}}-b',
        ),
        setup,
      ),
      create(mutationBindings, mutationBinding({ policyName: '{{id}}-a' }, '{{id}}-a'), setup),
      create(mutationBindings, mutationBinding({ policyName: '{{id}}-b' }, '{{id}}-b'), setup),
      create(`${configMaps}?dryRun=All`, change, { until: { has: '"b2"', seconds: 5 } }),
      ...['a', 'b'].flatMap((name) => [
        remove(`${mutationBindings}/{{id}}-${name}`, undefined, setup),
        remove(`${mutations}/{{id}}-${name}`, undefined, setup),
      ]),
    ],
  },
  'mutations of custom resources': {
    steps: [
      ...withCrd('Namespaced'),
      create(
        mutations,
        mutation({
          matchConstraints: constraints([rule(['limits'], { apiGroups: ['{{id}}.example.com'] })]),
          mutations: [
            merge('Object{max: object.max + 1, parts: [Object.parts{name: "done"}]}'),
            jsonPatch('[JSONPatch{op: "add", path: "/unknown", value: 1}]'),
          ],
        }),
        setup,
      ),
      create(mutationBindings, mutationBinding(), setup),
      create(
        `${limits('{{ns}}')}?dryRun=All`,
        { ...limit('l', 4), parts: [{ name: 'p', size: 5 }] },
        { until: { has: 'done', seconds: 50 } },
      ),
      ...away(mutationBindings, mutations),
    ],
  },
  'mutations, then validations': {
    steps: [
      create(mutations, mutation({ mutations: [merge('Object{data: Object.data{l: "done"}}')] }), setup),
      create(mutationBindings, mutationBinding(), setup),
      create(policies, policy(one('!has(object.data.l)', { message: 'sees the mutation' })), setup),
      create(bindings, binding(), setup),
      create(`${configMaps}?dryRun=All`, change, { until: { has: 'sees the mutation' } }),
      ...away(mutationBindings, mutations, bindings, policies),
    ],
  },
  'mutations of a scale': {
    steps: [
      create(deployments, deployment('d', { replicas: 1 }), setup),
      create(
        mutations,
        mutation({
          matchConstraints: constraints([rule(['deployments/scale'])]),
          mutations: [merge('Object{spec: Object.spec{replicas: 7}}')],
        }),
        setup,
      ),
      create(mutationBindings, mutationBinding(), setup),
      patch('merge', `${deployments}/d/scale`, { spec: { replicas: 5 } }, { until: { has: 'denied' } }),
      ...away(mutationBindings, mutations),
    ],
  },
}
