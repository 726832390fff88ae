import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { errorText, type Logger } from '@kapell/controllers/machinery/log'
import { WebSocketServer, type WebSocket } from 'ws'
import { HttpError } from '../http-error.ts'

/** A WebSocket message may be so large and no larger: clients send their input in pieces of some 32 KiB. */
const maxMessageBytes = 16 * 1024 * 1024

export type Acceptor = (
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  protocols: readonly string[],
  serve: (ws: WebSocket, protocol: string) => Promise<void>,
) => void

/** The best sub-protocol that both sides speak, '' for none. */
export function chosenProtocol(offer: string | undefined, spoken: readonly string[]): string {
  const offered = new Set((offer ?? '').split(',').map((name) => name.trim()))
  return spoken.find((name) => offered.has(name)) ?? ''
}

/**
 * Takes WebSockets in. The sub-protocol is agreed upon here and not by the library, which refuses names with a slash:
 * kubectl's port-forward is called `SPDY/3.1+portforward.k8s.io`.
 */
export function webSocketAcceptor(log: Logger): Acceptor {
  const server = new WebSocketServer({ noServer: true, maxPayload: maxMessageBytes, perMessageDeflate: false })
  const agreed = new WeakMap<IncomingMessage, string>()
  server.on('headers', (headers, request) => {
    const protocol = agreed.get(request) ?? ''
    if (protocol !== '') headers.push(`Sec-WebSocket-Protocol: ${protocol}`)
  })
  return (request, socket, head, protocols, serve) => {
    if ((request.headers.upgrade ?? '').toLowerCase() !== 'websocket')
      throw new HttpError(400, 'Upgrade request required')
    const protocol = chosenProtocol(request.headers['sec-websocket-protocol'], protocols)
    delete request.headers['sec-websocket-protocol']
    agreed.set(request, protocol)
    server.handleUpgrade(request, socket, head, (ws) => {
      serve(ws, protocol).catch((error: unknown) => {
        log.debug(`${request.url ?? ''}: ${errorText(error)}`)
        ws.close(1011, errorText(error).slice(0, 100))
      })
    })
  }
}
