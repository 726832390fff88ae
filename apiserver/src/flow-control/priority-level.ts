import { handOf, hashOf } from './shuffle-shard.ts'

/** A level's share of the server, in seats: requests that may be at work at once. */
export interface LevelLimits {
  /** What its share of the whole comes to. */
  nominal: number
  /** What is left to it when it lends all it may. */
  lower: number
  /** What it has when it borrows all it may. */
  upper: number
}

export type LevelKind =
  | { type: 'exempt' }
  | { type: 'reject' }
  | { type: 'queue'; queues: number; handSize: number; queueLengthLimit: number }

export type RejectReason = 'concurrency-limit' | 'queue-full' | 'time-out' | 'cancelled'

export class Rejected extends Error {
  readonly reason: RejectReason
  constructor(reason: RejectReason) {
    super(reason)
    this.reason = reason
  }
}

/** A request in the hands of flow control. */
export interface Work {
  seats: number
  /** Schema and distinguisher name the flow it is part of: requests of one flow wait for one another. */
  schema: string
  distinguisher: string
  /** When it began, of a monotonic clock; while it waits, when it came. */
  atMs: number
  queue: Queue | undefined
}

interface Waiting {
  work: Work
  start: () => void
}

/** Requests of some flows in the order they came. Queues take turns by the work each has had done. */
export interface Queue {
  waiting: Waiting[]
  waitingSeats: number
  executingSeats: number
  /** Seat-milliseconds of service so far: the queue that has had least is next. */
  virtualStart: number
}

/** What a request is reckoned to take until it is known. */
const estimatedMs = 3

const newQueue = (): Queue => ({ waiting: [], waitingSeats: 0, executingSeats: 0, virtualStart: 0 })

/** Admits, queues or refuses the requests of one priority level. Source: "API Priority and Fairness", fair queuing. */
export class PriorityLevel {
  readonly name: string
  uid = ''
  kind: LevelKind = { type: 'reject' }
  limits: LevelLimits = { nominal: 0, lower: 0, upper: 0 }
  executingSeats = 0
  executingRequests = 0
  waitingRequests = 0
  waitingSeats = 0
  /** Since the server started. */
  readonly counts = {
    dispatched: 0,
    rejected: { 'concurrency-limit': 0, 'queue-full': 0, 'time-out': 0, cancelled: 0 } as Record<RejectReason, number>,
  }
  #queues: Queue[] = []
  /** Queues that a change of configuration took away, until they are empty. */
  #leaving: Queue[] = []
  #virtualTime = 0
  readonly #mayTake: (level: PriorityLevel, seats: number) => boolean
  readonly #nowMs: () => number

  constructor(
    name: string,
    options: { mayTake: (level: PriorityLevel, seats: number) => boolean; nowMs: () => number },
  ) {
    this.name = name
    this.#mayTake = options.mayTake
    this.#nowMs = options.nowMs
  }

  configure(next: { uid: string; kind: LevelKind }): void {
    this.uid = next.uid
    this.kind = next.kind
    const wanted = next.kind.type === 'queue' ? next.kind.queues : 0
    this.#leaving.push(...this.#queues.splice(wanted).filter((queue) => queue.waiting.length > 0))
    while (this.#queues.length < wanted) this.#queues.push(newQueue())
  }

  /** Undefined: it is at work. A promise: it waits; rejects with Rejected. Throws Rejected at once where it may not wait. */
  admit(work: Work, signal: () => AbortSignal, waitMs: number): Promise<void> | undefined {
    if (this.kind.type === 'exempt') {
      this.#begin(work)
      return undefined
    }
    if (this.waitingRequests === 0 && this.#mayTake(this, work.seats)) {
      this.#begin(work)
      return undefined
    }
    if (this.kind.type === 'reject') throw this.#rejected('concurrency-limit')
    return this.#enqueue(work, this.kind, signal(), waitMs)
  }

  finish(work: Work): void {
    this.executingSeats -= work.seats
    this.executingRequests--
    const { queue } = work
    if (queue === undefined) return
    queue.executingSeats -= work.seats
    queue.virtualStart += work.seats * (this.#nowMs() - work.atMs - estimatedMs)
  }

  /** Starts what may start now. */
  dispatch(): void {
    while (this.waitingRequests > 0) {
      const queue = this.#next()
      const first = queue?.waiting[0]
      if (queue === undefined || first === undefined || !this.#mayTake(this, first.work.seats)) return
      queue.waiting.shift()
      this.#leave(queue, first.work)
      this.#virtualTime = queue.virtualStart
      queue.virtualStart += first.work.seats * estimatedMs
      queue.executingSeats += first.work.seats
      first.work.queue = queue
      this.#begin(first.work)
      first.start()
    }
  }

  #begin(work: Work): void {
    this.executingSeats += work.seats
    this.executingRequests++
    this.counts.dispatched++
    work.atMs = this.#nowMs()
  }

  #rejected(reason: RejectReason): Rejected {
    this.counts.rejected[reason]++
    return new Rejected(reason)
  }

  #next(): Queue | undefined {
    let best: Queue | undefined
    for (const queues of [this.#queues, this.#leaving]) {
      for (const queue of queues) {
        if (queue.waiting.length > 0 && (best === undefined || queue.virtualStart < best.virtualStart)) best = queue
      }
    }
    return best
  }

  #leave(queue: Queue, work: Work): void {
    queue.waitingSeats -= work.seats
    this.waitingSeats -= work.seats
    this.waitingRequests--
    if (queue.waiting.length === 0 && this.#leaving.length > 0) {
      this.#leaving = this.#leaving.filter((one) => one !== queue)
    }
  }

  #enqueue(
    work: Work,
    kind: { queues: number; handSize: number; queueLengthLimit: number },
    signal: AbortSignal,
    waitMs: number,
  ): Promise<void> {
    const hand = handOf(hashOf(`${work.schema}/${work.distinguisher}`), { deck: kind.queues, size: kind.handSize })
    const load = (queue: Queue): number => queue.waitingSeats + queue.executingSeats
    let queue: Queue | undefined
    for (const card of hand) {
      const candidate = this.#queues[card]
      if (candidate !== undefined && (queue === undefined || load(candidate) < load(queue))) queue = candidate
    }
    if (queue === undefined || queue.waiting.length >= kind.queueLengthLimit) throw this.#rejected('queue-full')
    const chosen = queue
    // One that was idle has no credit from that time.
    if (chosen.waiting.length === 0 && chosen.executingSeats === 0) {
      chosen.virtualStart = Math.max(chosen.virtualStart, this.#virtualTime)
    }
    return new Promise((resolve, reject) => {
      const giveUp = (reason: RejectReason): void => {
        const at = chosen.waiting.findIndex((one) => one.work === work)
        if (at < 0) return
        chosen.waiting.splice(at, 1)
        this.#leave(chosen, work)
        settle()
        reject(this.#rejected(reason))
      }
      const timer = setTimeout(() => giveUp('time-out'), waitMs).unref()
      const onAbort = (): void => giveUp('cancelled')
      const settle = (): void => {
        clearTimeout(timer)
        signal.removeEventListener('abort', onAbort)
      }
      chosen.waiting.push({
        work,
        start: () => {
          settle()
          resolve()
        },
      })
      chosen.waitingSeats += work.seats
      this.waitingSeats += work.seats
      this.waitingRequests++
      signal.addEventListener('abort', onAbort, { once: true })
      if (signal.aborted) onAbort()
    })
  }

  /** As they are now, for people who look. */
  queues(): readonly Queue[] {
    return [...this.#queues, ...this.#leaving]
  }
}
