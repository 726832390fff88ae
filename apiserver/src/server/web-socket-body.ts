import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { WebSocketServer, type WebSocket } from 'ws'
import { lastingChunks, type Answer } from './answer.ts'

/** Sub-protocols of a stream of bytes over a WebSocket. Without one, messages are binary. */
const protocols = ['binary.k8s.io', 'base64.binary.k8s.io'] as const

const server = new WebSocketServer({
  noServer: true,
  // Nothing is read but the end.
  maxPayload: 64 * 1024,
  perMessageDeflate: false,
  handleProtocols: (offered) => protocols.find((name) => offered.has(name)) ?? false,
})

/** Whether an answer to this upgrade request is to be sent as messages: logs and watches of JSON. */
export function wantsMessages(request: IncomingMessage, answer: Answer): boolean {
  return (
    (request.headers.upgrade ?? '').toLowerCase() === 'websocket' &&
    answer.status === 200 &&
    answer.body !== undefined &&
    /^(text\/plain|application\/json)/.test(String(answer.headers['content-type'] ?? ''))
  )
}

/** Accepts the WebSocket and sends the body: a log as it comes, a watch as one text message for each event. */
export function sendMessages(request: IncomingMessage, socket: Duplex, head: Buffer, answer: Answer): void {
  const events = String(answer.headers['content-type']).startsWith('application/json')
  server.handleUpgrade(request, socket, head, (ws) => {
    ws.on('error', () => ws.terminate())
    sendAll(ws, answer, events).then(
      () => ws.close(1000),
      () => ws.close(1011),
    )
  })
}

async function sendAll(ws: WebSocket, answer: Answer, events: boolean): Promise<void> {
  let ended = false
  const closed = new Promise<void>((resolve) => ws.once('close', resolve)).then(() => (ended = true))
  const send = (data: Uint8Array | string): Promise<unknown> =>
    Promise.race([new Promise<void>((resolve) => ws.send(data, () => resolve())), closed])
  for await (const chunk of lastingChunks(answer)) {
    if (ended) return
    if (events) for (const line of eventLines(chunk)) await send(line)
    else await send(ws.protocol === 'base64.binary.k8s.io' ? Buffer.from(chunk).toString('base64') : chunk)
  }
}

/** Events that were ready together come in one chunk, each on its line. */
export function eventLines(chunk: Uint8Array): string[] {
  return Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)
    .toString('utf8')
    .split(/(?<=\n)/)
    .filter((line) => line !== '')
}
