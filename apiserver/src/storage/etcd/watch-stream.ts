import type { IDuplexStream, IWatchRequest, IWatchResponse } from 'etcd3/lib/rpc.js'
import { StorageError, type Revision, type StoredEvent, type WatchBatch } from '../storage.ts'
import { translateEtcdError } from './client.ts'

export interface WatchStreamOptions {
  open: () => Promise<IDuplexStream<IWatchRequest, IWatchResponse>>
  key: Buffer
  rangeEnd: Buffer
  after: Revision
  signal: AbortSignal
  /** Key bytes to the key of the contract. */
  keyOf: (key: Buffer) => string
}

/** Responses waiting for the consumer; above this the stream is paused and etcd keeps the rest. */
const maxQueued = 64

type Stream = IDuplexStream<IWatchRequest, IWatchResponse> & { pause(): void; resume(): void }

/** One watch on a gRPC stream of its own. */
export class WatchStream {
  readonly #options: WatchStreamOptions
  readonly #queue: WatchBatch[] = []
  #failure: StorageError | undefined
  #stream: Stream | undefined
  #wake = (): void => undefined
  #partial: StoredEvent[] = []
  /** Everything up to here has arrived. */
  delivered: Revision

  constructor(options: WatchStreamOptions) {
    this.#options = options
    this.delivered = options.after
  }

  async *batches(): AsyncGenerator<WatchBatch> {
    const { signal } = this.#options
    const onAbort = (): void => this.#wake()
    signal.addEventListener('abort', onAbort)
    try {
      if (signal.aborted) return
      await this.#open()
      while (!signal.aborted) {
        const batch = this.#queue.shift()
        if (batch !== undefined) {
          if (this.#queue.length === 0) this.#stream?.resume()
          yield batch
          continue
        }
        if (this.#failure !== undefined) throw this.#failure
        await new Promise<void>((resolve) => {
          this.#wake = resolve
        })
      }
    } finally {
      signal.removeEventListener('abort', onAbort)
      this.#close()
    }
  }

  /** Asks etcd to say how far this watch is; not to be trusted before 3.4.25 and 3.5.8, see {@link report}. */
  requestProgress(): void {
    if (this.#failure === undefined) this.#stream?.write({ progress_request: {} })
  }

  /** Somebody found out that there is nothing between `from` and `progress`; ignored when the watch has moved on since. */
  report(progress: Revision, from: Revision): void {
    if (this.delivered === from && progress > from) this.#push({ events: [], progress })
  }

  async #open(): Promise<void> {
    const { open, key, rangeEnd, after } = this.#options
    const stream = (await open().catch((error: unknown) => {
      throw translateEtcdError(error)
    })) as Stream
    this.#stream = stream
    stream.on('data', (response: IWatchResponse) => this.#receive(response))
    stream.on('error', (error: Error) => this.#fail(translateEtcdError(error)))
    stream.on('end', () => this.#fail(new StorageError('unavailable', 'etcd ended the watch')))
    stream.write({
      create_request: {
        key,
        range_end: rangeEnd,
        start_revision: after + 1,
        prev_kv: true,
        progress_notify: true,
        fragment: true,
      },
    })
  }

  /** Ends our half; cancelling instead would count as a failure of the whole connection. */
  #close(): void {
    const stream = this.#stream
    this.#stream = undefined
    if (stream === undefined) return
    stream.resume()
    if (this.#failure === undefined) {
      this.#failure = new StorageError('unavailable', 'the watch is over')
      stream.end()
    }
  }

  #receive(response: IWatchResponse): void {
    if (response.canceled) {
      const oldest = Number(response.compact_revision)
      const message = response.cancel_reason === '' ? 'etcd cancelled the watch' : response.cancel_reason
      this.#fail(
        oldest > 0
          ? new StorageError(
              'compacted',
              `revision ${this.#options.after} has been compacted, the oldest is ${oldest}`,
              {
                oldest,
              },
            )
          : new StorageError('unavailable', message),
      )
      return
    }
    if (response.created) return
    for (const event of response.events) this.#partial.push(this.#eventOf(event))
    if (response.fragment) return
    const events = this.#partial
    this.#partial = []
    const last = events.at(-1)
    this.#push({ events, progress: last?.revision ?? Number(response.header.revision) })
  }

  #push(batch: WatchBatch): void {
    this.delivered = batch.progress
    this.#queue.push(batch)
    if (this.#queue.length >= maxQueued) this.#stream?.pause()
    this.#wake()
  }

  #fail(error: StorageError): void {
    this.#failure ??= error
    this.#wake()
  }

  #eventOf({ type, kv, prev_kv: before }: IWatchResponse['events'][number]): StoredEvent {
    const { keyOf } = this.#options
    return {
      type: String(type).toLowerCase() === 'delete' ? 'delete' : 'put',
      key: keyOf(kv.key),
      revision: Number(kv.mod_revision),
      value: kv.value,
      ...((before as typeof before | null) == null
        ? {}
        : { previous: { value: before.value, revision: Number(before.mod_revision) } }),
    }
  }
}
