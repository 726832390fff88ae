import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createAuthority, issueCertificate } from '@kapell/apiserver/certificates/issue'
import { FakeClock, realClock } from '@kapell/controllers/machinery/clock'
import type { ApiClient } from '@kapell/controllers/machinery/client'
import { silentLogger } from '@kapell/controllers/machinery/log'
import { createSimulatedRuntime } from '@kapell/node-agent/cri/simulated'
import { createAgentMetrics } from '@kapell/node-agent/metrics/agent-metrics'
import { exited, record, testPod } from '@kapell/node-agent/pods/testing'
import { createGuard, nodeAttributes } from '@kapell/node-agent/server/authorize'
import { agentConfiguration } from '@kapell/node-agent/server/configuration'
import { HttpError } from '@kapell/node-agent/server/http-error'
import { startAgentServer, type AgentServer } from '@kapell/node-agent/server/server'
import type { NodeAgentOptions } from '@kapell/node-agent/options'

/** The agent's server as somebody meets it who means no good; what it asks the API server is answered here. */
const dir = mkdtempSync(join(tmpdir(), 'kapell-agent-server-'))
const root = join(dir, 'log')
interface Pair {
  cert: string
  key: string
}
let server: AgentServer
let admin: Pair
let reader: Pair
let stranger: Pair
const reviews: string[] = []

/** Readers may read what has a subresource of its own, by "proxy" alone. */
const client = {
  raw: (
    _method: string,
    path: string,
    body: { spec: { user: string; resourceAttributes: { subresource: string } } },
  ) => {
    if (path.includes('tokenreviews')) return Promise.resolve({ status: { authenticated: false } })
    reviews.push(body.spec.resourceAttributes.subresource)
    const allowed = body.spec.user === 'reader' && body.spec.resourceAttributes.subresource === 'proxy'
    return Promise.resolve({ status: { allowed } })
  },
} as unknown as ApiClient

beforeAll(async () => {
  mkdirSync(join(root, 'deep'), { recursive: true })
  writeFileSync(join(root, 'a.log'), 'hello')
  writeFileSync(join(dir, 'secret'), 'secret')
  const hourMs = 3_600_000
  const validity = { notBefore: new Date(Date.now() - hourMs), notAfter: new Date(Date.now() + hourMs) }
  const authority = await createAuthority({ commonName: 'ca', ...validity })
  const other = await createAuthority({ commonName: 'ca', ...validity })
  const pair = async (ca: typeof authority, commonName: string, organization: string[]): Promise<Pair> => {
    const issued = await issueCertificate(ca, {
      commonName,
      organizations: organization,
      usages: ['client'],
      ...validity,
    })
    return { cert: issued.certificate, key: issued.key }
  }
  admin = await pair(authority, 'admin', ['system:masters'])
  reader = await pair(authority, 'reader', [])
  stranger = await pair(other, 'admin', ['system:masters'])
  const serving = await issueCertificate(authority, {
    commonName: 'node',
    hosts: ['127.0.0.1'],
    usages: ['server'],
    ...validity,
  })
  const counted = createAgentMetrics()
  server = await startAgentServer({
    cert: serving.certificate,
    key: serving.key,
    clientCa: authority.certificate,
    host: '127.0.0.1',
    port: 0,
    cri: createSimulatedRuntime({ clock: realClock }),
    source: {
      pod: (_namespace, name) => (name === 'p' ? testPod() : undefined),
      record: () => Promise.resolve(record([exited('c', 1)])),
    },
    guard: createGuard({ client, clock: new FakeClock('2026-01-01T00:00:00Z'), attributesOf: nodeAttributes('n') }),
    pods: () => [],
    onPodChange: () => () => {},
    problem: () => '',
    counted,
    configuration: () =>
      agentConfiguration({
        options: { maxPods: 7 } as NodeAgentOptions,
        port: 10_250,
        runtimeSocket: '/run/c.sock',
        clusterDns: ['10.96.0.10'],
        cgroupRoot: '/k',
      }),
    metrics: () => Promise.resolve(counted.registry.render()),
    removeLocalVolume: () => Promise.reject(new HttpError(404, 'no such volume')),
    systemLogs: root,
    log: silentLogger,
  })
})
afterAll(async () => {
  await server.close()
  rmSync(dir, { recursive: true, force: true })
})

interface Asked {
  method?: string
  as?: Pair | undefined
  headers?: Record<string, string>
}
function ask(
  path: string,
  { method = 'GET', as, headers = {} }: Asked = {},
): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const options = {
      host: '127.0.0.1',
      port: server.port,
      path,
      method,
      headers,
      rejectUnauthorized: false,
      agent: false,
    }
    const call = request({ ...options, ...as }, (response) => {
      let body = ''
      response.on('data', (chunk: Buffer) => (body += chunk.toString()))
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }))
    })
    call.on('error', reject)
    call.end()
  })
}

it.each<[string, () => Asked, number, string]>([
  ['nobody', () => ({}), 401, 'Unauthorized'],
  ['somebody with a certificate of another authority', () => ({ as: stranger }), 401, 'Unauthorized'],
  [
    'a token that the API server does not know',
    () => ({ headers: { authorization: 'Bearer x' } }),
    401,
    'Unauthorized',
  ],
  ['a password', () => ({ headers: { authorization: 'Basic eDp5' } }), 401, 'Unauthorized'],
  ['a header that names a user', () => ({ headers: { 'x-remote-user': 'admin' } }), 401, 'Unauthorized'],
])('%s is not let in', async (_who, asked, status, body) => {
  for (const path of ['/pods', '/exec/ns/p/c?command=sh', '/nothing'])
    expect(await ask(path, asked())).toEqual({ status, body })
})

it('who may only read may not run anything', async () => {
  expect((await ask('/pods', { as: reader })).status).toBe(200)
  expect((await ask('/configz', { as: reader })).status).toBe(200)
  expect(reviews).toEqual(expect.arrayContaining(['pods', 'configz', 'proxy']))
  const logs = await ask('/logs/', { as: reader })
  expect(logs).toEqual({
    status: 403,
    body: 'Forbidden (user=reader, verb=get, resource=nodes, subresource(s)=[log])',
  })
})

it.each([
  ['/logs/a.log', 200, 'hello'],
  ['/logs/../secret', 404],
  ['/logs/%2e%2e/secret', 404],
  ['/logs/..%2fsecret', 404],
  ['/logs/deep/../../secret', 404],
  ['/logs/%00', 400],
  ['/logs/%ff', 400],
  ['/logs/nothing', 404],
  ['/containerLogs/ns/p/..', 404],
  ['/containerLogs/ns/p/%2e%2e%2fetc', 404],
  ['/containerLogs/ns/..%2f..%2fetc/c', 404],
  ['/containerLogs/ns/p/c?tailLines=-1', 400],
  ['/containerLogs/ns/p/c?sinceTime=never', 400],
  ['/containerLogs/ns/gone/c', 404],
  ['/exec/ns/p/c?command=sh', 400],
  ['/attach/ns/p/c', 400],
  ['/portForward/ns/p', 400],
  ['/nothing', 404],
])('%s is answered with %i', async (path, status, body = '') => {
  const answer = await ask(path, { as: admin })
  expect(answer.status).toBe(status)
  expect(answer.body).not.toBe('secret')
  if (body !== '') expect(answer.body).toBe(body)
})

it.each(['POST', 'PUT', 'PATCH', 'DELETE', 'TRACE', 'PROPFIND'])('%s is no way to read', async (method) => {
  for (const path of ['/pods', '/metrics', '/configz', '/healthz'])
    expect((await ask(path, { method, as: admin })).status).toBeGreaterThanOrEqual(400)
})

it('tells how it is, how it is set up and what it counted', async () => {
  for (const path of ['/healthz', '/healthz/ping', '/healthz/log', '/healthz/syncloop'])
    expect(await ask(path, { as: admin })).toEqual({ status: 200, body: 'ok' })
  const { body } = await ask('/configz', { as: admin })
  expect(JSON.parse(body)).toMatchObject({
    kubeletconfig: {
      kind: 'KubeletConfiguration',
      maxPods: 7,
      evictionHard: { 'memory.available': '100Mi', 'nodefs.available': '10%' },
      containerRuntimeEndpoint: 'unix:///run/c.sock',
    },
  })
  expect(JSON.parse((await ask('/runningpods/', { as: admin })).body)).toMatchObject({ kind: 'PodList', items: [] })
  expect((await ask('/logs/', { as: admin })).body).toContain('<a href="a.log">a.log</a>\n<a href="deep/">deep/</a>')
  expect((await ask('/metrics/probes', { as: admin })).body).toContain('process_start_time_seconds')
  await ask('/nobody/knows', { as: admin })
  const metrics = (await ask('/metrics', { as: admin })).body
  expect(metrics).toContain(
    'kubelet_http_requests_total{long_running="false",method="GET",path="configz",server_type="readwrite"}',
  )
  expect(metrics).toContain('path="other"')
})
