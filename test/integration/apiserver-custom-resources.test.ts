import { setImmediate } from 'node:timers/promises'
import { admin, startTestServer, take, watchFrames, type Json, type TestServer } from './apiserver-support.ts'

const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions'
const things = '/apis/example.com/v1/namespaces/default/things'
const merge = { 'content-type': 'application/merge-patch+json' }

const definition = (more: Json = {}): Json => ({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'things.example.com' },
  spec: {
    group: 'example.com',
    scope: 'Namespaced',
    names: { plural: 'things', singular: 'thing', kind: 'Thing', listKind: 'ThingList', shortNames: ['th'] },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        schema: {
          openAPIV3Schema: {
            type: 'object',
            properties: {
              spec: {
                type: 'object',
                required: ['size'],
                properties: {
                  size: { type: 'integer', maximum: 9 },
                  color: { type: 'string', default: 'red' },
                  tags: { type: 'array', items: { type: 'string' }, 'x-kubernetes-list-type': 'set' },
                },
              },
              status: { type: 'object', properties: { phase: { type: 'string' }, size: { type: 'integer' } } },
            },
          },
        },
        subresources: { status: {}, scale: { specReplicasPath: '.spec.size', statusReplicasPath: '.status.size' } },
        additionalPrinterColumns: [{ name: 'Size', type: 'integer', jsonPath: '.spec.size' }],
      },
    ],
    ...more,
  },
})

const thing = (name: string, spec: Json): Json => ({
  apiVersion: 'example.com/v1',
  kind: 'Thing',
  metadata: { name },
  spec,
})

/** Until the definition is accepted and served: the server follows its own store. */
async function served(server: TestServer, path: string, status = 200): Promise<void> {
  for (let i = 0; i < 5000; i++) {
    if ((await server.ask('GET', path)).status === status) return
    await setImmediate()
  }
  throw new Error(`${path} was never answered with ${status}`)
}

describe('custom resources', () => {
  let server: TestServer
  beforeAll(async () => {
    server = await startTestServer()
    expect((await server.ask('POST', definitions, definition())).status).toBe(201)
    await served(server, things)
    // Served first, and told then.
    for (let told = ''; !told.includes('Established');) {
      told = (await server.ask('GET', `${definitions}/things.example.com`)).text
      await setImmediate()
    }
  })
  afterAll(() => server.close())

  it('are accepted and say so', async () => {
    const { json } = await server.ask('GET', `${definitions}/things.example.com`)
    expect((json['status'] as Json)['conditions']).toEqual([
      expect.objectContaining({ type: 'NamesAccepted', status: 'True' }),
      expect.objectContaining({ type: 'Established', status: 'True' }),
    ])
  })

  it('are discovered and described', async () => {
    expect((await server.ask('GET', '/apis/example.com/v1')).json).toMatchObject({
      resources: expect.arrayContaining([expect.objectContaining({ name: 'things', shortNames: ['th'] })]),
    })
    expect((await server.ask('GET', '/openapi/v3')).json['paths']).toHaveProperty(['apis/example.com/v1'])
    expect((await server.ask('GET', '/openapi/v3/apis/example.com/v1')).text).toContain('com.example.v1.Thing')
    const accept = 'application/com.github.proto-openapi.spec.v3@v1.0+protobuf'
    const protobuf = await server.ask('GET', '/openapi/v3/apis/example.com/v1', undefined, { accept })
    expect(protobuf.headers['content-type']).toBe(accept.replace('@', '.'))
    expect(protobuf.text.slice(0, 7)).toBe('\n\u00053.0.0')
    expect(protobuf.text).toContain('com.example.v1.Thing')
  })

  it('are pruned, defaulted and validated', async () => {
    const made = await server.ask('POST', things, thing('one', { size: 1, nope: true }))
    expect(made).toMatchObject({ status: 201, json: { spec: { size: 1, color: 'red' }, metadata: { generation: 1 } } })
    expect(made.json['spec']).not.toHaveProperty('nope')
    expect(made.headers['warning']).toContain('spec.nope')
    expect(await server.ask('POST', things, thing('big', { size: 10 }))).toMatchObject({
      status: 422,
      json: { reason: 'Invalid' },
    })
    expect((await server.ask('POST', things, thing('none', {}))).status).toBe(422)
  })

  it.each([
    ['another name', { names: { plural: 'others', kind: 'Other' } }],
    ['no group', { group: '' }],
    [
      'a schema of no object',
      { versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'string' } } }] },
    ],
    [
      'no stored version',
      { versions: [{ name: 'v1', served: true, storage: false, schema: { openAPIV3Schema: { type: 'object' } } }] },
    ],
  ])('are not defined with %s', async (_what, spec) => {
    const answer = await server.ask('POST', `${definitions}?dryRun=All`, definition(spec))
    expect(answer).toMatchObject({ status: 422, json: { reason: 'Invalid' } })
  })

  it('have status and scale of their own', async () => {
    await server.ask('POST', things, thing('sub', { size: 1 }))
    const status = await server.ask(
      'PATCH',
      `${things}/sub/status`,
      { spec: { size: 5 }, status: { phase: 'Ready', size: 1 } },
      merge,
    )
    expect(status.json).toMatchObject({ spec: { size: 1 }, status: { phase: 'Ready' }, metadata: { generation: 1 } })
    const scaled = await server.ask('PATCH', `${things}/sub/scale`, { spec: { replicas: 3 } }, merge)
    expect(scaled.json).toMatchObject({ kind: 'Scale', spec: { replicas: 3 }, status: { replicas: 1 } })
    expect((await server.ask('GET', `${things}/sub`)).json).toMatchObject({
      spec: { size: 3 },
      metadata: { generation: 2 },
    })
  })

  it('are listed, shown as tables and watched', async () => {
    await server.ask('POST', things, thing('shown', { size: 4 }))
    const list = await server.ask('GET', things)
    expect(list.json).toMatchObject({
      kind: 'ThingList',
      items: expect.arrayContaining([expect.objectContaining({ kind: 'Thing' })]),
    })
    const table = await server.ask('GET', `${things}/shown`, undefined, {
      accept: 'application/json;as=Table;v=v1;g=meta.k8s.io',
    })
    expect(table.json['rows']).toEqual([expect.objectContaining({ cells: ['shown', 4] })])
    const [frame] = await take(
      watchFrames(server.api.transport(admin), `${things}?watch=true&fieldSelector=metadata.name%3Dshown`),
      1,
    )
    expect(frame).toMatchObject({ type: 'ADDED', object: { kind: 'Thing', metadata: { name: 'shown' } } })
  })

  it('take merge patches and apply, but no strategic merge', async () => {
    await server.ask('POST', things, thing('patched', { size: 1 }))
    expect((await server.ask('PATCH', `${things}/patched`, { spec: { size: 2 } }, merge)).status).toBe(200)
    const strategic = { 'content-type': 'application/strategic-merge-patch+json' }
    expect((await server.ask('PATCH', `${things}/patched`, {}, strategic)).status).toBe(415)
    const apply = (manager: string, tags: string[]) =>
      server.ask('PATCH', `${things}/applied?fieldManager=${manager}`, thing('applied', { size: 1, tags }), {
        'content-type': 'application/apply-patch+yaml',
      })
    expect((await apply('one', ['a'])).status).toBe(201)
    expect((await apply('two', ['b'])).json['spec']).toMatchObject({ tags: ['a', 'b'] })
  })

  it('go with their definition', async () => {
    expect((await server.ask('DELETE', `${definitions}/things.example.com`)).status).toBe(200)
    await served(server, `${definitions}/things.example.com`, 404)
    await served(server, things, 404)
    expect((await server.ask('POST', definitions, definition())).status).toBe(201)
    await served(server, things)
    expect((await server.ask('GET', things)).json.items).toEqual([])
  })

  it('are there again after a restart', async () => {
    const first = await startTestServer()
    await first.ask('POST', definitions, definition())
    await served(first, things)
    await first.ask('POST', things, thing('kept', { size: 2 }))
    await first.stop()
    const second = await startTestServer({ directory: first.directory })
    expect((await second.ask('GET', `${things}/kept`)).json['spec']).toMatchObject({ size: 2 })
    await second.close()
  })
})
