import type { IncomingMessage, ServerResponse } from 'node:http'
import {
  createSecureServer,
  type Http2ServerRequest,
  type Http2ServerResponse,
  type ServerHttp2Session,
} from 'node:http2'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { KeyPair } from '../certificates/issue.ts'
import type { Handler } from '../pipeline/pipeline.ts'
import type { Answer } from './answer.ts'
import { HttpContext } from './http-context.ts'
import type { ServerLogger } from './log.ts'
import { sendMessages, wantsMessages } from './web-socket-body.ts'

type Request = IncomingMessage | Http2ServerRequest
type Response = ServerResponse | Http2ServerResponse

export interface HttpServer {
  port: number
  /** Ends every open request and connection. */
  close(): Promise<void>
}

export interface HttpServerOptions {
  handler: Handler
  serving: KeyPair
  /** Whose client certificates are believed, PEM. */
  clientAuthority: string
  bindAddress: string
  /** 0 takes a free one. */
  port: number
  log: ServerLogger
  now: () => Date
}

/** Resolves when more may be written or nothing more will be taken. */
function writable(response: Response): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      response.removeListener('drain', done)
      response.removeListener('close', done)
      resolve()
    }
    response.on('drain', done)
    response.on('close', done)
  })
}

/** Resolves when the chunk has left this process's memory, or nothing more will be taken. */
function written(response: Response, chunk: Uint8Array): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      response.removeListener('close', done)
      resolve()
    }
    response.on('close', done)
    ;(response as ServerResponse).write(chunk, done)
  })
}

async function writeBody(
  response: Response,
  body: AsyncIterable<Uint8Array>,
  options: { reusesChunks: boolean },
): Promise<void> {
  let gone = response.destroyed
  response.once('close', () => (gone = true))
  for await (const chunk of body) {
    if (gone) break
    if (options.reusesChunks) await written(response, chunk)
    else if (!(response as ServerResponse).write(chunk)) await writable(response)
    if (gone) break
  }
  if (!gone) response.end()
}

async function send(response: Response, answer: Answer, method: string): Promise<void> {
  const headers: Record<string, string | string[] | number> = answer.headers
  if (answer.body instanceof Uint8Array) {
    headers['content-length'] = answer.body.length
    ;(response as ServerResponse).writeHead(answer.status, headers)
    if (method === 'HEAD') response.end()
    else response.end(answer.body)
    return
  }
  ;(response as ServerResponse).writeHead(answer.status, headers)
  if (answer.body === undefined || method === 'HEAD') {
    response.end()
    return
  }
  ;(response as ServerResponse).flushHeaders()
  await writeBody(response, answer.body, { reusesChunks: answer.reusesChunks === true })
}

/** Answers an upgrade request that was refused, or hands the connection to whoever took it over. */
function answerUpgrade(socket: Duplex, head: Uint8Array, answer: Answer): void {
  if (answer.tunnel !== undefined) {
    answer.tunnel(socket, head)
    return
  }
  const body = answer.body instanceof Uint8Array ? answer.body : new Uint8Array()
  const lines = [`HTTP/1.1 ${answer.status} ${answer.status >= 400 ? 'Refused' : 'OK'}`]
  for (const [name, value] of Object.entries(answer.headers)) {
    for (const one of Array.isArray(value) ? value : [value]) lines.push(`${name}: ${one}`)
  }
  lines.push(`content-length: ${body.length}`, 'connection: close', '', '')
  socket.end(Buffer.concat([Buffer.from(lines.join('\r\n')), body]))
}

/** HTTPS on one port, HTTP/2 and HTTP/1.1 with upgrades side by side. */
export async function startHttpServer(options: HttpServerOptions): Promise<HttpServer> {
  const { handler, log } = options
  const server = createSecureServer({
    allowHTTP1: true,
    cert: options.serving.certificate,
    key: options.serving.key,
    ca: options.clientAuthority,
    requestCert: true,
    rejectUnauthorized: false,
    settings: { maxConcurrentStreams: 1000, initialWindowSize: 1024 * 1024 },
    maxSessionMemory: 256,
  })
  const sockets = new Set<Socket>()
  const sessions = new Set<ServerHttp2Session>()
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.setNoDelay(true)
    socket.setKeepAlive(true, 30_000)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => socket.destroy())
  })
  server.on('session', (session) => {
    sessions.add(session)
    session.on('close', () => sessions.delete(session))
    session.on('error', () => session.destroy())
  })
  // Without a listener a client that speaks nonsense would be an uncaught exception.
  server.on('clientError', (_error, socket) => socket.destroy())
  server.on('sessionError', (_error, session) => session.destroy())
  server.on('tlsClientError', (_error, socket) => socket.destroy())
  server.on('request', (request: Request, response: Response) => {
    request.on('error', () => {})
    response.on('error', () => {})
    const context = new HttpContext(request, {
      upgrade: false,
      now: options.now(),
      onClose: (listener) => response.on('close', listener),
    })
    handler(context)
      .then((answer) => {
        if (response.destroyed) return undefined
        return send(response, answer, context.method)
      })
      .catch((error: unknown) => {
        if (!context.signal.aborted) log.warn('answer was cut short', { path: context.path, error: String(error) })
        if (!response.headersSent) (response as ServerResponse).writeHead(500)
        response.destroy()
      })
  })
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on('error', () => socket.destroy())
    const context = new HttpContext(request, {
      upgrade: true,
      now: options.now(),
      onClose: (listener) => socket.on('close', listener),
    })
    handler(context)
      .then((answer) =>
        wantsMessages(request, answer)
          ? sendMessages(request, socket, head, answer)
          : answerUpgrade(socket, head, answer),
      )
      .catch((error: unknown) => {
        log.warn('upgrade failed', { path: context.path, error: String(error) })
        socket.destroy()
      })
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(listenError(error, options)))
    server.listen(options.port, options.bindAddress, () => resolve())
  })
  server.on('error', (error) => log.error('server error', { error: String(error) }))
  const address = server.address()
  return {
    port: typeof address === 'object' && address !== null ? address.port : options.port,
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      for (const session of sessions) session.destroy()
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
}

/** One line that says what to do. */
function listenError(error: NodeJS.ErrnoException, at: { bindAddress: string; port: number }): Error {
  const where = `${at.bindAddress}:${at.port}`
  if (error.code === 'EADDRINUSE') {
    return new Error(
      `port ${at.port} is in use on ${at.bindAddress}: stop what listens there or choose another with --port`,
    )
  }
  if (error.code === 'EACCES') return new Error(`not permitted to listen on ${where}: use a port above 1023`)
  if (error.code === 'EADDRNOTAVAIL') return new Error(`cannot listen on ${where}: this machine has no such address`)
  return new Error(`cannot listen on ${where}: ${error.message}`)
}
