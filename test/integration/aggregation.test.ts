import { once } from 'node:events'
import { createAuthority, issueCertificate } from '@kapell/apiserver/certificates/issue'
import { readFile } from 'node:fs/promises'
import { request } from 'node:https'
import { join } from 'node:path'
import type { Duplex } from 'node:stream'
import {
  asker,
  startTestServer,
  watchFrames,
  take,
  admin,
  type Json,
  type Read,
  type TestServer,
} from './apiserver-support.ts'
import { group, hostAddress, startExtension, type Extension } from './aggregation-support.ts'
import { until } from '../e2e/support/wait.ts'

const apiServices = '/apis/apiregistration.k8s.io/v1/apiservices'
const root = `/apis/${group}/v1`
const aggregated = { accept: 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList' }

let server: TestServer
let extension: Extension

const service = (name: string, port: number, more: Json = {}): Json => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name, namespace: 'default' },
  spec: { ports: [{ port, targetPort: port }], ...more },
})
const slice = (name: string, port: number, addresses: string[]): Json => ({
  apiVersion: 'discovery.k8s.io/v1',
  kind: 'EndpointSlice',
  metadata: { name: `${name}-1`, namespace: 'default', labels: { 'kubernetes.io/service-name': name } },
  addressType: 'IPv4',
  endpoints: addresses.length === 0 ? [] : [{ addresses }],
  ports: [{ name: '', port }],
})
const apiService = (name: string, more: Json = {}, at = group): Json => ({
  apiVersion: 'apiregistration.k8s.io/v1',
  kind: 'APIService',
  metadata: { name: `v1.${at}` },
  spec: {
    group: at,
    version: 'v1',
    groupPriorityMinimum: 1500,
    versionPriority: 10,
    service: { namespace: 'default', name },
    ...more,
  },
})

const post = async (path: string, body: Json): Promise<void> => {
  const answer = await server.ask('POST', path, body)
  if (answer.status !== 201) throw new Error(answer.text)
}
const slices = '/apis/discovery.k8s.io/v1/namespaces/default/endpointslices'
const services = '/api/v1/namespaces/default/services'

interface Condition {
  type: string
  status: string
  reason: string
  message: string
}
const conditionOf = ({ json }: Read): Condition | undefined =>
  (json['status'] as { conditions?: Condition[] } | undefined)?.conditions?.[0]
const reaches = (at: string, reason: string): Promise<Condition> =>
  until(`${at} to be ${reason}`, async () => {
    const condition = conditionOf(await server.ask('GET', `${apiServices}/v1.${at}`))
    if (condition?.reason === reason) return condition
    throw new Error(JSON.stringify(condition))
  })

beforeAll(async () => {
  server = await startTestServer({ listen: true })
  extension = await startExtension('ext.default.svc')
  await post(services, service('ext', 443))
  await post(slices, slice('ext', extension.port, [hostAddress()]))
  await post(apiServices, apiService('ext', { caBundle: extension.caBundle }))
  await reaches(group, 'Passed')
})
afterAll(async () => {
  await extension.close()
  await server.close()
})

it('tells the server behind it who asks, and shows its own certificate', async () => {
  const bob = asker(
    server.api.transport({
      username: 'bob',
      uid: '77',
      groups: ['system:masters', 'team'],
      extra: { 'Scopes/A': ['x', 'y'] },
    }),
  )
  const body = { kind: 'Widget', metadata: { name: 'a' } }
  const answer = await bob('POST', `${root}/namespaces/default/widgets?fieldManager=me`, body, {
    authorization: 'Bearer secret',
    'x-remote-user': 'mallory',
    'x-remote-extra-more': 'rights',
  })
  expect(answer).toMatchObject({ status: 201, json: body, headers: { 'x-extension': 'yes' } })
  const last = extension.seen.at(-1)
  expect(last).toMatchObject({
    method: 'POST',
    url: `${root}/namespaces/default/widgets?fieldManager=me`,
    body: JSON.stringify(body),
    caller: 'front-proxy',
    groups: ['system:masters', 'team', 'system:authenticated'],
    headers: {
      'x-remote-user': 'bob',
      'x-remote-uid': '77',
      'x-remote-extra-scopes%2fa': 'x, y',
      'x-forwarded-proto': 'https',
      'x-forwarded-uri': `${root}/namespaces/default/widgets`,
    },
  })
  expect(last?.headers).not.toHaveProperty('authorization')
  expect(last?.headers).not.toHaveProperty('x-remote-extra-more')
})

it('asks for authorization before anything is passed on', async () => {
  const before = extension.seen.length
  const eve = asker(server.api.transport({ username: 'eve', groups: [] }))
  const answer = await eve('GET', `${root}/namespaces/x/widgets/a`)
  expect(answer.json.message).toBe(
    'widgets.widgets.example.com "a" is forbidden: User "eve" cannot get resource "widgets" in API group "widgets.example.com" in the namespace "x"',
  )
  expect(extension.seen).toHaveLength(before)
})

it('passes watches on as they arrive and ends them with the client', async () => {
  const transport = server.api.transport(admin)
  expect(await take(watchFrames(transport, `${root}/widgets?watch=1`), 1)).toEqual([
    { type: 'ADDED', object: { kind: 'Widget', metadata: { name: 'first' } } },
  ])
})

it('refuses to follow redirects, and says what broke', async () => {
  expect(await server.ask('GET', `${root}/moved`)).toMatchObject({
    status: 502,
    text: 'the backend attempted to redirect this request, which is not permitted',
  })
  expect(await server.ask('GET', `${root}/broken`)).toMatchObject({
    status: 503,
    text: 'error trying to reach service: EOF\n',
  })
})

it('joins upgraded connections', async () => {
  const { certificate, key } = await server.api.issueClientCertificate({
    commonName: 'carla',
    organizations: ['system:masters'],
  })
  const outgoing = request({
    host: '127.0.0.1',
    port: server.api.port,
    path: `${root}/echo`,
    ca: server.api.caCertificate,
    cert: certificate,
    key,
    agent: false,
    headers: { connection: 'Upgrade', upgrade: 'echo' },
  })
  outgoing.end()
  const [, socket] = (await once(outgoing, 'upgrade')) as [unknown, Duplex]
  socket.write('hello')
  expect(String((await once(socket, 'data'))[0])).toBe('hello')
  socket.destroy()
  expect(extension.seen.at(-1)).toMatchObject({ url: `${root}/echo`, headers: { 'x-remote-user': 'carla' } })
})

it('shows the group in discovery, where its priority puts it', async () => {
  const { json } = await server.ask('GET', '/apis', undefined, aggregated)
  expect(json.items?.at(-1)).toEqual({
    metadata: { name: group },
    versions: [
      {
        version: 'v1',
        resources: [
          {
            resource: 'widgets',
            responseKind: { group: '', version: '', kind: 'Widget' },
            scope: 'Namespaced',
            singularResource: 'widget',
            verbs: ['get', 'list', 'watch', 'create'],
            shortNames: ['wd'],
            subresources: [
              { subresource: 'status', responseKind: { group: '', version: '', kind: 'Widget' }, verbs: ['get'] },
            ],
          },
        ],
        freshness: 'Current',
      },
    ],
  })
  const one = { groupVersion: `${group}/v1`, version: 'v1' }
  expect((await server.ask('GET', `/apis/${group}`)).json).toMatchObject({ versions: [one], preferredVersion: one })
  const groups = (await server.ask('GET', '/apis')).json as unknown as { groups: { name: string }[] }
  expect(groups.groups.at(-1)?.name).toBe(group)
  expect((await server.ask('GET', root)).json).toMatchObject({ groupVersion: `${group}/v1` })
  expect((await server.ask('GET', `/apis/${group}/v2`)).status).toBe(404)
})

it('merges its documents: the part about the group, under other names where they collide', async () => {
  const { json: index } = await server.ask('GET', '/openapi/v3')
  const url = `/openapi/v3/apis/${group}/v1?hash=ABC`
  expect(index['paths']).toMatchObject({ [`apis/${group}/v1`]: { serverRelativeURL: url } })
  expect((await server.ask('GET', url)).json).toMatchObject({ info: { title: 'widgets' } })
  const { json: swagger } = await server.ask('GET', '/openapi/v2')
  const { paths, definitions } = swagger as { paths: Json; definitions: Record<string, Json> }
  const meta = 'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta'
  expect(paths).toHaveProperty([`${root}/widgets`, 'get', 'operationId'], 'listWidgets')
  expect(paths).toHaveProperty(['/version/', 'get', 'operationId'], 'getCodeVersion')
  expect(definitions['example.Widget']).toMatchObject({
    properties: { metadata: { $ref: `#/definitions/${meta}_v2` } },
  })
  expect(definitions[`${meta}_v2`]).toMatchObject({ description: 'another one' })
  expect(definitions).not.toHaveProperty('example.Unused')
})

describe('what is not available', () => {
  const cases: [string, string, string, () => Promise<Json>][] = [
    [
      'missing',
      'ServiceNotFound',
      'service/missing in "default" is not present',
      () => Promise.resolve(apiService('missing', {}, 'missing.example.com')),
    ],
    [
      'noslices',
      'EndpointsNotFound',
      'cannot find endpointslices for service/noslices in "default"',
      async () => {
        await post(services, service('noslices', 443))
        return apiService('noslices', {}, 'noslices.example.com')
      },
    ],
    [
      'empty',
      'MissingEndpoints',
      'endpointslices for service/empty in "default" have no addresses with port name ""',
      async () => {
        await post(services, service('empty', 443))
        await post(slices, slice('empty', 443, []))
        return apiService('empty', {}, 'empty.example.com')
      },
    ],
    [
      'port',
      'ServicePortError',
      'service/port in "default" is not listening on port 443',
      async () => {
        await post(services, service('port', 444))
        return apiService('port', {}, 'port.example.com')
      },
    ],
    [
      'stranger',
      'FailedDiscoveryCheck',
      'certificate signed by unknown authority',
      async () => {
        await post(services, service('stranger', 443))
        await post(slices, slice('stranger', extension.port, [hostAddress()]))
        return apiService('stranger', {}, 'stranger.example.com')
      },
    ],
  ]
  it.each(cases)('%s: %s', async (name, reason, message, make) => {
    await post(apiServices, await make())
    const condition = await reaches(`${name}.example.com`, reason)
    expect(condition).toMatchObject({ type: 'Available', status: 'False', reason })
    expect(condition?.message).toContain(message)
    expect(await server.ask('GET', `/apis/${name}.example.com/v1/things`)).toMatchObject({
      status: 503,
      text: 'service unavailable\n',
      headers: { 'content-type': 'text/plain; charset=utf-8' },
    })
    const text = await until('the metric', async () => {
      const answer = await server.ask('GET', '/metrics')
      if (answer.text.includes(`aggregator_unavailable_apiservice{name="v1.${name}.example.com"} 1\n`))
        return answer.text
      throw new Error('not yet')
    })
    expect(text).toContain(`aggregator_unavailable_apiservice_total{name="v1.${name}.example.com",reason="${reason}"}`)
    const { json } = await server.ask('GET', '/apis', undefined, aggregated)
    const entry = json.items?.find((item) => item.metadata.name === `${name}.example.com`)
    expect(entry?.['versions']).toEqual([{ version: 'v1', freshness: 'Stale' }])
  })

  it('becomes available by itself, and is so no more when its endpoints go', async () => {
    await post(apiServices, apiService('late', { insecureSkipTLSVerify: true }, 'late.example.com'))
    await reaches('late.example.com', 'ServiceNotFound')
    await post(services, service('late', 443, { type: 'ExternalName', externalName: 'localhost', ports: [] }))
    const listening = { service: { namespace: 'default', name: 'late', port: extension.port } }
    await server.ask(
      'PATCH',
      `${apiServices}/v1.late.example.com`,
      { spec: listening },
      {
        'content-type': 'application/merge-patch+json',
      },
    )
    await reaches('late.example.com', 'Passed')
    expect((await server.ask('GET', '/apis/late.example.com/v1/things')).status).toBe(200)
    await server.ask('DELETE', `${services}/late`)
    await reaches('late.example.com', 'ServiceNotFound')
    const table = await server.ask('GET', `${apiServices}/v1.late.example.com`, undefined, {
      accept: 'application/json;as=Table;g=meta.k8s.io;v=v1',
    })
    expect((table.json as { rows?: { cells: unknown[] }[] }).rows?.[0]?.cells.slice(0, 3)).toEqual([
      'v1.late.example.com',
      'default/late',
      'False (ServiceNotFound)',
    ])
  })
})

it('is this server itself again when the APIService says so, and gone with it', async () => {
  await post(apiServices, apiService('nowhere', {}, 'mine.example.com'))
  await reaches('mine.example.com', 'ServiceNotFound')
  const merge = { 'content-type': 'application/merge-patch+json' }
  await server.ask('PATCH', `${apiServices}/v1.mine.example.com`, { spec: { service: null } }, merge)
  expect(await reaches('mine.example.com', 'Local')).toMatchObject({
    status: 'True',
    message: 'Local APIServices are always available',
  })
  await server.ask('DELETE', `${apiServices}/v1.mine.example.com`)
  await until('the group to be gone', async () => (await server.ask('GET', '/apis/mine.example.com')).status === 404)
})

it('refuses contradictions about certificates', async () => {
  const both = apiService('a', { caBundle: 'aGVsbG8=', insecureSkipTLSVerify: true }, 'x.example.com')
  expect((await server.ask('POST', apiServices, both)).json.message).toContain(
    'spec.insecureSkipTLSVerify: Invalid value: true: may not be true if caBundle is present',
  )
  const { service: _service, ...spec } = both['spec'] as Json
  const local = { ...both, spec: { ...spec, caBundle: undefined } }
  expect((await server.ask('POST', apiServices, local)).json.message).toContain(
    'spec.insecureSkipTLSVerify: Invalid value: true: local APIServices may not have insecureSkipTLSVerify',
  )
  const port = apiService('a', { service: { namespace: 'a', name: 'b', port: 70_000 } }, 'x.example.com')
  expect((await server.ask('POST', apiServices, port)).json.message).toContain(
    'spec.service.port: Invalid value: 70000: port is not valid: must be between 1 and 65535, inclusive',
  )
})

describe('behind an aggregator', () => {
  const whoAmI = (tls: { cert: string; key: string }, headers: Record<string, string>): Promise<Json> =>
    new Promise((resolve, reject) => {
      const outgoing = request(
        {
          host: '127.0.0.1',
          port: server.api.port,
          method: 'POST',
          path: '/apis/authentication.k8s.io/v1/selfsubjectreviews',
          ca: server.api.caCertificate,
          agent: false,
          headers: { 'content-type': 'application/json', ...headers },
          ...tls,
        },
        (response) => {
          let text = ''
          response.on('data', (chunk) => (text += String(chunk)))
          response.on('end', () => {
            const review = JSON.parse(text) as { status?: { userInfo?: Json } | string }
            resolve(
              (typeof review.status === 'object' ? review.status.userInfo : undefined) ?? { code: response.statusCode },
            )
          })
        },
      )
      outgoing.on('error', reject)
      outgoing.end('{"kind":"SelfSubjectReview","apiVersion":"authentication.k8s.io/v1"}')
    })
  const proxy = async (): Promise<{ cert: string; key: string }> => ({
    cert: await readFile(join(server.directory, 'pki', 'front-proxy-client.crt'), 'utf8'),
    key: await readFile(join(server.directory, 'pki', 'front-proxy-client.key'), 'utf8'),
  })
  const headers = {
    'x-remote-user': 'dora',
    'x-remote-group': 'team',
    'x-remote-uid': '9',
    'x-remote-extra-scopes%2fa': 'x',
  }

  it('believes a front proxy about its users', async () => {
    expect(await whoAmI(await proxy(), headers)).toEqual({
      username: 'dora',
      uid: '9',
      groups: ['team', 'system:authenticated'],
      extra: { 'scopes/a': ['x'] },
    })
  })

  it('knows a front proxy by nothing else, and believes nobody else', async () => {
    expect(await whoAmI(await proxy(), {})).toEqual({ code: 401 })
    const { certificate: cert, key } = await server.api.issueClientCertificate({ commonName: 'front-proxy' })
    expect(await whoAmI({ cert, key }, headers)).toMatchObject({ username: 'front-proxy' })
  })

  it('believes other front proxies that it is told of, by their names', async () => {
    const now = Date.now()
    const validity = { notBefore: new Date(now - 60_000), notAfter: new Date(now + 3_600_000) }
    const authority = await createAuthority({ commonName: 'others', ...validity })
    const issue = async (commonName: string): Promise<{ cert: string; key: string }> => {
      const { certificate, key } = await issueCertificate(authority, { commonName, usages: ['client'], ...validity })
      return { cert: certificate, key }
    }
    const own = server
    server = await startTestServer({
      listen: true,
      frontProxies: { clientCa: authority.certificate, allowedNames: ['outer'] },
    })
    try {
      expect(await whoAmI(await issue('outer'), headers)).toMatchObject({ username: 'dora' })
      expect(await whoAmI(await issue('stranger'), headers)).toEqual({ code: 401 })
      expect(await whoAmI(await proxy(), headers)).toMatchObject({ username: 'dora' })
    } finally {
      await server.close()
      server = own
    }
  })

  it('publishes whom it believes', async () => {
    const { json } = await server.ask(
      'GET',
      '/api/v1/namespaces/kube-system/configmaps/extension-apiserver-authentication',
    )
    expect(json['data']).toMatchObject({
      'client-ca-file': server.api.caCertificate,
      'requestheader-allowed-names': '["front-proxy"]',
      'requestheader-client-ca-file': await readFile(join(server.directory, 'pki', 'front-proxy-ca.crt'), 'utf8'),
    })
  })
})
