import { request } from 'node:http'
import { request as secureRequest } from 'node:https'
import { connect } from 'node:net'
import type { V1Container, V1Probe } from '@kapell/openapi/types'
import type { Cri } from '../cri/client.ts'
import { resolvePort } from '../pods/hooks.ts'
import { isDeadlineExceeded } from '../cri/grpc-client.ts'
import { dialError } from './dial-error.ts'
import { checkGrpc } from './grpc.ts'

export interface CheckTarget {
  cri: Cri
  container: V1Container
  containerId: string
  podIp: string
}

export interface CheckResult {
  ok: boolean
  /** It could not be found out: neither success nor failure. */
  unknown?: boolean
  /** What went wrong, or what the probe said. */
  output: string
}

/** Of a body or an output no more is kept. */
const maxOutputBytes = 10 * 1024

/** Runs a probe once. Does not throw: whatever goes wrong is the probe's failure. */
export async function checkOnce(probe: V1Probe, target: CheckTarget): Promise<CheckResult> {
  const timeoutMs = (probe.timeoutSeconds ?? 1) * 1000
  try {
    if (probe.exec !== undefined) return await checkExec(probe.exec.command ?? [], target, timeoutMs)
    if (probe.httpGet !== undefined) return await checkHttp(probe.httpGet, target, timeoutMs)
    if (probe.tcpSocket !== undefined) {
      const port = resolvePort(target.container, probe.tcpSocket.port)
      return await checkTcp(probe.tcpSocket.host ?? target.podIp, port, timeoutMs)
    }
    if (probe.grpc !== undefined) {
      return await checkGrpc({
        host: target.podIp,
        port: probe.grpc.port,
        service: probe.grpc.service ?? '',
        timeoutMs,
      })
    }
    return { ok: true, output: '' }
  } catch (error) {
    return { ok: false, unknown: true, output: error instanceof Error ? error.message : String(error) }
  }
}

async function checkExec(cmd: string[], { cri, containerId }: CheckTarget, timeoutMs: number): Promise<CheckResult> {
  const timeout = BigInt(Math.max(1, Math.ceil(timeoutMs / 1000)))
  const result = await cri.runtime
    .execSync({ containerId, cmd, timeout }, { deadlineMs: timeoutMs + 5000 })
    .catch((error: unknown) => {
      if (isDeadlineExceeded(error)) return undefined
      throw error
    })
  if (result === undefined) {
    const words = JSON.stringify(cmd.join(' '))
    return { ok: false, output: `command timed out: ${words} timed out after ${timeoutMs / 1000}s` }
  }
  const output = Buffer.concat([result.stdout, result.stderr]).subarray(0, maxOutputBytes).toString('utf8')
  return { ok: result.exitCode === 0, output }
}

function checkHttp(
  action: NonNullable<V1Probe['httpGet']>,
  { container, podIp }: CheckTarget,
  timeoutMs: number,
): Promise<CheckResult> {
  const scheme = (action.scheme ?? 'HTTP').toLowerCase()
  const port = resolvePort(container, action.port)
  const path = action.path === undefined || action.path === '' ? '/' : action.path
  const host = action.host !== undefined && action.host !== '' ? action.host : podIp
  const url = `${scheme}://${host.includes(':') ? `[${host}]` : host}:${port}${path.startsWith('/') ? path : `/${path}`}`
  const given = Object.fromEntries((action.httpHeaders ?? []).map(({ name, value }) => [name.toLowerCase(), value]))
  const headers = { 'user-agent': 'kube-probe/1.36', accept: '*/*', connection: 'close', ...given }
  return new Promise((resolve) => {
    const fail = (why: string): void => resolve({ ok: false, output: `Get ${JSON.stringify(url)}: ${why}` })
    const options = { method: 'GET', headers, agent: false as const, timeout: timeoutMs }
    const call =
      scheme === 'https' ? secureRequest(url, { ...options, rejectUnauthorized: false }) : request(url, options)
    const timer = setTimeout(() => {
      fail('context deadline exceeded (Client.Timeout exceeded while awaiting headers)')
      call.destroy()
    }, timeoutMs)
    call.on('response', (response) => {
      clearTimeout(timer)
      response.resume()
      response.on('error', () => {})
      const status = response.statusCode ?? 0
      // A redirect elsewhere is taken for an answer, as upstream takes it.
      resolve(
        status >= 200 && status < 400
          ? { ok: true, output: '' }
          : { ok: false, output: `HTTP probe failed with statuscode: ${status}` },
      )
      response.destroy()
    })
    call.on('error', (error: NodeJS.ErrnoException) => {
      clearTimeout(timer)
      fail(dialError(error, host, port))
    })
    call.end()
  })
}

function checkTcp(host: string, port: number, timeoutMs: number): Promise<CheckResult> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: timeoutMs })
    const end = (result: CheckResult): void => {
      socket.destroy()
      resolve(result)
    }
    socket.on('connect', () => end({ ok: true, output: '' }))
    socket.on('timeout', () => end({ ok: false, output: `dial tcp ${host}:${port}: i/o timeout` }))
    socket.on('error', (error: NodeJS.ErrnoException) => end({ ok: false, output: dialError(error, host, port) }))
  })
}
