import { createServer } from 'node:net'
import { once } from 'node:events'
import { connect, type ClientHttp2Session } from 'node:http2'
import { request, type RequestOptions } from 'node:https'
import { connect as tlsConnect } from 'node:tls'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { configMap, startTestServer, type TestServer } from './apiserver-support.ts'

interface Answer {
  status: number
  json: Record<string, unknown>
}

/** Over HTTP/1.1. */
function ask(server: TestServer, path: string, more: RequestOptions = {}, body?: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const outgoing = request(
      { host: '127.0.0.1', port: server.api.port, path, ca: server.api.caCertificate, agent: false, ...more },
      (response) => {
        let text = ''
        response.on('data', (chunk) => (text += String(chunk)))
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            json: (text.startsWith('{') ? JSON.parse(text) : {}) as Answer['json'],
          }),
        )
      },
    )
    outgoing.on('error', reject)
    outgoing.end(body)
  })
}

/** Over HTTP/2, on an open session. */
async function askHttp2(session: ClientHttp2Session, path: string): Promise<Answer> {
  const stream = session.request({ ':path': path })
  const [headers] = (await once(stream, 'response')) as [{ ':status': number }]
  let text = ''
  for await (const chunk of stream) text += String(chunk)
  return { status: headers[':status'], json: JSON.parse(text) as Answer['json'] }
}

describe('over TLS', () => {
  let server: TestServer
  let key: string
  let cert: string
  beforeAll(async () => {
    server = await startTestServer({ listen: true })
    const issued = await server.api.issueClientCertificate({
      commonName: 'carla',
      organizations: ['system:masters', 'team'],
    })
    key = issued.key
    cert = issued.certificate
  })
  afterAll(() => server.close())

  it('knows callers by their certificates: CN the user, O the groups', async () => {
    const answer = await ask(
      server,
      '/apis/authentication.k8s.io/v1/selfsubjectreviews',
      { key, cert, method: 'POST', headers: { 'content-type': 'application/json' } },
      '{"apiVersion":"authentication.k8s.io/v1","kind":"SelfSubjectReview"}',
    )
    expect(answer).toMatchObject({
      status: 201,
      json: { status: { userInfo: { username: 'carla', groups: ['system:masters', 'team', 'system:authenticated'] } } },
    })
  })

  it('speaks HTTP/2 on the same port', async () => {
    const session = connect(server.api.url, { ca: server.api.caCertificate, key, cert })
    const answers = await Promise.all(['/version', '/api/v1/namespaces/default'].map((path) => askHttp2(session, path)))
    expect(answers.map((answer) => answer.status)).toEqual([200, 200])
    expect(answers[0]?.json['gitVersion']).toMatch(/^v1\.36\.\d+\+kapell/)
    session.close()
  })

  it('takes those without credentials for anonymous and refuses wrong ones', async () => {
    expect((await ask(server, '/api')).status).toBe(403)
    expect((await ask(server, '/version')).status).toBe(200)
    expect((await ask(server, '/version', { headers: { authorization: 'Bearer nope' } })).status).toBe(401)
  })

  it('does not believe certificates that others signed', async () => {
    const other = await startTestServer()
    const stranger = await other.api.issueClientCertificate({ commonName: 'admin', organizations: ['system:masters'] })
    await other.close()
    expect((await ask(server, '/api', { key: stranger.key, cert: stranger.certificate })).status).toBe(401)
  })

  it('takes service-account tokens', async () => {
    const admin = { key, cert, headers: { 'content-type': 'application/json' } }
    const account = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'robot' } }
    const made = await ask(
      server,
      '/api/v1/namespaces/default/serviceaccounts',
      { ...admin, method: 'POST' },
      JSON.stringify(account),
    )
    const { token } = await server.api.tokens.issue({
      namespace: 'default',
      serviceAccount: { name: 'robot', uid: String((made.json['metadata'] as { uid: string }).uid) },
      audiences: [],
      expirationSeconds: 600,
    })
    const answer = await ask(server, '/api/v1/namespaces/default/configmaps', {
      headers: { authorization: `Bearer ${token}` },
    })
    expect(answer.status).toBe(403)
    expect(answer.json['message']).toContain('User "system:serviceaccount:default:robot"')
  })

  it('refuses a body that is too large before reading it all', async () => {
    const headers = { 'content-type': 'application/json', 'content-length': String(64 * 1024 * 1024) }
    const outgoing = request({
      host: '127.0.0.1',
      port: server.api.port,
      path: '/api/v1/namespaces/default/configmaps',
      ca: server.api.caCertificate,
      key,
      cert,
      agent: false,
      method: 'POST',
      headers,
    })
    outgoing.on('error', () => {})
    outgoing.write('{')
    const [response] = (await once(outgoing, 'response')) as [{ statusCode: number }]
    expect(response.statusCode).toBe(413)
    outgoing.destroy()
  })

  it.each([
    ['no HTTP at all', 'hello\r\n\r\n'],
    ['a broken request line', 'GET\r\n\r\n'],
    ['a broken path', 'GET /api/v1/namespaces/%zz/pods/%00?limit=%zz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n'],
    ['a header too long', `GET / HTTP/1.1\r\nx: ${'a'.repeat(200_000)}\r\n\r\n`],
    ['a body cut short', 'POST /api/v1/namespaces HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{'],
    ['HTTP/2 nonsense', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\nnonsense nonsense nonsense'],
    ['broken impersonation', 'GET /api HTTP/1.1\r\nhost: x\r\nimpersonate-extra-%zz: y\r\nconnection: close\r\n\r\n'],
  ])('goes on after %s', async (_what, bytes) => {
    const ALPNProtocols = bytes.startsWith('PRI') ? ['h2'] : ['http/1.1']
    const options = { host: '127.0.0.1', port: server.api.port, ca: server.api.caCertificate, key, cert, ALPNProtocols }
    const socket = tlsConnect(options)
    socket.on('error', () => {})
    await once(socket, 'secureConnect')
    const closed = new Promise((resolve) => socket.on('close', resolve))
    socket.end(bytes)
    socket.resume()
    await closed
    expect((await ask(server, '/version')).status).toBe(200)
  })

  it('serves names that pods and people use', async () => {
    for (const servername of ['kubernetes.default.svc', 'kubernetes.default.svc.cluster.local', 'localhost']) {
      expect((await ask(server, '/version', { servername })).status).toBe(200)
    }
  })
})

describe('start and stop', () => {
  it('finds everything again after a restart: objects, certificates, tokens', async () => {
    const first = await startTestServer()
    await first.ask('POST', '/api/v1/namespaces/default/configmaps', configMap('kept', { data: { a: '1' } }))
    const before = await first.ask('GET', '/api/v1/namespaces/default/configmaps/kept')
    await first.stop()
    const second = await startTestServer({ directory: first.directory })
    expect(second.api.caCertificate).toBe(first.api.caCertificate)
    const after = await second.ask('GET', '/api/v1/namespaces/default/configmaps/kept')
    expect(after.json).toEqual(before.json)
    await second.close()
  })

  it('says in one line that the port is taken', async () => {
    const blocker = createServer().listen(0, '127.0.0.1')
    await once(blocker, 'listening')
    const { port } = blocker.address() as { port: number }
    await expect(startTestServer({ listen: true, port })).rejects.toThrow(new RegExp(`^port ${port} is in use[^\n]*$`))
    blocker.close()
  })

  it('says in one line that the data directory cannot be used', async () => {
    const server = await startTestServer()
    const file = join(server.directory, 'a-file')
    await writeFile(file, '')
    await expect(startTestServer({ directory: file })).rejects.toThrow(/^[^\n]*a-file[^\n]*$/)
    await server.close()
  })
})
