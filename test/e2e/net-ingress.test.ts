import { once } from 'node:events'
import { decode, encode, type Answer as DnsAnswer } from '@leichtgewicht/dns-packet'
import { createSocket, type Socket } from 'node:dgram'
import { createServer, request, type IncomingMessage, type Server } from 'node:http'
import { connect as connectHttp2, createServer as createHttp2Server, type ServerHttp2Stream } from 'node:http2'
import { connect, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { connect as connectTls } from 'node:tls'
import type { Backend } from '@kapell/node-agent/ingress/backends'
import { defaultCertificate, notFoundText, proxyConfig } from '@kapell/node-agent/ingress/config'
import { selfSigned } from '@kapell/node-agent/ingress/default-certificate'
import { createHaproxy, haproxyUser, type ProxyProgram } from '@kapell/node-agent/ingress/haproxy'
import { routeTable } from '@kapell/node-agent/ingress/routes'
import { Slots } from '@kapell/node-agent/ingress/slots'
import { ingress, routingCases, routingIngresses } from '@kapell/node-agent/ingress/testing'
import { WebSocket, WebSocketServer } from 'ws'
import { freePort, temporaryDir } from './support/kapell.ts'
import { processesNaming } from './support/machine.ts'
import { until } from './support/wait.ts'

/** The real proxy program with the configuration we write for it; pods are servers of this process. */
const { path: dir, remove } = temporaryDir('ingress')
const all = [...routingIngresses, ingress('live', [['live.test/', 'Prefix', 'live']])]
const table = routeTable(all)
const servers = new Map<string, Server>()
const hosts = ['one.test', '*.two.test']
const certificates: { file: string; hosts: string[]; pem: string }[] = []
const slots = new Slots()
let defaultPem: string
let ports: { http: number; https: number }
let program: ProxyProgram
let user: string | undefined
/** Where names of backends are asked for. */
let names: Socket
let nameServer: string
/** Ends the long answer. */
let finish: (() => void) | undefined

const addressOf = (server: Server): string => `127.0.0.1:${(server.address() as AddressInfo).port}`

async function pod(name: string): Promise<Server> {
  const server = createServer((incoming, response) => {
    if (incoming.url === '/long') {
      response.write('begun ')
      finish = () => response.end('done')
      return
    }
    if (incoming.url === '/echo') return void incoming.pipe(response)
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify({ name, url: incoming.url, headers: incoming.headers }))
  })
  const sockets = new WebSocketServer({ server })
  sockets.on('connection', (socket) => socket.on('message', (data) => socket.send(data)))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return server
}

function files(more: { backends?: Map<string, Backend>; extra?: string } = {}): Map<string, string> {
  const backends = more.backends ?? backendsOf()
  slots.update(backends)
  const made = proxyConfig({
    table,
    backends,
    slots: (id) => slots.of(id),
    certificates,
    ports,
    dir,
    socket: join(dir, 's'),
    ipv6: false,
    nameServer,
    requestMs: 1000,
    ...(user === undefined ? {} : { user }),
  })
  made.set('haproxy.cfg', `${made.get('haproxy.cfg')}${more.extra ?? ''}`)
  return new Map([
    ...made,
    [defaultCertificate, defaultPem],
    ...certificates.map(({ file, pem }) => [file, pem] as const),
  ])
}

const backendsOf = (): Map<string, Backend> =>
  new Map(
    [...table.backends.keys()].map((id) => {
      const server = servers.get(id)
      return [id, { servers: server === undefined ? [] : [addressOf(server)], protocol: 'http', sticky: false }]
    }),
  )

interface Answer {
  status: number
  text: string
}
/** An agent-less request: a connection of its own. */
async function get(host: string, path: string, headers: Record<string, string> = {}): Promise<Answer> {
  const sent = request({ port: ports.http, host: '127.0.0.1', path, headers: { host, ...headers }, agent: false }).end()
  const [response] = (await once(sent, 'response')) as [IncomingMessage]
  return { status: response.statusCode!, text: Buffer.concat(await response.toArray()).toString() }
}
const nameIn = ({ text }: Answer): string => (JSON.parse(text) as { name: string }).name

/** What comes back for these bytes until the connection ends. */
async function raw(bytes: string): Promise<string> {
  const socket = connect(ports.http, '127.0.0.1')
  socket.on('error', () => {})
  let text = ''
  socket.on('data', (chunk: Buffer) => (text += chunk.toString()))
  socket.write(bytes)
  await once(socket, 'close')
  return text
}

beforeAll(async () => {
  names = createSocket('udp4')
  names.bind(0, '127.0.0.1')
  await once(names, 'listening')
  nameServer = `127.0.0.1:${names.address().port}`
  names.on('message', (message, from) => {
    const { id = 0, questions = [] } = decode(message)
    const [question] = questions
    const known = question?.name === 'pods.example' && question.type === 'A'
    const answers: DnsAnswer[] = known
      ? [{ type: 'A', name: 'pods.example', ttl: 5, class: 'IN', data: '127.0.0.1' }]
      : []
    names.send(encode({ type: 'response', id, flags: 0x180, questions, answers }), from.port, from.address)
  })
  user = await haproxyUser()
  ports = { http: await freePort(), https: await freePort() }
  defaultPem = await selfSigned('default.test', new Date())
  for (const [at, host] of hosts.entries())
    certificates.push({ file: `${at}.pem`, hosts: [host], pem: await selfSigned(host.replace('*', 'any'), new Date()) })
  for (const id of table.backends.keys()) if (id !== 'ns_bare_80') servers.set(id, await pod(id.split('_')[1]!))
  program = createHaproxy({ dir, socket: join(dir, 's') })
  await program.serve(files())
})

afterAll(async () => {
  await program.stop()
  expect(processesNaming(dir)).toEqual([])
  names.close()
  for (const server of servers.values()) {
    server.close()
    server.closeAllConnections()
  }
  remove()
})

describe('routing', () => {
  it.each(routingCases)('%s: %s%s', async (_, host, path, service) => {
    if (host === '') {
      const text = await raw(`GET ${path} HTTP/1.0\r\n\r\n`)
      expect(text).toContain(service === undefined ? notFoundText : `{"name":"${service}"`)
      return
    }
    const answer = await get(host, path)
    if (service === undefined) expect(answer).toEqual({ status: 404, text: `${notFoundText}\n` })
    else if (service === 'bare') expect(answer).toEqual({ status: 503, text: '503 no pod of this Service is ready\n' })
    else expect(nameIn(answer)).toBe(service)
  })

  it('tells the pod who asked, and does not believe who says so himself', async () => {
    const { text } = await get('live.test', '/a?b=c', { 'x-forwarded-for': '1.2.3.4', 'x-forwarded-proto': 'https' })
    expect(JSON.parse(text)).toMatchObject({
      url: '/a?b=c',
      headers: {
        host: 'live.test',
        'x-forwarded-for': '127.0.0.1',
        'x-real-ip': '127.0.0.1',
        'x-forwarded-host': 'live.test',
        'x-forwarded-proto': 'http',
        'x-forwarded-port': String(ports.http),
      },
    })
  })

  it.each([
    ['no HTTP', 'rubbish\r\n\r\n', '400'],
    ['two hosts', 'GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\nConnection: close\r\n\r\n', '400'],
    ['a header without an end', `GET / HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(64 * 1024)}\r\n\r\n`, '400'],
    ['odd text as host', 'GET / HTTP/1.1\r\nHost: ..%*?[::\r\nConnection: close\r\n\r\n', '404'],
    ['a length that lies', 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n', '400'],
  ])('%s is answered and harms nobody', async (_, bytes, status) => {
    expect(await raw(bytes)).toMatch(new RegExp(`^HTTP/1\\.[01] ${status} `))
    expect((await get('live.test', '/')).status).toBe(200)
  })
})

describe('clients and pods that ask for much', () => {
  it('closes on one that does not come to the end of its request, while others are served', async () => {
    const slow = raw('GET / HTTP/1.1\r\nHost: live.test\r\nX-Half: ')
    expect((await get('live.test', '/')).status).toBe(200)
    expect(await slow).toMatch(/^HTTP\/1\.[01] 408 /)
  })

  it('carries long headers, and bodies of any length both ways', async () => {
    const { text } = await get('live.test', '/', { 'x-long': 'x'.repeat(12_000) })
    expect((JSON.parse(text) as { headers: Record<string, string> }).headers['x-long']).toHaveLength(12_000)
    const body = Buffer.alloc(5_000_000, 'kapell')
    const sent = request({
      port: ports.http,
      host: '127.0.0.1',
      path: '/echo',
      method: 'POST',
      headers: { host: 'live.test' },
    })
    sent.end(body)
    const [response] = (await once(sent, 'response')) as [IncomingMessage]
    expect(Buffer.concat(await response.toArray()).equals(body)).toBe(true)
  })

  it('speaks HTTP/2 without TLS with pods that want it, trailers and all: gRPC', async () => {
    const grpc = createHttp2Server()
    grpc.on('stream', (stream: ServerHttp2Stream) => {
      stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true })
      stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }))
      stream.pipe(stream)
    })
    grpc.listen(0, '127.0.0.1')
    await once(grpc, 'listening')
    const backends = backendsOf()
    const server = `127.0.0.1:${(grpc.address() as AddressInfo).port}`
    backends.set('ns_live_80', { servers: [server], protocol: 'h2c', sticky: false })
    await program.serve(files({ backends }))
    const session = connectHttp2(`https://127.0.0.1:${ports.https}`, { rejectUnauthorized: false })
    const stream = session.request({ ':method': 'POST', ':authority': 'live.test', ':path': '/g', te: 'trailers' })
    const trailers = once(stream, 'trailers') as Promise<[Record<string, string>]>
    stream.end('frame')
    const parts: Buffer[] = []
    for await (const part of stream) parts.push(part as Buffer)
    expect(Buffer.concat(parts).toString()).toBe('frame')
    expect((await trailers)[0]['grpc-status']).toBe('0')
    session.close()
    await program.serve(files())
    grpc.close()
  })

  it('finds a backend that is a name, and follows it to another', async () => {
    const named = (to: string): Map<string, Backend> => {
      const port = (servers.get(to)!.address() as AddressInfo).port
      return backendsOf().set('ns_live_80', {
        ...{ servers: [`pods.example:${port}`], protocol: 'http', sticky: false },
        name: 'pods.example',
      })
    }
    for (const to of ['ns_a-root_80', 'ns_wild-root_80']) {
      await program.serve(files({ backends: named(to) }))
      await until('its address to be known', async () => (await get('live.test', '/')).status === 200)
      expect(nameIn(await get('live.test', '/'))).toBe(to.split('_')[1])
    }
    await program.serve(files())
    expect(nameIn(await get('live.test', '/'))).toBe('live')
  })
})

describe('TLS', () => {
  it.each([
    ['one.test', 'one.test'],
    ['x.two.test', 'any.two.test'],
    ['else.test', 'default.test'],
    ['x.y.two.test', 'default.test'],
  ])('to %s shows the certificate of %s', async (servername, name) => {
    const socket = connectTls({ port: ports.https, host: '127.0.0.1', servername, rejectUnauthorized: false })
    await once(socket, 'secureConnect')
    expect(socket.getPeerCertificate().subject.CN).toBe(name)
    socket.destroy()
  })

  it('speaks HTTP/2 with who wants to', async () => {
    const session = connectHttp2(`https://127.0.0.1:${ports.https}`, {
      servername: 'one.test',
      rejectUnauthorized: false,
    })
    const stream = session.request({ ':authority': 'live.test', ':path': '/h2' })
    const parts: Buffer[] = []
    for await (const part of stream) parts.push(part as Buffer)
    expect(JSON.parse(Buffer.concat(parts).toString())).toMatchObject({
      name: 'live',
      url: '/h2',
      headers: { 'x-forwarded-proto': 'https' },
    })
    session.close()
  })
})

describe('change', () => {
  it('leaves a long answer and a WebSocket alone, and loses no request', async () => {
    const long = request({ port: ports.http, path: '/long', headers: { host: 'live.test' }, agent: false }).end()
    const [response] = (await once(long, 'response')) as [IncomingMessage]
    const socket = new WebSocket(`wss://127.0.0.1:${ports.https}/ws`, {
      headers: { host: 'live.test' },
      rejectUnauthorized: false,
    })
    await once(socket, 'open')
    const echo = async (text: string): Promise<string> => {
      const answered = once(socket, 'message')
      socket.send(text)
      const [data] = (await answered) as [Buffer]
      return data.toString()
    }
    expect(await echo('before')).toBe('before')
    let stop = false
    const failures: unknown[] = []
    let asked = 0
    const client = async (): Promise<void> => {
      while (!stop) {
        const status = await get('live.test', '/').then(
          (answer) => answer.status,
          (error: unknown) => error,
        )
        if (status !== 200) failures.push(status)
        asked += 1
      }
    }
    const clients = Array.from({ length: 4 }, client)
    const renewed = await selfSigned('renewed.test', new Date())
    for (let round = 0; round < 3; round += 1) {
      certificates[0] = { file: `renewed${round}.pem`, hosts: ['one.test'], pem: renewed }
      const before = asked
      await program.serve(files())
      await until('requests in between', () => asked > before + 8)
    }
    stop = true
    await Promise.all(clients)
    expect(failures).toEqual([])
    const tls = connectTls({ port: ports.https, host: '127.0.0.1', servername: 'one.test', rejectUnauthorized: false })
    await once(tls, 'secureConnect')
    expect(tls.getPeerCertificate().subject.CN).toBe('renewed.test')
    tls.destroy()
    expect(await echo('after')).toBe('after')
    finish?.()
    expect(Buffer.concat(await response.toArray()).toString()).toBe('begun done')
    socket.terminate()
    await until('processes of before to end', () => processesNaming(join(dir, 'haproxy.cfg')).length === 1)
  }, 60_000)

  it('pods come and go while it runs', async () => {
    const bare = await pod('bare')
    servers.set('ns_bare_80', bare)
    const live = 'ns_live_80'
    const backends = backendsOf()
    const other = await pod('other')
    servers.set('other', other)
    backends.set(live, { servers: [addressOf(other)], protocol: 'http', sticky: false })
    const before = processesNaming(join(dir, 'haproxy.cfg')).map(({ pid }) => pid)
    const { changes, reshaped } = slots.update(backends)
    expect(reshaped).toBe(false)
    await program.fill(changes, files({ backends }))
    expect(nameIn(await get('live.test', '/'))).toBe('other')
    expect(nameIn(await get('bare.example', '/'))).toBe('bare')
    backends.set(live, { servers: [], protocol: 'http', sticky: false })
    await program.fill(slots.update(backends).changes, files({ backends }))
    expect((await get('live.test', '/')).status).toBe(503)
    expect(processesNaming(join(dir, 'haproxy.cfg')).map(({ pid }) => pid)).toEqual(before)
    await expect(program.fill([{ backend: 'nobody', slot: 1, server: '127.0.0.1:1' }], files())).rejects.toThrow(
      'No such',
    )
    await program.serve(files())
    expect(nameIn(await get('live.test', '/'))).toBe('live')
  })

  it('what it cannot read changes nothing', async () => {
    await expect(program.serve(files({ extra: 'rubbish\n' }))).rejects.toThrow(/unknown keyword 'rubbish'/)
    certificates.push({ file: 'bad.pem', hosts: ['bad.test'], pem: 'rubbish' })
    await expect(program.serve(files())).rejects.toThrow('bad.pem')
    certificates.pop()
    expect(nameIn(await get('live.test', '/'))).toBe('live')
    await program.serve(files())
  })

  it('is taken over by the next agent', async () => {
    const next = createHaproxy({ dir, socket: join(dir, 's') })
    await next.serve(files())
    expect(nameIn(await get('live.test', '/'))).toBe('live')
    await until('the one of before to end', () => processesNaming(join(dir, 'haproxy.cfg')).length === 1)
    program = next
  })

  it('does not share a port that is taken', async () => {
    const { path, remove: removeOther } = temporaryDir('ingress-other')
    const other = createHaproxy({ dir: path, socket: join(path, 's') })
    await expect(other.serve(files())).rejects.toThrow(/[Aa]ddress already in use|cannot bind/)
    await other.stop()
    removeOther()
  })
})
