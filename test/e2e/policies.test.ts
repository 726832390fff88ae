import { startControlPlane, type ControlPlane } from './support/control-plane.ts'
import { until } from './support/wait.ts'

/** Admission policies as a user of stock kubectl meets them. */
let plane: ControlPlane
const run = (...args: string[]): Promise<string> => plane.kubectl.run(...args)
const apply = (text: string): ReturnType<ControlPlane['kubectl']['try']> =>
  plane.kubectl.try(['apply', '-f', '-'], text)

beforeAll(async () => {
  plane = await startControlPlane('policies')
  await run('create', 'namespace', 'shop')
  await run('label', 'namespace', 'shop', 'environment=test')
})
afterAll(() => plane.close())

const deployment = (name: string, replicas: number): string => `
apiVersion: apps/v1
kind: Deployment
metadata: {name: ${name}, namespace: shop}
spec:
  replicas: ${replicas}
  selector: {matchLabels: {app: ${name}}}
  template:
    metadata: {labels: {app: ${name}}}
    spec: {containers: [{name: c, image: registry.example/a:1}]}
`
const limit = (action: string): string => `
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {name: replica-limit.example.com}
spec:
  failurePolicy: Fail
  paramKind: {apiVersion: v1, kind: ConfigMap}
  matchConstraints:
    resourceRules:
    - {apiGroups: [apps], apiVersions: [v1], operations: [CREATE, UPDATE], resources: [deployments]}
  variables:
  - {name: most, expression: "int(params.data.maxReplicas)"}
  validations:
  - expression: "object.spec.replicas <= variables.most"
    messageExpression: "'no more than ' + string(variables.most) + ' replicas in ' + namespaceObject.metadata.labels.environment"
    reason: Invalid
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata: {name: replica-limit-test.example.com}
spec:
  policyName: replica-limit.example.com
  validationActions: [${action}]
  paramRef: {name: limits, namespace: shop, parameterNotFoundAction: Deny}
  matchResources:
    namespaceSelector: {matchLabels: {environment: test}}
`
const sidecar = `
apiVersion: admissionregistration.k8s.io/v1
kind: MutatingAdmissionPolicy
metadata: {name: sidecar.example.com}
spec:
  matchConstraints:
    resourceRules:
    - {apiGroups: [""], apiVersions: [v1], operations: [CREATE], resources: [pods]}
  matchConditions:
  - {name: no-sidecar, expression: '!object.spec.?initContainers.orValue([]).exists(c, c.name == "mesh-proxy")'}
  failurePolicy: Fail
  reinvocationPolicy: IfNeeded
  mutations:
  - patchType: ApplyConfiguration
    applyConfiguration:
      expression: >
        Object{spec: Object.spec{initContainers: [Object.spec.initContainers{
          name: "mesh-proxy", image: "mesh/proxy:v1.0.0", restartPolicy: "Always"}]}}
  - patchType: JSONPatch
    jsonPatch:
      expression: >
        (has(object.metadata.labels) ? [] : [JSONPatch{op: "add", path: "/metadata/labels", value: Object.metadata.labels{}}])
        + [JSONPatch{op: "add", path: "/metadata/labels/" + jsonpatch.escapeKey("example.com/mesh"), value: "yes"}]
---
apiVersion: admissionregistration.k8s.io/v1
kind: MutatingAdmissionPolicyBinding
metadata: {name: sidecar.example.com}
spec:
  policyName: sidecar.example.com
  matchResources: {namespaceSelector: {matchLabels: {environment: test}}}
`

it('deny with the words of the policy, as kubectl prints them', async () => {
  await run('-n', 'shop', 'create', 'configmap', 'limits', '--from-literal=maxReplicas=2')
  expect((await apply(limit('Deny'))).stdout).toBe(
    'validatingadmissionpolicy.admissionregistration.k8s.io/replica-limit.example.com created\n' +
      'validatingadmissionpolicybinding.admissionregistration.k8s.io/replica-limit-test.example.com created\n',
  )
  const refused = await until('the policy to be known', async () => {
    const tried = await plane.kubectl.try(['apply', '--dry-run=server', '-f', '-'], deployment('big', 3))
    return tried.code !== 0 && tried
  })
  expect(refused.stderr).toBe(
    `The deployments "big" is invalid: : ValidatingAdmissionPolicy 'replica-limit.example.com' with binding 'replica-limit-test.example.com' denied request: no more than 2 replicas in test\n`,
  )
  expect((await apply(deployment('small', 2))).stdout).toBe('deployment.apps/small created\n')
  const scaled = await plane.kubectl.try([
    '-n',
    'shop',
    'patch',
    'deployment',
    'small',
    '-p',
    '{"spec":{"replicas":5}}',
  ])
  expect(scaled.stderr).toContain('denied request: no more than 2 replicas in test')
})

it('warn instead, where the binding says so', async () => {
  await apply(limit('Warn'))
  const warned = await until('the binding to be known', async () => {
    const tried = await plane.kubectl.try(['apply', '--dry-run=server', '-f', '-'], deployment('big', 3))
    return tried.code === 0 && tried
  })
  expect(warned.stderr).toBe(
    `Warning: Validation failed for ValidatingAdmissionPolicy 'replica-limit.example.com' with binding 'replica-limit-test.example.com': no more than 2 replicas in test\n`,
  )
})

it('are shown, and tell of mistakes in their status', async () => {
  const listed = await run('get', 'validatingadmissionpolicies,validatingadmissionpolicybindings', '--no-headers')
  expect(listed).toMatch(/replica-limit\.example\.com +1 +v1\/ConfigMap/)
  expect(listed).toMatch(/replica-limit-test\.example\.com +replica-limit\.example\.com +shop\/limits/)
  await apply(`
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {name: typo.example.com}
spec:
  matchConstraints:
    resourceRules:
    - {apiGroups: [apps], apiVersions: [v1], operations: [CREATE], resources: [deployments]}
  validations: [{expression: "object.spec.replica > 1"}]
`)
  await run('wait', 'validatingadmissionpolicy/typo.example.com', '--for=jsonpath={.status.observedGeneration}=1')
  expect(await run('describe', 'validatingadmissionpolicy', 'typo.example.com')).toContain("undefined field 'replica'")
})

it('are refused when their expressions are wrong', async () => {
  const tried = await apply(limit('Deny').replace('object.spec.replicas <=', 'object.spec.replicas <= nope ='))
  expect(tried.stderr).toContain('spec.validations[0].expression: Invalid value:')
  expect(tried.stderr).toContain('compilation failed: ERROR: <input>:1:')
})

it('mutate what is created, once for each', async () => {
  expect((await apply(sidecar)).stderr).toBe('')
  const pod = `{apiVersion: v1, kind: Pod, metadata: {name: p, namespace: shop}, spec: {containers: [{name: c, image: a}]}}`
  await until('the sidecar', async () => {
    const tried = await plane.kubectl.try(['create', '--dry-run=server', '-o', 'name', '-f', '-'], pod)
    const shown = await plane.kubectl.try(['create', '--dry-run=server', '-o', 'yaml', '-f', '-'], pod)
    return tried.code === 0 && shown.stdout.includes('mesh-proxy')
  })
  await plane.kubectl.apply(
    JSON.parse(
      '{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p","namespace":"shop"},"spec":{"containers":[{"name":"c","image":"a"}]}}',
    ) as object,
  )
  expect(
    await run('-n', 'shop', 'get', 'pod', 'p', '-o', 'jsonpath={.spec.initContainers[*].name} {.metadata.labels}'),
  ).toBe('mesh-proxy {"example.com/mesh":"yes"}')
  // The controllers' own pods are mutated as well.
  const made = await until('a pod of the deployment', async () => {
    const names = await run('-n', 'shop', 'get', 'pods', '-l', 'app=small', '-o', 'name')
    return names !== '' && names
  })
  expect(made).toContain('pod/small-')
})
