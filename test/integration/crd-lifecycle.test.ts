import { startTestServer, take, watchFrames, admin, type Json, type TestServer } from './apiserver-support.ts'
import { conditionsOf, crd, define, definitions, merge, path, until, version } from './crd-support.ts'

let server: TestServer
beforeEach(async () => {
  server = await startTestServer()
})
afterEach(() => server.close())

const status = (name: string) => server.ask('GET', `${definitions}/${name}.example.com`)
const object = (kind: string, name: string, more: Json = {}, at = 'v1'): Json => ({
  apiVersion: `example.com/${at}`,
  kind,
  metadata: { name },
  ...more,
})

it('grants a name once; the next who wants it gets it when it is free again', async () => {
  await define(server, crd('things', 'Thing', [version('v1')]), path('things'))
  await server.ask('POST', definitions, crd('others', 'Thing', [version('v1')]))
  const refused = await until(
    () => status('others'),
    (answer) => conditionsOf(answer).length > 0,
  )
  expect(conditionsOf(refused)).toEqual(['NamesAccepted False ListKindConflict', 'Established False NotAccepted'])
  expect(refused.json['status']).toMatchObject({ acceptedNames: { plural: 'others', kind: '' } })
  expect((await server.ask('GET', path('others'))).status).toBe(404)
  await server.ask('DELETE', `${definitions}/things.example.com`)
  const granted = await until(
    () => status('others'),
    (answer) => conditionsOf(answer)[1]?.includes('True') === true,
  )
  expect(conditionsOf(granted)).toEqual(['NamesAccepted True NoConflicts', 'Established True InitialNamesAccepted'])
  expect((await server.ask('GET', path('others'))).status).toBe(200)
})

it('deletes the objects first, lets none be made meanwhile, and finishes after a restart', async () => {
  await define(server, crd('things', 'Thing', [version('v1')]), path('things'))
  const held = object('Thing', 'held', {})
  ;(held['metadata'] as Json)['finalizers'] = ['example.com/hold']
  await server.ask('POST', path('things'), held)
  await server.ask('POST', path('things'), object('Thing', 'free'))
  await server.ask('DELETE', `${definitions}/things.example.com`)
  await until(
    () => server.ask('GET', path('things')),
    (answer) => answer.json.items?.length === 1,
  )
  const leaving = await status('things')
  expect(conditionsOf(leaving)[2]).toBe('Terminating True InstanceDeletionInProgress')
  expect(leaving.json.metadata).toMatchObject({ finalizers: ['customresourcecleanup.apiextensions.k8s.io'] })
  expect(await server.ask('POST', path('things'), object('Thing', 'late'))).toMatchObject({
    status: 403,
    json: {
      message:
        'things.example.com "late" is forbidden: create not allowed while custom resource definition is terminating',
    },
  })
  await server.stop()
  server = await startTestServer({ directory: server.directory })
  expect((await server.ask('GET', `${path('things')}/held`)).status).toBe(200)
  await server.ask('PATCH', `${path('things')}/held`, { metadata: { finalizers: null } }, merge)
  await until(
    () => status('things'),
    (answer) => answer.status === 404,
  )
  expect((await server.ask('GET', path('things'))).status).toBe(404)
  await define(server, crd('things', 'Thing', [version('v1')]), path('things'))
  expect((await server.ask('GET', path('things'))).json.items).toEqual([])
})

it('deletes objects that no version serves', async () => {
  await define(server, crd('things', 'Thing', [version('v1')]), path('things'))
  await server.ask('POST', path('things'), object('Thing', 'a'))
  await server.ask(
    'PATCH',
    `${definitions}/things.example.com`,
    { spec: { versions: [version('v1', { served: false })] } },
    merge,
  )
  await until(
    () => server.ask('GET', path('things')),
    (answer) => answer.status === 404,
  )
  await server.ask('DELETE', `${definitions}/things.example.com`)
  await until(
    () => status('things'),
    (answer) => answer.status === 404,
  )
  await define(server, crd('things', 'Thing', [version('v1')]), path('things'))
  expect((await server.ask('GET', path('things'))).json.items).toEqual([])
})

it('is discovered and described while it is served, and no longer', async () => {
  const service = '/apis/apiregistration.k8s.io/v1/apiservices/v1.example.com'
  const index = async (): Promise<string> => (await server.ask('GET', '/openapi/v3')).text
  const swagger = async (): Promise<Json> =>
    (await server.ask('GET', '/openapi/v2')).json as { definitions: Json }['definitions']
  const schema = { openAPIV3Schema: { type: 'object', properties: { spec: { type: 'object', nullable: true } } } }
  await define(server, crd('things', 'Thing', [version('v1', { schema })]), path('things'))
  expect(
    (
      await until(
        () => server.ask('GET', service),
        (answer) => answer.status === 200,
      )
    ).json['spec'],
  ).toEqual({
    group: 'example.com',
    version: 'v1',
    groupPriorityMinimum: 1000,
    versionPriority: 100,
  })
  const before = await index()
  expect(before).toContain('apis/example.com/v1')
  const { definitions: described, paths } = (await swagger()) as { definitions: Json; paths: Json }
  expect(described['com.example.v1.Thing']).toMatchObject({ properties: { spec: {} }, type: 'object' })
  expect(described).toHaveProperty(['io.k8s.api.core.v1.Pod'])
  expect(paths).toHaveProperty(['/apis/example.com/v1/namespaces/{namespace}/things/{name}'])
  await server.ask('PATCH', `${definitions}/things.example.com`, { spec: { versions: [version('v1')] } }, merge)
  await until(
    () => server.ask('GET', '/openapi/v3'),
    (answer) => answer.text !== before,
  )
  await server.ask('DELETE', `${definitions}/things.example.com`)
  await until(
    () => server.ask('GET', service),
    (answer) => answer.status === 404,
  )
  expect(await index()).not.toContain('example.com')
  expect((await swagger())['definitions']).not.toHaveProperty(['com.example.v1.Thing'])
  expect((await server.ask('GET', '/apis')).text).not.toContain('example.com')
})

it('shows objects by the newest schema, and keeps watches that show the same', async () => {
  const one = (properties: Json): Json => ({
    schema: { openAPIV3Schema: { type: 'object', properties: { spec: { type: 'object', properties } } } },
  })
  await define(server, crd('things', 'Thing', [version('v1', one({ a: { type: 'string' } }))]), path('things'))
  const { json } = await server.ask('POST', path('things'), object('Thing', 'x', { spec: { a: '1' } }))
  const since = json.metadata?.resourceVersion ?? ''
  const columns = [{ name: 'A', type: 'string', jsonPath: '.spec.a' }]
  const patch = (versions: Json[]) =>
    server.ask('PATCH', `${definitions}/things.example.com`, { spec: { versions } }, merge)

  const kept = take(watchFrames(server.api.transport(admin), `${path('things')}?watch=1&resourceVersion=${since}`), 1)
  await patch([version('v1', { ...one({ a: { type: 'string' } }), additionalPrinterColumns: columns })])
  await until(
    () => server.ask('GET', path('things'), undefined, { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' }),
    (answer) => answer.text.includes('"name":"A"'),
  )
  await server.ask('PATCH', `${path('things')}/x`, { metadata: { labels: { l: 'm' } } }, merge)
  expect((await kept)[0]).toMatchObject({ type: 'MODIFIED', object: { metadata: { labels: { l: 'm' } } } })

  const ended = take(watchFrames(server.api.transport(admin), `${path('things')}?watch=1`), 100)
  await patch([version('v1', one({ b: { type: 'string', default: 'new' } }))])
  expect((await ended).length).toBeGreaterThan(0)
  const shown = { spec: { b: 'new' } }
  const get = await server.ask('GET', `${path('things')}/x`)
  expect(get.json).toMatchObject(shown)
  expect(get.json['spec']).not.toHaveProperty('a')
  expect((await server.ask('GET', path('things'))).json.items?.[0]).toMatchObject(shown)
  expect(
    (await take(watchFrames(server.api.transport(admin), `${path('things')}?watch=1`), 1))[0]?.object,
  ).toMatchObject(shown)
})

it('enforces the rules of its schema', async () => {
  const a = {
    type: 'string',
    maxLength: 9,
    'x-kubernetes-validations': [{ rule: 'self == oldSelf', message: 'stays' }],
  }
  const spec = { type: 'object', properties: { a, b: { type: 'string' } } }
  const schema = { openAPIV3Schema: { type: 'object', properties: { spec } } }
  await define(server, crd('things', 'Thing', [version('v1', { schema })]), path('things'))
  await server.ask('POST', path('things'), object('Thing', 'x', { spec: { a: '1' } }))
  const change = (value: Json) => server.ask('PATCH', `${path('things')}/x`, { spec: value }, merge)
  expect((await change({ b: '2' })).status).toBe(200)
  expect(await change({ a: '2' })).toMatchObject({
    status: 422,
    json: { details: { causes: [{ field: 'spec.a', message: 'Invalid value: "2": stays' }] } },
  })
})

it('leaves the names of what is built in alone', async () => {
  const body = crd('ingresses', 'Ingress', [version('v1')], { group: 'networking.k8s.io' })
  ;(body['metadata'] as Json) = {
    name: 'ingresses.networking.k8s.io',
    annotations: { 'api-approved.kubernetes.io': 'unapproved, for a test' },
  }
  expect((await server.ask('POST', definitions, body)).status).toBe(201)
  await until(
    () => server.ask('GET', `${definitions}/ingresses.networking.k8s.io`),
    (answer) => conditionsOf(answer).length > 1,
  )
  await server.ask('DELETE', `${definitions}/ingresses.networking.k8s.io`)
  await until(
    () => server.ask('GET', `${definitions}/ingresses.networking.k8s.io`),
    (answer) => answer.status === 404,
  )
  expect((await server.ask('GET', '/apis/networking.k8s.io/v1/ingresses')).status).toBe(200)
})
