import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'

/** A part of the address space that shows a file. */
export interface MappedRange {
  start: bigint
  sizeBytes: number
}

const rangeHead = /^([0-9a-f]+)-([0-9a-f]+) (\S{4}) \S+ \S+ \S+ +(\/.*)$/

/**
 * The ranges, of those that `/proc/self/smaps` tells of, that show one of these files and hold nothing of this process'
 * own: nobody wrote to them, and nobody may. What is dropped of them comes back from the file when it is touched.
 */
export function cleanRanges(smaps: string, isWanted: (file: string) => boolean): MappedRange[] {
  const found: MappedRange[] = []
  for (const entry of smaps.split(/\n(?=[0-9a-f]+-[0-9a-f]+ )/)) {
    const [, start, end, permissions = '', file = ''] = rangeHead.exec(entry.split('\n', 1)[0] ?? '') ?? []
    if (start === undefined || end === undefined || permissions.includes('w') || !isWanted(file)) continue
    const own = ['Private_Dirty', 'Anonymous'].map((name) => new RegExp(`^${name}: +(\\d+) kB`, 'm').exec(entry)?.[1])
    if (own.some((kilobytes) => kilobytes !== '0')) continue
    const from = BigInt(`0x${start}`)
    found.push({ start: from, sizeBytes: Number(BigInt(`0x${end}`) - from) })
  }
  return found
}

/** `madvise`'s MADV_DONTNEED. */
const dontNeed = 4

let advise: ((start: bigint, sizeBytes: number, advice: number) => number) | undefined

/**
 * Lets go of the pages of the program itself, of libraries and of the embedded store that this process has touched: most were touched
 * once, at the start or in a busy hour. They stay with the kernel for as long as it has room, and come back in some
 * microseconds each; a whole busy server's in a few milliseconds. Does nothing where there is no /proc.
 */
export function letGoOfMappedFiles(): void {
  try {
    const { execPath } = process
    const ranges = cleanRanges(
      readFileSync('/proc/self/smaps', 'latin1'),
      (file) => file === execPath || /\/store\.mdb$|\.node$|\.so(\.\d+)*$/.test(file),
    )
    advise ??= loadAdvise()
    for (const { start, sizeBytes } of ranges) advise(start, sizeBytes, dontNeed)
  } catch {
    // Not Linux, or another C library.
  }
}

function loadAdvise(): (start: bigint, sizeBytes: number, advice: number) => number {
  const koffi = createRequire(import.meta.url)('koffi') as {
    load(name: string): {
      func(declaration: string): (start: bigint, sizeBytes: number, advice: number) => number
    }
  }
  return koffi.load('libc.so.6').func('int madvise(uint64_t start, size_t size, int advice)')
}
