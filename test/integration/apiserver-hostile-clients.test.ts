import { once } from 'node:events'
import { connect as connectHttp2 } from 'node:http2'
import { connect, type TLSSocket } from 'node:tls'
import { gzipSync } from 'node:zlib'
import { configMap, startTestServer, type TestServer } from './apiserver-support.ts'

/** Connections that mean no good: each gets an answer or its end, and the server goes on as before. */
const maps = '/api/v1/namespaces/default/configmaps'
let server: TestServer
let credentials: { key: string; cert: string }

beforeAll(async () => {
  server = await startTestServer({ listen: true, limits: { requestSeconds: 1, headSeconds: 1 } })
  const { key, certificate } = await server.api.issueClientCertificate({
    commonName: 'mallory',
    organizations: ['system:masters'],
  })
  credentials = { key, cert: certificate }
})
afterAll(() => server.close())

async function open(): Promise<TLSSocket> {
  const socket = connect({
    host: '127.0.0.1',
    port: server.api.port,
    ca: server.api.caCertificate,
    ALPNProtocols: ['http/1.1'],
    ...credentials,
  })
  socket.on('error', () => {})
  await once(socket, 'secureConnect')
  return socket
}

/** Everything the server says until it hangs up. */
async function until(socket: TLSSocket, isEnough: (text: string) => boolean = () => false): Promise<string> {
  let text = ''
  socket.on('data', (chunk: Buffer) => {
    text += chunk.toString('latin1')
    if (isEnough(text)) socket.destroy()
  })
  await new Promise((resolve) => socket.on('close', resolve))
  return text
}

async function told(...parts: (string | Uint8Array)[]): Promise<string> {
  const socket = await open()
  const answer = until(socket, (text) => /"code":\d+}/.test(text))
  for (const part of parts) if (!socket.destroyed) socket.write(part)
  return answer
}

const post = (headers: string): string =>
  `POST ${maps} HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n${headers}\r\n`
const json = JSON.stringify(configMap('never'))

it.each<[string, (string | Uint8Array)[], RegExp]>([
  ['no HTTP at all', ['\u0000\u0001\u0002 what?\r\n\r\n'], /^HTTP\/1\.1 400 /],
  ['a method that does not exist', ['FOO /api HTTP/1.1\r\nHost: a\r\n\r\n'], /^HTTP\/1\.1 400 /],
  ['one huge header', [`GET /api HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(200_000)}\r\n\r\n`], /^HTTP\/1\.1 431 /],
  [
    'a flood of headers',
    ['GET /api HTTP/1.1\r\nHost: a\r\n', ...Array.from({ length: 5000 }, (_, i) => `X-${i}: y\r\n`), '\r\n'],
    /^HTTP\/1\.1 431 /,
  ],
  ['a length below nothing', [post('Content-Length: -5\r\n')], /^HTTP\/1\.1 400 /],
  ['two lengths', [post('Content-Length: 5\r\nTransfer-Encoding: chunked\r\n'), '0\r\n\r\n'], /^HTTP\/1\.1 400 /],
  ['chunks that are none', [post('Transfer-Encoding: chunked\r\n'), 'zz\r\n'], /^HTTP\/1\.1 400 /],
  ['a body said to be of 3 GB', [post('Content-Length: 3000000000\r\n'), 'x'], /^HTTP\/1\.1 413 .*"code":413/s],
  [
    'a body that turns out too large',
    [
      post('Transfer-Encoding: chunked\r\n'),
      ...Array.from({ length: 5 }, () => `100000\r\n${'x'.repeat(1_048_576)}\r\n`),
    ],
    /^HTTP\/1\.1 413 .*"reason":"RequestEntityTooLarge"/s,
  ],
  [
    'a compressed body, which nothing unpacks',
    ((bomb) => [post(`Content-Encoding: gzip\r\nContent-Length: ${bomb.length}\r\n`), bomb])(
      gzipSync(Buffer.alloc(50_000_000, ' ')),
    ),
    /^HTTP\/1\.1 400 .*"reason":"BadRequest"/s,
  ],
  ['a head that does not end', ['GET /api HTTP/1.1\r\nHost: a\r\nX-Slow: '], /^HTTP\/1\.1 408 /],
  ['nothing', [], /^(HTTP\/1\.1 408 |$)/],
  ['a body that does not end', [post(`Content-Length: ${json.length}\r\n`), json.slice(0, -1)], /^HTTP\/1\.1 504 /],
])('%s', async (_what, parts, answer) => {
  expect(await told(...parts)).toMatch(answer)
})

it('a body that breaks off stores nothing', async () => {
  const socket = await open()
  socket.write(post(`Content-Length: ${json.length}\r\n`) + json.slice(0, -1))
  socket.destroy()
  await once(socket, 'close')
  expect((await server.ask('GET', `${maps}/never`)).status).toBe(404)
})

it('many connections that send bodies without end leave the memory alone', async () => {
  const before = process.memoryUsage().rss
  const chunk = `10000\r\n${'x'.repeat(65_536)}\r\n`
  await Promise.all(
    Array.from({ length: 50 }, () =>
      told(post('Transfer-Encoding: chunked\r\n'), ...Array.from({ length: 64 }, () => chunk)),
    ),
  )
  // What the clients of this test hold themselves is within.
  expect(process.memoryUsage().rss - before).toBeLessThan(1_000_000_000)
  expect((await server.ask('GET', '/readyz')).status).toBe(200)
})

it('a stream of HTTP/2 that is reset again and again does not stop the others', async () => {
  const session = connectHttp2(server.api.url, { ca: server.api.caCertificate, ...credentials })
  session.on('error', () => {})
  for (let i = 0; i < 500 && !session.destroyed; i += 1) {
    const stream = session.request({ ':path': maps })
    stream.on('error', () => {})
    stream.close(8)
  }
  session.destroy()
  expect((await server.ask('GET', maps)).status).toBe(200)
})

it('after all of it the server answers, and holds nothing of it', async () => {
  expect(await told(`GET ${maps}/never HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`)).toMatch(
    / 404 .*"reason":"NotFound"/s,
  )
})
