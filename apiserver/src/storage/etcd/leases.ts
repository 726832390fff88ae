import type { LeaseClient } from 'etcd3/lib/rpc.js'
import type { StorageClock } from '../log.ts'

interface SharedLease {
  id: Promise<string>
  /** New keys may join until then: they live at most this much longer than asked. */
  joinUntilMs: number
  keys: number
}

const maxKeysPerLease = 1000
const maxLeases = 1000

/** Leases shared by keys with the same time to live that are written close together, as the original shares them. */
export class Leases {
  readonly #client: Pick<LeaseClient, 'leaseGrant'>
  readonly #clock: StorageClock
  readonly #current = new Map<number, SharedLease>()

  constructor(options: { client: Pick<LeaseClient, 'leaseGrant'>; clock: StorageClock }) {
    this.#client = options.client
    this.#clock = options.clock
  }

  /** The id of a lease that lasts at least this long. */
  async lease(ttlSeconds: number): Promise<string> {
    const now = this.#clock.now()
    let shared = this.#current.get(ttlSeconds)
    if (shared === undefined || now >= shared.joinUntilMs || shared.keys >= maxKeysPerLease) {
      const slackSeconds = Math.min(60, Math.floor(ttlSeconds * 0.05))
      const granted = this.#client.leaseGrant({ TTL: ttlSeconds + slackSeconds, ID: 0 })
      shared = { id: granted.then(({ ID }) => ID), joinUntilMs: now + slackSeconds * 1000, keys: 0 }
      if (this.#current.size >= maxLeases) this.#current.clear()
      this.#current.set(ttlSeconds, shared)
    }
    shared.keys += 1
    try {
      return await shared.id
    } catch (error) {
      if (this.#current.get(ttlSeconds) === shared) this.#current.delete(ttlSeconds)
      throw error
    }
  }

  /** The server does not know a lease any more: do not hand it out again. */
  forget(): void {
    this.#current.clear()
  }
}
