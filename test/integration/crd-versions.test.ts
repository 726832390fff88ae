import { once } from 'node:events'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { admin, startTestServer, take, watchFrames, type Json, type TestServer } from './apiserver-support.ts'
import { crd, define, definitions, merge, path, until, version } from './crd-support.ts'

let server: TestServer
beforeAll(async () => {
  server = await startTestServer()
})
afterAll(() => server.close())

const object = (kind: string, name: string, at: string, more: Json = {}): Json => ({
  apiVersion: `example.com/${at}`,
  kind,
  metadata: { name },
  ...more,
})

describe('without conversion', () => {
  const versions = (storage: string): Json[] => ['v1', 'v2'].map((name) => version(name, { storage: name === storage }))
  beforeAll(async () => {
    await define(server, crd('plains', 'Plain', versions('v1')), path('plains', 'v2'))
  })

  it('shows an object in every version', async () => {
    await server.ask('POST', path('plains', 'v2'), object('Plain', 'a', 'v2', { spec: { x: 1 } }))
    for (const at of ['v1', 'v2']) {
      const shown = { apiVersion: `example.com/${at}`, spec: { x: 1 } }
      expect((await server.ask('GET', `${path('plains', at)}/a`)).json).toMatchObject(shown)
      expect((await server.ask('GET', path('plains', at))).json.items?.[0]).toMatchObject(shown)
      const frames = watchFrames(server.api.transport(admin), `${path('plains', at)}?watch=1`)
      expect((await take(frames, 1))[0]?.object).toMatchObject(shown)
    }
  })

  it('stores an object anew in the new storage version, even when nothing else changes', async () => {
    const before = (await server.ask('GET', `${path('plains')}/a`)).json
    expect((await server.ask('PUT', `${path('plains')}/a`, before)).json.metadata?.resourceVersion).toBe(
      before.metadata?.resourceVersion,
    )
    await server.ask('PATCH', `${definitions}/plains.example.com`, { spec: { versions: versions('v2') } }, merge)
    const definition = await until(
      () => server.ask('GET', `${definitions}/plains.example.com`),
      (answer) => answer.text.includes('"storedVersions":["v1","v2"]'),
    )
    expect(definition.status).toBe(200)
    const written = await until(
      () => server.ask('PUT', `${path('plains')}/a`, before),
      (answer) => answer.json.metadata?.resourceVersion !== before.metadata?.resourceVersion,
    )
    const again = await server.ask('PUT', `${path('plains')}/a`, written.json)
    expect(again.json.metadata?.resourceVersion).toBe(written.json.metadata?.resourceVersion)
  })

  it('lets a version go only when nothing may be stored in it', async () => {
    const only = { spec: { versions: [version('v2')] } }
    expect((await server.ask('PATCH', `${definitions}/plains.example.com`, only, merge)).status).toBe(422)
    const stored = { status: { storedVersions: ['v2'] } }
    await server.ask('PATCH', `${definitions}/plains.example.com/status`, stored, merge)
    expect((await server.ask('PATCH', `${definitions}/plains.example.com`, only, merge)).status).toBe(200)
    await until(
      () => server.ask('GET', path('plains')),
      (answer) => answer.status === 404,
    )
    expect((await server.ask('GET', `${path('plains', 'v2')}/a`)).json).toMatchObject({ spec: { x: 1 } })
  })
})

describe('with a conversion webhook', () => {
  interface Review {
    request: { uid: string; desiredAPIVersion: string; objects: (Json & { apiVersion: string })[] }
  }
  let webhook: Server
  let reviews: Review[] = []
  let answer: (review: Review) => Json

  /** v1 says hostPort, v2 says host and port. */
  const converted = (one: Json & { apiVersion: string }, desired: string): Json => {
    const { hostPort, host, port, ...rest } = one
    return desired.endsWith('/v1')
      ? { ...rest, apiVersion: desired, hostPort: `${String(host)}:${String(port)}` }
      : { ...rest, apiVersion: desired, host: String(hostPort).split(':')[0], port: String(hostPort).split(':')[1] }
  }
  const success = ({ request }: Review): Json => ({
    uid: request.uid,
    result: { status: 'Success' },
    convertedObjects: request.objects.map((one) => converted(one, request.desiredAPIVersion)),
  })

  beforeAll(async () => {
    const { certificate, key } = await server.api.issueServingCertificate({ commonName: 'hook', hosts: ['127.0.0.1'] })
    webhook = createServer({ cert: certificate, key }, (request, response) => {
      const chunks: Buffer[] = []
      request.on('data', (chunk: Buffer) => chunks.push(chunk))
      request.on('end', () => {
        const review = JSON.parse(Buffer.concat(chunks).toString()) as Review
        reviews.push(review)
        const { kind, apiVersion } = review as unknown as Json
        response.end(JSON.stringify({ kind, apiVersion, response: answer(review) }))
      })
    }).listen(0, '127.0.0.1')
    await once(webhook, 'listening')
    answer = success
    const { port } = webhook.address() as AddressInfo
    const conversion = {
      strategy: 'Webhook',
      webhook: {
        conversionReviewVersions: ['v1'],
        clientConfig: {
          url: `https://127.0.0.1:${port}/convert`,
          caBundle: Buffer.from(server.api.caCertificate).toString('base64'),
        },
      },
    }
    const versions = [version('v1', { storage: false }), version('v2')]
    await define(server, crd('hosts', 'Host', versions, { conversion }), path('hosts'))
  })
  afterAll(() => {
    webhook.closeAllConnections()
    webhook.close()
  })
  beforeEach(() => {
    reviews = []
    answer = success
  })

  const v1 = { apiVersion: 'example.com/v1', hostPort: 'here:80' }
  const v2 = { apiVersion: 'example.com/v2', host: 'here', port: '80' }

  it('converts what is written, to what is stored', async () => {
    const made = await server.ask('POST', path('hosts'), object('Host', 'a', 'v1', { hostPort: 'here:80' }))
    expect(made).toMatchObject({ status: 201, json: v1 })
    expect(reviews.map((review) => review.request.desiredAPIVersion)).toEqual(['example.com/v2'])
    reviews = []
    expect((await server.ask('GET', `${path('hosts', 'v2')}/a`)).json).toMatchObject(v2)
    expect(reviews).toEqual([])
  })

  it('converts what is read, lists in one go', async () => {
    await server.ask('POST', path('hosts', 'v2'), object('Host', 'b', 'v2', { host: 'there', port: '81' }))
    expect((await server.ask('GET', `${path('hosts')}/b`)).json).toMatchObject({ hostPort: 'there:81' })
    reviews = []
    const { json } = await server.ask('GET', path('hosts'))
    expect(json.items).toMatchObject([v1, { hostPort: 'there:81' }])
    expect(reviews.map((review) => review.request.objects.length)).toEqual([2])
    // What was converted once is known while it is cached.
    await server.ask('GET', path('hosts'))
    expect(reviews).toHaveLength(1)
    const page = await server.ask('GET', `${path('hosts')}?limit=1&resourceVersion=${json.metadata?.resourceVersion}`)
    expect(page.json.items).toMatchObject([v1])
  })

  it('converts what is watched, patched and deleted', async () => {
    const frames = watchFrames(server.api.transport(admin), `${path('hosts')}?watch=1`)
    const seen = take(frames, 3)
    await server.ask('PATCH', `${path('hosts')}/a`, { hostPort: 'new:82' }, merge)
    expect((await server.ask('GET', `${path('hosts', 'v2')}/a`)).json).toMatchObject({ host: 'new', port: '82' })
    expect((await seen).map(({ type, object: one }) => [type, one['hostPort']])).toEqual([
      ['ADDED', 'here:80'],
      ['ADDED', 'there:81'],
      ['MODIFIED', 'new:82'],
    ])
    expect((await server.ask('DELETE', `${path('hosts')}/b`)).status).toBe(200)
  })

  it.each<[rule: string, response: (review: Review) => Json, message: string]>([
    [
      'refuses',
      ({ request }) => ({ uid: request.uid, result: { status: 'Failure', message: 'cannot' } }),
      'conversion webhook for example.com/v2, Kind=Host failed: cannot',
    ],
    [
      'forgets objects',
      ({ request }) => ({ uid: request.uid, result: { status: 'Success' }, convertedObjects: [] }),
      'conversion webhook for example.com/v2, Kind=Host returned 0 objects, expected 1',
    ],
    [
      'renames objects',
      (review) => {
        const response = success(review)
        const [first] = response['convertedObjects'] as { metadata: { name: string } }[]
        first!.metadata.name = 'other'
        return response
      },
      'metadata.name was changed',
    ],
    ['answers another', () => ({ uid: 'x', result: { status: 'Success' } }), 'expected response.uid'],
  ])('says so when the webhook %s', async (_, response, message) => {
    answer = response
    const got = await server.ask('GET', `${path('hosts')}/a`)
    expect(got.status).toBe(500)
    expect(got.json.message).toContain(message)
  })

  it('says so when the webhook is gone; what needs no conversion is still served', async () => {
    webhook.closeAllConnections()
    webhook.close()
    const got = await server.ask('GET', `${path('hosts')}/a`)
    expect(got.status).toBe(500)
    expect(got.json.message).toMatch(/^conversion webhook for example\.com\/v2, Kind=Host failed: Post "https:/)
    expect((await server.ask('GET', `${path('hosts', 'v2')}/a`)).status).toBe(200)
  })
})
