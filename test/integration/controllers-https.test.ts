import { jest } from '@jest/globals'
import { createClient } from '@kapell/controllers/machinery/create-client'
import { httpsTransport, type HttpsTransport } from '@kapell/controllers/machinery/https-transport'
import { createInformerFactory } from '@kapell/controllers/machinery/informer-factory'
import { silentLogger } from '@kapell/controllers/machinery/log'
import { configMaps } from '@kapell/openapi/meta/refs'
import { startTestServer, type TestServer } from './apiserver-support.ts'

// Conditions come within milliseconds; a busy machine may take longer.
jest.setTimeout(30_000)

describe('the client over TLS', () => {
  let server: TestServer
  const open: HttpsTransport[] = []
  const connect = (options: Partial<Parameters<typeof httpsTransport>[0]>): HttpsTransport => {
    const transport = httpsTransport({ server: server.api.url, ca: server.api.caCertificate, ...options })
    open.push(transport)
    return transport
  }
  beforeAll(async () => {
    server = await startTestServer({ listen: true })
  })
  afterAll(async () => {
    await Promise.all(open.map((transport) => transport.close()))
    await server.close()
  })
  const admin = async () => {
    const { certificate, key } = await server.api.issueClientCertificate({
      commonName: 'admin',
      organizations: ['system:masters'],
    })
    return connect({ cert: certificate, key })
  }

  it('reads and writes as its certificate says', async () => {
    const maps = createClient(await admin()).resource(configMaps, 'default')
    const made = await maps.create({ metadata: { name: 'one' }, data: { a: 'ä' } })
    expect(await maps.get('one')).toEqual(made)
    await expect(maps.create({ metadata: { name: 'one' } })).rejects.toMatchObject({ reason: 'AlreadyExists' })
    await maps.delete('one')
    await expect(maps.get('one')).rejects.toMatchObject({ reason: 'NotFound', code: 404 })
  })

  it('an informer follows over a connection that breaks', async () => {
    const stop = new AbortController()
    const transport = await admin()
    const client = createClient(transport)
    const informer = createInformerFactory({ client, log: silentLogger, signal: stop.signal }).informer(configMaps, {
      namespace: 'default',
    })
    await informer.synced()
    const seen = (name: string) =>
      new Promise<void>((resolve) => {
        const off = informer.onChange({
          add: ({ metadata }) => {
            if (metadata?.name !== name) return
            resolve()
            queueMicrotask(() => off())
          },
        })
      })
    const first = seen('first')
    await client.resource(configMaps, 'default').create({ metadata: { name: 'first' } })
    await first
    // Every connection is cut, the watch's too; it resumes by itself, and misses nothing.
    await transport.close()
    const second = seen('second')
    await createClient(await admin())
      .resource(configMaps, 'default')
      .create({ metadata: { name: 'second' } })
    await second
    expect(informer.lister.get('default/first')).toBeDefined()
    stop.abort()
  })

  it('without credentials it is told so; with a wrong token too', async () => {
    await expect(createClient(connect({})).resource(configMaps, 'default').list()).rejects.toMatchObject({ code: 403 })
    await expect(
      createClient(connect({ token: () => 'nonsense' }))
        .resource(configMaps, 'default')
        .list(),
    ).rejects.toMatchObject({ code: 401 })
  })

  it('a server that another authority vouches for is not trusted', async () => {
    const other = await startTestServer()
    const client = createClient(connect({ ca: other.api.caCertificate }))
    await expect(client.resource(configMaps, 'default').list()).rejects.toThrow(/certificate|self-signed|verify/i)
    await other.close()
  })
})
