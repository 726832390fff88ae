import { errorText, type Logger } from '@kapell/controllers/machinery/log'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { ProxyTelemetry } from './telemetry.ts'

export interface StatusServerOptions {
  telemetry: ProxyTelemetry
  /** False for a node that is about to be deleted: load balancers shall send nothing more. */
  nodeEligible(): boolean
  /** Of what other nodes ask; see fence.ts. */
  lease(): object
  log: Logger
  /** Defaults are kube-proxy's. 0: a free one. */
  healthPort?: number
  metricsPort?: number
}

export interface StatusServer {
  /** Undefined when somebody else has the port. */
  healthPort: number | undefined
  metricsPort: number | undefined
  close(): Promise<void>
}

export const defaultHealthPort = 10256
const defaultMetricsPort = 10249
/** Where a node tells others how long ago it was heard. */
export const leasePath = '/kapell/lease'

/**
 * What kube-proxy answers on two ports: whether it lives, for load balancers anywhere, and its metrics and mode, for this
 * machine only. A port that somebody else has is left to them: another cluster's node may be on this machine.
 */
export async function startStatusServer(options: StatusServerOptions): Promise<StatusServer> {
  const { telemetry, log } = options
  const json = (response: ServerResponse, status: number, body: object): void => {
    answer(response, status, 'application/json', JSON.stringify(body))
  }
  const text = (response: ServerResponse, body: string): void =>
    answer(response, 200, 'text/plain; charset=utf-8', body)
  const health = listener({
    '/healthz': (response) => {
      const { status, body } = telemetry.report(options.nodeEligible())
      json(response, status, body)
    },
    '/livez': (response) => {
      const { status, body } = telemetry.report()
      json(response, status, body)
    },
    [leasePath]: (response) => json(response, 200, options.lease()),
  })
  const metrics = listener({
    '/healthz': (response) => text(response, 'ok'),
    '/proxyMode': (response) => text(response, 'nftables'),
    '/metrics': (response) =>
      answer(response, 200, 'text/plain; version=0.0.4; charset=utf-8', telemetry.metrics.render()),
  })
  const open = async (server: Server, port: number, host?: string): Promise<number | undefined> => {
    try {
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject)
        server.listen({ port, ...(host === undefined ? {} : { host }) }, resolve)
      })
      const address = server.address()
      return typeof address === 'object' ? address?.port : undefined
    } catch (error) {
      log.info('the proxy does not tell how it is: its port is taken', { port, error: errorText(error) })
      return undefined
    }
  }
  return {
    healthPort: await open(health, options.healthPort ?? defaultHealthPort),
    metricsPort: await open(metrics, options.metricsPort ?? defaultMetricsPort, '127.0.0.1'),
    close: async () => {
      await Promise.all(
        [health, metrics].map((server) => {
          server.closeAllConnections()
          return new Promise((resolve) => server.close(resolve))
        }),
      )
    },
  }
}

type Answers = Record<string, (response: ServerResponse) => void>

function listener(answers: Answers): Server {
  const server = createServer({ requestTimeout: 5000 }, (request: IncomingMessage, response: ServerResponse) => {
    const path = (request.url ?? '').split('?')[0]!
    if (Object.hasOwn(answers, path)) answers[path]!(response)
    else answer(response, 404, 'text/plain; charset=utf-8', '404 page not found\n')
  })
  server.maxConnections = 256
  return server
}

function answer(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, {
    'content-type': type,
    'x-content-type-options': 'nosniff',
    'content-length': Buffer.byteLength(body),
  })
  response.end(body)
}
