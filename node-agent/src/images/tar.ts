import type { FileHandle } from 'node:fs/promises'

/** One entry of a tar archive. Times are always 0 and owners root, so equal content gives equal bytes. */
export interface TarEntry {
  /** Relative, without a leading slash; directories without a trailing one. */
  path: string
  /** File content; absent for directories and links. */
  content?: Uint8Array
  /** Default 0644 for files, 0755 for directories. */
  mode?: number
  /** Target of a symbolic link. */
  linkTo?: string
}

const block = 512
const encoder = new TextEncoder()

/** A ustar archive. Errors: a path that does not fit the format (100 bytes, or 155 more before a slash). */
export function tarArchive(entries: readonly TarEntry[]): Uint8Array {
  const parts: Uint8Array[] = []
  for (const entry of entries) {
    parts.push(tarHeader(entry))
    if (entry.content !== undefined && entry.content.length > 0) {
      parts.push(entry.content)
      parts.push(new Uint8Array((block - (entry.content.length % block)) % block))
    }
  }
  parts.push(new Uint8Array(2 * block))
  return Buffer.concat(parts)
}

function tarHeader(entry: TarEntry): Uint8Array {
  const directory = entry.content === undefined && entry.linkTo === undefined
  const header = new Uint8Array(block)
  const put = (at: number, text: string, max: number) => {
    const bytes = encoder.encode(text)
    if (bytes.length > max) throw new Error(`"${text}" is too long for a tar archive`)
    header.set(bytes, at)
  }
  const octal = (at: number, value: number, digits: number) => put(at, value.toString(8).padStart(digits, '0'), digits)
  const { prefix, name } = splitPath(directory ? `${entry.path}/` : entry.path)
  put(0, name, 100)
  octal(100, entry.mode ?? (directory ? 0o755 : 0o644), 7)
  octal(108, 0, 7)
  octal(116, 0, 7)
  octal(124, entry.content?.length ?? 0, 11)
  octal(136, 0, 11)
  put(156, entry.linkTo !== undefined ? '2' : directory ? '5' : '0', 1)
  put(157, entry.linkTo ?? '', 100)
  put(257, 'ustar\x0000', 8)
  put(345, prefix, 155)
  header.fill(32, 148, 156)
  const sum = header.reduce((total, byte) => total + byte, 0)
  put(148, `${sum.toString(8).padStart(6, '0')}\0 `, 8)
  return header
}

function splitPath(path: string): { prefix: string; name: string } {
  if (encoder.encode(path).length <= 100) return { prefix: '', name: path }
  for (let at = path.indexOf('/'); at > 0; at = path.indexOf('/', at + 1)) {
    const name = path.slice(at + 1)
    if (name !== '' && encoder.encode(name).length <= 100) return { prefix: path.slice(0, at), name }
  }
  return { prefix: '', name: path }
}

/**
 * Reads the named members of a plain tar file, skipping over all else. Errors: not a tar archive; a wanted member
 * larger than `maxBytes`.
 */
export async function readTarMembers(
  file: FileHandle,
  wanted: readonly string[],
  maxBytes = 4 * 1024 * 1024,
): Promise<Map<string, Uint8Array>> {
  const found = new Map<string, Uint8Array>()
  const header = Buffer.alloc(block)
  for (let at = 0, entries = 0; ; entries += 1) {
    const { bytesRead } = await file.read(header, 0, block, at)
    if (bytesRead < block || header.every((byte) => byte === 0)) {
      if (entries === 0) throw new Error('not a tar archive')
      return found
    }
    if (!validChecksum(header)) throw new Error('not a tar archive')
    const text = (from: number, length: number) => header.toString('utf8', from, from + length).replace(/\0.*$/s, '')
    const size = readNumber(header.subarray(124, 136))
    const prefix = text(257, 5) === 'ustar' ? text(345, 155) : ''
    const name = (prefix === '' ? text(0, 100) : `${prefix}/${text(0, 100)}`).replace(/^\.\//, '')
    if (wanted.includes(name)) {
      if (size > maxBytes) throw new Error(`"${name}" in the archive is too large (${size} bytes)`)
      const content = Buffer.alloc(size)
      const { bytesRead: got } = await file.read(content, 0, size, at + block)
      if (got < size) throw new Error('the archive is cut off')
      found.set(name, content)
    }
    at += block + Math.ceil(size / block) * block
  }
}

/** Octal digits, or base 256 when the first bit is set (sizes of 8 GiB and more). */
function readNumber(field: Uint8Array): number {
  if ((field[0]! & 0x80) !== 0) return field.subarray(1).reduce((value, byte) => value * 256 + byte, 0)
  return parseInt(
    Buffer.from(field)
      .toString('latin1')
      .replace(/[\0 ].*$/s, '') || '0',
    8,
  )
}

function validChecksum(header: Uint8Array): boolean {
  const expected = readNumber(header.subarray(148, 156).filter((byte) => byte !== 32))
  let sum = 8 * 32
  header.forEach((byte, at) => {
    if (at < 148 || at >= 156) sum += byte
  })
  return sum === expected
}
