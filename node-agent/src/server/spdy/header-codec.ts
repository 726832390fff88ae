import { constants, createDeflate, createInflate, type Deflate, type Inflate } from 'node:zlib'
import { spdyDictionary } from './dictionary.ts'

const maxHeaderBytes = 256 * 1024

/**
 * One direction of header compression: a single stream over all blocks of a connection, flushed after each. Blocks must
 * be handed in one after the other, each after the last has resolved.
 */
export class HeaderCodec {
  private readonly stream: Deflate | Inflate
  private parts: Buffer[] = []
  private bytes = 0
  private failed: Error | undefined
  private fail: ((error: Error) => void) | undefined

  constructor(direction: 'compress' | 'decompress') {
    const options = { dictionary: spdyDictionary, flush: constants.Z_SYNC_FLUSH, finishFlush: constants.Z_SYNC_FLUSH }
    this.stream = direction === 'compress' ? createDeflate(options) : createInflate(options)
    this.stream.on('data', (chunk: Buffer) => {
      this.bytes += chunk.length
      if (this.bytes > maxHeaderBytes) this.stream.destroy(new Error('SPDY: header block is too large'))
      else this.parts.push(chunk)
    })
    this.stream.on('error', (error) => {
      this.failed = error
      this.fail?.(error)
    })
  }

  run(block: Uint8Array): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      if (this.failed !== undefined) {
        reject(this.failed)
        return
      }
      // A stream that fails does not call back.
      this.fail = reject
      this.stream.write(block, (error) => {
        const result = Buffer.concat(this.parts)
        this.parts = []
        this.bytes = 0
        if (error != null) reject(error)
        else resolve(result)
      })
    })
  }

  close(): void {
    this.stream.destroy()
  }
}
