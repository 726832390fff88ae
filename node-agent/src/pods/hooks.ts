import { request } from 'node:http'
import { request as secureRequest } from 'node:https'
import type { Clock } from '@kapell/controllers/machinery/clock'
import type { V1Container, V1LifecycleHandler } from '@kapell/openapi/types'
import type { Cri } from '../cri/client.ts'
import { dialError } from '../probes/dial-error.ts'

export interface HookTarget {
  cri: Cri
  clock: Clock
  containerId: string
  container: V1Container
  podIp: string
  /** Milliseconds the hook may take. */
  timeoutMs: number
  signal?: AbortSignal
}

/** A handler's command ran and failed. */
export class HookExecError extends Error {
  override readonly name = 'HookExecError'
  /** What it said. */
  readonly output: string
  constructor(message: string, output: string) {
    super(message)
    this.output = output
  }
}

/** Runs a postStart or preStop handler. Throws with what went wrong. */
export async function runHook(handler: V1LifecycleHandler, target: HookTarget): Promise<void> {
  const { cri, clock, containerId, container, podIp, timeoutMs } = target
  if (handler.exec !== undefined) {
    const cmd = handler.exec.command ?? []
    const timeout = BigInt(Math.max(1, Math.ceil(timeoutMs / 1000)))
    const result = await cri.runtime.execSync(
      { containerId, cmd, timeout },
      { deadlineMs: timeoutMs + 5000, ...(target.signal === undefined ? {} : { signal: target.signal }) },
    )
    if (result.exitCode !== 0) {
      const stderr = Buffer.from(result.stderr).toString('utf8')
      const output = Buffer.concat([result.stdout, result.stderr]).toString('utf8')
      throw new HookExecError(`command '${cmd.join(' ')}' exited with ${result.exitCode}: ${stderr}`, output)
    }
  } else if (handler.httpGet !== undefined) {
    const { host, path = '/', scheme = 'HTTP', httpHeaders = [] } = handler.httpGet
    await get({
      scheme,
      host: host ?? podIp,
      port: resolvePort(container, handler.httpGet.port),
      path,
      headers: Object.fromEntries(httpHeaders.map(({ name, value }) => [name, value])),
      timeoutMs,
    })
  } else if (handler.sleep !== undefined) {
    await clock.sleep(Math.min(handler.sleep.seconds * 1000, timeoutMs), target.signal)
  }
}

/** A port by number or by the name it has in the container. Throws when there is no such name. */
export function resolvePort(container: V1Container, port: number | string): number {
  if (typeof port === 'number') return port
  const named = container.ports?.find(({ name }) => name === port)?.containerPort
  const number = named ?? Number(port)
  if (!Number.isInteger(number) || number <= 0 || number > 65_535) throw new Error(`couldn't find port: ${port}`)
  return number
}

interface GetRequest {
  scheme: string
  host: string
  port: number
  path: string
  headers: Record<string, string>
  timeoutMs: number
}

function get({ scheme, host, port, path, headers, timeoutMs }: GetRequest): Promise<void> {
  return new Promise((resolve, reject) => {
    const options = { host, port, path, headers, agent: false as const, signal: AbortSignal.timeout(timeoutMs) }
    const call = scheme === 'HTTPS' ? secureRequest({ ...options, rejectUnauthorized: false }) : request(options)
    call.on('response', (response) => {
      response.resume()
      if ((response.statusCode ?? 500) < 400) resolve()
      else reject(new Error(`HTTP status ${response.statusCode}`))
    })
    call.on('error', (error) => {
      const url = `${scheme.toLowerCase()}://${host.includes(':') ? `[${host}]` : host}:${port}${path}`
      reject(new Error(`Get ${JSON.stringify(url)}: ${dialError(error, host, port)}`))
    })
    call.end()
  })
}
