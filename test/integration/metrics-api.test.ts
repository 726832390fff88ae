import { createServer, type Server } from 'node:https'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { decodeProtobuf } from '@kapell/openapi/wire/protobuf'
import { admin, startTestServer, type Json, type TestServer } from './apiserver-support.ts'
import { until } from '../e2e/support/wait.ts'

let server: TestServer
let agent: Server
let callers: (string | undefined)[]
/** Counts up at every scrape, as a busy node would. */
let scrapes = 0

const exposition = (): string => {
  scrapes++
  const atMs = 1_700_000_000_000 + scrapes * 15_000
  const series = (name: string, labels: string, value: number): string => `${name}${labels} ${value} ${atMs}`
  const of = (pod: string): string => `{container="app",namespace="default",pod="${pod}"}`
  return [
    series('node_cpu_usage_seconds_total', '', scrapes * 15),
    series('node_memory_working_set_bytes', '', 512 * 1024 * 1024),
    ...['one', 'two'].flatMap((pod, i) => [
      series('container_cpu_usage_seconds_total', of(pod), scrapes * (i + 1) * 1.5),
      series('container_memory_working_set_bytes', of(pod), 1000 * 1024),
    ]),
    '',
  ].join('\n')
}

const post = async (path: string, body: Json): Promise<void> => {
  const answer = await server.ask('POST', path, body)
  if (answer.status >= 300) throw new Error(answer.text)
}

const pod = (name: string): Json => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, labels: { app: name } },
  spec: { nodeName: 'n1', containers: [{ name: 'app', image: 'x' }] },
})

beforeAll(async () => {
  server = await startTestServer({ metricsApi: true, metricsEveryMs: 20 })
  callers = []
  const { certificate, key } = await server.api.issueServingCertificate({ commonName: 'n1', hosts: ['127.0.0.1'] })
  agent = createServer(
    { cert: certificate, key, ca: server.api.caCertificate, requestCert: true, rejectUnauthorized: true },
    (request, response) => {
      callers.push([(request.socket as TLSSocket).getPeerCertificate()?.subject?.CN].flat()[0])
      response.end(exposition())
    },
  )
  agent.listen(0, '127.0.0.1')
  await once(agent, 'listening')
  await server.ask('POST', '/api/v1/namespaces/default/serviceaccounts', {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { name: 'default' },
  })
  for (const name of ['one', 'two']) {
    await post('/api/v1/namespaces/default/pods', pod(name))
    await server.ask(
      'PATCH',
      `/api/v1/namespaces/default/pods/${name}/status`,
      { status: { phase: 'Running' } },
      {
        'content-type': 'application/merge-patch+json',
      },
    )
  }
  await post('/api/v1/nodes', { apiVersion: 'v1', kind: 'Node', metadata: { name: 'n1', labels: { zone: 'a' } } })
  const status = {
    addresses: [{ type: 'InternalIP', address: '127.0.0.1' }],
    daemonEndpoints: { kubeletEndpoint: { Port: (agent.address() as AddressInfo).port } },
  }
  await server.ask('PATCH', '/api/v1/nodes/n1/status', { status }, { 'content-type': 'application/merge-patch+json' })
  await until('the second scrape', () => scrapes >= 2)
})
afterAll(async () => {
  agent.closeAllConnections()
  agent.close()
  await server.close()
})

const root = '/apis/metrics.k8s.io/v1beta1'

it('tells what nodes use, asking their agents under its own certificate', async () => {
  const list = await until('the usage of the node', async () => {
    const { json } = await server.ask('GET', `${root}/nodes`)
    return (json.items ?? []).length > 0 ? json : undefined
  })
  expect(list).toMatchObject({
    kind: 'NodeMetricsList',
    apiVersion: 'metrics.k8s.io/v1beta1',
    metadata: {},
    items: [
      {
        metadata: { name: 'n1', labels: { zone: 'a' } },
        timestamp: expect.stringMatching(/^2023-/) as string,
        window: '15s',
        usage: { cpu: '1', memory: '512Mi' },
      },
    ],
  })
  expect(new Set(callers)).toEqual(new Set(['system:kube-apiserver']))
})

it('tells what pods use, by container; selectors choose by the labels of the pods', async () => {
  const all = await server.ask('GET', `${root}/pods`)
  expect(all.json.items?.map(({ metadata }) => metadata.name)).toEqual(['one', 'two'])
  const some = await server.ask('GET', `${root}/namespaces/default/pods?labelSelector=app%3Dtwo`)
  expect(some.json.items).toMatchObject([
    {
      metadata: { name: 'two', namespace: 'default', labels: { app: 'two' } },
      containers: [{ name: 'app', usage: { cpu: '200m', memory: '1000Ki' } }],
    },
  ])
  const one = await server.ask('GET', `${root}/namespaces/default/pods/one`)
  expect(one.json).toMatchObject({ kind: 'PodMetrics', containers: [{ usage: { cpu: '100m' } }] })
  expect((await server.ask('GET', `${root}/namespaces/default/pods/three`)).json).toMatchObject({
    reason: 'NotFound',
    message: 'podmetrics.metrics.k8s.io "default/three" not found',
  })
})

it('speaks protobuf, which is all that `kubectl top` takes', async () => {
  const answer = await server.api.transport(admin)({
    method: 'GET',
    path: `${root}/namespaces/default/pods`,
    headers: { accept: 'application/vnd.kubernetes.protobuf' },
  })
  expect(answer.status).toBe(200)
  const decoded = (decodeProtobuf(await answer.bytes()).object ?? {}) as { items?: unknown[] }
  expect(decoded.items).toMatchObject([
    {
      metadata: { name: 'one' },
      window: '15s',
      containers: [{ name: 'app', usage: { cpu: '100m', memory: '1000Ki' } }],
    },
    { metadata: { name: 'two' } },
  ])
})

it('prints as a table, and stands in discovery with an APIService of its own', async () => {
  const table = await server.ask('GET', `${root}/nodes`, undefined, {
    accept: 'application/json;as=Table;g=meta.k8s.io;v=v1',
  })
  const { columnDefinitions, rows } = table.json as unknown as {
    columnDefinitions: { name: string }[]
    rows: { cells: unknown[] }[]
  }
  expect(columnDefinitions.map(({ name }) => name)).toEqual(['Name', 'cpu', 'memory', 'Window'])
  expect(rows[0]?.cells).toEqual(['n1', '1', '512Mi', '15s'])
  expect((await server.ask('GET', root)).json['resources']).toEqual([
    { name: 'nodes', singularName: '', namespaced: false, kind: 'NodeMetrics', verbs: ['get', 'list'] },
    { name: 'pods', singularName: '', namespaced: true, kind: 'PodMetrics', verbs: ['get', 'list'] },
  ])
  const { json } = await server.ask('GET', '/apis/apiregistration.k8s.io/v1/apiservices/v1beta1.metrics.k8s.io')
  expect(json['status']).toMatchObject({ conditions: [{ type: 'Available', status: 'True', reason: 'Local' }] })
})

it('is described by the OpenAPI documents', async () => {
  const { json: index } = await server.ask('GET', '/openapi/v3')
  const name = 'apis/metrics.k8s.io/v1beta1'
  const { serverRelativeURL } = (index['paths'] as Record<string, { serverRelativeURL: string }>)[name]!
  const { json } = await server.ask('GET', serverRelativeURL)
  expect(json).toHaveProperty(['paths', `/${name}/namespaces/{namespace}/pods/{name}`, 'get'])
  expect(json).not.toHaveProperty(['paths', `/${name}/namespaces/{namespace}/pods/{name}`, 'put'])
  expect(json).toHaveProperty([
    'components',
    'schemas',
    'io.k8s.metrics.v1beta1.PodMetrics',
    'properties',
    'containers',
  ])
  const swagger = (await server.ask('GET', '/openapi/v2')).json
  expect(swagger).toHaveProperty(['definitions', 'io.k8s.metrics.v1beta1.NodeMetricsList'])
})
