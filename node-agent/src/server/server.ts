import { createServer, type Server } from 'node:https'
import type { IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import type { TLSSocket } from 'node:tls'
import { errorText, type Logger } from '@kapell/controllers/machinery/log'
import type { V1Pod } from '@kapell/openapi/types'
import express, { type NextFunction, type Request, type Response } from 'express'
import type { Cri } from '../cri/client.ts'
import type { Stats } from '../stats/stats.ts'
import type { AgentMetrics } from '../metrics/agent-metrics.ts'
import type { Guard } from './authorize.ts'
import { findContainer, loggedInstance, type PodSource } from './find-container.ts'
import { HttpError } from './http-error.ts'
import { readLog } from './logs/read-log.ts'
import { runningPods } from './running-pods.ts'
import { systemLogs } from './system-logs.ts'
import { createUpgradeHandler } from './streams/upgrade.ts'

export interface AgentServerOptions {
  /** PEM. */
  cert: string
  key: string
  clientCa: string
  /** Tells of a renewed certificate: new connections are shown that one, the others go on. */
  onRenewed?: (apply: (pair: { cert: string; key: string }) => void) => void
  /** 0 takes a free one. */
  port: number
  /** Default: all addresses. */
  host?: string
  cri: Cri
  source: PodSource
  guard: Guard
  pods(): V1Pod[]
  /** Calls back whenever something of this pod changed; the answer ends it. */
  onPodChange(uid: string, wake: () => void): () => void
  /** Empty when all is well. */
  problem(): string
  metrics(): Promise<string>
  /** What is counted of requests and probes. Default: nothing. */
  counted?: Pick<AgentMetrics, 'request' | 'renderProbes'>
  /** How this agent is set up, in the form that upstream tells it. */
  configuration?(): object
  /** Of the machine. Default /var/log. */
  systemLogs?: string
  /** What the node uses; without it, nobody is told. */
  stats?: Stats
  /** Removes a local volume that nobody has any more. */
  removeLocalVolume(name: string): Promise<void>
  log: Logger
}

export interface AgentServer {
  readonly port: number
  close(): Promise<void>
}

/** Starts the agent's HTTPS server. Errors: the port is in use. */
export async function startAgentServer(options: AgentServerOptions): Promise<AgentServer> {
  const { log, guard } = options
  const sockets = new Set<Duplex>()
  const secure = { ca: options.clientCa, minVersion: 'TLSv1.2' } as const
  const server: Server = createServer(
    { ...secure, cert: options.cert, key: options.key, requestCert: true, rejectUnauthorized: false },
    createApp(options),
  )
  options.onRenewed?.((pair) => server.setSecureContext({ ...secure, ...pair }))
  server.on('secureConnection', (socket: TLSSocket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })
  server.on('tlsClientError', () => {})
  const upgrade = createUpgradeHandler({ cri: options.cri, source: options.source, log })
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on('error', () => {})
    const path = new URL(request.url ?? '/', 'https://agent').pathname
    guard
      .check(request, path)
      .then(() => upgrade(request, socket, head))
      .catch((error: unknown) => refuse(socket, error, log))
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      reject(
        error.code === 'EADDRINUSE'
          ? new Error(
              `port ${options.port} of the node agent is in use: choose another with --agent-port, or stop what listens there`,
            )
          : error,
      )
    })
    server.listen(options.port, options.host, () => resolve())
  })
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        for (const socket of sockets) socket.destroy()
      }),
  }
}

/** A plain answer on a connection that wanted to become something else. */
function refuse(socket: Duplex, error: unknown, log: Logger): void {
  const status = error instanceof HttpError ? error.status : 500
  if (status === 500) log.warn(`agent server: ${errorText(error)}`)
  const body = errorText(error)
  socket.end(
    `HTTP/1.1 ${status} ${status === 404 ? 'Not Found' : 'Error'}\r\ncontent-type: text/plain; charset=utf-8\r\n` +
      `content-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  )
}

/** Text is Prometheus', all else JSON. */
function sendStats(response: Response, stats: Promise<string | object> | undefined, next: NextFunction): void {
  if (stats === undefined) throw new HttpError(404, '404 page not found')
  stats.then((found) => {
    if (typeof found === 'string') response.type('text/plain; version=0.0.4').send(found)
    else response.json(found)
  }, next)
}

/** Paths that requests are counted by; names of others are not kept. */
const served = new Set([
  ...['attach', 'configz', 'containerLogs', 'exec', 'healthz', 'logs', 'metrics'],
  ...['pods', 'portForward', 'runningpods', 'stats'],
])
const longRunning = new Set(['attach', 'containerLogs', 'exec', 'portForward'])

function createApp(options: AgentServerOptions): express.Express {
  const { guard, log } = options
  const app = express()
  app.disable('x-powered-by')
  app.disable('etag')
  app.use((request: Request, _response: Response, next: NextFunction) => {
    guard.check(request, request.path).then(() => next(), next)
  })
  app.use((request: Request, _response: Response, next: NextFunction) => {
    const path = request.path.split('/')[1] ?? ''
    options.counted?.request(request.method, served.has(path) ? path : 'other', longRunning.has(path))
    next()
  })
  app.get('/healthz/ping', (_request: Request, response: Response) => void response.type('text/plain').send('ok'))
  app.get('/healthz/log', (_request: Request, response: Response) => void response.type('text/plain').send('ok'))
  app.get(['/healthz', '/healthz/syncloop'], (_request: Request, response: Response) => {
    const problem = options.problem()
    response
      .status(problem === '' ? 200 : 500)
      .type('text/plain')
      .send(problem === '' ? 'ok' : problem)
  })
  app.get('/pods', (_request: Request, response: Response) => {
    response.json({ kind: 'PodList', apiVersion: 'v1', metadata: {}, items: options.pods() })
  })
  app.get('/metrics', (_request: Request, response: Response, next: NextFunction) => {
    options.metrics().then((text) => response.type('text/plain; version=0.0.4').send(text), next)
  })
  app.get('/metrics/probes', (_request: Request, response: Response) => {
    response.type('text/plain; version=0.0.4').send(options.counted?.renderProbes() ?? '')
  })
  app.get('/configz', (_request: Request, response: Response) => {
    if (options.configuration === undefined) throw new HttpError(404, '404 page not found')
    response.json({ kubeletconfig: options.configuration() })
  })
  app.get(['/runningpods', '/runningpods/'], (_request: Request, response: Response, next: NextFunction) => {
    runningPods(options.cri).then((list) => response.json(list), next)
  })
  app.use('/logs', systemLogs(options.systemLogs ?? '/var/log'))
  app.get('/metrics/resource', (_request: Request, response: Response, next: NextFunction) => {
    sendStats(response, options.stats?.resource(), next)
  })
  app.get('/metrics/cadvisor', (_request: Request, response: Response, next: NextFunction) => {
    sendStats(response, options.stats?.containers(), next)
  })
  app.get('/stats/summary', (request: Request, response: Response, next: NextFunction) => {
    const brief = request.query['only_cpu_and_memory'] === 'true'
    sendStats(response, options.stats?.summary({ brief }), next)
  })
  app.get('/containerLogs/:namespace/:pod/:container', (request: Request, response: Response, next: NextFunction) => {
    sendLog(options, request, response).catch((error: unknown) => {
      if (response.headersSent) response.destroy()
      else next(error)
    })
  })
  app.delete('/localvolumes/:name', (request: Request, response: Response, next: NextFunction) => {
    const { name = '' } = request.params as Record<string, string>
    options.removeLocalVolume(name).then(() => response.json({}), next)
  })
  app.all(/^\/(exec|attach|portForward)\//, () => {
    throw new HttpError(400, 'Upgrade request required')
  })
  app.use(() => {
    throw new HttpError(404, '404 page not found')
  })
  app.use((error: unknown, _request: Request, response: Response, _next: NextFunction) => {
    const status = error instanceof HttpError ? error.status : 500
    if (status === 500) log.warn(`agent server: ${errorText(error)}`)
    response.status(status).type('text/plain').send(errorText(error))
  })
  return app
}

async function sendLog(options: AgentServerOptions, request: Request, response: Response): Promise<void> {
  const { namespace = '', pod: name = '', container = '' } = request.params as Record<string, string>
  const query = new URL(request.url, 'https://agent').searchParams
  const wants = logQuery(query)
  const found = await findContainer(options.source, { namespace, name, container })
  const instance = loggedInstance(found, wants.previous)
  const gone = new AbortController()
  response.on('close', () => gone.abort())
  // Who left while the container was looked up is not told of any more.
  if (response.destroyed) return
  response.type('text/plain')
  response.flushHeaders()
  const uid = found.pod.metadata?.uid ?? ''
  // Asked of the runtime only after something changed, not with every line that is written.
  let running: boolean | undefined
  const chunks = readLog({
    ...wants,
    path: instance.logPath,
    signal: gone.signal,
    running: async () => {
      if (running !== undefined) return running
      running = true
      const now = await options.source.record(found.pod)
      const state = now.containers.find(({ id }) => id === instance.id)?.state
      if (state !== 'running') running = false
      return running
    },
    onChange: (wake) =>
      options.onPodChange(uid, () => {
        if (running === true) running = undefined
        wake()
      }),
  })
  for await (const chunk of chunks) {
    const more = response.write(chunk)
    if (gone.signal.aborted || response.destroyed) break
    if (!more) await drained(response)
  }
  response.end()
}

const drained = (response: Response): Promise<void> =>
  new Promise((resolve) => {
    const done = (): void => {
      response.off('drain', done)
      response.off('close', done)
      resolve()
    }
    response.on('drain', done)
    response.on('close', done)
  })

/** Options of a log request. Throws 400 for what is none. */
export function logQuery(query: URLSearchParams) {
  const flag = (name: string): boolean => ['1', 'true'].includes(query.get(name) ?? '')
  const count = (name: string): number | undefined => {
    const text = query.get(name)
    if (text === null || text === '') return undefined
    if (!/^\d+$/.test(text)) throw new HttpError(400, `invalid ${name}: ${JSON.stringify(text)}`)
    return Number(text)
  }
  const sinceSeconds = count('sinceSeconds')
  const sinceTime = query.get('sinceTime')
  if (sinceTime !== null && Number.isNaN(Date.parse(sinceTime))) {
    throw new HttpError(400, `invalid sinceTime: ${JSON.stringify(sinceTime)}`)
  }
  const stream = query.get('stream')
  return {
    follow: flag('follow'),
    previous: flag('previous'),
    timestamps: flag('timestamps'),
    tailLines: count('tailLines'),
    limitBytes: count('limitBytes'),
    since:
      sinceSeconds !== undefined
        ? new Date(Date.now() - sinceSeconds * 1000)
        : sinceTime === null
          ? undefined
          : new Date(sinceTime),
    stream: stream === 'Stdout' ? ('stdout' as const) : stream === 'Stderr' ? ('stderr' as const) : undefined,
  }
}
