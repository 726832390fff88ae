import { startCluster, type EmbeddedCluster } from '@kapell/cli'
import { asker, admin, configMap, startTestServer, type Ask, type Json, type Read } from './apiserver-support.ts'

/** Admission policies on a running server: what they have beside the answers that test/parity compares. */
const root = '/apis/admissionregistration.k8s.io/v1'
const configMaps = '/api/v1/namespaces/default/configmaps'
let cluster: EmbeddedCluster
let ask: Ask
beforeAll(async () => {
  cluster = await startCluster({ scheduler: false })
  ask = asker(cluster.transport(admin))
})
afterAll(() => cluster.close())

const rule = (group: string, version: string, ...resources: string[]): Json => ({
  apiGroups: [group],
  apiVersions: [version],
  operations: ['CREATE', 'UPDATE'],
  resources,
})
const labelled = (name: string): Json => ({ objectSelector: { matchLabels: { policy: name } } })
const policy = (name: string, spec: Json): Json => ({
  apiVersion: 'admissionregistration.k8s.io/v1',
  kind: 'ValidatingAdmissionPolicy',
  metadata: { name },
  spec: { matchConstraints: { resourceRules: [rule('', 'v1', 'configmaps')], ...labelled(name) }, ...spec },
})

async function made(path: string, body: Json): Promise<void> {
  const answer = await ask('POST', path, body)
  expect([answer.status, answer.json.message]).toEqual([201, undefined])
}

/** Repeats until the answer is as wanted: what is stored is known to admission a moment later. */
async function until(probe: () => Promise<Read>, wanted: (answer: Read) => boolean): Promise<Read> {
  for (;;) {
    const answer = await probe()
    if (wanted(answer)) return answer
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

async function bound(name: string, spec: Json, more: Json = {}): Promise<void> {
  await made(`${root}/validatingadmissionpolicies`, policy(name, spec))
  await made(`${root}/validatingadmissionpolicybindings`, {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingAdmissionPolicyBinding',
    metadata: { name },
    spec: { policyName: name, validationActions: ['Deny'], ...more },
  })
}
const create = (name: string, as: Ask = ask): Promise<Read> =>
  as('POST', `${configMaps}?dryRun=All`, configMap('a', {}, { labels: { policy: name } }))

it('the status tells what types say of the expressions', async () => {
  const check = (kind: string, at: number, why: string, source: string): string =>
    `${kind}: ERROR: <input>:1:${at}: ${why}\n | ${source}\n | ${'.'.repeat(at - 1)}^\n`
  const expressions = [
    'object.spec.replicas <= 5',
    'object.spec.strategy.type == "x"',
    'has(object.spec.nope)',
    'object.spec.replicas == "x"',
  ]
  await made(`${root}/validatingadmissionpolicies`, {
    ...policy('typed', {
      matchConstraints: {
        resourceRules: [rule('apps', 'v1', 'deployments', 'replicasets', 'deployments/scale'), rule('*', '*', 'pods')],
      },
      validations: [
        ...expressions.map((expression) => ({ expression })),
        { expression: 'true', messageExpression: '"x" + object.spec.nope' },
      ],
    }),
  })
  const path = `${root}/validatingadmissionpolicies/typed`
  const settled = await until(
    () => ask('GET', path),
    ({ json }) => (json['status'] as { observedGeneration?: number } | undefined)?.observedGeneration === 1,
  )
  const [deployment, replicaSet] = ['apps/v1, Kind=Deployment', 'apps/v1, Kind=ReplicaSet']
  const both = (at: number, why: string, source: string): string =>
    `${check(deployment, at, why, source)}\n${check(replicaSet, at, why, source)}`
  const mismatch = "found no matching overload for '_==_' applied to '(int, string)'"
  expect(settled.json['status']).toEqual({
    observedGeneration: 1,
    typeChecking: {
      expressionWarnings: [
        {
          fieldRef: 'spec.validations[1].expression',
          warning: check(replicaSet, 12, "undefined field 'strategy'", expressions[1] ?? ''),
        },
        {
          fieldRef: 'spec.validations[2].expression',
          warning: both(4, "undefined field 'nope'", expressions[2] ?? ''),
        },
        { fieldRef: 'spec.validations[3].expression', warning: both(22, mismatch, expressions[3] ?? '') },
        {
          fieldRef: 'spec.validations[4].messageExpression',
          warning: both(18, "undefined field 'nope'", '"x" + object.spec.nope'),
        },
      ],
    },
  })
  expect(settled.json.metadata?.['managedFields']).toContainEqual(
    expect.objectContaining({
      manager: 'validatingadmissionpolicy-status',
      operation: 'Apply',
      subresource: 'status',
      fieldsV1: { 'f:status': { 'f:observedGeneration': {}, 'f:typeChecking': { 'f:expressionWarnings': {} } } },
    }),
  )
})

it('the authorizer answers for whoever asks, and for service accounts', async () => {
  await bound('authorized', {
    validations: [
      {
        expression: 'authorizer.group("").resource("secrets").namespace("default").check("delete").allowed()',
        messageExpression: 'request.userInfo.username + " may not delete secrets"',
        reason: 'Forbidden',
      },
      {
        expression: '!authorizer.serviceAccount("default", "x").path("/logs").check("get").allowed()',
        message: 'x reads logs',
      },
    ],
  })
  await made('/apis/rbac.authorization.k8s.io/v1/clusterroles', {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRole',
    metadata: { name: 'writer' },
    rules: [
      { apiGroups: [''], resources: ['configmaps'], verbs: ['create'] },
      { nonResourceURLs: ['/logs'], verbs: ['get'] },
    ],
  })
  const binding = (name: string, subject: Json): Promise<void> =>
    made('/apis/rbac.authorization.k8s.io/v1/clusterrolebindings', {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRoleBinding',
      metadata: { name },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'writer' },
      subjects: [subject],
    })
  await binding('jane', { kind: 'User', name: 'jane', apiGroup: 'rbac.authorization.k8s.io' })
  const jane = asker(cluster.transport({ username: 'jane', groups: ['system:authenticated'] }))
  const refused = await until(
    () => create('authorized', jane),
    ({ json }) => json.message?.includes('policy') === true || json.message?.includes('Policy') === true,
  )
  expect([refused.status, refused.json.message]).toEqual([
    403,
    `configmaps "a" is forbidden: ValidatingAdmissionPolicy 'authorized' with binding 'authorized' denied request: jane may not delete secrets`,
  ])
  expect((await create('authorized')).status).toBe(201)
  await binding('x', { kind: 'ServiceAccount', namespace: 'default', name: 'x' })
  const other = await until(
    () => create('authorized'),
    ({ status }) => status !== 201,
  )
  expect(other.json.message).toContain('denied request: x reads logs')
})

it('a webhook is asked only when its conditions, the authorizer among them, let it', async () => {
  await made(`${root}/validatingwebhookconfigurations`, {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingWebhookConfiguration',
    metadata: { name: 'unreachable' },
    webhooks: [
      {
        name: 'a.example.com',
        clientConfig: { url: 'https://127.0.0.1:1/' },
        rules: [rule('', 'v1', 'configmaps')],
        ...labelled('webhook'),
        sideEffects: 'None',
        admissionReviewVersions: ['v1'],
        matchConditions: [
          { name: 'breaks', expression: '!has(object.data) || object.data.x == "1"' },
          { name: 'not-root', expression: '!authorizer.group("*").resource("*").check("*").allowed()' },
        ],
      },
    ],
  })
  const jane = asker(cluster.transport({ username: 'jane', groups: ['system:authenticated'] }))
  const called = await until(
    () => create('webhook', jane),
    ({ status }) => status === 500,
  )
  expect(called.json.message).toContain('failed calling webhook "a.example.com"')
  expect((await create('webhook')).status).toBe(201)
  const broken = await jane(
    'POST',
    `${configMaps}?dryRun=All`,
    configMap('a', { data: { y: '1' } }, { labels: { policy: 'webhook' } }),
  )
  expect([broken.status, broken.json.message]).toEqual([
    403,
    `configmaps "a" is forbidden: expression '!has(object.data) || object.data.x == "1"' resulted in error: no such key: x`,
  ])
  await ask('DELETE', `${root}/validatingwebhookconfigurations/unreachable`)
})

it('what is changed or taken away stops to count', async () => {
  await bound('fickle', { validations: [{ expression: 'false', message: 'no' }] })
  await until(
    () => create('fickle'),
    ({ status }) => status === 422,
  )
  const path = `${root}/validatingadmissionpolicies/fickle`
  await ask('PATCH', path, [{ op: 'replace', path: '/spec/validations/0/message', value: 'still no' }], {
    'content-type': 'application/json-patch+json',
  })
  await until(
    () => create('fickle'),
    ({ json }) => json.message?.includes('still no') === true,
  )
  await ask('DELETE', `${root}/validatingadmissionpolicybindings/fickle`)
  expect(
    (
      await until(
        () => create('fickle'),
        ({ status }) => status !== 422,
      )
    ).status,
  ).toBe(201)
})

it('a built-in kind gives parameters, also when the only policy that used it was deleted before', async () => {
  await made(configMaps, configMap('limits', { data: { max: '2' } }))
  for (const round of ['first', 'second']) {
    await bound(
      round,
      {
        paramKind: { apiVersion: 'v1', kind: 'ConfigMap' },
        validations: [{ expression: 'int(params.data.max) > 2', messageExpression: '"only " + params.data.max' }],
      },
      { paramRef: { name: 'limits', namespace: 'default', parameterNotFoundAction: 'Deny' } },
    )
    const refused = await until(
      () => create(round),
      ({ status }) => status === 422,
    )
    expect(refused.json.message).toContain('denied request: only 2')
    await ask('DELETE', `${root}/validatingadmissionpolicybindings/${round}`)
    await ask('DELETE', `${root}/validatingadmissionpolicies/${round}`)
  }
})

it('what is audited: failures, and what annotations say', async () => {
  const audited: Record<string, string>[] = []
  const server = await startTestServer({
    audit: ({ context }) => audited.push(Object.fromEntries(context.auditAnnotations ?? [])),
  })
  const name = 'audited'
  const spec = {
    validations: [{ expression: 'true' }, { expression: 'object.metadata.name == "b"', message: 'is not b' }],
    auditAnnotations: [
      { key: 'name', valueExpression: '"it is " + object.metadata.name' },
      { key: 'nothing', valueExpression: 'null' },
    ],
  }
  await server.ask('POST', `${root}/validatingadmissionpolicies`, policy(name, spec))
  await server.ask('POST', `${root}/validatingadmissionpolicybindings`, {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingAdmissionPolicyBinding',
    metadata: { name },
    spec: { policyName: name, validationActions: ['Audit', 'Warn'] },
  })
  const answer = await until(
    () => create(name, server.ask),
    ({ headers }) => headers['warning'] !== undefined,
  )
  expect(answer.status).toBe(201)
  const failure = {
    message: 'is not b',
    policy: name,
    binding: name,
    expressionIndex: 1,
    validationActions: ['Audit', 'Warn'],
  }
  expect(audited.at(-1)).toEqual({
    'audited/name': 'it is a',
    'validation.policy.admission.k8s.io/validation_failure': JSON.stringify([failure]),
  })
  await server.close()
})
