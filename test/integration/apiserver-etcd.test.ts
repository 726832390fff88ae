import { join } from 'node:path'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { startEtcd, type EtcdServer } from '../suites/etcd-server.ts'
import { admin, configMap, startTestServer, take, watchFrames, type TestServer } from './apiserver-support.ts'

const maps = '/api/v1/namespaces/default/configmaps'

describe('an API server on etcd', () => {
  let etcd: EtcdServer
  let directory: string
  const start = (): Promise<TestServer> =>
    startTestServer({ directory, storage: { type: 'etcd', endpoints: [etcd.endpoint] } })

  beforeAll(async () => {
    etcd = await startEtcd()
    directory = await mkdtemp(join(tmpdir(), 'kapell-api-'))
  })
  afterAll(async () => {
    await etcd.stop()
    await rm(directory, { recursive: true, force: true })
  })

  it('keeps everything there, for itself and for others', async () => {
    const one = await start()
    const two = await start()
    const from = String((await two.ask('GET', maps)).json.metadata?.resourceVersion)
    expect((await one.ask('POST', maps, configMap('shared', { data: { a: '1' } }))).status).toBe(201)
    const [frame] = await take(watchFrames(two.api.transport(admin), `${maps}?watch=true&resourceVersion=${from}`), 1)
    expect(frame).toMatchObject({ type: 'ADDED', object: { metadata: { name: 'shared' } } })
    expect((await two.ask('GET', `${maps}/shared`)).json['data']).toEqual({ a: '1' })
    expect((await two.ask('GET', maps)).json.items).toHaveLength(1)
    await one.stop()
    await two.stop()
  }, 20_000)

  it('says in one line that etcd does not answer', async () => {
    await expect(
      startTestServer({ directory, storage: { type: 'etcd', endpoints: ['http://127.0.0.1:1'] } }),
    ).rejects.toThrow(/^[^\n]*127\.0\.0\.1:1[^\n]*$/)
  }, 30_000)
})
