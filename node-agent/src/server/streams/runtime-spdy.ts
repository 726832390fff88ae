import { request, type IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { HttpError } from '../http-error.ts'

export interface RuntimeStream {
  response: IncomingMessage
  socket: Duplex
  head: Buffer
}

export interface RuntimeStreamOptions {
  /** Where CRI said that the stream can be had. */
  url: string
  /** Offered in this order. */
  protocols: readonly string[]
}

const handshakeMs = 30_000

/** Turns a connection to the runtime's streaming server into a SPDY/3.1 connection. Throws HttpError with its refusal. */
export function openRuntimeStream({ url, protocols }: RuntimeStreamOptions): Promise<RuntimeStream> {
  return new Promise((resolve, reject) => {
    const call = request(url, {
      method: 'POST',
      agent: false,
      timeout: handshakeMs,
      headers: { connection: 'Upgrade', upgrade: 'SPDY/3.1', 'x-stream-protocol-version': [...protocols] },
    })
    call.on('upgrade', (response, socket, head) => {
      socket.setTimeout(0)
      socket.setNoDelay(true)
      resolve({ response, socket, head })
    })
    call.on('response', (response) => {
      let text = ''
      response.on('data', (chunk: Buffer) => (text += chunk.toString().slice(0, 4096)))
      response.on('end', () => reject(new HttpError(response.statusCode ?? 502, text.trim().slice(0, 4096))))
    })
    call.on('timeout', () => call.destroy(new Error('the runtime does not answer')))
    call.on('error', (error) =>
      reject(new HttpError(502, `streaming server of the container runtime: ${error.message}`)),
    )
    call.end()
  })
}
