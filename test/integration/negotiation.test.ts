import { decodeProtobuf } from '@kapell/openapi/wire/protobuf'
import { until } from '../e2e/support/wait.ts'
import { admin, startTestServer, type TestServer } from './apiserver-support.ts'

let server: TestServer
beforeAll(async () => {
  server = await startTestServer()
})
afterAll(() => server.close())

const three = 'application/json, application/yaml, application/vnd.kubernetes.protobuf'
const listed = `406: Not Acceptable\n\nAvailable representations: ${three}`
const streams = 'application/json;stream=watch, application/vnd.kubernetes.protobuf;stream=watch'
const only = 'only the following media types are accepted: '
const aggregated = 'g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList'

it.each([
  ['/api/v1/namespaces/default', 'application/cbor', listed, {}],
  ['/api/v1/namespaces', 'application/cbor', `${listed}, ${streams}`, {}],
  ['/api/v1/namespaces?watch=1', 'application/cbor-seq', `${listed}, ${streams}`, {}],
  ['/api/v1/namespaces?watch=1', 'application/json;as=Nope;g=meta.k8s.io;v=v1', `${only}${three}`, undefined],
  ['/api/v1/namespaces?watch=1', 'application/yaml;as=Table;g=meta.k8s.io;v=v1', `${only}${streams}`, undefined],
  ['/version', 'application/cbor', '406: Not Acceptable\n\nAvailable representations: application/json', {}],
  ['/apis', 'application/cbor', `${only}${three}`, undefined],
  ['/apis/apps', 'text/html', `${only}${three}`, undefined],
  ['/apis/apps/v1', 'text/html', listed, {}],
  ['/apis/apps/v1', `application/json;${aggregated}`, `${only}${three}`, undefined],
  ['/apis', `application/json;${aggregated.replace('v2', 'v2beta1')}`, `${only}${three}`, undefined],
])('%s has no answer in %s', async (path, accept, message, details) => {
  const answer = await server.ask('GET', path, undefined, { accept })
  expect(answer.json).toMatchObject({ kind: 'Status', reason: 'NotAcceptable', code: 406, message })
  expect(answer.json['details']).toEqual(details)
})

describe('custom resources, which no router knows', () => {
  const things = '/apis/agg.example.com/v1/namespaces/default/things'
  beforeAll(async () => {
    const schema = { openAPIV3Schema: { type: 'object' } }
    await server.ask('POST', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', {
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name: 'things.agg.example.com' },
      spec: {
        group: 'agg.example.com',
        scope: 'Namespaced',
        names: { plural: 'things', kind: 'Thing' },
        versions: [{ name: 'v1', served: true, storage: true, schema }],
      },
    })
    await until('the resource to be served', async () => (await server.ask('GET', things)).status === 200)
    await server.ask('POST', things, { apiVersion: 'agg.example.com/v1', kind: 'Thing', metadata: { name: 'a' } })
  })

  it.each([
    ['GET', `${things}/a`, `${only}${three}`],
    ['GET', things, `${only}${three}`],
    ['GET', `${things}?watch=1`, `${only}${three}`],
  ] as const)('%s %s has no answer in CBOR', async (method, path, message) => {
    const { json } = await server.ask(method, path, undefined, { accept: 'application/cbor' })
    expect(json).toMatchObject({ code: 406, message })
    expect(json).not.toHaveProperty('details')
  })

  it('take three kinds of patches', async () => {
    const { json } = await server.ask('PATCH', `${things}/a`, '{}', { 'content-type': 'text/plain' })
    expect(json).toMatchObject({
      code: 415,
      message:
        'the body of the request was in an unknown format - accepted media types include: application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml',
    })
  })
})

it('a log has no answer in CBOR, nor has the document of all', async () => {
  const accept = { accept: 'application/cbor' }
  expect((await server.ask('GET', '/api/v1/namespaces/default/pods/p/log', undefined, accept)).json.message).toBe(
    `406: Not Acceptable\n\nAvailable representations: text/plain, ${three}`,
  )
  expect(await server.ask('GET', '/openapi/v2', undefined, accept)).toMatchObject({ status: 406, text: '' })
})

it.each([
  ['/api', 'APIVersions'],
  ['/apis', 'APIGroupList'],
  ['/apis/apps', 'APIGroup'],
  ['/apis/apps/v1', 'APIResourceList'],
])('%s is told in every form', async (path, kind) => {
  expect((await server.ask('GET', path)).json.kind).toBe(kind)
  const yaml = await server.ask('GET', path, undefined, { accept: 'application/yaml' })
  expect(yaml).toMatchObject({ headers: { 'content-type': 'application/yaml' } })
  expect(yaml.text).toContain(`kind: ${kind}\n`)
  const answer = await server.api.transport(admin)({
    method: 'GET',
    path,
    headers: { accept: 'application/vnd.kubernetes.protobuf' },
  })
  expect(decodeProtobuf(await answer.bytes()).gvk.kind).toBe(kind)
})

it('tells aggregated discovery in protobuf too', async () => {
  const type = `application/vnd.kubernetes.protobuf;${aggregated}`
  const answer = await server.api.transport(admin)({ method: 'GET', path: '/apis', headers: { accept: type } })
  expect(answer.headers['content-type']).toBe(type)
  const json = (await server.ask('GET', '/apis', undefined, { accept: `application/json;${aggregated}` })).json
  const { object } = decodeProtobuf(await answer.bytes()) as unknown as { object: { items: unknown[] } }
  expect(object.items).toMatchObject(
    (json.items ?? []).map(({ metadata, versions }) => ({
      metadata,
      versions: (versions as { version: string; freshness: string }[]).map(({ version, freshness }) => ({
        version,
        freshness,
      })),
    })),
  )
})

it('a request that gives itself no time is told so as the original does', async () => {
  const answer = await server.ask('GET', '/api/v1/namespaces?timeout=1ns')
  expect(answer).toMatchObject({ status: 504, headers: { 'content-type': 'text/plain; charset=utf-8' } })
  expect(answer.json).toEqual({
    metadata: {},
    status: 'Failure',
    message: 'Timeout: request did not complete within the allotted timeout',
    reason: 'Timeout',
    details: {},
    code: 504,
  })
})
