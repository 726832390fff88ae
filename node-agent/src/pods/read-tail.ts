import { constants } from 'node:fs'
import { open } from 'node:fs/promises'

/**
 * The last bytes of a regular file as text; '' when it is not there or is anything else: its content and kind are in
 * the hands of the container, which must not make us follow a link or wait on a pipe.
 */
export async function readTail(options: { path: string; maxBytes: number }): Promise<string> {
  if (options.path === '') return ''
  try {
    const file = await open(options.path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
    try {
      const info = await file.stat()
      if (!info.isFile()) return ''
      const length = Math.min(info.size, options.maxBytes)
      const buffer = Buffer.alloc(length)
      const { bytesRead } = await file.read(buffer, 0, length, info.size - length)
      return buffer.subarray(0, bytesRead).toString('utf8')
    } finally {
      await file.close()
    }
  } catch {
    return ''
  }
}
