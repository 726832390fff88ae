import {
  StorageError,
  type Revision,
  type Storage,
  type Stored,
  type StoredEvent,
  type WatchBatch,
} from '../storage.ts'

/** A store in memory whose watch the test drives: it says what comes and when the watch breaks. */
export class ScriptedStorage implements Storage {
  items = new Map<string, Stored>()
  newest: Revision = 1
  lists = 0
  watches: Revision[] = []
  progressRequests = 0
  onProgressRequest = (): void => undefined
  listFailure: Error | undefined
  #pending: (WatchBatch | Error)[] = []
  #wake = (): void => undefined

  /** Changes the store without telling the watch. */
  write(key: string, value: string): StoredEvent {
    this.newest += 1
    const stored = { key, value: Buffer.from(value), revision: this.newest }
    this.items.set(key, stored)
    return { type: 'put', ...stored }
  }

  remove(key: string): StoredEvent {
    this.newest += 1
    this.items.delete(key)
    return { type: 'delete', key, value: new Uint8Array(), revision: this.newest }
  }

  tell(...events: StoredEvent[]): void {
    this.push({ events, progress: events.at(-1)?.revision ?? this.newest })
  }

  push(next: WatchBatch | Error): void {
    this.#pending.push(next)
    this.#wake()
  }

  list(prefix: string): ReturnType<Storage['list']> {
    this.lists += 1
    if (this.listFailure !== undefined) return Promise.reject(this.listFailure)
    const items = [...this.items.values()].filter((item) => item.key.startsWith(prefix))
    items.sort((a, b) => (a.key < b.key ? -1 : 1))
    return Promise.resolve({ items, revision: this.newest, more: false, count: items.length })
  }

  async *watch(_prefix: string, after: Revision, signal: AbortSignal): AsyncIterable<WatchBatch> {
    this.watches.push(after)
    const onAbort = (): void => this.#wake()
    signal.addEventListener('abort', onAbort)
    while (!signal.aborted) {
      const next = this.#pending.shift()
      if (next instanceof StorageError) throw next
      if (next !== undefined) yield next as WatchBatch
      else await new Promise<void>((resolve) => (this.#wake = resolve))
    }
  }

  requestProgress(): void {
    this.progressRequests += 1
    this.onProgressRequest()
  }

  revision(): Promise<Revision> {
    return Promise.resolve(this.newest)
  }

  get(key: string): Promise<Stored | undefined> {
    return Promise.resolve(this.items.get(key))
  }

  create = unused
  update = unused
  delete = unused

  compact(): Promise<void> {
    return Promise.resolve()
  }

  close(): Promise<void> {
    return Promise.resolve()
  }
}

function unused(): Promise<Revision> {
  return Promise.reject(new Error('not scripted'))
}
