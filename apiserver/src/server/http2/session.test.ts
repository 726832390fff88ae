import { once } from 'node:events'
import type { IncomingHttpHeaders } from 'node:http'
import { connect, type ClientHttp2Session, type ClientHttp2Stream } from 'node:http2'
import { connect as connectTcp, createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { bodyInto } from '../http-exchange.ts'
import { errorCode, frameType, preface } from './protocol.ts'
import { Http2Session } from './session.ts'
import type { ServerStream } from './stream.ts'

type Handle = (stream: ServerStream, headers: IncomingHttpHeaders) => Promise<void> | void

const servers: Server[] = []
const clients: (ClientHttp2Session | Socket)[] = []

/** Without TLS, which the session does not look at. */
async function serve(handle: Handle): Promise<{ port: number; writes: () => number }> {
  let writes = 0
  const server = createServer((socket) => {
    const write = socket.write.bind(socket) as (...args: unknown[]) => boolean
    socket.write = (...args: unknown[]) => {
      writes += 1
      return write(...args)
    }
    new Http2Session({
      socket: socket as TLSSocket,
      nowMs: () => 0,
      greetingMs: 60_000,
      onRequest: async (stream, headers) => handle(stream, headers),
    })
  })
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { port: (server.address() as AddressInfo).port, writes: () => writes }
}

function client(port: number, settings: Parameters<ClientHttp2Session['settings']>[0] = {}): ClientHttp2Session {
  const session = connect(`http://127.0.0.1:${port}`, { settings })
  session.on('error', () => {})
  clients.push(session)
  return session
}

async function answer(stream: ClientHttp2Stream): Promise<{ head: Record<string, unknown>; body: Buffer }> {
  let head: Record<string, unknown> = {}
  stream.on('response', (headers) => (head = headers as Record<string, unknown>))
  const parts: Buffer[] = []
  for await (const part of stream) parts.push(part as Buffer)
  return { head, body: Buffer.concat(parts) }
}

const bodyOf = (stream: ServerStream): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    const parts: Uint8Array[] = []
    stream.readBody({
      data: (chunk) => {
        parts.push(Buffer.from(chunk))
        stream.taken(chunk)
      },
      end: () => resolve(Buffer.concat(parts)),
      broken: () => reject(new Error('broken')),
    })
  })

afterEach(async () => {
  for (const one of clients.splice(0)) one.destroy()
  for (const server of servers.splice(0)) await new Promise((resolve) => server.close(resolve))
})

describe('a connection of HTTP/2', () => {
  it('carries requests and answers of any size', async () => {
    const { port } = await serve(async (stream, headers) => {
      const body = await bodyOf(stream)
      stream.respond({
        status: 201,
        headers: { 'x-path': String(headers[':path']), 'x-method': headers[':method'] as string },
      })
      stream.end(body)
    })
    const session = client(port)
    const bodies = [0, 1, 16_384, 16_385, 300_000, 3_000_000].map((bytes) => Buffer.alloc(bytes, `${bytes}`))
    const answers = await Promise.all(
      bodies.map((body) => {
        const stream = session.request({ ':path': `/of/${body.length}`, ':method': 'POST' })
        stream.end(body)
        return answer(stream)
      }),
    )
    for (const [i, { head, body }] of answers.entries()) {
      expect(head).toMatchObject({ ':status': 201, 'x-method': 'POST', 'x-path': `/of/${bodies[i]?.length}` })
      expect(body.equals(bodies[i] ?? Buffer.alloc(1))).toBe(true)
    }
  })

  it('reads a body part by part, and no further ahead than its window', async () => {
    let arrived = 0
    const { port } = await serve(async (stream) => {
      let bytes = 0
      for await (const chunk of stream.bodyChunks()) bytes += chunk.length
      arrived = bytes
      stream.respond({ status: 200, headers: {} }, true)
    })
    const stream = client(port).request({ ':method': 'PUT', ':path': '/' })
    stream.end(Buffer.alloc(2_000_000))
    expect((await answer(stream)).head[':status']).toBe(200)
    expect(arrived).toBe(2_000_000)
  })

  it('sends a change to all streams of a client in one write', async () => {
    const open: ServerStream[] = []
    let opened = (): void => {}
    const all = new Promise<void>((resolve) => (opened = resolve))
    const { port, writes } = await serve((stream) => {
      stream.respond({ status: 200, headers: {} })
      open.push(stream)
      if (open.length === 100) opened()
    })
    const session = client(port, { initialWindowSize: 1_000_000 })
    const told = Array.from({ length: 100 }, () => {
      const stream = session.request({ ':path': '/' })
      return once(stream, 'data') as Promise<[Buffer]>
    })
    await all
    await new Promise((resolve) => setImmediate(resolve))
    const before = writes()
    for (const stream of open) expect(stream.write(Buffer.from('changed'))).toBe(true)
    expect((await Promise.all(told)).map(([data]) => data.toString())).toEqual(Array(100).fill('changed'))
    expect(writes() - before).toBe(1)
  })

  it('waits for clients that take little, and tells when they take more', async () => {
    const calls: string[] = []
    const { port } = await serve(async (stream) => {
      stream.respond({ status: 200, headers: {} })
      const chunk = Buffer.alloc(50_000, 'a')
      for (let i = 0; i < 4; i++) {
        const more = stream.write(chunk)
        calls.push(String(more))
        if (!more) await new Promise<void>((resolve) => stream.drained(resolve))
        // What was taken was copied.
        chunk.fill('b')
      }
      stream.end(Buffer.from('end'))
    })
    const { body } = await answer(client(port, { initialWindowSize: 1000 }).request({ ':path': '/' }))
    expect(body.length).toBe(200_003)
    expect(body.subarray(0, 50_000).every((byte) => byte === 0x61)).toBe(true)
    expect(body.subarray(-3).toString()).toBe('end')
    expect(calls).toContain('false')
  })

  it('takes turns: a long answer does not keep a short one waiting', async () => {
    const { port } = await serve((stream, headers) => {
      stream.respond({ status: 200, headers: {} })
      stream.end(Buffer.alloc(headers[':path'] === '/long' ? 20_000_000 : 10))
    })
    const session = client(port, { initialWindowSize: 30_000_000 })
    let longDone = false
    const long = answer(session.request({ ':path': '/long' })).then(({ body }) => {
      longDone = true
      return body.length
    })
    expect((await answer(session.request({ ':path': '/short' }))).body.length).toBe(10)
    expect(longDone).toBe(false)
    expect(await long).toBe(20_000_000)
  })

  it('tells when the client gives a request up, and goes on with the others', async () => {
    let closed = (): void => {}
    const over = new Promise<void>((resolve) => (closed = resolve))
    let broken = false
    const { port } = await serve((stream, headers) => {
      if (headers[':path'] !== '/watch') return stream.respond({ status: 204, headers: {} }, true)
      stream.readBody({ data: () => {}, end: () => {}, broken: () => (broken = true) })
      stream.respond({ status: 200, headers: {} })
      stream.onClose(closed)
    })
    const session = client(port)
    const watch = session.request({ ':path': '/watch', ':method': 'POST' })
    watch.on('error', () => {})
    await once(watch, 'response')
    watch.close()
    await over
    expect(broken).toBe(true)
    expect((await answer(session.request({ ':path': '/' }))).head[':status']).toBe(204)
  })

  it('answers without the rest of a body that nobody wants', async () => {
    const { port } = await serve((stream) => {
      stream.respond({ status: 413, headers: {} })
      stream.end(Buffer.from('no'))
    })
    const stream = client(port).request({ ':path': '/', ':method': 'POST' })
    stream.write(Buffer.alloc(100))
    expect(await answer(stream)).toMatchObject({ head: { ':status': 413 }, body: Buffer.from('no') })
  })

  it('cuts long heads of answers into frames', async () => {
    const long = 'x'.repeat(40_000)
    const { port } = await serve((stream) => stream.respond({ status: 200, headers: { long } }, true))
    expect((await answer(client(port).request({ ':path': '/' }))).head['long']).toBe(long)
  })

  it('joins headers that come more than once, save for those of which one counts', async () => {
    let seen: IncomingHttpHeaders = {}
    const { port } = await serve((stream, headers) => {
      seen = headers
      stream.respond({ status: 200, headers: {} }, true)
    })
    await answer(client(port).request({ ':path': '/', accept: ['a', 'b'], cookie: ['c=1', 'd=2'] } as never))
    expect(seen).toMatchObject({ accept: 'a, b', cookie: 'c=1; d=2' })
  })

  it('fails an answer that cannot be given, or not in full', async () => {
    const { port } = await serve((stream, headers) => {
      if (headers[':path'] === '/late') {
        stream.respond({ status: 200, headers: {} })
        stream.write(Buffer.from('half'))
      }
      stream.fail()
    })
    const session = client(port)
    expect((await answer(session.request({ ':path': '/' }))).head[':status']).toBe(500)
    await expect(answer(session.request({ ':path': '/late' }))).rejects.toThrow('NGHTTP2_INTERNAL_ERROR')
  })
})

describe('clients that break the protocol', () => {
  function frame(type: number, flags: number, stream: number, payload: Buffer = Buffer.alloc(0)): Buffer {
    const head = Buffer.alloc(9)
    head.writeUIntBE(payload.length, 0, 3)
    head.writeUInt8(type, 3)
    head.writeUInt8(flags, 4)
    head.writeUInt32BE(stream, 5)
    return Buffer.concat([head, payload])
  }
  const settings = frame(frameType.settings, 0, 0)
  // GET https /
  const get = Buffer.from('828784', 'hex')
  /** Types and last words of what the server says until it hangs up, or until something was said of a stream. */
  async function said(port: number, bytes: Buffer): Promise<{ type: number; stream: number; code: number }[]> {
    const socket = connectTcp(port, '127.0.0.1')
    clients.push(socket)
    socket.write(bytes)
    let got = Buffer.alloc(0)
    const frames: { type: number; stream: number; code: number }[] = []
    for await (const chunk of socket) {
      got = Buffer.concat([got, chunk as Buffer])
      while (got.length >= 9 && got.length >= 9 + got.readUIntBE(0, 3)) {
        const length = got.readUIntBE(0, 3)
        const code = length >= 4 ? got.readUInt32BE(9 + length - 4) : 0
        frames.push({ type: got.readUInt8(3), stream: got.readUInt32BE(5), code })
        got = got.subarray(9 + length)
      }
      if (frames.some(({ type }) => type === frameType.rstStream || type === frameType.headers)) break
    }
    return frames
  }

  it.each<[string, Buffer, number]>([
    ['something else than HTTP/2', Buffer.from('GET / HTTP/1.1\r\nhost: a\r\n\r\n'), errorCode.protocol],
    ['no settings first', Buffer.concat([preface, frame(frameType.ping, 0, 0, Buffer.alloc(8))]), errorCode.protocol],
    [
      'a frame too large',
      Buffer.concat([preface, settings, frame(0, 0, 1, Buffer.alloc(16_385))]),
      errorCode.frameSize,
    ],
    ['data of no stream', Buffer.concat([preface, settings, frame(0, 0, 1, Buffer.alloc(1))]), errorCode.protocol],
    [
      'a head that is never ended',
      Buffer.concat([preface, settings, frame(1, 1, 1, get), settings]),
      errorCode.protocol,
    ],
    [
      'a head without end',
      Buffer.concat([preface, settings, frame(1, 1, 1, get), ...Array<Buffer>(200).fill(frame(9, 0, 1))]),
      errorCode.enhanceYourCalm,
    ],
    [
      'an index of nothing',
      Buffer.concat([preface, settings, frame(1, 5, 1, Buffer.from([0x80]))]),
      errorCode.compression,
    ],
    ['an even stream', Buffer.concat([preface, settings, frame(1, 5, 2, get)]), errorCode.protocol],
  ])('lose the connection: %s', async (_what, bytes, code) => {
    const { port } = await serve(() => {})
    expect((await said(port, bytes)).at(-1)).toMatchObject({ type: frameType.goaway, code })
  })

  const named = (text: string): Buffer => {
    const [name = '', value = ''] = text.split(' ')
    return Buffer.concat([
      get,
      Buffer.from([0x00, name.length]),
      Buffer.from(name),
      Buffer.from([value.length]),
      Buffer.from(value),
    ])
  }
  it.each<[string, Buffer]>([
    ['a name in capitals', named('Accept a')],
    ['a header of the connection', named('connection close')],
    ['a pseudo header that is none', named(':protocol websocket')],
    ['a body that is missing', named('content-length 5')],
    ['a length that is none', named('content-length -5')],
    ['no path', Buffer.from('8287', 'hex')],
  ])('lose the stream: %s', async (_what, block) => {
    let asked = 0
    const { port } = await serve(() => void (asked += 1))
    const frames = await said(port, Buffer.concat([preface, settings, frame(1, 5, 1, block)]))
    expect(frames.at(-1)).toMatchObject({ type: frameType.rstStream, stream: 1, code: errorCode.protocol })
    expect(asked).toBe(0)
  })

  it('are told when a head is too large once it is unpacked', async () => {
    let asked = 0
    const { port } = await serve(() => void (asked += 1))
    // One header of 3,000 bytes, put into the table and named again and again.
    const value = Buffer.concat([Buffer.from([0x7f, 0xb9, 0x16]), Buffer.alloc(3000, 'a')])
    const block = Buffer.concat([get, Buffer.from([0x40, 1, 0x61]), value, Buffer.alloc(30, 0xbe)])
    const frames = await said(port, Buffer.concat([preface, settings, frame(1, 5, 1, block)]))
    expect(frames.at(-1)).toMatchObject({ type: frameType.headers, stream: 1 })
    expect(asked).toBe(0)
  })

  it('have at most so many requests open', async () => {
    let asked = 0
    const { port } = await serve(() => void (asked += 1))
    const heads = Array.from({ length: 1001 }, (_, i) => frame(1, 5, 2 * i + 1, get))
    const frames = await said(port, Buffer.concat([preface, settings, ...heads]))
    expect(frames.at(-1)).toMatchObject({ type: frameType.rstStream, stream: 2001, code: errorCode.refusedStream })
    expect(asked).toBe(1000)
  })

  it('are refused when what they gave up is still being worked at', async () => {
    let asked = 0
    const { port } = await serve(() => {
      asked += 1
      return new Promise(() => {})
    })
    const pairs = Array.from({ length: 2001 }, (_, i) => [
      frame(1, 5, 2 * i + 1, get),
      frame(frameType.rstStream, 0, 2 * i + 1, Buffer.alloc(4)),
    ])
    const frames = await said(port, Buffer.concat([preface, settings, ...pairs.flat()]))
    expect(frames.at(-1)).toMatchObject({ type: frameType.rstStream, code: errorCode.refusedStream })
    expect(asked).toBe(2000)
  })

  it('are let go when they only ask and never read', async () => {
    const { port } = await serve(() => {})
    const socket = connectTcp(port, '127.0.0.1')
    clients.push(socket)
    socket.pause()
    socket.write(Buffer.concat([preface, settings]))
    const pings = Buffer.concat(Array<Buffer>(4000).fill(frame(frameType.ping, 0, 0, Buffer.alloc(8))))
    const gone = new Promise<void>((resolve) => {
      socket.on('error', () => resolve())
      socket.on('close', () => resolve())
    })
    let over = false
    void gone.then(() => (over = true))
    while (!over && !socket.destroyed) {
      await Promise.race([gone, new Promise<void>((resolve) => socket.write(pings, () => resolve()))])
    }
    await gone
    expect(bodyInto(socket).gone).toBe(true)
  })
})
