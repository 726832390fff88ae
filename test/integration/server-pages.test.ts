import { gunzipSync } from 'node:zlib'
import { startTestServer, type TestServer } from './apiserver-support.ts'

/** Headers and texts of what is no resource, as the original sends them. */
let server: TestServer
beforeAll(async () => {
  server = await startTestServer()
})
afterAll(() => server.close())

it('single checks have no path below them, and are plain', async () => {
  expect((await server.ask('GET', '/healthz/')).status).toBe(404)
  expect((await server.ask('GET', '/livez/ping/')).status).toBe(404)
  const { status, text, headers } = await server.ask('GET', '/livez/ping')
  expect([status, text, headers['x-content-type-options']]).toEqual([200, 'ok', undefined])
})

it('counts what the checks came to', async () => {
  await server.ask('GET', '/readyz/etcd')
  const { text, headers } = await server.ask('GET', '/metrics/slis')
  expect(headers['process-start-time-unix']).toMatch(/^\d+$/)
  expect(text).toMatch(/^kubernetes_healthcheck\{name="etcd",type="readyz"\} 1$/m)
  expect(text).toMatch(/^kubernetes_healthchecks_total\{name="etcd",status="success",type="readyz"\} \d+$/m)
})

it('compresses metrics for those who ask', async () => {
  const asScraper = server.api.transport({ username: 'a', groups: ['system:monitoring'] })
  const ask = (headers: Record<string, string>) => asScraper({ method: 'GET', path: '/metrics', headers })
  const plain = await ask({})
  const packed = await ask({ 'accept-encoding': 'gzip' })
  expect(plain.headers['content-encoding']).toBeUndefined()
  expect(packed.headers['content-encoding']).toBe('gzip')
  expect(gunzipSync(await packed.bytes()).toString()).toContain('apiserver_request_total')
})

it('tells of itself, to people and to programs', async () => {
  const { text } = await server.ask('GET', '/statusz', undefined, { accept: '*/*' })
  expect(text).toMatch(
    /^\napiserver statusz\nWarning: .*\n\nStarted: \w{3} \w{3} .* UTC \d{4}\nUp: \d+ hr \d\d min \d\d sec\n/,
  )
  const accept = 'application/json;v=v1alpha1;g=config.k8s.io;as=Statusz'
  const structured = await server.ask('GET', '/statusz', undefined, { accept })
  expect(structured.json).toMatchObject({
    kind: 'Statusz',
    apiVersion: 'config.k8s.io/v1alpha1',
    emulationVersion: '1.36',
  })
  expect(structured.headers).toMatchObject({
    'content-type': 'application/json;g=config.k8s.io;v=v1alpha1;as=Statusz',
    warning: '299 - "This version of the statusz endpoint is deprecated. Please use a newer version."',
  })
  expect(await server.ask('GET', '/statusz', undefined, { accept: 'application/json' })).toMatchObject({
    status: 406,
    json: { message: 'only the following media types are accepted: application/json, application/yaml, text/plain' },
  })
})

it('refuses times that are none before it asks who wants them', async () => {
  const bad = await server.ask('GET', '/api/v1/pods?timeout=x', undefined, { authorization: 'Bearer nobody' })
  expect(bad).toMatchObject({ status: 400, json: { reason: 'BadRequest' } })
  expect(bad.headers['x-kubernetes-pf-flowschema-uid']).toBeUndefined()
  const none = await server.ask('GET', '/api/v1/pods?timeout=1ns')
  expect([none.status, none.text.endsWith('}\n')]).toEqual([504, true])
})

it('quotes in refusals what no browser takes for a page', async () => {
  const refused = await server.ask('GET', '/<script>', undefined, { 'impersonate-user': 'sam' })
  expect(refused).toMatchObject({ status: 403, headers: { 'x-content-type-options': 'nosniff' } })
  expect(refused.text).toContain('path \\"/\\u003cscript\\u003e\\"')
  expect((await server.ask('GET', '/api/v1/namespaces/none')).headers['x-content-type-options']).toBeUndefined()
})

it('serves the documents of the issuer with a slash, too', async () => {
  for (const path of ['/.well-known/openid-configuration/', '/openid/v1/jwks/']) {
    const { status, text } = await server.ask('GET', path)
    expect([status, text.endsWith('}')]).toEqual([200, true])
  }
})
