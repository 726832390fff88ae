import { HpackDecoder } from './hpack-decoder.ts'
import { encodeAnswerHead } from './hpack-encoder.ts'
import { ConnectionError, errorCode } from './protocol.ts'

const newDecoder = (): HpackDecoder => new HpackDecoder({ tableBytes: 4096 })

function decode(decoder: HpackDecoder, hex: string): string[] {
  const found: string[] = []
  decoder.decode(Buffer.from(hex.replaceAll(' ', ''), 'hex'), (name, value) => found.push(`${name}: ${value}`))
  return found
}

describe('header blocks of requests', () => {
  // RFC 7541, appendix C: the same three requests, plain and in the Huffman code; each refers to those before.
  it.each([
    [
      'plain',
      '8286 8441 0f77 7777 2e65 7861 6d70 6c65 2e63 6f6d',
      '8286 84be 5808 6e6f 2d63 6163 6865',
      '8287 85bf 400a 6375 7374 6f6d 2d6b 6579 0c63 7573 746f 6d2d 7661 6c75 65',
    ],
    [
      'in the Huffman code',
      '8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff',
      '8286 84be 5886 a8eb 1064 9cbf',
      '8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf',
    ],
  ])('are read %s', (_how, ...blocks) => {
    const decoder = newDecoder()
    const host = ':authority: www.example.com'
    expect(blocks.map((block) => decode(decoder, block))).toEqual([
      [':method: GET', ':scheme: http', ':path: /', host],
      [':method: GET', ':scheme: http', ':path: /', host, 'cache-control: no-cache'],
      [':method: GET', ':scheme: https', ':path: /index.html', host, 'custom-key: custom-value'],
    ])
  })

  it('push out the oldest headers when the table is full, or made smaller', () => {
    const decoder = new HpackDecoder({ tableBytes: 100 })
    // Each takes 32 bytes and its characters: two find room.
    decode(decoder, '4001 61 01 31 4001 62 01 32 4001 63 01 33')
    expect(decode(decoder, 'be bf')).toEqual(['c: 3', 'b: 2'])
    expect(() => decode(decoder, 'c0')).toThrow(ConnectionError)
    expect(decode(decoder, '3f 03 be')).toEqual(['c: 3'])
    expect(() => decode(decoder, 'bf')).toThrow(ConnectionError)
  })

  it.each([
    ['an index of nothing', '80'],
    ['an index beyond the tables', 'ff 20'],
    ['a string that is cut short', '40 05 61'],
    ['a string without its length', '40'],
    ['a number without end', '7f ff ff ff ff ff ff 01'],
    ['a table larger than allowed', '3f e2 1f'],
    ['a table resized after a header', '82 20'],
    ['Huffman padding that is not all ones', '00 81 1e 00'],
    ['Huffman padding of more than seven bits', '00 82 1f ff 00'],
    ['the end-of-string symbol', '00 84 ff ff ff ff 00'],
  ])('end the connection: %s', (_what, hex) => {
    expect(() => decode(newDecoder(), hex)).toThrow(expect.objectContaining({ code: errorCode.compression }) as Error)
  })
})

describe('header blocks of answers', () => {
  const skip = new Set(['connection'])
  const encoded = (status: number, headers: Record<string, string | string[]>, resized = false): string[] => {
    const block = Buffer.from(encodeAnswerHead(status, headers, { nowMs: 0, skip, resized }))
    return decode(newDecoder(), block.toString('hex'))
  }
  const date = 'date: Thu, 01 Jan 1970 00:00:00 GMT'

  it('say status, headers and date', () => {
    expect(encoded(200, { 'content-type': 'application/json', connection: 'close' })).toEqual([
      ':status: 200',
      'content-type: application/json',
      date,
    ])
    expect(encoded(429, { warning: ['one', 'two'], date: 'today' }, true)).toEqual([
      ':status: 429',
      'warning: one',
      'warning: two',
      'date: today',
    ])
    expect(encoded(100, {})).toEqual([':status: 100'])
  })

  it('carry long values, a byte a character', () => {
    const value = 'ÿ'.repeat(40_000)
    const [, long, name] = encoded(404, { 'x-long': value, ['x'.repeat(300)]: 'y' })
    expect(long === `x-long: ${value}`).toBe(true)
    expect(name).toBe(`${'x'.repeat(300)}: y`)
  })

  it('refuse values that no header can have', () => {
    for (const value of ['a\r\nb: c', '\0', '漢']) expect(() => encoded(200, { x: value })).toThrow('not the value')
  })
})
