import type { StorageClock, StorageLog } from '../log.ts'
import { StorageError, type Revision } from '../storage.ts'
import { reasonOf, type EmbeddedDatabase } from './database.ts'
import type { Committer } from './committer.ts'

/** Values written by another process are noticed at the latest after this long. */
const longestWaitMs = 60_000
/** Expiries this close together share a commit. */
const shortestWaitMs = 1000
const perRound = 500

/** Deletes values whose time to live is over; each deletion is a commit like any other, seen by watches. */
export class Expiry {
  readonly #options: { database: EmbeddedDatabase; committer: Committer; clock: StorageClock; log: StorageLog }
  #cancel: (() => void) | undefined
  #wakesAtMs = Infinity
  #running: Promise<void> | undefined
  #stopped = false

  constructor(options: { database: EmbeddedDatabase; committer: Committer; clock: StorageClock; log: StorageLog }) {
    this.#options = options
  }

  /** Arms the timer for what the store already holds. */
  start(): void {
    this.#wakeBy(this.#nextMs() ?? Infinity)
  }

  /** A value with this expiry is being written. */
  expect(expiresAtMs: number): void {
    if (expiresAtMs < this.#wakesAtMs) this.#wakeBy(expiresAtMs)
  }

  async stop(): Promise<void> {
    this.#stopped = true
    this.#cancel?.()
    await this.#running
  }

  #nextMs(): number | undefined {
    for (const key of this.#options.database.expiries.getKeys({ limit: 1, snapshot: false })) return key[0]
    return undefined
  }

  #wakeBy(atMs: number): void {
    if (this.#stopped) return
    this.#cancel?.()
    const { clock } = this.#options
    const now = clock.now()
    const wait = Math.min(Math.max(atMs - now, shortestWaitMs), longestWaitMs)
    this.#wakesAtMs = now + wait
    this.#cancel = clock.after(wait, () => {
      this.#cancel = undefined
      this.#running ??= this.#expire()
        .catch((error: unknown) => {
          this.#options.log.warn('deleting expired values failed', { error: reasonOf(error) })
        })
        .finally(() => {
          this.#running = undefined
          this.#wakeBy(this.#nextMs() ?? Infinity)
        })
    })
  }

  async #expire(): Promise<void> {
    const { database, committer, clock } = this.#options
    database.env.resetReadTxn()
    const due: { row: number[]; key: string; revision: Revision }[] = []
    for (const { key: row, value } of database.expiries.getRange({
      end: [clock.now() + 1],
      limit: perRound,
      snapshot: false,
    })) {
      due.push({ row, key: value.toString(), revision: row[1] ?? 0 })
    }
    if (due.length === 0) return
    const outcomes = await Promise.allSettled(
      due.map(({ key, revision }) =>
        committer.write({ type: 'delete', key, value: new Uint8Array(), expected: revision, expiresAtMs: 0 }),
      ),
    )
    // Written again or deleted since: that value's expiry no longer counts. Anything else is tried again.
    const settled = due.filter((_, i) => {
      const outcome = outcomes[i]
      if (outcome?.status === 'fulfilled') return true
      const reason: unknown = outcome?.reason
      return reason instanceof StorageError && (reason.reason === 'conflict' || reason.reason === 'notFound')
    })
    await committer.keepHouse(() => {
      for (const { row } of settled) database.expiries.remove(row).catch(() => undefined)
    })
  }
}
