import { configMap, startTestServer, type TestServer } from './apiserver-support.ts'

const maps = '/api/v1/namespaces/default/configmaps'
const patchTo = (type: string): Record<string, string> => ({ 'content-type': `application/${type}` })

describe('bad input', () => {
  let server: TestServer
  beforeAll(async () => {
    server = await startTestServer()
    await server.ask('POST', maps, configMap('there'))
  })
  afterAll(() => server.close())

  it.each([
    ['broken JSON', '{"a":', {}, 400, 'BadRequest'],
    ['broken YAML', 'a: [', patchTo('yaml'), 400, 'BadRequest'],
    ['nothing at all', '', {}, 400, 'BadRequest'],
    ['no object', '[1]', {}, 400, 'BadRequest'],
    ['another kind', '{"apiVersion":"v1","kind":"Pod"}', {}, 400, 'BadRequest'],
    ['an unknown kind', '{"apiVersion":"v1","kind":"Nope"}', {}, 400, 'BadRequest'],
    ['a wrong type', '{"metadata":{"name":"a"},"data":[]}', {}, 400, 'BadRequest'],
    ['an unknown media type', '{}', { 'content-type': 'text/plain' }, 415, 'UnsupportedMediaType'],
    ['an unwanted media type', configMap('a'), { accept: 'text/html' }, 406, 'NotAcceptable'],
    ['no name', '{"apiVersion":"v1","kind":"ConfigMap"}', {}, 422, 'Invalid'],
    ['a bad name', configMap('Bad_Name'), {}, 422, 'Invalid'],
    ['a name too long', configMap('a'.repeat(254)), {}, 422, 'Invalid'],
    ['another namespace', configMap('a', {}, { namespace: 'other' }), {}, 400, 'BadRequest'],
    ['bad labels', configMap('a', {}, { labels: { 'a b': 'c' } }), {}, 422, 'Invalid'],
    [
      'a body over 3 MiB',
      configMap('a', { data: { a: 'x'.repeat(3 * 1024 * 1024) } }),
      {},
      413,
      'RequestEntityTooLarge',
    ],
    ['what exists already', configMap('there'), {}, 409, 'AlreadyExists'],
  ])('POST of %s', async (_what, body, headers, status, reason) => {
    expect(await server.ask('POST', maps, body, headers as Record<string, string>)).toMatchObject({
      status,
      json: { kind: 'Status', status: 'Failure', reason },
    })
  })

  it('tells of unknown fields as asked: refuses, warns, or keeps quiet', async () => {
    const { ask } = server
    const bad = configMap('unknown', { nope: 1 })
    expect(await ask('POST', `${maps}?fieldValidation=Strict`, bad)).toMatchObject({
      status: 400,
      json: { message: expect.stringContaining('unknown field "nope"') },
    })
    const warned = await ask('POST', `${maps}?fieldValidation=Warn`, bad)
    expect(warned).toMatchObject({ status: 201, headers: { warning: '299 - "unknown field \\"nope\\""' } })
    expect(warned.json).not.toHaveProperty('nope')
    const quiet = await ask('PUT', `${maps}/unknown?fieldValidation=Ignore`, bad)
    expect(quiet.headers).not.toHaveProperty('warning')
    expect(await ask('POST', `${maps}?fieldValidation=Nope`, bad)).toMatchObject({ status: 422 })
  })

  it('tells of keys that an applied document sets twice', async () => {
    const twice = 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: twice\ndata:\n  a: "1"\n  a: "2"\n'
    const path = (validation: string) => `${maps}/twice?fieldManager=m&fieldValidation=${validation}`
    expect(await server.ask('PATCH', path('Strict'), twice, patchTo('apply-patch+yaml'))).toMatchObject({
      status: 400,
      json: { message: expect.stringContaining('line 7: key "a" already set in map') },
    })
    expect((await server.ask('PATCH', path('Warn'), twice, patchTo('apply-patch+yaml'))).headers['warning']).toBe(
      '299 - "line 7: key \\"a\\" already set in map"',
    )
  })

  it.each([
    ['GET', '/api/v1/nopes', 404],
    ['GET', '/apis/apps/v9/deployments', 404],
    ['GET', '/apis/nope.example.com/v1/things', 404],
    ['GET', '/nope', 404],
    ['GET', '/api/v1/namespaces/default/nodes', 404],
    ['GET', `${maps}/there/nope`, 404],
    ['GET', `${maps}/there?resourceVersion=x`, 500],
    ['GET', `${maps}?limit=abc`, 400],
    ['GET', `${maps}?labelSelector=%3D%3D`, 400],
    ['GET', `${maps}?fieldSelector=data.a%3Db`, 400],
    ['GET', `${maps}?continue=abc`, 400],
    ['GET', `${maps}?resourceVersionMatch=Exact`, 422],
    ['POST', `${maps}/there`, 405],
    ['PUT', maps, 405],
    ['DELETE', '/api/v1/namespaces', 405],
    ['DELETE', `${maps}/there?propagationPolicy=Nope`, 422],
    ['DELETE', `${maps}/missing`, 404],
  ] as const)('%s %s is %i', async (method, path, status) => {
    expect(
      (await server.ask(method, path, method === 'PUT' || method === 'POST' ? configMap('there') : undefined)).status,
    ).toBe(status)
  })

  it.each([
    ['json-patch+json', '{"op":"add"}', 400],
    ['json-patch+json', '[{"op":"test","path":"/data/a","value":"z"}]', 422],
    ['merge-patch+json', '[]', 400],
    ['strategic-merge-patch+json', '{', 400],
    ['json', '{}', 415],
    ['merge-patch+json', '{"kind":"Secret"}', 422],
    ['merge-patch+json', '{"metadata":{"name":"other"}}', 400],
  ])('PATCH as %s of %s is %i', async (type, body, status) => {
    expect((await server.ask('PATCH', `${maps}/there`, body, patchTo(type))).status).toBe(status)
  })
})
