import { decode } from '@leichtgewicht/dns-packet'
import { createSocket } from 'node:dgram'
import { connect, isIP, isIPv6 } from 'node:net'

export interface ForwarderOptions {
  /** Addresses, tried in order; "1.2.3.4" or "1.2.3.4:5353" or "[::1]:5353". */
  servers: readonly string[]
  /** Per server. Default 2000. */
  timeoutMs?: number
  /** Default 1000. */
  maxCached?: number
  /** Questions on their way at once; more are refused. Default 256. */
  maxPending?: number
  now?: () => number
}

export interface Forwarder {
  /**
   * A server's whole answer, under the question's own id. Errors: no server answered, or too many questions wait.
   */
  ask(query: Uint8Array, transport: 'udp' | 'tcp'): Promise<Uint8Array>
  close(): void
}

const maxCacheSeconds = 30

/** Asks the machine's own name servers and remembers their answers for a short time. */
export function createForwarder(options: ForwarderOptions): Forwarder {
  const { servers, timeoutMs = 2000, maxCached = 1000, maxPending = 256, now = Date.now } = options
  const cache = new Map<string, { bytes: Uint8Array; until: number }>()
  const pending = new Map<string, Promise<Uint8Array>>()
  const stop = new AbortController()

  const throughServers = async (query: Uint8Array, transport: 'udp' | 'tcp'): Promise<Uint8Array> => {
    let last: unknown = new Error('this machine has no name server')
    for (const server of servers) {
      try {
        return await (transport === 'udp' ? askUdp : askTcp)(query, parseServer(server), timeoutMs, stop.signal)
      } catch (error) {
        last = error
      }
    }
    throw last
  }
  return {
    ask: async (query, transport) => {
      const key = `${transport} ${Buffer.from(query.subarray(2)).toString('latin1')}`
      const known = cache.get(key)
      if (known !== undefined && known.until > now()) return withId(known.bytes, query)
      cache.delete(key)
      const same = pending.get(key)
      if (same !== undefined) return withId(await same, query)
      if (pending.size >= maxPending) throw new Error('too many questions wait for name servers')
      const asked = throughServers(query, transport).finally(() => pending.delete(key))
      pending.set(key, asked)
      const bytes = await asked
      const seconds = cacheSeconds(bytes)
      if (seconds > 0) {
        if (cache.size >= maxCached) cache.delete(cache.keys().next().value!)
        cache.set(key, { bytes, until: now() + seconds * 1000 })
      }
      return withId(bytes, query)
    },
    close: () => stop.abort(),
  }
}

function withId(answer: Uint8Array, query: Uint8Array): Uint8Array {
  const copy = Uint8Array.from(answer)
  copy.set(query.subarray(0, 2))
  return copy
}

/** How long an answer may be kept: its smallest time to live, at most 30 s; failures and cut answers not at all. */
export function cacheSeconds(answer: Uint8Array): number {
  try {
    const packet = decode(answer)
    const rcode = (packet.flags ?? 0) & 15
    if ((rcode !== 0 && rcode !== 3) || ((packet.flags ?? 0) & 512) !== 0) return 0
    const records = [...(packet.answers ?? []), ...(packet.authorities ?? [])]
    if (records.length === 0) return 0
    return Math.min(maxCacheSeconds, ...records.map((each) => each.ttl ?? 0))
  } catch {
    return 0
  }
}

interface Server {
  host: string
  port: number
}

export function parseServer(text: string): Server {
  if (isIP(text) !== 0) return { host: text, port: 53 }
  const match = /^\[?(.+?)\]?:(\d+)$/.exec(text)
  return match === null ? { host: text, port: 53 } : { host: match[1]!, port: Number(match[2]) }
}

/** A socket of its own for every question: its random port makes forged answers harder. */
function askUdp(query: Uint8Array, server: Server, timeoutMs: number, signal: AbortSignal): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const socket = createSocket(isIPv6(server.host) ? 'udp6' : 'udp4')
    const finish = (error?: Error, bytes?: Uint8Array) => {
      clearTimeout(timer)
      signal.removeEventListener('abort', stop)
      socket.close()
      if (bytes !== undefined) resolve(bytes)
      else reject(error ?? new Error('no answer'))
    }
    const stop = () => finish(new Error('stopped'))
    const timer = setTimeout(() => finish(new Error(`name server ${server.host} does not answer`)), timeoutMs)
    signal.addEventListener('abort', stop, { once: true })
    socket.on('error', (error) => finish(error))
    socket.on('message', (bytes) => {
      if (bytes.length >= 12 && bytes[0] === query[0] && bytes[1] === query[1] && (bytes[2]! & 0x80) !== 0) {
        finish(undefined, bytes)
      }
    })
    // Connected: the kernel takes answers from this server only, and tells when its port is closed.
    socket.connect(server.port, server.host, () => socket.send(query))
  })
}

function askTcp(query: Uint8Array, server: Server, timeoutMs: number, signal: AbortSignal): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const socket = connect(server.port, server.host)
    let received = Buffer.alloc(0)
    const finish = (error?: Error, bytes?: Uint8Array) => {
      clearTimeout(timer)
      signal.removeEventListener('abort', stop)
      socket.destroy()
      if (bytes !== undefined) resolve(bytes)
      else reject(error ?? new Error('no answer'))
    }
    const stop = () => finish(new Error('stopped'))
    const timer = setTimeout(() => finish(new Error(`name server ${server.host} does not answer`)), timeoutMs)
    signal.addEventListener('abort', stop, { once: true })
    socket.on('error', (error) => finish(error))
    socket.on('close', () => finish(new Error(`name server ${server.host} hung up`)))
    socket.on('data', (chunk: Buffer) => {
      received = Buffer.concat([received, chunk])
      if (received.length >= 2 && received.length >= 2 + received.readUInt16BE(0)) {
        finish(undefined, received.subarray(2, 2 + received.readUInt16BE(0)))
      }
    })
    socket.write(framed(query))
  })
}

/** Over TCP a message comes behind its length. */
export function framed(message: Uint8Array): Uint8Array {
  const out = new Uint8Array(message.length + 2)
  out[0] = message.length >> 8
  out[1] = message.length & 255
  out.set(message, 2)
  return out
}
