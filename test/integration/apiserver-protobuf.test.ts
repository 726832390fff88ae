import { decodeProtobuf, decodeWatchEvent, encodeProtobuf } from '@kapell/openapi/wire/protobuf'
import { admin, configMap, startTestServer, type TestServer } from './apiserver-support.ts'

const maps = '/api/v1/namespaces/default/configmaps'
const protobuf = 'application/vnd.kubernetes.protobuf'
const gvk = { group: '', version: 'v1', kind: 'ConfigMap' }

describe('protobuf, as client-go speaks it', () => {
  let server: TestServer
  beforeAll(async () => {
    server = await startTestServer()
    await server.ask('POST', maps, configMap('there', { data: { a: '1' } }))
  })
  afterAll(() => server.close())

  const ask = async (method: 'GET' | 'POST' | 'PUT' | 'DELETE', path: string, body?: object) => {
    const answer = await server.api.transport(admin)({
      method,
      path,
      headers: { accept: `${protobuf},application/json`, 'content-type': protobuf },
      ...(body === undefined ? {} : { body: encodeProtobuf(gvk, body) }),
    })
    const bytes = await answer.bytes()
    return { status: answer.status, type: answer.headers['content-type'], ...decodeProtobuf(bytes) }
  }

  it('is taken and given', async () => {
    const made = await ask('POST', maps, configMap('made', { data: { b: '2' } }))
    expect(made).toMatchObject({ status: 201, type: protobuf, object: { kind: 'ConfigMap', data: { b: '2' } } })
    expect((await ask('GET', `${maps}/made`)).object).toMatchObject({ metadata: { name: 'made' }, data: { b: '2' } })
    expect((await server.ask('GET', `${maps}/made`)).json['data']).toEqual({ b: '2' })
  })

  it('carries lists and failures', async () => {
    expect(await ask('GET', maps)).toMatchObject({ gvk: { kind: 'ConfigMapList' } })
    expect(await ask('GET', `${maps}/nope`)).toMatchObject({
      status: 404,
      gvk: { kind: 'Status' },
      object: { reason: 'NotFound' },
    })
  })

  it('carries watches, frame by frame', async () => {
    const answer = await server.api.transport(admin)({
      method: 'GET',
      path: `${maps}?watch=true&fieldSelector=metadata.name%3Dthere`,
      headers: { accept: `${protobuf};stream=watch` },
    })
    expect(answer.headers['content-type']).toBe(`${protobuf};stream=watch`)
    for await (const chunk of answer.stream()) {
      const length = Buffer.from(chunk).readUInt32BE(0)
      expect(decodeWatchEvent(chunk.subarray(4, 4 + length))).toMatchObject({
        type: 'ADDED',
        object: { kind: 'ConfigMap', metadata: { name: 'there' } },
      })
      break
    }
  })

  it('is refused when it is none', async () => {
    const answer = await server.ask('POST', maps, 'abcdefgh', { 'content-type': protobuf })
    expect(answer).toMatchObject({
      status: 400,
      json: { message: expect.stringContaining('does not appear to be a protobuf') },
    })
  })
})
