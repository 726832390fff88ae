import type { WebSocket } from 'ws'
import { SpdySession, type SpdyStream } from '../spdy/session.ts'
import { openRuntimeStream } from './runtime-spdy.ts'

/**
 * Port-forward over plain channels (`v4.channel.k8s.io`): for the n-th port of the request channel 2n carries data and
 * 2n+1 errors; both begin with the port in two bytes, little-endian.
 */
export async function servePortChannels(ws: WebSocket, url: string, ports: readonly number[]): Promise<void> {
  ws.binaryType = 'nodebuffer'
  ws.pause()
  const { socket, head } = await openRuntimeStream({ url, protocols: ['portforward.k8s.io'] })
  const session = new SpdySession({ socket, role: 'client', head })
  const streams: (SpdyStream | undefined)[] = []
  for (const [index, port] of ports.entries()) {
    const common = { port: String(port), requestID: String(index) }
    const error = await session.open({ ...common, streamType: 'error' })
    const data = await session.open({ ...common, streamType: 'data' })
    streams.push(data, error)
    await Promise.all([error.replied, data.replied])
    error.end()
  }
  for (const [number, stream] of streams.entries()) {
    const port = ports[Math.floor(number / 2)]!
    ws.send(Buffer.from([number, port & 255, port >> 8]), { binary: true })
    stream?.on('error', () => {})
    stream?.on('data', (chunk: Buffer) => ws.send(Buffer.concat([Buffer.from([number]), chunk]), { binary: true }))
  }
  ws.on('message', (message: Buffer) => {
    const number = message[0] ?? 255
    if (number % 2 === 0) streams[number]?.write(message.subarray(1))
  })
  ws.on('close', () => session.close())
  ws.on('error', () => session.close())
  ws.resume()
  await session.closed
  ws.close(1000)
}
