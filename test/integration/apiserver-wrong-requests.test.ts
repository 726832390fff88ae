import { configMap, startTestServer, type TestServer } from './apiserver-support.ts'

/** Requests that are wrong in their details, with the words that a client of the original reads. */
const maps = '/api/v1/namespaces/default/configmaps'
let server: TestServer

beforeAll(async () => {
  server = await startTestServer()
  await server.ask('POST', maps, configMap('there', { data: { a: 'b' } }))
})
afterAll(() => server.close())

const struct = 'struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }'
const noKind = "couldn't get version/kind; json parse error: json: cannot unmarshal"
const field = 'into Go struct field'

it.each([
  ['{"apiVersion":{},"kind":""}', `${noKind} object ${field} .apiVersion of type string`],
  ['{"kind":{}}', `${noKind} object ${field} .kind of type string`],
  ['{"apiVersion":5,"kind":"DeleteOptions"}', `${noKind} number ${field} .apiVersion of type string`],
  [
    '{"gracePeriodSeconds":"x"}',
    `json: cannot unmarshal string ${field} DeleteOptions.gracePeriodSeconds of type int64`,
  ],
  [
    '{"gracePeriodSeconds":1.5}',
    `json: cannot unmarshal number 1.5 ${field} DeleteOptions.gracePeriodSeconds of type int64`,
  ],
  ['{"dryRun":"All"}', `json: cannot unmarshal string ${field} DeleteOptions.dryRun of type []string`],
  ['{"dryRun":[1]}', `json: cannot unmarshal number ${field} DeleteOptions.dryRun of type string`],
  [
    '{"preconditions":5}',
    `json: cannot unmarshal number ${field} DeleteOptions.preconditions of type v1.Preconditions`,
  ],
  [
    '{"preconditions":{"uid":5}}',
    `json: cannot unmarshal number ${field} Preconditions.preconditions.uid of type types.UID`,
  ],
  [
    '{"propagationPolicy":[]}',
    `json: cannot unmarshal array ${field} DeleteOptions.propagationPolicy of type v1.DeletionPropagation`,
  ],
  ['{"orphanDependents":"yes"}', `json: cannot unmarshal string ${field} DeleteOptions.orphanDependents of type bool`],
  ['[]', `${noKind} array into Go value of type ${struct}`],
  ['"x"', `${noKind} string into Go value of type ${struct}`],
  ['{"apiVersion":"a/b/c"}', 'unexpected GroupVersion string: a/b/c'],
  [
    '{"apiVersion":"v1","kind":"Pod"}',
    'no kind "Pod" is registered for version "v1" in scheme "pkg/runtime/scheme.go:111"',
  ],
])('DELETE with %s is a 400, and deletes nothing', async (body, message) => {
  expect(await server.ask('DELETE', `${maps}/there`, body)).toMatchObject({
    status: 400,
    json: { kind: 'Status', reason: 'BadRequest', message },
  })
  expect((await server.ask('DELETE', maps, body)).json).toMatchObject({ code: 400, message })
  expect((await server.ask('GET', `${maps}/there`)).status).toBe(200)
})

it.each(['null', '{"nope":1}', '{}', ''])('DELETE with %p has no options', async (body) => {
  expect((await server.ask('DELETE', `${maps}/missing`, body)).status).toBe(404)
})

it('gives a key that names its algorithm in the kubeconfig, which fabric8 needs', () => {
  const data = /client-key-data: (\S+)/.exec(server.api.adminKubeconfig())?.[1] ?? ''
  expect(Buffer.from(data, 'base64').toString()).toMatch(/^-----BEGIN EC PRIVATE KEY-----/)
})
