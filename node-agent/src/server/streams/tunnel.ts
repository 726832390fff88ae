import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { WebSocket } from 'ws'
import { openRuntimeStream } from './runtime-spdy.ts'

/** SPDY client to SPDY runtime: after the handshake nobody looks at the bytes. */
export async function tunnelSpdy(request: IncomingMessage, socket: Duplex, head: Buffer, url: string): Promise<void> {
  const offered = request.headers['x-stream-protocol-version']
  const protocols = [offered ?? []].flat().flatMap((line) => line.split(',').map((name) => name.trim()))
  const runtime = await openRuntimeStream({ url, protocols })
  const { response } = runtime
  const lines = [`HTTP/1.1 101 Switching Protocols`]
  for (let i = 0; i < response.rawHeaders.length; i += 2)
    lines.push(`${response.rawHeaders[i]}: ${response.rawHeaders[i + 1]}`)
  socket.write(`${lines.join('\r\n')}\r\n\r\n`)
  if (runtime.head.length > 0) socket.write(runtime.head)
  if (head.length > 0) runtime.socket.write(head)
  join(socket, runtime.socket)
}

/** Two connections until either ends; a half that ends first ends that half of the other. */
export function join(a: Duplex, b: Duplex): void {
  const end = (): void => {
    a.destroy()
    b.destroy()
  }
  for (const side of [a, b]) {
    side.on('error', end)
    side.on('close', end)
  }
  a.pipe(b)
  b.pipe(a)
}

/** SPDY inside of a WebSocket: kubectl's port-forward. Messages carry the very bytes, cut anywhere. */
export async function tunnelWebSocket(ws: WebSocket, url: string, protocols: readonly string[]): Promise<void> {
  // Frames that come before the runtime answers must wait.
  ws.pause()
  const runtime = await openRuntimeStream({ url, protocols })
  const { socket } = runtime
  ws.binaryType = 'nodebuffer'
  ws.on('message', (data: Buffer) => {
    if (!socket.write(data)) {
      ws.pause()
      socket.once('drain', () => ws.resume())
    }
  })
  socket.on('data', (chunk: Buffer) => {
    ws.send(chunk, { binary: true }, () => {
      if (socket.isPaused() && ws.bufferedAmount < maxBufferedBytes) socket.resume()
    })
    if (ws.bufferedAmount >= maxBufferedBytes) socket.pause()
  })
  ws.on('close', () => socket.destroy())
  ws.on('error', () => socket.destroy())
  socket.on('error', () => ws.terminate())
  socket.on('close', () => ws.close(1000))
  if (runtime.head.length > 0) ws.send(runtime.head, { binary: true })
  ws.resume()
}

export const maxBufferedBytes = 1024 * 1024
