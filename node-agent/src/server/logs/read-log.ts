import { watch } from 'node:fs'
import { open, stat, type FileHandle } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import { parseLogLine, timeMicros } from './cri-line.ts'

export interface LogOptions {
  path: string
  follow: boolean
  /** Only the last so many lines. */
  tailLines: number | undefined
  /** Only lines from this time on. */
  since: Date | undefined
  timestamps: boolean
  limitBytes: number | undefined
  stream: 'stdout' | 'stderr' | undefined
  signal: AbortSignal
  /** Whether the container may still write. */
  running(): Promise<boolean>
  /** Calls back whenever `running` may have changed; the answer ends it. */
  onChange(wake: () => void): () => void
}

const blockBytes = 64 * 1024
/** A line longer than this is given in pieces: nothing is buffered without bound. */
const maxLineBytes = 1024 * 1024

/** A container's log as its users read it, in chunks. A missing file is an empty log. */
export async function* readLog(options: LogOptions): AsyncGenerator<Uint8Array> {
  const wait = options.follow ? createWaiter(options) : undefined
  let left = options.limitBytes ?? Number.POSITIVE_INFINITY
  try {
    for await (const chunk of lines(options, wait)) {
      if (left <= 0) return
      const part = chunk.length > left ? chunk.subarray(0, left) : chunk
      left -= part.length
      yield part
    }
  } finally {
    wait?.close()
  }
}

async function* lines(options: LogOptions, wait: Waiter | undefined): AsyncGenerator<Uint8Array> {
  const { path, signal } = options
  let file = await open(path, 'r').catch(() => undefined)
  try {
    let at = file === undefined ? 0 : await tailStart(file, options.tailLines)
    if (options.tailLines === 0 && !options.follow) return
    const format = formatter(options)
    let rest: Buffer = Buffer.alloc(0)
    while (!signal.aborted) {
      wait?.arm()
      // Asked before reading: what a container wrote before it ended is then read below.
      const running = options.follow && (await options.running())
      if (file === undefined) file = await open(path, 'r').catch(() => undefined)
      for (; file !== undefined && !signal.aborted;) {
        const buffer = Buffer.allocUnsafe(blockBytes)
        const { bytesRead } = await file.read(buffer, 0, blockBytes, at)
        if (bytesRead === 0) break
        at += bytesRead
        const { out, left } = format(
          rest.length === 0 ? buffer.subarray(0, bytesRead) : Buffer.concat([rest, buffer.subarray(0, bytesRead)]),
        )
        rest = Buffer.from(left)
        if (out.length > 0) yield out
      }
      if (!options.follow) return
      const rotated = file !== undefined && (await isReplaced(file, path))
      if (rotated) {
        await file?.close()
        file = undefined
        at = 0
        rest = Buffer.alloc(0)
        continue
      }
      if (!running) return
      await wait?.wait()
    }
  } finally {
    await file?.close()
  }
}

/** Log rotation moves the file away and writes a new one under its name; truncation starts it anew. */
async function isReplaced(file: FileHandle, path: string): Promise<boolean> {
  const [here, there] = await Promise.all([file.stat(), stat(path).catch(() => undefined)])
  return there !== undefined && there.ino !== here.ino
}

/** Where the last `count` lines begin. */
async function tailStart(file: FileHandle, count: number | undefined): Promise<number> {
  if (count === undefined) return 0
  const { size } = await file.stat()
  if (count === 0) return size
  let position = size
  let found = 0
  const buffer = Buffer.allocUnsafe(blockBytes)
  while (position > 0) {
    const length = Math.min(blockBytes, position)
    position -= length
    await file.read(buffer, 0, length, position)
    for (let i = length - 1; i >= 0; i--) {
      if (buffer[i] !== 0x0a) continue
      // The newline at the very end ends the last line, it does not begin another.
      if (position + i === size - 1) continue
      if (++found === count) return position + i + 1
    }
  }
  return 0
}

/** Turns whole lines of the file into what users see, and answers what is left of the last one. */
function formatter(options: LogOptions): (bytes: Buffer) => { out: Buffer; left: Buffer } {
  const sinceMicros = options.since === undefined ? undefined : options.since.getTime() * 1000
  const newline = Buffer.from('\n')
  let continued = false
  return (bytes) => {
    const parts: Uint8Array[] = []
    let at = 0
    for (;;) {
      const end = bytes.indexOf(0x0a, at)
      if (end < 0) break
      const line = parseLogLine(bytes.subarray(at, end))
      at = end + 1
      if (line === undefined) continue
      if (options.stream !== undefined && line.stream !== options.stream) continue
      if (sinceMicros !== undefined && timeMicros(line.time) < sinceMicros) continue
      if (options.timestamps && !continued) parts.push(Buffer.from(`${line.time} `))
      parts.push(line.content)
      if (!line.partial) parts.push(newline)
      continued = line.partial
    }
    const left = bytes.subarray(at)
    return { out: Buffer.concat(parts), left: left.length > maxLineBytes ? Buffer.alloc(0) : left }
  }
}

interface Waiter {
  /** From here on, changes are noticed. */
  arm(): void
  /** Until something changed since `arm`. */
  wait(): Promise<void>
  close(): void
}

/** Wakes on writes to the file (the kernel tells), on changes of the container, and when nobody reads any more. */
function createWaiter(options: LogOptions): Waiter {
  let next = Promise.withResolvers<void>()
  const wake = (): void => next.resolve()
  const name = basename(options.path)
  let watcher: { close(): void } | undefined
  try {
    watcher = watch(dirname(options.path), (_, changed) => {
      if (changed === null || changed === name) wake()
    }).on('error', wake)
  } catch {
    // The directory is gone with its container.
  }
  const stop = options.onChange(wake)
  options.signal.addEventListener('abort', wake, { once: true })
  return {
    arm: () => {
      next = Promise.withResolvers<void>()
      if (options.signal.aborted) next.resolve()
    },
    wait: () => next.promise,
    close: () => {
      watcher?.close()
      stop()
      options.signal.removeEventListener('abort', wake)
    },
  }
}
