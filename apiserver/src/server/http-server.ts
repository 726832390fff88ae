import type { IncomingMessage, ServerOptions } from 'node:http'
import { createServer } from 'node:https'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { TLSSocket } from 'node:tls'
import type { KeyPair } from '../certificates/issue.ts'
import type { Handler } from '../pipeline/pipeline.ts'
import type { Answer } from './answer.ts'
import { HttpContext } from './http-context.ts'
import {
  incomingOfRequest,
  incomingOfStream,
  outgoingOfResponse,
  sendAnswer,
  StreamOutgoing,
  type Incoming,
  type Outgoing,
} from './http-exchange.ts'
import { Http2Session } from './http2/session.ts'
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

/**
 * For TLS 1.3 the cheaper of equally good ones first, as the original has it; for TLS 1.2 those of node's own that give
 * forward secrecy.
 */
const ciphers = [
  ...['TLS_AES_128_GCM_SHA256', 'TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256'],
  ...['ECDHE-ECDSA-AES128-GCM-SHA256', 'ECDHE-RSA-AES128-GCM-SHA256'],
  ...['ECDHE-ECDSA-AES256-GCM-SHA384', 'ECDHE-RSA-AES256-GCM-SHA384'],
  ...['ECDHE-ECDSA-CHACHA20-POLY1305', 'ECDHE-RSA-CHACHA20-POLY1305'],
].join(':')

/** HTTPS on one port, HTTP/2 and HTTP/1.1 with upgrades side by side. */
export async function startHttpServer(options: HttpServerOptions): Promise<HttpServer> {
  const { handler, log, headSeconds = 32 } = options
  const patience: HttpServerTimeouts = {
    headersTimeout: headSeconds * 1000,
    connectionsCheckingInterval: Math.min(headSeconds * 500, 5000),
    // Longer than clients keep a connection for their next request: they close it, never we under their hands.
    keepAliveTimeout: 90_000,
  }
  const server = createServer({
    ALPNProtocols: ['h2', 'http/1.1'],
    cert: options.serving.certificate,
    key: options.serving.key,
    ca: options.clientAuthority,
    requestCert: true,
    rejectUnauthorized: false,
    ciphers,
    ...patience,
  })
  const sockets = new Set<Socket>()
  const sessions = new Set<Http2Session>()
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.setNoDelay(true)
    socket.setKeepAlive(true, 30_000)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => socket.destroy())
  })
  // Without a listener a client that speaks nonsense would be an uncaught exception.
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => {
    if (!socket.writable || error.code === 'ECONNRESET') socket.destroy()
    else socket.end(`HTTP/1.1 ${refusals[error.code ?? ''] ?? '400 Bad Request'}\r\nConnection: close\r\n\r\n`)
  })
  server.on('tlsClientError', (_error, socket) => socket.destroy())
  const serve = async (incoming: Incoming, outgoing: Outgoing): Promise<void> => {
    const context = new HttpContext(incoming, {
      upgrade: false,
      now: options.now(),
      onClose: (listener) => outgoing.onClose(listener),
    })
    try {
      await sendAnswer(outgoing, await handler(context), context.method)
    } catch (error) {
      if (!context.signal.aborted) log.warn('answer was cut short', { path: context.path, error: String(error) })
      outgoing.fail()
    }
  }
  server.on('request', (request, response) => {
    request.on('error', ignore)
    response.on('error', ignore)
    void serve(incomingOfRequest(request), outgoingOfResponse(response))
  })
  const serveHttp1 = server.listeners('secureConnection') as ((socket: TLSSocket) => void)[]
  server.removeAllListeners('secureConnection')
  server.on('secureConnection', (socket) => {
    if (socket.alpnProtocol !== 'h2') {
      for (const listener of serveHttp1) listener.call(server, socket)
      return
    }
    const session = new Http2Session({
      socket,
      nowMs: () => options.now().getTime(),
      greetingMs: headSeconds * 1000,
      onRequest: (stream, headers) => {
        if (headers.expect === '100-continue') stream.respond({ status: 100, headers: {} })
        return serve(incomingOfStream(stream, headers), new StreamOutgoing(stream))
      },
    })
    sessions.add(session)
    socket.on('close', () => sessions.delete(session))
  })
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
