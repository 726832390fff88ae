import { admin, configMap, startTestServer, type TestServer } from './apiserver-support.ts'

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

const token = (rv: number, start: string): string =>
  Buffer.from(JSON.stringify({ v: 'meta.k8s.io/v1', rv, start })).toString('base64url')

it.each([
  ['limit=99999999999999999999', 'strconv.ParseInt: parsing "99999999999999999999": value out of range'],
  ['limit=1e3', 'strconv.ParseInt: parsing "1e3": invalid syntax'],
  [
    'resourceVersion=99999999999999999999999',
    'invalid resource version: resourceVersion: Invalid value: "99999999999999999999999": strconv.ParseUint: parsing "99999999999999999999999": value out of range',
  ],
  [`resourceVersion=5&continue=${token(-1, 'x')}`, 'specifying resource version is not allowed when using continue'],
  [`continue=${token(-1, '../../secrets/default/x')}`, expect.stringContaining('invalid continue token')],
  ['timeout=x', 'invalid timeout specified in the request URL - time: invalid duration "x"'],
  ['timeout=5', 'invalid timeout specified in the request URL - time: missing unit in duration "5"'],
])('a list with %s is a 400', async (query, message) => {
  expect((await server.ask('GET', `${maps}?${query}`)).json).toMatchObject({ kind: 'Status', code: 400, message })
})

it.each([
  ['..', `Name parameter invalid: "..": may not be '..'`],
  ['%2e', `Name parameter invalid: ".": may not be '.'`],
  ['a%25b', `Name parameter invalid: "a%b": may not contain '%'`],
])('nothing is called %s', async (name, message) => {
  for (const method of ['GET', 'DELETE'] as const)
    expect((await server.ask(method, `${maps}/${name}`)).json).toMatchObject({ code: 400, message })
})

it('a slash divides a path also when it is escaped', async () => {
  const { json } = await server.ask('GET', `${maps}/..%2F..%2Fsecrets`)
  expect(json).toMatchObject({ code: 404, message: 'the server could not find the requested resource' })
  expect((await server.ask('GET', '/api/v1/namespaces%2Fdefault')).json).toMatchObject({ kind: 'Namespace' })
})

const unrecognized = (why: string, shown: string): string =>
  `the object provided is unrecognized (must be of type ConfigMap): ${why} (${shown})`

it.each([
  [
    'JSON nested too deep',
    'application/json',
    `{"metadata":{"name":"deep"},"x":${'['.repeat(20_000)}}`,
    unrecognized(
      "couldn't get version/kind; json parse error: invalid character '[' exceeded max depth",
      '{"metadata":{"name":"deep"},"x ...',
    ),
  ],
  [
    'YAML nested too deep, in brackets',
    'application/yaml',
    `a: ${'['.repeat(20_000)}`,
    expect.stringContaining('yaml: exceeded max depth'),
  ],
  [
    'YAML nested too deep, by indentation',
    'application/yaml',
    Array.from({ length: 1500 }, (_, i) => `${' '.repeat(i)}a:\n`).join(''),
    expect.stringContaining('yaml: exceeded max depth'),
  ],
  [
    'YAML that refers to itself over and over',
    'application/yaml',
    `a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n${Array.from({ length: 8 }, (_, i) => `a${i + 1}: &a${i + 1} [${Array.from({ length: 10 }, () => `*a${i}`).join()}]\n`).join('')}`,
    expect.stringContaining('yaml: document contains excessive aliasing'),
  ],
])('a body of %s is a 400', async (_what, type, body, message) => {
  const answer = await server.ask('POST', maps, body, { 'content-type': type })
  expect(answer.json).toMatchObject({ kind: 'Status', code: 400, reason: 'BadRequest', message })
})

it('a body of YAML that is no UTF-8 is a 400', async () => {
  const answer = await server.api.transport(admin)({
    method: 'POST',
    path: maps,
    headers: { 'content-type': 'application/yaml' },
    body: Uint8Array.of(0x61, 0x3a, 0x20, 0xff),
  })
  expect(JSON.parse(new TextDecoder().decode(await answer.bytes()))).toMatchObject({
    code: 400,
    message: unrecognized('yaml: invalid leading UTF-8 octet', '613a20ff'),
  })
})

it('gives a key that names its algorithm in the kubeconfig, which fabric8 needs', () => {
  const data = /client-key-data: (\S+)/.exec(server.api.adminKubeconfig())?.[1] ?? ''
  expect(Buffer.from(data, 'base64').toString()).toMatch(/^-----BEGIN EC PRIVATE KEY-----/)
})
