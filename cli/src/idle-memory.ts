import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** What a process has used so far, and holds now. */
export interface ProcessUse {
  /** Monotonic. */
  nowMs: number
  cpuMs: number
  residentBytes: number
}

const everyMs = 5000
/** Less CPU than this since the last look: nobody waits for anything. */
const idleShare = 0.1
/** So many looks in a row. */
const idleLooks = 2
/** Less than this is not worth a pause. */
const worthBytes = 16 * 1024 * 1024
/** Pauses are at most this part of the time. */
const pauseShare = 1 / 1000

/**
 * Decides when a process gives memory back: when it is idle, and has grown since it last did. V8 keeps what it needed
 * at the busiest moment, such as the start, until it is told that the process wants less.
 */
export class IdleMemory {
  #before: ProcessUse | undefined
  #idle = 0
  /** What the process held after it last gave memory back. */
  #restingBytes = 0
  #notBeforeMs = 0

  /** True: now is a good moment. */
  look(use: ProcessUse): boolean {
    const before = this.#before
    this.#before = use
    if (before === undefined) return false
    const idle = use.cpuMs - before.cpuMs < idleShare * (use.nowMs - before.nowMs)
    this.#idle = idle ? this.#idle + 1 : 0
    // What was freed otherwise counts as well.
    this.#restingBytes = Math.min(this.#restingBytes, use.residentBytes)
    return (
      this.#idle >= idleLooks && use.nowMs >= this.#notBeforeMs && use.residentBytes - this.#restingBytes >= worthBytes
    )
  }

  /** Memory was given back, from the first look to the second. */
  done(from: ProcessUse, to: ProcessUse): void {
    this.#restingBytes = to.residentBytes
    this.#notBeforeMs = to.nowMs + (to.nowMs - from.nowMs) / pauseShare
    this.#before = to
  }
}

function usedNow(): ProcessUse {
  const { user, system } = process.cpuUsage()
  return { nowMs: performance.now(), cpuMs: (user + system) / 1000, residentBytes: process.memoryUsage.rss() }
}

type Collect = (options: { type: 'major'; execution: 'sync'; flavor: 'last-resort' }) => void

/** Collects all garbage, and shrinks the heap to what is left. */
function giveBack(): void {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as Collect
  collect({ type: 'major', execution: 'sync', flavor: 'last-resort' })
}

/** From now on this process gives memory back when it is idle. */
export function giveMemoryBackWhenIdle(): { close(): void } {
  const idle = new IdleMemory()
  const timer = setInterval(() => {
    const from = usedNow()
    if (!idle.look(from)) return
    giveBack()
    idle.done(from, usedNow())
  }, everyMs)
  timer.unref()
  return { close: () => clearInterval(timer) }
}
