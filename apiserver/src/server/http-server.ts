import type { IncomingMessage, ServerOptions, ServerResponse } from 'node:http'
import { createSecureServer, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { KeyPair } from '../certificates/issue.ts'
import type { Handler } from '../pipeline/pipeline.ts'
import type { Answer } from './answer.ts'
import { HttpContext } from './http-context.ts'
import {
  incomingOfRequest,
  incomingOfStream,
  outgoingOfResponse,
  outgoingOfStream,
  sendAnswer,
  type Incoming,
  type Outgoing,
} from './http-exchange.ts'
import type { ServerLogger } from './log.ts'
import { sendMessages, wantsMessages } from './web-socket-body.ts'

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
  /** How long a client of HTTP/1.1 may take to send a request's head. Default 32, as upstream has it. */
  headSeconds?: number
}

/** What createSecureServer takes for its HTTP/1.1 half. */
type HttpServerTimeouts = Pick<ServerOptions, 'headersTimeout' | 'connectionsCheckingInterval' | 'keepAliveTimeout'>

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

/** One function for all: a stream stays in memory for a while, and with it whatever its listeners can see. */
const ignore = (): void => {}

/** How requests are refused that are no HTTP, or too slow or too large in their heads; anything else is a 400. */
const refusals: Record<string, string> = {
  HPE_HEADER_OVERFLOW: '431 Request Header Fields Too Large',
  ERR_HTTP_REQUEST_TIMEOUT: '408 Request Timeout',
}

/** HTTPS on one port, HTTP/2 and HTTP/1.1 with upgrades side by side. */
export async function startHttpServer(options: HttpServerOptions): Promise<HttpServer> {
  const { handler, log, headSeconds = 32 } = options
  const patience: HttpServerTimeouts = {
    headersTimeout: headSeconds * 1000,
    connectionsCheckingInterval: Math.min(headSeconds * 500, 5000),
    // Longer than clients keep a connection for their next request: they close it, never we under their hands.
    keepAliveTimeout: 90_000,
  }
  const server = createSecureServer({
    allowHTTP1: true,
    cert: options.serving.certificate,
    key: options.serving.key,
    ca: options.clientAuthority,
    requestCert: true,
    rejectUnauthorized: false,
    settings: { maxConcurrentStreams: 1000, initialWindowSize: 1024 * 1024 },
    maxSessionMemory: 256,
    ...patience,
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
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => {
    if (!socket.writable || error.code === 'ECONNRESET') socket.destroy()
    else socket.end(`HTTP/1.1 ${refusals[error.code ?? ''] ?? '400 Bad Request'}\r\nConnection: close\r\n\r\n`)
  })
  server.on('sessionError', (_error, session) => session.destroy())
  server.on('tlsClientError', (_error, socket) => socket.destroy())
  const serve = (incoming: Incoming, outgoing: Outgoing): void => {
    const { writable } = outgoing
    writable.on('error', ignore)
    const context = new HttpContext(incoming, {
      upgrade: false,
      now: options.now(),
      onClose: (listener) => writable.on('close', listener),
    })
    handler(context)
      .then((answer) => sendAnswer(outgoing, answer, context.method))
      .catch((error: unknown) => {
        if (!context.signal.aborted) log.warn('answer was cut short', { path: context.path, error: String(error) })
        outgoing.fail()
      })
  }
  // HTTP/2 requests are taken as streams: the request and response that stand for them otherwise cost more than most
  // answers. A 'request' listener would bring those about, by this listener of node's own.
  server.removeAllListeners('newListener')
  server.on('stream', (stream: ServerHttp2Stream, headers) => {
    if (headers['expect'] === '100-continue') stream.additionalHeaders({ ':status': 100 })
    serve(incomingOfStream(stream, headers), outgoingOfStream(stream))
  })
  server.on('request', ((request: IncomingMessage, response: ServerResponse) => {
    request.on('error', ignore)
    serve(incomingOfRequest(request), outgoingOfResponse(response))
  }) as () => void)
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on('error', () => socket.destroy())
    const context = new HttpContext(incomingOfRequest(request), {
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
