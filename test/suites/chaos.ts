import type { Clock } from '@kapell/controllers/machinery/clock'
import { realClock } from '@kapell/controllers/machinery/clock'
import type { ApiRequest, ApiResponse, Transport } from '@kapell/openapi/wire/transport'

/** Numbers that a seed decides: 0 ≤ next() < 1. The generator is mulberry32. */
export function seeded(seed: number): () => number {
  let state = seed | 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

export interface ChaosOptions {
  seed: number
  /** How likely each kind of fault is, a request or a chunk of a watch. */
  share: number
}

/** Faults between a component and its API server, and a clock that is not to be trusted. Off until `raging` is set. */
export class Chaos {
  raging = false
  /** Faults so far, by kind. */
  readonly faults = new Map<string, number>()
  readonly random: () => number
  readonly #share: number

  constructor({ seed, share }: ChaosOptions) {
    this.random = seeded(seed)
    this.#share = share
  }

  chance(share = this.#share): boolean {
    return this.raging && this.random() < share
  }

  pick<T>(from: readonly T[]): T {
    return from[Math.floor(this.random() * from.length)] as T
  }

  count(kind: string): number {
    return this.faults.get(kind) ?? 0
  }

  /** Answers late, wrongly, twice, or not at all. */
  between(transport: Transport): Transport {
    return async (request) => {
      const isWatch = request.path.includes('watch=')
      if (this.chance()) await this.#pause('slow request', 100)
      if (this.chance()) return this.#refuse('500', status(500, 'InternalError', 'chaos'))
      if (request.method === 'PUT' && this.chance())
        return this.#refuse(
          '409',
          status(
            409,
            'Conflict',
            'the object has been modified; please apply your changes to the latest version and try again',
          ),
        )
      if (isWatch && this.chance()) return this.#refuse('410', status(410, 'Expired', 'too old resource version'))
      const answer = await transport(request)
      if (!isWatch && this.chance()) {
        this.#note(`lost answer to ${request.method}`)
        throw new Error('chaos: connection reset')
      }
      return isWatch && answer.status === 200 ? this.#watch(request, answer) : answer
    }
  }

  #watch(request: ApiRequest, answer: ApiResponse): ApiResponse {
    const chaos = this
    return {
      ...answer,
      bytes: () => answer.bytes(),
      async *stream() {
        for await (const chunk of answer.stream()) {
          if (chaos.chance()) await chaos.#pause('late event', 150)
          if (chaos.chance(chaos.#share / 2)) {
            chaos.#note('dropped watch')
            return
          }
          if (chaos.chance(chaos.#share / 2)) {
            chaos.#note('410 in a watch')
            const { object } = {
              object: JSON.parse(status(410, 'Expired', 'too old resource version').text) as unknown,
            }
            yield new TextEncoder().encode(`${JSON.stringify({ type: 'ERROR', object })}\n`)
            return
          }
          yield chunk
          if (chunk.at(-1) === 10 && isModification(chunk) && chaos.chance()) {
            chaos.#note('event twice')
            yield chunk
          }
          if (request.signal?.aborted === true) return
        }
      },
    }
  }

  #refuse(kind: string, { code, text }: { code: number; text: string }): ApiResponse {
    this.#note(kind)
    const bytes = new TextEncoder().encode(text)
    return {
      status: code,
      headers: { 'content-type': 'application/json' },
      bytes: () => Promise.resolve(bytes),
      async *stream() {
        yield await Promise.resolve(bytes)
      },
    }
  }

  async #pause(kind: string, mostMs: number): Promise<void> {
    this.#note(kind)
    await realClock.sleep(this.random() * mostMs)
  }

  #note(kind: string): void {
    this.faults.set(kind, this.count(kind) + 1)
  }
}

function isModification(chunk: Uint8Array): boolean {
  return new TextDecoder().decode(chunk.subarray(0, 20)).includes('"MODIFIED"')
}

function status(code: number, reason: string, message: string): { code: number; text: string } {
  const body = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, reason, code }
  return { code, text: JSON.stringify(body) }
}

/** Runs faster than the wall's, and may jump. */
export class FastClock implements Clock {
  readonly #times: number
  readonly #startedMs = Date.now()
  #jumpMs = 0

  constructor(times: number) {
    this.#times = times
  }

  jump(ms: number): void {
    this.#jumpMs += ms
  }

  now(): Date {
    return new Date(this.#startedMs + (Date.now() - this.#startedMs) * this.#times + this.#jumpMs)
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return realClock.sleep(ms / this.#times, signal)
  }

  after(ms: number, run: () => void): () => void {
    return realClock.after(ms / this.#times, run)
  }

  every(ms: number, run: () => Promise<void> | void, signal: AbortSignal, failed?: (error: unknown) => void): void {
    realClock.every(ms / this.#times, run, signal, failed)
  }
}
