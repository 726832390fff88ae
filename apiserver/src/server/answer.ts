import type { Duplex } from 'node:stream'

/** What the pipeline gives back for a request; the HTTP and the in-process doors write it out. */
export interface Answer {
  status: number
  /** Lower-case names; several values become several header lines. */
  headers: Record<string, string | string[]>
  /** Absent: no body. A sequence is pulled as fast as the client takes it. */
  body?: Uint8Array | AsyncIterable<Uint8Array>
  /** The same body for a door that can be written to: resolves when it is over, also because the client is gone. */
  live?: (out: LiveSink) => Promise<void>
  /** The body's chunks share memory: each is overwritten when the next is asked for. */
  reusesChunks?: boolean
  /** For an upgrade: takes the raw connection over. `status` then only counts in the metrics. */
  tunnel?: (socket: Duplex, head: Uint8Array) => void
}

/** Where a live body goes. */
export interface LiveSink {
  /** False: no more for now, until `drained`. */
  write(chunk: Uint8Array): boolean
  /** Calls back once, when more may be written or nothing more will be taken. */
  drained(then: () => void): void
  readonly gone: boolean
}

const encoder = new TextEncoder()

/** The headers every API answer carries. Source: what the original sends. */
export const noCache = 'no-cache, private'

export function bytesAnswer(status: number, contentType: string, body: Uint8Array): Answer {
  return { status, headers: { 'content-type': contentType, 'cache-control': noCache }, body }
}

export function textAnswer(status: number, text: string, contentType = 'text/plain; charset=utf-8'): Answer {
  return {
    status,
    headers: { 'content-type': contentType, 'cache-control': noCache, 'x-content-type-options': 'nosniff' },
    body: encoder.encode(text),
  }
}

/** The body's chunks, to keep: copied where the body itself would overwrite them. */
export async function* lastingChunks(answer: Answer): AsyncIterable<Uint8Array> {
  const { body } = answer
  if (body === undefined) return
  if (body instanceof Uint8Array) yield body
  else if (answer.reusesChunks !== true) yield* body
  else for await (const chunk of body) yield Buffer.from(chunk)
}

/** JSON with the trailing newline that clients of the original see. */
export function jsonBytes(value: unknown): Uint8Array {
  return encoder.encode(`${JSON.stringify(value)}\n`)
}

export function jsonAnswer(status: number, value: unknown): Answer {
  return bytesAnswer(status, 'application/json', jsonBytes(value))
}
