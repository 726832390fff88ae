import { StorageError, type Revision, type StoredEvent } from '../storage.ts'
import {
  commitIf,
  putRevision,
  readHead,
  readRecord,
  readRevision,
  translateError,
  type EmbeddedDatabase,
} from './database.ts'
import { encodeHead, encodeRecord, type Head, type LogRecord } from './layout.ts'
import { storedEvent } from './reader.ts'

/** One compare-and-swap. `expected`: 0 means the key must not exist. */
export interface Write {
  type: 'put' | 'delete'
  key: string
  value: Uint8Array
  expected: Revision
  expiresAtMs: number
}

/** Changes to tables that make no revision: sweeping, expiry rows. Runs inside the transaction; may read. */
export type Housekeeping = () => void

interface Job {
  write?: Write
  housekeeping?: Housekeeping
  resolve: (revision: Revision) => void
  reject: (error: unknown) => void
}

interface Accepted {
  job: Job
  revision: Revision
  record: LogRecord
}

const maxBatchJobs = 1024
const maxBatchBytes = 16 * 1024 * 1024
const maxQueuedJobs = 20_000

/**
 * Group commit: all writes that arrive while one transaction is on its way to disk go into the next one. Decisions
 * (does the key exist, is it still at that revision) are taken against the newest snapshot, and the transaction only
 * takes effect if no other process committed since; otherwise they are taken again.
 */
export class Committer {
  readonly #database: EmbeddedDatabase
  readonly #now: () => number
  readonly #onCommit: (events: () => StoredEvent[], base: Revision, last: Revision) => void
  #queue: Job[] = []
  #running: Promise<void> | undefined
  /** Revisions up to here belong to a transaction of ours that is being written. */
  inFlight: Revision = 0

  constructor(options: {
    database: EmbeddedDatabase
    now: () => number
    /** Called before the writers are answered. */
    onCommit: (events: () => StoredEvent[], base: Revision, last: Revision) => void
  }) {
    this.#database = options.database
    this.#now = options.now
    this.#onCommit = options.onCommit
  }

  /** Resolves with the write's revision when it is on disk. */
  write(write: Write): Promise<Revision> {
    return this.#enqueue({ write })
  }

  keepHouse(housekeeping: Housekeeping): Promise<Revision> {
    return this.#enqueue({ housekeeping })
  }

  async idle(): Promise<void> {
    while (this.#running !== undefined) await this.#running
  }

  #enqueue(job: Pick<Job, 'write' | 'housekeeping'>): Promise<Revision> {
    if (this.#queue.length >= maxQueuedJobs) {
      return Promise.reject(new StorageError('unavailable', 'too many writes are waiting for the disk'))
    }
    return new Promise((resolve, reject) => {
      this.#queue.push({ ...job, resolve, reject })
      // One microtask later, so that writers who start together share the first transaction too.
      this.#running ??= Promise.resolve().then(() => this.#run())
    })
  }

  async #run(): Promise<void> {
    while (this.#queue.length > 0) await this.#commit(this.#takeBatch())
    this.#running = undefined
  }

  /** As many writes as fit; housekeeping goes alone, so that it sees every write before it. */
  #takeBatch(): Job[] {
    let bytes = 0
    let size = 0
    for (const { write } of this.#queue) {
      if (size > 0 && (write === undefined || size >= maxBatchJobs || bytes >= maxBatchBytes)) break
      size += 1
      if (write === undefined) break
      bytes += write.value.length
    }
    return this.#queue.splice(0, size)
  }

  async #commit(batch: Job[]): Promise<void> {
    try {
      while (!(await this.#attempt(batch))) continue
    } catch (error) {
      const translated = translateError(error, this.#database.directory)
      for (const job of batch) job.reject(translated)
    } finally {
      this.inFlight = 0
    }
  }

  /** False when another process committed in between: nothing has happened, decide again. */
  async #attempt(jobs: Job[]): Promise<boolean> {
    const database = this.#database
    database.env.resetReadTxn()
    const base = readRevision(database)
    const plan = decide(jobs, { database, base, timeMs: this.#now() })
    const chores = jobs.filter((job) => job.housekeeping !== undefined)
    const last = base + plan.accepted.length
    if (plan.accepted.length > 0 || chores.length > 0) {
      this.inFlight = last
      const failures: Promise<unknown>[] = []
      const committed = await commitIf(database, base, () => {
        for (const { revision, record } of plan.accepted) {
          failures.push(database.records.put(revision, encodeRecord(record)))
          if (record.expiresAtMs > 0) {
            failures.push(database.expiries.put([record.expiresAtMs, revision], Buffer.from(record.key)))
          }
        }
        for (const [key, head] of plan.heads) failures.push(database.heads.put(key, encodeHead(head)))
        for (const chore of chores) chore.housekeeping?.()
        if (last > base) failures.push(putRevision(database, last))
        // A failed commit rejects each of these as well as the whole; the whole is what we await.
        for (const failure of failures) failure.catch(() => undefined)
      }).catch((error: unknown) => rootCause(error))
      if (!committed) return false
      this.#onCommit(() => eventsOf(database, plan.accepted), base, last)
    }
    for (const { job, revision } of plan.accepted) job.resolve(revision)
    for (const job of chores) job.resolve(last)
    for (const [job, error] of plan.refused) job.reject(error)
    return true
  }
}

/** LMDB's "Commit failed" carries the real error in a promise. */
async function rootCause(error: unknown): Promise<never> {
  const pending = (error as { commitError?: Promise<unknown> }).commitError
  if (pending !== undefined) await pending
  throw error
}

interface Plan {
  accepted: Accepted[]
  refused: [Job, StorageError][]
  heads: Map<string, Head>
}

/** Which writes go through, in order, each seeing those before it. */
function decide(jobs: Job[], at: { database: EmbeddedDatabase; base: Revision; timeMs: number }): Plan {
  const plan: Plan = { accepted: [], refused: [], heads: new Map() }
  for (const job of jobs) {
    const { write } = job
    if (write === undefined) continue
    const head = plan.heads.get(write.key) ?? readHead(at.database, write.key)
    const refusal = refuse(write, head)
    if (refusal !== undefined) {
      plan.refused.push([job, refusal])
      continue
    }
    const revision = at.base + plan.accepted.length + 1
    plan.heads.set(write.key, { revision, alive: write.type === 'put' })
    plan.accepted.push({
      job,
      revision,
      record: {
        type: write.type,
        key: write.key,
        value: write.value,
        previous: head?.revision ?? 0,
        timeMs: at.timeMs,
        expiresAtMs: write.expiresAtMs,
      },
    })
  }
  return plan
}

function refuse(write: Write, head: Head | undefined): StorageError | undefined {
  const { key, expected } = write
  const alive = head?.alive === true
  if (expected === 0) return alive ? new StorageError('exists', `${key} exists already`, { key }) : undefined
  if (!alive) return new StorageError('notFound', `${key} does not exist`, { key })
  return head.revision === expected
    ? undefined
    : new StorageError('conflict', `${key} is at revision ${head.revision}, not ${expected}`, { key })
}

function eventsOf(database: EmbeddedDatabase, accepted: readonly Accepted[]): StoredEvent[] {
  const mine = new Map(accepted.map(({ revision, record }) => [revision, record]))
  return accepted.map(({ revision, record }) => {
    const { previous } = record
    return storedEvent({ revision, record, before: () => mine.get(previous) ?? readRecord(database, previous) })
  })
}
