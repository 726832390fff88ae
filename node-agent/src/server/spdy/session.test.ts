import { createHash } from 'node:crypto'
import { duplexPair, type Duplex } from 'node:stream'
import { spdyDictionary } from './dictionary.ts'
import { decodeHeaders, encodeData, encodeHeaders, FrameReader } from './frames.ts'
import { SpdySession, type SpdyStream } from './session.ts'

/** All of the readable half; the writable one stays open. */
function text(stream: Duplex): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = ''
    stream.on('data', (chunk: Buffer) => (said += chunk.toString()))
    stream.on('end', () => resolve(said))
    stream.on('error', reject)
  })
}

function pair(onStream: (stream: SpdyStream) => void): { client: SpdySession; server: SpdySession; ends: Duplex[] } {
  const [a, b] = duplexPair()
  return {
    client: new SpdySession({ socket: a, role: 'client' }),
    server: new SpdySession({ socket: b, role: 'server', onStream }),
    ends: [a, b],
  }
}

describe('SPDY/3.1', () => {
  it('has the dictionary of the protocol', () => {
    expect(spdyDictionary).toHaveLength(1423)
    expect(createHash('sha256').update(spdyDictionary).digest('hex')).toBe(
      '51d27341373f923f3cd88e1eb7162aeaa3723d7585ff2399201dc06498407f02',
    )
  })

  it('cuts frames wherever the bytes are cut', () => {
    const bytes = Buffer.concat([encodeData(1, Buffer.from('hello'), false), encodeData(3, Buffer.alloc(0), true)])
    const reader = new FrameReader()
    const frames = []
    for (const byte of bytes) {
      reader.push(Buffer.from([byte]))
      for (let frame = reader.next(); frame !== undefined; frame = reader.next()) frames.push(frame)
    }
    expect(frames).toEqual([
      { kind: 'data', streamId: 1, fin: false, data: Buffer.from('hello') },
      { kind: 'data', streamId: 3, fin: true, data: Buffer.alloc(0) },
    ])
  })

  it.each([
    ['says more headers than there are', Buffer.from([0, 0, 0, 9])],
    ['says a longer name than there is', Buffer.from([0, 0, 0, 1, 255, 255, 255, 255, 1])],
    ['is empty', Buffer.alloc(0)],
  ])('refuses a header block that %s', (_, block) => {
    expect(() => decodeHeaders(block)).toThrow('SPDY')
  })

  it('keeps header names harmless', () => {
    const headers = decodeHeaders(encodeHeaders({ __proto__x: '1', ['constructor']: '2' }))
    expect(Object.keys(headers)).toEqual(['__proto__x', 'constructor'])
  })

  it('carries several streams both ways, with either half closed first', async () => {
    const seen: Record<string, string>[] = []
    const { client, server } = pair((stream) => {
      seen.push({ ...stream.headers })
      void text(stream).then((said) => stream.end(`echo ${said}`))
    })
    const streams = await Promise.all(['a', 'b', 'c'].map((name) => client.open({ streamType: name })))
    await Promise.all(streams.map((stream) => stream.replied))
    for (const [index, stream] of streams.entries()) stream.end('x'.repeat(index * 200_000))
    const answers = await Promise.all(streams.map((stream) => text(stream)))
    expect(answers.map((answer) => answer.length)).toEqual([5, 200_005, 400_005])
    expect(seen).toEqual([{ streamtype: 'a' }, { streamtype: 'b' }, { streamtype: 'c' }])
    client.close()
    server.close()
    await Promise.all([client.closed, server.closed])
  })

  it('ends streams when the connection breaks', async () => {
    const opened = Promise.withResolvers<SpdyStream>()
    const { client, ends } = pair((stream) => {
      stream.on('error', () => {})
      opened.resolve(stream)
    })
    const stream = await client.open({})
    await opened.promise
    ends[1]!.destroy()
    ends[0]!.destroy()
    await client.closed
    expect(await text(stream).catch(() => 'error')).toBe('')
  })

  it('gives up a connection that sends nonsense', async () => {
    const [a, b] = duplexPair()
    const client = new SpdySession({ socket: a, role: 'client' })
    b.on('error', () => {})
    b.write(Buffer.from([0x80, 3, 0, 2, 0, 0, 0, 8, 0, 0, 0, 1, 9, 9, 9, 9]))
    await client.closed
    expect(a.destroyed).toBe(true)
  })
})
