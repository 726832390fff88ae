import { admin, configMap, startTestServer, take, watchFrames, type TestServer } from './apiserver-support.ts'

const maps = '/api/v1/namespaces/default/configmaps'
const merge = { 'content-type': 'application/merge-patch+json' }

describe('lists', () => {
  let server: TestServer
  const names = async (query: string) => {
    const answer = await server.ask('GET', `${maps}?${query}`)
    return answer.json.items?.map((item) => item.metadata.name)
  }
  beforeAll(async () => {
    server = await startTestServer()
    for (const name of ['a', 'b', 'c', 'd']) {
      await server.ask(
        'POST',
        maps,
        configMap(name, { data: { n: name } }, { labels: { odd: String('ac'.includes(name)) } }),
      )
    }
  })
  afterAll(() => server.close())

  it('sees at once what was just written', async () => {
    await server.ask('POST', maps, configMap('e'))
    expect(await names('')).toEqual(['a', 'b', 'c', 'd', 'e'])
    await server.ask('DELETE', `${maps}/e`)
    expect(await names('')).toEqual(['a', 'b', 'c', 'd'])
  })

  it.each([
    ['labelSelector=odd%3Dtrue', ['a', 'c']],
    ['labelSelector=odd+notin+(true)', ['b', 'd']],
    ['fieldSelector=metadata.name%3Dc', ['c']],
    ['fieldSelector=metadata.name!%3Dc', ['a', 'b', 'd']],
    ['labelSelector=odd%3Dtrue&fieldSelector=metadata.name%3Db', []],
    ['resourceVersion=0', ['a', 'b', 'c', 'd']],
  ])('%s', async (query, expected) => {
    expect(await names(query)).toEqual(expected)
  })

  it('pages through one moment, whatever is written meanwhile', async () => {
    const first = await server.ask('GET', `${maps}?limit=2`)
    expect(first.json.metadata).toMatchObject({ remainingItemCount: 2 })
    await server.ask('POST', maps, configMap('bb'))
    await server.ask('DELETE', `${maps}/d`)
    const token = encodeURIComponent(String(first.json.metadata?.['continue']))
    const second = await server.ask('GET', `${maps}?limit=2&continue=${token}`)
    expect(second.json.items?.map((item) => item.metadata.name)).toEqual(['c', 'd'])
    expect(second.json.metadata).not.toHaveProperty('continue')
    expect(second.json.metadata?.resourceVersion).toBe(first.json.metadata?.resourceVersion)
    await server.ask('DELETE', `${maps}/bb`)
    await server.ask('POST', maps, configMap('d', {}, { labels: { odd: 'false' } }))
  })

  it('tells of a token that is too old, and gives one to go on with', async () => {
    let now = new Date()
    const late = await startTestServer({ now: () => now })
    for (const name of ['a', 'b']) await late.ask('POST', maps, configMap(name))
    const first = await late.ask('GET', `${maps}?limit=1`)
    now = new Date(now.getTime() + 6 * 60_000)
    const token = (answer: typeof first) => encodeURIComponent(String(answer.json.metadata?.['continue']))
    const old = await late.ask('GET', `${maps}?limit=1&continue=${token(first)}`)
    expect(old).toMatchObject({ status: 410, json: { reason: 'Expired' } })
    const rest = await late.ask('GET', `${maps}?limit=1&continue=${token(old)}`)
    expect(rest.json.items?.map((item) => item.metadata.name)).toEqual(['b'])
    await late.close()
  })

  it('shows tables, bare metadata and YAML', async () => {
    const table = await server.ask('GET', maps, undefined, { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' })
    expect(table.json).toMatchObject({
      kind: 'Table',
      rows: expect.arrayContaining([expect.objectContaining({ cells: ['a', 1, expect.any(String)] })]),
    })
    const partial = await server.ask('GET', `${maps}/a`, undefined, {
      accept: 'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io',
    })
    expect(partial.json).toMatchObject({ kind: 'PartialObjectMetadata', metadata: { name: 'a' } })
    expect(partial.json).not.toHaveProperty('data')
    const yaml = await server.ask('GET', `${maps}/a`, undefined, { accept: 'application/yaml' })
    expect(yaml.text).toContain('kind: ConfigMap\nmetadata:\n')
    const review = await server.ask(
      'POST',
      '/apis/authentication.k8s.io/v1/selfsubjectreviews',
      {},
      { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' },
    )
    expect(review).toMatchObject({ status: 406, json: { reason: 'NotAcceptable' } })
  })
})

describe('watches', () => {
  let server: TestServer
  beforeEach(async () => {
    server = await startTestServer({ watch: { bookmarkEveryMs: 0 } })
  })
  afterEach(() => server.close())

  const version = async () => String((await server.ask('GET', maps)).json.metadata?.resourceVersion)
  const frames = (query: string, count: number) =>
    take(watchFrames(server.api.transport(admin), `${maps}?watch=true&${query}`), count)
  const seen = (all: { type: string; object: { metadata?: { name?: string } } }[]) =>
    all.map((frame) => `${frame.type} ${frame.object.metadata?.name}`)

  it('tells every change from a version on, in order', async () => {
    const from = await version()
    await server.ask('POST', maps, configMap('a'))
    await server.ask('PATCH', `${maps}/a`, { data: { a: '1' } }, merge)
    await server.ask('DELETE', `${maps}/a`)
    expect(seen(await frames(`resourceVersion=${from}`, 3))).toEqual(['ADDED a', 'MODIFIED a', 'DELETED a'])
  })

  it('shows what enters and leaves a selection as ADDED and DELETED', async () => {
    const from = await version()
    await server.ask('POST', maps, configMap('a', {}, { labels: { x: '1' } }))
    const left = await server.ask('PATCH', `${maps}/a`, { metadata: { labels: { x: '2' } } }, merge)
    await server.ask('PATCH', `${maps}/a`, { metadata: { labels: { x: '1' } } }, merge)
    const all = await frames(`resourceVersion=${from}&labelSelector=x%3D1`, 3)
    expect(seen(all)).toEqual(['ADDED a', 'DELETED a', 'ADDED a'])
    expect(all[1]?.object.metadata).toMatchObject({
      labels: { x: '1' },
      resourceVersion: left.json.metadata?.resourceVersion,
    })
  })

  it('streams the state first when asked to, and says where it ends', async () => {
    await server.ask('POST', maps, configMap('a'))
    const query = 'sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true'
    const all = await frames(query, 2)
    expect(all[0]).toMatchObject({ type: 'ADDED', object: { metadata: { name: 'a' } } })
    expect(all[1]).toMatchObject({
      type: 'BOOKMARK',
      object: { kind: 'ConfigMap', metadata: { annotations: { 'k8s.io/initial-events-end': 'true' } } },
    })
  })

  it('marks progress for those who take bookmarks', async () => {
    const from = await version()
    await server.ask('POST', '/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'other' } })
    const [mark] = await frames(`resourceVersion=${from}&allowWatchBookmarks=true`, 1)
    expect(mark?.type).toBe('BOOKMARK')
    expect(Number(mark?.object.metadata?.resourceVersion)).toBeGreaterThan(Number(from))
  })

  it('ends when its client goes', async () => {
    const going = new AbortController()
    const source = watchFrames(server.api.transport(admin), `${maps}?watch=true`, going.signal)
    const ended = take(source, 1)
    going.abort()
    await expect(ended.catch(() => [])).resolves.toEqual([])
  })

  it('ends when the server does', async () => {
    const ended = frames('resourceVersion=0', 1)
    await server.stop()
    await expect(ended.catch(() => [])).resolves.toEqual([])
  })
})
