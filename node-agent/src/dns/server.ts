import { errorText, type Logger } from '@kapell/controllers/machinery/log'
import { createSocket } from 'node:dgram'
import { createServer, type Server, type Socket } from 'node:net'
import { framed } from './forward.ts'

export type Respond = (message: Uint8Array, transport: 'udp' | 'tcp') => Promise<Uint8Array | undefined>

export interface DnsSockets {
  port: number
  close(): Promise<void>
}

const maxConnections = 256
const idleMs = 10_000
const maxWaiting = 1024

/** Listens on UDP and TCP, same port. Port 0 takes any that is free on both. Errors: the address cannot be used. */
export async function listenDns(options: {
  address: string
  port: number
  respond: Respond
  log: Logger
}): Promise<DnsSockets> {
  const { address, respond, log } = options
  const udp = createSocket('udp4')
  await new Promise<void>((resolve, reject) => {
    udp.once('error', reject)
    udp.bind(options.port, address, () => resolve())
  })
  const { port } = udp.address()
  let waiting = 0
  udp.removeAllListeners('error')
  udp.on('error', (error) => log.warn('DNS socket', { error: error.message }))
  udp.on('message', (message, from) => {
    if (waiting >= maxWaiting) return
    waiting += 1
    void respond(message, 'udp')
      .then((answer) => {
        if (answer !== undefined && !closed) udp.send(answer, from.port, from.address)
      })
      .catch((error: unknown) => log.warn('DNS answer', { error: errorText(error) }))
      .finally(() => (waiting -= 1))
  })
  let closed = false
  const sockets = new Set<Socket>()
  const tcp: Server = createServer((socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => socket.destroy())
    socket.setTimeout(idleMs, () => socket.destroy())
    void serveConnection(socket, respond).catch(() => socket.destroy())
  })
  tcp.maxConnections = maxConnections
  try {
    await new Promise<void>((resolve, reject) => {
      tcp.once('error', reject)
      tcp.listen(port, address, () => resolve())
    })
  } catch (error) {
    udp.close()
    throw error
  }
  tcp.on('error', (error) => log.warn('DNS socket', { error: error.message }))
  return {
    port,
    close: async () => {
      closed = true
      for (const socket of sockets) socket.destroy()
      await Promise.all([
        new Promise<void>((resolve) => udp.close(() => resolve())),
        new Promise<void>((resolve) => tcp.close(() => resolve())),
      ])
    },
  }
}

/** One question after the other; a client that does not read its answers waits, as does one that sends half. */
async function serveConnection(socket: Socket, respond: Respond): Promise<void> {
  let buffer = Buffer.alloc(0)
  for await (const chunk of socket as AsyncIterable<Buffer>) {
    buffer = Buffer.concat([buffer, chunk])
    while (buffer.length >= 2 && buffer.length >= 2 + buffer.readUInt16BE(0)) {
      const end = 2 + buffer.readUInt16BE(0)
      const answer = await respond(buffer.subarray(2, end), 'tcp')
      buffer = buffer.subarray(end)
      if (answer === undefined) {
        socket.destroy()
        return
      }
      if (!socket.write(framed(answer))) await new Promise((resolve) => socket.once('drain', resolve))
    }
  }
  socket.end()
}
