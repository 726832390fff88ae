import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Answer } from '../../server/answer.ts'

/** How long a side may take to send out what is left after the other one is gone. */
const lingerMs = 10_000

/** The bytes by which a peer's agreement to another protocol reaches the client. */
function switchingHead(response: IncomingMessage): string {
  const lines = [`HTTP/1.1 ${response.statusCode ?? 101} ${response.statusMessage ?? 'Switching Protocols'}`]
  for (let i = 0; i < response.rawHeaders.length; i += 2) {
    lines.push(`${response.rawHeaders[i]}: ${response.rawHeaders[i + 1]}`)
  }
  return `${lines.join('\r\n')}\r\n\r\n`
}

/** What comes from one side goes to the other, the last byte included; a side that breaks takes the other with it. */
function flow(from: Duplex, to: Duplex): void {
  from.pipe(to)
  from.on('error', () => to.destroy())
  from.on('close', () => {
    if (!from.readableEnded) to.destroy()
    else setTimeout(() => to.destroy(), lingerMs).unref()
  })
}

/** The answer to an upgrade that a peer agreed to: the client's connection and the peer's, joined until either ends. */
export function tunnelAnswer(response: IncomingMessage, peer: Duplex, peerHead: Buffer): Answer {
  return {
    status: response.statusCode ?? 101,
    headers: {},
    tunnel: (socket, head) => {
      socket.write(switchingHead(response))
      if (peerHead.length > 0) socket.write(peerHead)
      if (head.length > 0) peer.write(head)
      flow(socket, peer)
      flow(peer, socket)
    },
  }
}
