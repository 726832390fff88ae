/** One line of a container's log file. Source: CRI's log format: `TIME STREAM TAGS CONTENT`. */
export interface LogLine {
  /** RFC 3339 with nanoseconds, as written. */
  time: string
  stream: 'stdout' | 'stderr'
  /** The container's line goes on in the next one. */
  partial: boolean
  content: Uint8Array
}

const space = 0x20

/** Undefined when the line is none: half written, or broken by a full disk. */
export function parseLogLine(line: Buffer): LogLine | undefined {
  const first = line.indexOf(space)
  const second = first < 0 ? -1 : line.indexOf(space, first + 1)
  if (second < 0) return undefined
  const third = line.indexOf(space, second + 1)
  const stream = line.toString('latin1', first + 1, second)
  if (stream !== 'stdout' && stream !== 'stderr') return undefined
  const tags = line.toString('latin1', second + 1, third < 0 ? line.length : third)
  return {
    time: line.toString('latin1', 0, first),
    stream,
    partial: tags.split(':')[0] === 'P',
    content: third < 0 ? new Uint8Array() : line.subarray(third + 1),
  }
}

/** Microseconds since 1970; 0 for what is no time. */
export function timeMicros(time: string): number {
  const millis = Date.parse(time)
  if (Number.isNaN(millis)) return 0
  const fraction = /\.(\d+)/.exec(time)?.[1] ?? ''
  return millis * 1000 + Number(fraction.padEnd(6, '0').slice(3, 6) || 0)
}
