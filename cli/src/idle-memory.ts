import { createRequire } from 'node:module'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { letGoOfMappedFiles } from './mapped-files.ts'

/** What a process has used so far, and holds now. */
export interface ProcessUse {
  /** Monotonic. */
  nowMs: number
  cpuMs: number
  residentBytes: number
}

/**
 * 'freed': what was freed in C, such as the buffers of objects that are gone, and lies between what is still in use;
 * 'all': all garbage as well, what V8 holds ready for a busier moment, and what was read of mapped files.
 */
export type Release = 'freed' | 'all'

const everyMs = 5000
/** Less CPU than this since the last look: nobody waits for anything. */
const idleShare = 0.1
/** So many looks in a row; and so many until what is kept for a while in case it is wanted again is gone as well. */
const [idleLooks, quietLooks] = [2, 12]
/** Less than this is not worth a pause; the first of a process that is idle, the second of one that is not. */
const [worthBytes, worthWhenBusyBytes] = [16 * 1024 * 1024, 64 * 1024 * 1024]
/** Pauses are at most this part of the time. */
const pauseShare = 1 / 1000

/**
 * Decides when a process gives memory back: when it has grown since it last did; all that it can while it is idle. V8
 * and the C library keep what they needed at the busiest moment, such as the start, until they are told otherwise.
 */
export class IdleMemory {
  #before: ProcessUse | undefined
  #idle = 0
  /** What the process held after it last gave memory back, once idle, once whenever. */
  #restingBytes = 0
  #keptBytes = Infinity
  #notBeforeMs = 0
  /** It was quiet for long, and nothing has happened since it gave back all then. */
  #settled = false

  /** What to give back now, if anything. */
  look(use: ProcessUse): Release | undefined {
    const before = this.#before
    this.#before = use
    if (before === undefined) return undefined
    const idle = use.cpuMs - before.cpuMs < idleShare * (use.nowMs - before.nowMs)
    this.#idle = idle ? this.#idle + 1 : 0
    if (!idle) this.#settled = false
    // What was freed otherwise counts as well.
    this.#restingBytes = Math.min(this.#restingBytes, use.residentBytes)
    this.#keptBytes = Math.min(this.#keptBytes, use.residentBytes)
    if (use.nowMs < this.#notBeforeMs) return undefined
    if (this.#idle >= quietLooks && !this.#settled) return 'all'
    if (this.#idle >= idleLooks) return use.residentBytes - this.#restingBytes >= worthBytes ? 'all' : undefined
    return use.residentBytes - this.#keptBytes >= worthWhenBusyBytes ? 'freed' : undefined
  }

  /** Memory was given back, from the first look to the second. */
  done(release: Release, from: ProcessUse, to: ProcessUse): void {
    this.#keptBytes = to.residentBytes
    if (release === 'all') this.#restingBytes = to.residentBytes
    this.#settled = this.#idle >= quietLooks
    // On a machine that others keep busy a pause takes longer than is our doing.
    const pauseMs = Math.min(to.nowMs - from.nowMs, to.cpuMs - from.cpuMs)
    this.#notBeforeMs = to.nowMs + pauseMs / pauseShare
    this.#before = to
  }
}

function usedNow(): ProcessUse {
  const { user, system } = process.cpuUsage()
  return { nowMs: performance.now(), cpuMs: (user + system) / 1000, residentBytes: process.memoryUsage.rss() }
}

type Collect = (options: { type: 'major'; execution: 'sync'; flavor: 'last-resort' }) => void

/** Collects all garbage, and shrinks the heap to what is left. */
function collectAll(): void {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as Collect
  collect({ type: 'major', execution: 'sync', flavor: 'last-resort' })
}

let trim: (() => void) | undefined

/** Gives back what is free between what is in use. Where the C library has no such function nothing happens. */
function trimFreed(): void {
  trim ??= loadTrim()
  trim()
}

function loadTrim(): () => void {
  try {
    const koffi = createRequire(import.meta.url)('koffi') as {
      load(name: string): { func(declaration: string): (keepBytes: number) => number }
    }
    const mallocTrim = koffi.load('libc.so.6').func('int malloc_trim(size_t keep)')
    return () => void mallocTrim(0)
  } catch {
    return () => {}
  }
}

/** From now on this process gives back memory that it does not need. */
export function giveMemoryBackWhenIdle(): { close(): void } {
  const idle = new IdleMemory()
  const timer = setInterval(() => {
    const from = usedNow()
    const release = idle.look(from)
    if (release === undefined) return
    if (release === 'all') collectAll()
    trimFreed()
    if (release === 'all') letGoOfMappedFiles()
    idle.done(release, from, usedNow())
  }, everyMs)
  timer.unref()
  return { close: () => clearInterval(timer) }
}
