import { createGzip } from 'node:zlib'
import { Readable } from 'node:stream'
import type { RequestContext } from '../pipeline/context.ts'
import { lastingChunks, type Answer } from '../server/answer.ts'

/** Answers below this are sent as they are; upstream's threshold. */
const thresholdBytes = 128 * 1024

/** Compresses a large answer, quickly rather than well, for clients that ask for it. */
export function gzipAnswer(context: RequestContext, answer: Answer, length: number): Answer {
  if (length < thresholdBytes || answer.body === undefined) return answer
  if (!/\bgzip\b/.test(context.header('accept-encoding') ?? '')) return answer
  const source = Readable.from(lastingChunks(answer))
  const gzip = createGzip({ level: 1, chunkSize: 128 * 1024 })
  source.on('error', (error) => gzip.destroy(error))
  const { 'content-length': _length, ...headers } = answer.headers
  return {
    status: answer.status,
    headers: { ...headers, 'content-encoding': 'gzip', vary: 'Accept-Encoding' },
    body: source.pipe(gzip) as AsyncIterable<Uint8Array>,
  }
}
