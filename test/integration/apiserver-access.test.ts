import { setImmediate } from 'node:timers/promises'
import { admin, asker, configMap, nobody, startTestServer, type TestServer } from './apiserver-support.ts'

const maps = '/api/v1/namespaces/default/configmaps'

describe('who may do what', () => {
  let server: TestServer
  beforeAll(async () => {
    server = await startTestServer()
  })
  afterAll(() => server.close())

  it('lets the anonymous see health and version, and nothing else', async () => {
    const ask = asker(server.api.transport(nobody))
    for (const path of ['/healthz', '/livez', '/readyz', '/version']) expect((await ask('GET', path)).status).toBe(200)
    for (const path of ['/api', '/metrics', maps]) {
      expect(await ask('GET', path)).toMatchObject({ status: 403, json: { reason: 'Forbidden' } })
    }
  })

  it('says who may not do what, and where', async () => {
    const ask = asker(server.api.transport({ username: 'alice', groups: [] }))
    expect((await ask('GET', maps)).json.message).toBe(
      'configmaps is forbidden: User "alice" cannot list resource "configmaps" in API group "" in the namespace "default"',
    )
  })

  it('follows roles and bindings as they come', async () => {
    const rbac = '/apis/rbac.authorization.k8s.io/v1/namespaces/default'
    const ask = asker(server.api.transport({ username: 'bob', groups: [] }))
    expect((await ask('GET', maps)).status).toBe(403)
    await server.ask('POST', `${rbac}/roles`, {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'Role',
      metadata: { name: 'reader' },
      rules: [{ apiGroups: [''], resources: ['configmaps'], verbs: ['list'] }],
    })
    await server.ask('POST', `${rbac}/rolebindings`, {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'RoleBinding',
      metadata: { name: 'reader' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'reader' },
      subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'bob' }],
    })
    // The authorizer's index follows the watch cache: it is there within moments.
    let status = 403
    for (let i = 0; i < 5000 && status === 403; i++) {
      await setImmediate()
      status = (await ask('GET', maps)).status
    }
    expect(status).toBe(200)
    expect((await ask('POST', maps, configMap('x'))).status).toBe(403)
  })

  it('lets those impersonate who may', async () => {
    const as = { 'impersonate-user': 'carol' }
    expect((await server.ask('GET', maps, undefined, as)).json.message).toContain('User "carol"')
    const ask = asker(server.api.transport({ username: 'alice', groups: [] }))
    expect((await ask('GET', maps, undefined, as)).json.message).toContain('cannot impersonate resource "users"')
    expect((await server.ask('GET', maps, undefined, { 'impersonate-group': 'g' })).status).toBe(400)
  })
})

describe('service-account tokens', () => {
  let server: TestServer
  beforeAll(async () => {
    server = await startTestServer()
    await server.ask('POST', '/api/v1/namespaces/default/serviceaccounts', {
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: { name: 'robot' },
    })
  })
  afterAll(() => server.close())

  const issue = async (bound?: { kind: string; apiVersion: string; name: string; uid: string }) => {
    const account = await server.ask('GET', '/api/v1/namespaces/default/serviceaccounts/robot')
    return server.api.tokens.issue({
      namespace: 'default',
      serviceAccount: { name: 'robot', uid: account.json.metadata?.uid ?? '' },
      audiences: [],
      expirationSeconds: 600,
      ...(bound === undefined ? {} : { boundObject: bound }),
    })
  }

  it('speak for their account', async () => {
    const { token } = await issue()
    expect(await server.api.tokens.review(token, [])).toMatchObject({
      user: {
        username: 'system:serviceaccount:default:robot',
        groups: ['system:serviceaccounts', 'system:serviceaccounts:default', 'system:authenticated'],
      },
    })
  })

  it.each([
    ['a changed signature', (t: string) => `${t.slice(0, -4)}AAAA`],
    ['no signature', (t: string) => `${t.split('.').slice(0, 2).join('.')}.`],
    ['something else', () => 'nope'],
  ])('are not believed with %s', async (_what, spoil) => {
    const { token } = await issue()
    expect(await server.api.tokens.review(spoil(token), [])).toHaveProperty('error')
  })

  it('are good only for their audiences', async () => {
    const { token } = await issue()
    expect(await server.api.tokens.review(token, ['elsewhere'])).toHaveProperty('error')
  })

  it('die with what they are bound to', async () => {
    const made = await server.ask('POST', '/api/v1/namespaces/default/secrets', {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'bound' },
    })
    const bound = { kind: 'Secret', apiVersion: 'v1', name: 'bound', uid: made.json.metadata?.uid ?? '' }
    const first = await issue(bound)
    expect(await server.api.tokens.review(first.token, [])).toHaveProperty('user')
    const second = await issue(bound)
    await server.ask('DELETE', '/api/v1/namespaces/default/secrets/bound')
    expect(await server.api.tokens.review(second.token, [])).toHaveProperty('error')
  })
})

describe('the in-process door', () => {
  it('is the whole pipeline, and closes with the server', async () => {
    const server = await startTestServer()
    const transport = server.api.transport(admin)
    await server.close()
    await expect(transport({ method: 'GET', path: '/version' })).rejects.toThrow('shutting down')
  })
})
