import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Logger } from '@kapell/controllers/machinery/log'
import type { Cri } from '../../cri/client.ts'
import { findContainer, findPod, runningInstance, type PodSource } from '../find-container.ts'
import { HttpError } from '../http-error.ts'
import { servePortChannels } from './port-channels.ts'
import { remoteCommandProtocols, serveRemoteCommand, type RemoteCommandOptions } from './remote-command.ts'
import { tunnelSpdy, tunnelWebSocket } from './tunnel.ts'
import { webSocketAcceptor } from './web-socket.ts'

export interface UpgradeOptions {
  cri: Cri
  source: PodSource
  log: Logger
}

export type UpgradeHandler = (request: IncomingMessage, socket: Duplex, head: Buffer) => Promise<void>

const portForwardTunnel = 'SPDY/3.1+portforward.k8s.io'

/** Serves exec, attach and portForward: asks CRI for the stream, then joins it with the caller's connection. */
export function createUpgradeHandler({ cri, source, log }: UpgradeOptions): UpgradeHandler {
  const accept = webSocketAcceptor(log)
  return async (request, socket, head) => {
    const url = new URL(request.url ?? '/', 'https://agent')
    const [, kind = '', namespace = '', name = '', container = ''] = url.pathname.split('/').map(decodePart)
    if (kind === 'exec' || kind === 'attach') {
      const wants = streamsWanted(url.searchParams)
      const found = await findContainer(source, { namespace, name, container })
      const { id } = runningInstance(found)
      const cmd = url.searchParams.getAll('command')
      const flags = { tty: wants.tty, stdin: wants.stdin, stdout: wants.stdout, stderr: wants.stderr && !wants.tty }
      if (kind === 'exec' && cmd.length === 0)
        throw new HttpError(400, 'you must specify at least 1 command for the container')
      const answer =
        kind === 'exec'
          ? await cri.runtime.exec({ containerId: id, cmd, ...flags })
          : await cri.runtime.attach({ containerId: id, ...flags })
      const target = runtimeUrl(answer.url)
      if (isSpdy(request)) await tunnelSpdy(request, socket, head, target)
      else
        accept(request, socket, head, remoteCommandProtocols, (ws, protocol) =>
          serveRemoteCommand(ws, { ...wants, url: target, protocol }),
        )
      return
    }
    if (kind === 'portForward') {
      const ports = portsWanted(url.searchParams)
      const pod = findPod(source, { namespace, name })
      const record = await source.record(pod)
      const sandbox = record.sandboxes.find(({ ready }) => ready)
      if (sandbox === undefined) throw new HttpError(404, `pod ${namespace}/${name} has no running sandbox`)
      const answer = await cri.runtime.portForward({ podSandboxId: sandbox.id, port: ports })
      const target = runtimeUrl(answer.url)
      if (isSpdy(request)) {
        await tunnelSpdy(request, socket, head, target)
        return
      }
      accept(request, socket, head, [portForwardTunnel, 'v4.channel.k8s.io'], (ws, protocol) =>
        protocol === portForwardTunnel
          ? tunnelWebSocket(ws, target, ['portforward.k8s.io'])
          : servePortChannels(ws, target, ports),
      )
      return
    }
    throw new HttpError(404, '404 page not found')
  }
}

function decodePart(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    throw new HttpError(400, `malformed path: ${part}`)
  }
}

const isSpdy = (request: IncomingMessage): boolean => /^spdy\/3\.1$/i.test(request.headers.upgrade ?? '')

/** Throws 400 unless at least one stream is asked for. */
export function streamsWanted(query: URLSearchParams): RemoteCommandOptions {
  const flag = (...names: string[]): boolean => names.some((name) => ['1', 'true'].includes(query.get(name) ?? ''))
  const wants = {
    stdin: flag('input', 'stdin'),
    stdout: flag('output', 'stdout'),
    stderr: flag('error', 'stderr'),
    tty: flag('tty'),
  }
  if (!wants.stdin && !wants.stdout && !wants.stderr) {
    throw new HttpError(400, 'you must specify at least 1 of stdin, stdout, stderr')
  }
  return wants
}

function portsWanted(query: URLSearchParams): number[] {
  const texts = [...query.getAll('port'), ...query.getAll('ports')]
    .flatMap((text) => text.split(','))
    .filter((text) => text !== '')
  return texts.map((text) => {
    const port = Number(text)
    if (!Number.isInteger(port) || port < 1 || port > 65_535)
      throw new HttpError(400, `unable to parse ${JSON.stringify(text)} as a port`)
    return port
  })
}

/** The runtime serves streams on this machine only: anything else would make us a proxy to anywhere. */
function runtimeUrl(text: string): string {
  const url = new URL(text)
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    throw new HttpError(502, `the runtime offers an unknown stream: ${url.protocol}`)
  return url.href
}
