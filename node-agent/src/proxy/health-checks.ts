import { errorText, type Logger } from '@kapell/controllers/machinery/log'
import type { V1EndpointSlice, V1Service } from '@kapell/openapi/types'
import { createServer, type Server } from 'node:http'

/** What a load balancer outside may ask of this node about one Service. */
export interface HealthCheck {
  port: number
  namespace: string
  name: string
  /** Ready endpoints on this node: those that end are not counted, so that new connections go elsewhere in time. */
  localEndpoints: number
}

const always = (): boolean => true

/** The question that a Service opens a port for, if it does. Source: the API's healthCheckNodePort. */
export function healthCheckOf(
  service: V1Service,
  slices: readonly V1EndpointSlice[],
  nodeName: string,
): HealthCheck | undefined {
  const { spec, metadata } = service
  const port = spec?.healthCheckNodePort ?? 0
  if (spec?.type !== 'LoadBalancer' || spec.externalTrafficPolicy !== 'Local' || port === 0) return undefined
  const ready = slices.flatMap((slice) =>
    (slice.endpoints ?? []).flatMap((each) =>
      each.nodeName === nodeName && (each.conditions?.ready ?? true) ? (each.addresses[0] ?? []) : [],
    ),
  )
  return {
    port,
    namespace: metadata?.namespace ?? '',
    name: metadata?.name ?? '',
    localEndpoints: new Set(ready).size,
  }
}

/** Status, headers and body as the original proxy answers them, to any path. */
export function healthAnswer({ namespace, name, localEndpoints }: HealthCheck, serviceProxyHealthy = true) {
  return {
    status: localEndpoints > 0 && serviceProxyHealthy ? 200 : 503,
    headers: {
      'content-type': 'application/json',
      'x-content-type-options': 'nosniff',
      'x-load-balancing-endpoint-weight': String(localEndpoints),
    },
    body: JSON.stringify({ service: { namespace, name }, localEndpoints, serviceProxyHealthy }, undefined, '\t'),
  }
}

/** One listener a port, kept in step with Services. */
export class HealthChecks {
  readonly #log: Logger
  readonly #wanted = new Map<string, HealthCheck>()
  readonly #servers = new Map<string, { port: number; server: Server }>()

  readonly #isHealthy: () => boolean

  constructor(log: Logger, isHealthy = always) {
    this.#log = log
    this.#isHealthy = isHealthy
  }

  /** What a Service wants answered; undefined when nothing any more. */
  put(key: string, check: HealthCheck | undefined): void {
    if (check === undefined) this.#wanted.delete(key)
    else this.#wanted.set(key, check)
    const open = this.#servers.get(key)
    if (open !== undefined && open.port !== check?.port) {
      this.#servers.delete(key)
      open.server.closeAllConnections()
      open.server.close()
    }
    if (check !== undefined && !this.#servers.has(key)) this.#listen(key, check.port)
  }

  #listen(key: string, port: number): void {
    const server = createServer({ requestTimeout: 5000 }, (_, response) => {
      const check = this.#wanted.get(key)
      if (check === undefined) {
        response.destroy()
        return
      }
      const { status, headers, body } = healthAnswer(check, this.#isHealthy())
      response.writeHead(status, headers).end(body)
    })
    server.maxConnections = 64
    this.#servers.set(key, { port, server })
    server.on('error', (error) => {
      this.#log.warn('cannot answer health checks of a Service', { service: key, port, error: errorText(error) })
      // The next change of the Service tries again.
      if (this.#servers.get(key)?.server === server) this.#servers.delete(key)
    })
    server.listen(port)
  }

  async close(): Promise<void> {
    const open = [...this.#servers.values()]
    this.#servers.clear()
    this.#wanted.clear()
    await Promise.all(
      open.map(({ server }) => {
        server.closeAllConnections()
        return new Promise((resolve) => server.close(resolve))
      }),
    )
  }
}
