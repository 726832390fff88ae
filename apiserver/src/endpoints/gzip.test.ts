import { gunzipSync } from 'node:zlib'
import type { RequestContext } from '../pipeline/context.ts'
import { gzipDocument } from './gzip.ts'

const asking = (encoding?: string): RequestContext => ({ header: () => encoding }) as unknown as RequestContext
const answerOf = (body: Uint8Array) => ({ status: 200, headers: { vary: 'Accept' }, body })

describe('documents, compressed', () => {
  const large = Buffer.alloc(200_000, 'kapell ')

  it('are compressed once', async () => {
    const first = await gzipDocument(asking('gzip, deflate'), answerOf(large))
    const second = await gzipDocument(asking('br, gzip;q=0.5'), answerOf(large))
    expect(second.body).toBe(first.body)
    expect(first.headers).toEqual({ vary: 'Accept, Accept-Encoding', 'content-encoding': 'gzip' })
    expect(gunzipSync(first.body as Uint8Array).equals(large)).toBe(true)
  })

  it('are sent as they are when small, or when the client does not ask', async () => {
    for (const [encoding, body] of [
      [undefined, large],
      ['gzip;q=0', large],
      ['deflate, gzip; q=0.0, br', large],
      ['gzip', Buffer.from('{}')],
    ] as const) {
      const answer = await gzipDocument(asking(encoding), answerOf(body))
      expect(answer.body).toBe(body)
      expect(answer.headers['content-encoding']).toBeUndefined()
    }
  })
})
