import { createGzip, gzip, gzipSync } from 'node:zlib'
import { Readable } from 'node:stream'
import type { RequestContext } from '../pipeline/context.ts'
import { lastingChunks, type Answer } from '../server/answer.ts'

/** Answers below this are sent as they are; upstream's threshold. */
const thresholdBytes = 128 * 1024

/** Named, and not to be left out ("gzip;q=0"). */
const takesGzip = (context: RequestContext): boolean =>
  /\bgzip\b(?!\s*;\s*q=0(\.0*)?\s*(,|$))/.test(context.header('accept-encoding') ?? '')

/** By the bytes they were made of, for as long as somebody holds on to these. */
const compressed = new WeakMap<Uint8Array, Promise<Uint8Array>>()

/** A large document, compressed once however often it is asked for: `body` must be the same bytes each time. */
export async function gzipDocument(context: RequestContext, answer: Answer & { body: Uint8Array }): Promise<Answer> {
  const { body } = answer
  if (body.length < thresholdBytes || !takesGzip(context)) return answer
  let known = compressed.get(body)
  if (known === undefined) {
    known = new Promise((resolve, reject) =>
      gzip(body, { level: 6 }, (error, bytes) => (error === null ? resolve(bytes) : reject(error))),
    )
    compressed.set(body, known)
  }
  const vary =
    answer.headers['vary'] === undefined ? 'Accept-Encoding' : `${String(answer.headers['vary'])}, Accept-Encoding`
  return { ...answer, headers: { ...answer.headers, 'content-encoding': 'gzip', vary }, body: await known }
}

/** A text that changes each time, compressed whatever its length: scrapers ask for it often and far away. */
export function gzipText(context: RequestContext, answer: Answer & { body: Uint8Array }): Answer {
  if (!takesGzip(context)) return answer
  const headers = { ...answer.headers, 'content-encoding': 'gzip' }
  return { ...answer, headers, body: gzipSync(answer.body, { level: 1 }) }
}

/** Compresses a large answer, quickly rather than well, for clients that ask for it. */
export function gzipAnswer(context: RequestContext, answer: Answer, length: number): Answer {
  if (length < thresholdBytes || answer.body === undefined) return answer
  if (!takesGzip(context)) return answer
  const source = Readable.from(lastingChunks(answer))
  const stream = createGzip({ level: 1, chunkSize: 128 * 1024 })
  source.on('error', (error) => stream.destroy(error))
  const { 'content-length': _length, ...headers } = answer.headers
  return {
    status: answer.status,
    headers: { ...headers, 'content-encoding': 'gzip', vary: 'Accept-Encoding' },
    body: source.pipe(stream) as AsyncIterable<Uint8Array>,
  }
}
