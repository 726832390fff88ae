import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { ApiServer } from '@kapell/apiserver/main'
import { realClock } from '@kapell/controllers/machinery/clock'
import { createClient } from '@kapell/controllers/machinery/create-client'
import { errorText, type Logger } from '@kapell/controllers/machinery/log'
import { createGuard } from '@kapell/node-agent/server/authorize'
import { HttpError } from '@kapell/node-agent/server/http-error'
import { machineAddress, type Running } from './cluster.ts'
import * as identities from './identities.ts'

export interface ComponentServerOptions {
  api: ApiServer
  /** "kube-scheduler": whom its certificate names. */
  component: string
  /** Upstream's; a free one when somebody else has it. */
  port: number
  /** Prometheus text. */
  metrics: () => string | Promise<string>
  log: Logger
}

const health = new Set(['/healthz', '/livez', '/readyz'])

/**
 * Where a component of the control plane tells how it is, as upstream's does: health to anybody, metrics to those who
 * may `get` the path /metrics. Whether they may is asked of the API server.
 */
export async function startComponentServer(options: ComponentServerOptions): Promise<Running & { port: number }> {
  const { api, component, metrics, log } = options
  const certificate = await api.issueServingCertificate({
    commonName: component,
    hosts: ['localhost', '127.0.0.1', machineAddress()],
  })
  const guard = createGuard({
    client: createClient(api.transport(identities.admin)),
    clock: realClock,
    attributesOf: (verb, path) => ({ attributes: { nonResourceAttributes: { verb, path } }, text: `path=${path}` }),
  })
  const server = createServer(
    {
      key: certificate.key,
      cert: certificate.certificate,
      ca: api.caCertificate,
      requestCert: true,
      rejectUnauthorized: false,
      headersTimeout: 10_000,
      requestTimeout: 30_000,
    },
    (request, response) => {
      const answer = async (): Promise<string> => {
        const { pathname } = new URL(request.url ?? '/', 'https://localhost')
        if (request.method !== 'GET') throw new HttpError(405, 'Method Not Allowed')
        if (health.has(pathname)) return 'ok'
        await guard.check(request, pathname)
        if (pathname !== '/metrics') throw new HttpError(404, 'Not Found')
        return metrics()
      }
      answer().then(
        (text) => response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' }).end(text),
        (error: unknown) => {
          const code = error instanceof HttpError ? error.status : 500
          response.writeHead(code, { 'content-type': 'text/plain' }).end(`${errorText(error)}\n`)
        },
      )
    },
  )
  const listen = (port: number): Promise<void> =>
    new Promise((resolve, reject) => {
      server.once('error', reject)
      server.listen(port, '0.0.0.0', () => {
        server.off('error', reject)
        resolve()
      })
    })
  await listen(options.port).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error
    return listen(0)
  })
  const { port } = server.address() as AddressInfo
  if (port !== options.port) log.info(`${component}: port ${options.port} is taken, metrics are on ${port}`)
  return {
    port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
