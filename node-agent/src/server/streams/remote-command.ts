import { internalError } from '@kapell/openapi/meta/status'
import type { WebSocket } from 'ws'
import { SpdySession, type SpdyStream } from '../spdy/session.ts'
import { openRuntimeStream } from './runtime-spdy.ts'
import { maxBufferedBytes } from './tunnel.ts'

/** Sub-protocols of exec and attach over a WebSocket, the best first. Source: docs, "Streaming protocols". */
export const remoteCommandProtocols = ['v5.channel.k8s.io', 'v4.channel.k8s.io', 'channel.k8s.io'] as const

const channel = { stdin: 0, stdout: 1, stderr: 2, error: 3, resize: 4, close: 255 } as const

export interface RemoteCommandOptions {
  stdin: boolean
  stdout: boolean
  stderr: boolean
  tty: boolean
}

/**
 * Translates exec or attach between a WebSocket, whose messages begin with the number of a channel, and the runtime's
 * SPDY streams. Resolves when the session is over.
 */
export async function serveRemoteCommand(
  ws: WebSocket,
  { url, protocol, ...options }: RemoteCommandOptions & { url: string; protocol: string },
): Promise<void> {
  ws.binaryType = 'nodebuffer'
  ws.pause()
  const { socket, head } = await openRuntimeStream({ url, protocols: ['v4.channel.k8s.io'] })
  const session = new SpdySession({ socket, role: 'client', head })
  const open = (streamType: string, wanted: boolean): Promise<SpdyStream | undefined> =>
    wanted ? session.open({ streamType }) : Promise.resolve(undefined)
  // The runtime waits for exactly these, and the order of their frames is that of opening.
  const streams = await Promise.all([
    open('error', true),
    open('stdin', options.stdin),
    open('stdout', options.stdout),
    open('stderr', options.stderr && !options.tty),
    open('resize', options.tty),
  ])
  const [error, stdin, stdout, stderr, resize] = streams
  // Nothing may be sent before every stream is accepted.
  await Promise.all(streams.map((stream) => stream?.replied ?? Promise.resolve()))
  for (const stream of streams) stream?.on('error', () => {})

  ws.on('message', (data: Buffer) => {
    const payload = data.subarray(1)
    if (data[0] === channel.stdin && stdin?.writable === true) {
      if (!stdin.write(payload)) {
        ws.pause()
        stdin.once('drain', () => ws.resume())
        stdin.once('close', () => ws.resume())
      }
    } else if (data[0] === channel.resize && resize?.writable === true) resize.write(payload)
    else if (data[0] === channel.close && payload[0] === channel.stdin) stdin?.end()
  })
  ws.on('close', () => session.close())
  ws.on('error', () => session.close())
  ws.resume()

  const [status] = await Promise.all([
    collect(error),
    forward(stdout, ws, channel.stdout),
    forward(stderr, ws, channel.stderr),
  ])
  const text =
    status.length > 0 ? status : Buffer.from(JSON.stringify(internalError('the session ended without a result').status))
  send(ws, channel.error, protocol.startsWith('v') ? text : Buffer.from(plainError(text)))
  ws.close(1000)
  session.close()
}

/** The first protocol knew only a line of text, and nothing at all for success. */
function plainError(text: Buffer): string {
  try {
    const status = JSON.parse(text.toString()) as { status?: string; message?: string }
    return status.status === 'Success' ? '' : (status.message ?? '')
  } catch {
    return text.toString()
  }
}

function send(ws: WebSocket, to: number, payload: Uint8Array, done?: () => void): void {
  const message = Buffer.allocUnsafe(payload.length + 1)
  message[0] = to
  message.set(payload, 1)
  ws.send(message, { binary: true }, done)
}

/** Sends a stream on as messages of one channel, no faster than they are taken. */
function forward(stream: SpdyStream | undefined, ws: WebSocket, to: number): Promise<void> {
  return new Promise((resolve) => {
    if (stream === undefined) {
      resolve()
      return
    }
    stream.on('data', (chunk: Buffer) => {
      send(ws, to, chunk, () => {
        if (stream.isPaused() && ws.bufferedAmount < maxBufferedBytes) stream.resume()
      })
      if (ws.bufferedAmount >= maxBufferedBytes) stream.pause()
    })
    stream.on('end', resolve)
    stream.on('close', resolve)
  })
}

const maxStatusBytes = 64 * 1024

function collect(stream: SpdyStream | undefined): Promise<Buffer> {
  return new Promise((resolve) => {
    const parts: Buffer[] = []
    let bytes = 0
    const done = (): void => resolve(Buffer.concat(parts))
    stream?.on('data', (chunk: Buffer) => {
      bytes += chunk.length
      if (bytes <= maxStatusBytes) parts.push(chunk)
    })
    stream?.on('end', done)
    stream?.on('close', done)
    if (stream === undefined) done()
  })
}
