import { once } from 'node:events'
import { createServer, request, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import type { TLSSocket } from 'node:tls'
import { WebSocket } from 'ws'
import { startTestServer, type TestServer } from './apiserver-support.ts'

interface Agent {
  server: Server
  port: number
  /** "METHOD path" of what arrived, with the caller's CN. */
  seen: string[]
  /** The connection of the last upgrade. */
  upgraded: Promise<Duplex>
}

const cnOf = (socket: unknown): string => String((socket as TLSSocket).getPeerCertificate().subject?.CN)

/** A node agent's door as the API server sees it: logs, and upgrades that echo. */
async function startAgent(api: TestServer['api']): Promise<Agent> {
  const { certificate, key } = await api.issueServingCertificate({ commonName: 'node', hosts: ['127.0.0.1'] })
  const seen: string[] = []
  const upgraded = Promise.withResolvers<Duplex>()
  const server = createServer(
    { key, cert: certificate, ca: api.caCertificate, requestCert: true },
    (incoming, response) => {
      seen.push(`${incoming.method} ${incoming.url} ${cnOf(incoming.socket)}`)
      if (incoming.url?.startsWith('/containerLogs/default/p/c') === true) {
        response.write('one\n')
        response.end('two\n')
      } else response.writeHead(404).end('no such thing')
    },
  )
  server.on('upgrade', (incoming, socket: Duplex) => {
    seen.push(`${incoming.method} ${incoming.url} ${cnOf(socket)} ${String(incoming.headers['upgrade'])}`)
    socket.write('HTTP/1.1 101 Switching Protocols\r\nconnection: Upgrade\r\nupgrade: SPDY/3.1\r\n\r\n')
    socket.on('data', (chunk: Buffer) => socket.write(chunk.toString().toUpperCase()))
    socket.on('end', () => socket.end('bye'))
    upgraded.resolve(socket)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return { server, port: (server.address() as AddressInfo).port, seen, upgraded: upgraded.promise }
}

describe('streams to pods', () => {
  let api: TestServer
  let agent: Agent
  let client: { key: string; cert: string }
  const pods = '/api/v1/namespaces/default/pods'

  beforeAll(async () => {
    api = await startTestServer({ listen: true })
    agent = await startAgent(api.api)
    const issued = await api.api.issueClientCertificate({ commonName: 'me', organizations: ['system:masters'] })
    client = { key: issued.key, cert: issued.certificate }
    await api.ask('POST', '/api/v1/nodes', { apiVersion: 'v1', kind: 'Node', metadata: { name: 'n' } })
    await api.ask(
      'PATCH',
      '/api/v1/nodes/n/status',
      {
        status: {
          addresses: [{ type: 'InternalIP', address: '127.0.0.1' }],
          daemonEndpoints: { kubeletEndpoint: { Port: agent.port } },
        },
      },
      { 'content-type': 'application/merge-patch+json' },
    )
    await api.ask('POST', '/api/v1/namespaces/default/serviceaccounts', { metadata: { name: 'default' } })
    for (const [name, nodeName] of [
      ['p', 'n'],
      ['lost', 'nosuch'],
      ['waiting', ''],
    ]) {
      await api.ask('POST', pods, {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name },
        spec: { containers: [{ name: 'c', image: 'i' }], ...(nodeName === '' ? {} : { nodeName }) },
      })
    }
  })
  afterAll(async () => {
    agent.server.close()
    await api.close()
  })

  it('reads logs through the node, as the API server', async () => {
    const log = await api.ask('GET', `${pods}/p/log?tailLines=5&follow=true`)
    expect(log).toMatchObject({ status: 200, text: 'one\ntwo\n', headers: { 'content-type': 'text/plain' } })
    expect(agent.seen.at(-1)).toBe('GET /containerLogs/default/p/c?follow=true&tailLines=5 system:kube-apiserver')
  })

  it.each([
    ['p/log?container=nope', 400, 'container nope is not valid for pod p'],
    ['lost/log', 404, 'pods "nosuch" not found'],
    ['missing/log', 404, 'pods "missing" not found'],
    ['p/log?sinceSeconds=1&sinceTime=2026-01-01T00:00:00Z', 422, undefined],
    ['waiting/exec?command=x', 400, 'pod waiting does not have a host assigned'],
  ])('%s is %i', async (path, status, message) => {
    const answer = await api.ask('GET', `${pods}/${path}`)
    expect(answer.status).toBe(status)
    if (message !== undefined) expect(answer.json.message).toBe(message)
  })

  it('joins an upgraded connection with the node, byte by byte, to the last one', async () => {
    const outgoing = request({
      host: '127.0.0.1',
      port: api.api.port,
      ca: api.api.caCertificate,
      ...client,
      agent: false,
      method: 'POST',
      path: `${pods}/p/exec?command=sh&command=-c&stdin=true&stdout=true`,
      headers: { connection: 'Upgrade', upgrade: 'SPDY/3.1', 'x-stream-protocol-version': 'v4.channel.k8s.io' },
    })
    outgoing.end()
    const [response, socket] = (await once(outgoing, 'upgrade')) as [{ statusCode: number }, Duplex]
    expect(response.statusCode).toBe(101)
    expect(agent.seen.at(-1)).toBe(
      'POST /exec/default/p/c?input=1&output=1&command=sh&command=-c system:kube-apiserver SPDY/3.1',
    )
    socket.write('hello')
    expect(String((await once(socket, 'data'))[0])).toBe('HELLO')
    ;(await agent.upgraded).end('the last words')
    let rest = ''
    for await (const chunk of socket) rest += String(chunk)
    expect(rest).toBe('the last words')
  })

  const messagesOf = async (path: string, protocols: string[], count: number) => {
    const ws = new WebSocket(`wss://127.0.0.1:${api.api.port}${path}`, protocols, {
      ca: api.api.caCertificate,
      ...client,
    })
    const messages: { text: string; binary: boolean }[] = []
    const enough = Promise.withResolvers<void>()
    ws.on('message', (data: Buffer, binary) => {
      if (messages.push({ text: data.toString(), binary }) >= count) enough.resolve()
    })
    ws.on('error', enough.reject)
    ws.on('close', () => enough.resolve())
    await enough.promise
    ws.terminate()
    return messages
  }

  it.each([
    [[], true, 'one\ntwo\n'],
    [['binary.k8s.io'], true, 'one\ntwo\n'],
    [['base64.binary.k8s.io'], false, 'one\ntwo\n'],
  ])('sends a log over a WebSocket of %j', async (protocols, binary, text) => {
    const messages = await messagesOf(`${pods}/p/log?container=c`, protocols, Infinity)
    expect(messages.every((message) => message.binary === binary)).toBe(true)
    const parts = messages.map((message) => (binary ? message.text : Buffer.from(message.text, 'base64').toString()))
    expect(parts.join('')).toBe(text)
  })

  it('sends a watch over a WebSocket, one event a message', async () => {
    const messages = await messagesOf(`${pods}?watch=true`, [], 3)
    const events = messages.map(({ text }) => JSON.parse(text) as { type: string; object: { metadata: object } })
    expect(events.map(({ type }) => type)).toEqual(['ADDED', 'ADDED', 'ADDED'])
    expect(messages.some(({ binary }) => binary)).toBe(false)
  })

  it('refuses the upgrade of those who may not', async () => {
    const stranger = await api.api.issueClientCertificate({ commonName: 'stranger' })
    const outgoing = request({
      host: '127.0.0.1',
      port: api.api.port,
      ca: api.api.caCertificate,
      key: stranger.key,
      cert: stranger.certificate,
      agent: false,
      method: 'POST',
      path: `${pods}/p/exec?command=sh`,
      headers: { connection: 'Upgrade', upgrade: 'SPDY/3.1' },
    })
    outgoing.end()
    const [response] = (await once(outgoing, 'response')) as [{ statusCode: number }]
    expect(response.statusCode).toBe(403)
  })

  it('passes requests on to the agent by the node proxy', async () => {
    expect((await api.ask('GET', '/api/v1/nodes/n/proxy/containerLogs/default/p/c')).text).toBe('one\ntwo\n')
    expect(await api.ask('GET', '/api/v1/nodes/n/proxy/nope?x=y')).toMatchObject({ status: 404, text: 'no such thing' })
    expect(agent.seen.at(-1)).toBe('GET /nope?x=y system:kube-apiserver')
  })
})
