import { configMap, startTestServer, type TestServer } from './apiserver-support.ts'

const maps = '/api/v1/namespaces/default/configmaps'

describe('objects', () => {
  let server: TestServer
  beforeAll(async () => {
    server = await startTestServer()
  })
  afterAll(() => server.close())

  it('creates, reads, replaces and deletes', async () => {
    const { ask } = server
    const made = await ask('POST', maps, configMap('life', { data: { a: '1' } }))
    expect(made).toMatchObject({
      status: 201,
      json: { kind: 'ConfigMap', data: { a: '1' }, metadata: { name: 'life' } },
    })
    expect(await ask('GET', `${maps}/life`)).toMatchObject({ status: 200, json: made.json })
    const put = await ask('PUT', `${maps}/life`, configMap('life', { data: { b: '2' } }))
    expect(put.json['data']).toEqual({ b: '2' })
    expect(put.json.metadata?.uid).toBe(made.json.metadata?.uid)
    expect(await ask('DELETE', `${maps}/life`)).toMatchObject({
      status: 200,
      json: { kind: 'Status', status: 'Success' },
    })
    expect(await ask('GET', `${maps}/life`)).toMatchObject({ status: 404, json: { reason: 'NotFound' } })
  })

  it('writes nothing when nothing changes', async () => {
    const { ask } = server
    const made = await ask('POST', maps, configMap('same', { data: { a: '1' } }))
    const put = await ask('PUT', `${maps}/same`, configMap('same', { data: { a: '1' } }))
    expect(put.json.metadata?.resourceVersion).toBe(made.json.metadata?.resourceVersion)
  })

  it('refuses a stale resourceVersion and takes one that is current', async () => {
    const { ask } = server
    const made = await ask('POST', maps, configMap('lock'))
    const version = made.json.metadata?.resourceVersion ?? ''
    const write = (value: string) =>
      ask('PUT', `${maps}/lock`, configMap('lock', { data: { a: value } }, { resourceVersion: version }))
    expect((await write('1')).status).toBe(200)
    expect(await write('2')).toMatchObject({ status: 409, json: { reason: 'Conflict' } })
  })

  it('lets no unconditional patch get lost among many', async () => {
    const { ask } = server
    await ask('POST', maps, configMap('race'))
    const names = Array.from({ length: 20 }, (_, i) => `k${i}`)
    const answers = await Promise.all(
      names.map((name) =>
        ask('PATCH', `${maps}/race`, { data: { [name]: 'x' } }, { 'content-type': 'application/merge-patch+json' }),
      ),
    )
    expect(answers.map((a) => a.status)).toEqual(names.map(() => 200))
    expect(Object.keys((await ask('GET', `${maps}/race`)).json['data'] as object).sort()).toEqual([...names].sort())
  })

  it('generates names, and keeps a given one', async () => {
    const { ask } = server
    const generated = await ask('POST', maps, {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { generateName: 'gen-' },
    })
    expect(generated.json.metadata?.name).toMatch(/^gen-[a-z0-9]{5}$/)
  })

  it('keeps an object until its finalizers are gone', async () => {
    const { ask } = server
    await ask('POST', maps, configMap('held', {}, { finalizers: ['example.com/x'] }))
    const deleted = await ask('DELETE', `${maps}/held`)
    expect(deleted.json.metadata).toMatchObject({
      deletionTimestamp: expect.any(String),
      deletionGracePeriodSeconds: 0,
    })
    expect((await ask('GET', `${maps}/held`)).status).toBe(200)
    const type = { 'content-type': 'application/merge-patch+json' }
    expect(
      (await ask('PATCH', `${maps}/held`, { metadata: { finalizers: ['example.com/y', 'example.com/x'] } }, type))
        .status,
    ).toBe(422)
    expect((await ask('PATCH', `${maps}/held`, { metadata: { finalizers: null } }, type)).status).toBe(200)
    expect((await ask('GET', `${maps}/held`)).status).toBe(404)
  })

  it.each([
    ['Orphan', 'orphan'],
    ['Foreground', 'foregroundDeletion'],
  ])('asks the garbage collector with a finalizer: %s', async (propagationPolicy, finalizer) => {
    const { ask } = server
    const name = finalizer.toLowerCase()
    await ask('POST', maps, configMap(name))
    const answer = await ask('DELETE', `${maps}/${name}`, {
      kind: 'DeleteOptions',
      apiVersion: 'v1',
      propagationPolicy,
    })
    expect(answer.json.metadata).toMatchObject({ finalizers: [finalizer] })
  })

  it('refuses deletion preconditions that do not hold', async () => {
    const { ask } = server
    await ask('POST', maps, configMap('sure'))
    const answer = await ask('DELETE', `${maps}/sure`, { preconditions: { uid: 'other' } })
    expect(answer).toMatchObject({ status: 409, json: { reason: 'Conflict' } })
    expect((await ask('GET', `${maps}/sure`)).status).toBe(200)
  })

  it('deletes collections by selector and answers with what was there', async () => {
    const { ask } = server
    for (const name of ['x1', 'x2', 'y1']) await ask('POST', maps, configMap(name, {}, { labels: { set: name[0] } }))
    const answer = await ask('DELETE', `${maps}?labelSelector=set%3Dx`)
    expect(answer.json.items?.map((i) => i.metadata.name)).toEqual(['x1', 'x2'])
    expect((await ask('GET', `${maps}/y1`)).status).toBe(200)
    expect((await ask('GET', `${maps}/x1`)).status).toBe(404)
  })

  it('leaves nothing behind after a dry run', async () => {
    const { ask } = server
    expect((await ask('POST', `${maps}?dryRun=All`, configMap('dry'))).status).toBe(201)
    expect((await ask('GET', `${maps}/dry`)).status).toBe(404)
  })

  it('counts the generation of what is wanted, not of what is', async () => {
    const { ask } = server
    const path = '/apis/apps/v1/namespaces/default/deployments'
    const labels = { app: 'web' }
    const spec = {
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [{ name: 'c', image: 'i' }] } },
    }
    const made = await ask('POST', path, { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web' }, spec })
    expect(made.json.metadata).toMatchObject({ generation: 1 })
    const type = { 'content-type': 'application/merge-patch+json' }
    expect((await ask('PATCH', `${path}/web/status`, { status: { replicas: 1 } }, type)).json.metadata).toMatchObject({
      generation: 1,
    })
    expect((await ask('PATCH', `${path}/web`, { spec: { replicas: 2 } }, type)).json.metadata).toMatchObject({
      generation: 2,
    })
    const scaled = await ask('PATCH', `${path}/web/scale`, { spec: { replicas: 3 } }, type)
    expect(scaled.json).toMatchObject({
      kind: 'Scale',
      spec: { replicas: 3 },
      status: { replicas: 1, selector: 'app=web' },
    })
    expect((await ask('GET', `${path}/web`)).json.metadata).toMatchObject({ generation: 3 })
  })

  it('applies server-side, and tells of conflicts', async () => {
    const { ask } = server
    const apply = (manager: string, data: Record<string, string>, force = '') =>
      ask('PATCH', `${maps}/applied?fieldManager=${manager}${force}`, configMap('applied', { data }), {
        'content-type': 'application/apply-patch+yaml',
      })
    expect((await apply('one', { a: '1', b: '1' })).status).toBe(201)
    expect(await apply('two', { a: '2' })).toMatchObject({ status: 409, json: { reason: 'Conflict' } })
    expect((await apply('two', { a: '2' }, '&force=true')).json['data']).toEqual({ a: '2', b: '1' })
    expect((await apply('one', {})).json['data']).toEqual({ a: '2' })
  })
})
