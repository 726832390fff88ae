import type { ParityCase, ParityStep } from '../case.ts'
import { configMap, core, create, get, grouped, remove } from './build.ts'

/** Short forms for cases about admission policies. */

export const root = '/apis/admissionregistration.k8s.io/v1'
export const policies = `${root}/validatingadmissionpolicies`
export const bindings = `${root}/validatingadmissionpolicybindings`
export const mutations = `${root}/mutatingadmissionpolicies`
export const mutationBindings = `${root}/mutatingadmissionpolicybindings`
export const configMaps = core('configmaps')
export const deployments = grouped('apps/v1', 'deployments')
export type Spec = Record<string, unknown>

/** The case's own namespace, so that cases do not meet. */
export const here = { matchLabels: { 'kubernetes.io/metadata.name': '{{ns}}' } }
export const rule = (resources: string[], more: Spec = {}): Spec => ({
  apiGroups: ['*'],
  apiVersions: ['*'],
  operations: ['CREATE', 'UPDATE'],
  resources,
  ...more,
})
export const constraints = (rules: Spec[], more: Spec = {}): Spec => ({
  namespaceSelector: here,
  resourceRules: rules,
  ...more,
})
export const onConfigMaps = constraints([rule(['configmaps'])])

export const policy = (spec: Spec, name = '{{id}}'): Spec => ({
  apiVersion: 'admissionregistration.k8s.io/v1',
  kind: 'ValidatingAdmissionPolicy',
  metadata: { name },
  spec: { matchConstraints: onConfigMaps, ...spec },
})
export const binding = (spec: Spec = {}, name = '{{id}}'): Spec => ({
  apiVersion: 'admissionregistration.k8s.io/v1',
  kind: 'ValidatingAdmissionPolicyBinding',
  metadata: { name },
  spec: { policyName: '{{id}}', validationActions: ['Deny'], ...spec },
})
export const mutation = (spec: Spec, name = '{{id}}'): Spec => ({
  apiVersion: 'admissionregistration.k8s.io/v1',
  kind: 'MutatingAdmissionPolicy',
  metadata: { name },
  spec: { matchConstraints: onConfigMaps, reinvocationPolicy: 'Never', ...spec },
})
export const mutationBinding = (spec: Spec = {}, name = '{{id}}'): Spec => ({
  apiVersion: 'admissionregistration.k8s.io/v1',
  kind: 'MutatingAdmissionPolicyBinding',
  metadata: { name },
  spec: { policyName: '{{id}}', ...spec },
})
export const merge = (expression: string): Spec => ({
  patchType: 'ApplyConfiguration',
  applyConfiguration: { expression },
})
export const jsonPatch = (expression: string): Spec => ({ patchType: 'JSONPatch', jsonPatch: { expression } })

export const setup = { setup: true } as const
/** What the policy says of an object of this name shows that the server knows the policy. */
export const marker = { expression: "object == null || object.metadata.name != 'probe'", message: 'known' }
export const untilKnown = create(`${configMaps}?dryRun=All`, configMap('probe'), { ...setup, until: { has: 'known' } })
export const away = (...paths: string[]): ParityStep[] =>
  paths.map((path) => remove(`${path}/{{id}}`, undefined, setup))

/** A validating policy with one binding; then the requests it is asked about. */
export function validating(options: {
  spec: Spec
  bind?: Spec
  before?: ParityStep[]
  asks: ParityStep[]
  /** The first request tells by itself whether the policy is known. */
  plain?: boolean
}): ParityCase {
  const { spec, bind, before = [], asks, plain = false } = options
  // A binding that only warns denies nothing: a second policy tells that both are known.
  const denies = (bind?.['validationActions'] as string[] | undefined)?.includes('Deny') ?? true
  const validations = plain || !denies ? spec['validations'] : [...((spec['validations'] as Spec[]) ?? []), marker]
  const second = '{{id}}-known'
  return {
    steps: [
      ...before,
      create(policies, policy({ ...spec, validations }), setup),
      create(bindings, binding(bind), setup),
      ...(denies
        ? []
        : [
            create(policies, policy({ validations: [marker] }, second), setup),
            create(bindings, binding({ policyName: second }, second), setup),
          ]),
      ...(plain ? [] : [untilKnown]),
      ...asks,
      ...away(bindings, policies),
      ...(denies ? [] : [bindings, policies].map((path) => remove(`${path}/${second}`, undefined, setup))),
    ],
  }
}
export const one = (expression: string, more: Spec = {}): Spec => ({ validations: [{ expression, ...more }] })
export const post = (name: string, more: Spec = {}, step: Partial<ParityStep> = {}): ParityStep =>
  create(`${configMaps}?dryRun=All`, configMap(name, more), step)

/** A mutating policy, and what it makes of requests. */
export const change = configMap('a', { data: { k: 'v' } })
export function mutating(options: { spec: Spec; bind?: Spec; before?: ParityStep[]; asks: ParityStep[] }): ParityCase {
  const spec = { ...options.spec, mutations: [...((options.spec['mutations'] as Spec[]) ?? [])] }
  return {
    steps: [
      ...(options.before ?? []),
      create(mutations, mutation(spec), setup),
      create(mutationBindings, mutationBinding(options.bind), setup),
      ...options.asks,
      ...away(mutationBindings, mutations),
    ],
  }
}
const mutates = (all: Spec[], object: Spec, until: ParityStep['until']): ParityCase =>
  mutating({
    spec: { mutations: all },
    asks: [create(`${configMaps}?dryRun=All`, object, { until: until ?? {} })],
  })
/** One mutation that does not end well. */
export const refused = (one: Spec, object: Spec = change): ParityCase =>
  mutates([one], object, { hasNot: '"creationTimestamp"' })
/** A second mutation shows that the first was at work. */
const known = merge('Object{metadata: Object.metadata{annotations: Object.metadata.annotations{known: "done"}}}')
/** One mutation and what becomes of a ConfigMap. */
export const changed = (one: Spec, object: Spec = change): ParityCase =>
  mutates([one, known], object, { has: 'done"}' })

/** One object that is refused, or stored as it says. */
export const stores = (path: string, object: Spec): ParityCase => ({
  steps: [create(path, object), remove(`${path}/{{id}}`, undefined, setup)],
})
export const wrong = (spec: Spec): ParityCase => stores(policies, policy(spec))
export const wrongMutation = (spec: Spec): ParityCase => stores(mutations, mutation(spec))
export const expressionOf = (expression: string): ParityCase => wrong(one(expression))

export const crd = (scope: string): Spec => ({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'limits.{{id}}.example.com' },
  spec: {
    group: '{{id}}.example.com',
    names: { kind: 'Limit', plural: 'limits' },
    scope,
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        schema: {
          openAPIV3Schema: {
            type: 'object',
            properties: {
              max: { type: 'integer' },
              parts: {
                type: 'array',
                'x-kubernetes-list-type': 'map',
                'x-kubernetes-list-map-keys': ['name'],
                items: {
                  type: 'object',
                  required: ['name'],
                  properties: { name: { type: 'string' }, size: { type: 'integer', default: 1 } },
                },
              },
            },
          },
        },
      },
    ],
  },
})
export const limits = (namespace?: string): string =>
  `/apis/{{id}}.example.com/v1/${namespace === undefined ? '' : `namespaces/${namespace}/`}limits`
export const limit = (name: string, max: number, labels: Record<string, string> = {}): Spec => ({
  apiVersion: '{{id}}.example.com/v1',
  kind: 'Limit',
  metadata: { name, labels },
  max,
})
export const withCrd = (scope: 'Namespaced' | 'Cluster'): ParityStep[] => [
  create('/apis/apiextensions.k8s.io/v1/customresourcedefinitions', crd(scope), setup),
  get(limits(scope === 'Cluster' ? undefined : '{{ns}}'), { ...setup, until: { code: 200 } }),
]
export const paramKind = { apiVersion: '{{id}}.example.com/v1', kind: 'Limit' }
export const atMost = {
  paramKind,
  validations: [
    {
      expression: 'object.data.size() <= params.max',
      messageExpression: "'at most ' + string(params.max) + ' by ' + params.metadata.name",
    },
  ],
}
export const data = (count: number): Spec => ({
  data: Object.fromEntries(Array.from({ length: count }, (_, i) => [`k${i}`, 'v'])),
})
