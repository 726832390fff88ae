import type { ApiRequest, Transport } from '@kapell/openapi/wire/transport'
import { FakeClock } from './clock.ts'
import { createClient } from './create-client.ts'

const pods = { group: '', version: 'v1', kind: 'Pod', plural: 'pods', namespaced: true } as const
const deployments = {
  group: 'apps',
  version: 'v1',
  kind: 'Deployment',
  plural: 'deployments',
  namespaced: true,
} as const

function server(status: number, ...chunks: string[]): { transport: Transport; requests: ApiRequest[] } {
  const requests: ApiRequest[] = []
  const encoded = chunks.map((chunk) => new TextEncoder().encode(chunk))
  return {
    requests,
    transport: (request) => {
      requests.push(request)
      return Promise.resolve({
        status,
        headers: { 'content-type': 'application/json' },
        stream: async function* () {
          for (const chunk of encoded) yield await Promise.resolve(chunk)
        },
        bytes: () => Promise.resolve(Buffer.concat(encoded)),
      })
    },
  }
}
const bodyOf = (request: ApiRequest | undefined): unknown => JSON.parse(new TextDecoder().decode(request?.body))

describe('the client', () => {
  test('a failure answer is thrown with its Status', async () => {
    const status = { kind: 'Status', status: 'Failure', reason: 'NotFound', message: 'pods "x" not found', code: 404 }
    const client = createClient(server(404, JSON.stringify(status)).transport)
    await expect(client.resource(pods, 'a').get('x')).rejects.toMatchObject({ reason: 'NotFound', code: 404 })
  })

  test('a failure that is no Status becomes one', async () => {
    const client = createClient(server(503, '<html>busy</html>').transport)
    await expect(client.resource(pods, 'a').get('x')).rejects.toMatchObject({
      reason: 'ServiceUnavailable',
      message: '<html>busy</html>',
    })
  })

  test('items of a list know their kind', async () => {
    const client = createClient(server(200, '{"metadata":{"resourceVersion":"3"},"items":[{"metadata":{}}]}').transport)
    const list = await client.resource(deployments).list({ labelSelector: 'a=b,c', limit: 5 })
    expect(list.items[0]).toMatchObject({ apiVersion: 'apps/v1', kind: 'Deployment' })
  })

  test.each([
    ['create', 'POST', '/apis/apps/v1/namespaces/n/deployments'],
    ['update', 'PUT', '/apis/apps/v1/namespaces/n/deployments/d'],
    ['updateStatus', 'PUT', '/apis/apps/v1/namespaces/n/deployments/d/status'],
  ] as const)('%s is a %s to %s', async (verb, method, path) => {
    const { transport, requests } = server(200, '{}')
    await createClient(transport)
      .resource(deployments, 'n')
      [verb]({ metadata: { name: 'd' } })
    expect(requests[0]).toMatchObject({ method, path })
    expect(bodyOf(requests[0])).toEqual({ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'd' } })
  })

  test('patches say their type, deletes their options', async () => {
    const { transport, requests } = server(200, '{}')
    const client = createClient(transport).resource(pods, 'n')
    await client.patch('p', 'strategic', { a: 1 }, { subresource: 'status' })
    await client.patch('p', 'apply', { a: 1 }, { fieldManager: 'me', force: true })
    await client.delete('p', { gracePeriodSeconds: 0, preconditions: { uid: 'u' } })
    expect(requests.map((r) => [r.path, r.headers?.['content-type']])).toEqual([
      ['/api/v1/namespaces/n/pods/p/status', 'application/strategic-merge-patch+json'],
      ['/api/v1/namespaces/n/pods/p?fieldManager=me&force=true', 'application/apply-patch+yaml'],
      ['/api/v1/namespaces/n/pods/p', 'application/json'],
    ])
    expect(bodyOf(requests[2])).toMatchObject({ gracePeriodSeconds: 0, preconditions: { uid: 'u' } })
  })

  test('watch frames are split at newlines wherever the chunks break, inside a character too', async () => {
    const frame = JSON.stringify({ type: 'ADDED', object: { metadata: { name: 'ä' } } }) + '\n'
    const bytes = new TextEncoder().encode(frame + frame)
    const transport: Transport = () =>
      Promise.resolve({
        status: 200,
        headers: {},
        stream: async function* () {
          for (const byte of bytes) yield await Promise.resolve(Uint8Array.of(byte))
        },
        bytes: () => Promise.reject(new Error('unused')),
      })
    const names: (string | undefined)[] = []
    for await (const event of createClient(transport).resource(pods).watch()) names.push(event.object.metadata?.name)
    expect(names).toEqual(['ä', 'ä'])
  })

  test('an ERROR event is thrown, and leaving a watch aborts its request', async () => {
    const gone = JSON.stringify({ type: 'ERROR', object: { kind: 'Status', code: 410, reason: 'Expired' } }) + '\n'
    const { transport, requests } = server(200, gone)
    const read = async (): Promise<void> => {
      for await (const _ of createClient(transport).resource(pods).watch({ resourceVersion: '1' }));
    }
    await expect(read()).rejects.toMatchObject({ code: 410 })
    expect(requests[0]?.signal?.aborted).toBe(true)
    expect(requests[0]?.path).toBe('/api/v1/pods?watch=true&resourceVersion=1')
  })
})

test('a busy server is asked again when it says so, and not when it does not', async () => {
  const clock = new FakeClock()
  let answers = 0
  const busy =
    (retryAfter: string | undefined): Transport =>
    () => {
      answers++
      return Promise.resolve({
        status: answers < 3 ? 429 : 200,
        headers: Object.fromEntries(retryAfter === undefined ? [] : [['retry-after', retryAfter]]),
        stream: () => {
          throw new Error('unused')
        },
        bytes: () => Promise.resolve(new TextEncoder().encode('{}')),
      })
    }
  const done = createClient(busy('1'), { clock }).resource(pods, 'a').get('x')
  await clock.advance(1000)
  expect(answers).toBe(2)
  await clock.advance(1000)
  expect(await done).toEqual({})
  answers = 0
  await expect(createClient(busy(undefined), { clock }).resource(pods, 'a').get('x')).rejects.toMatchObject({
    code: 429,
  })
})
