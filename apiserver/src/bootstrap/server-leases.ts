import { StorageError, type Storage } from '../storage/storage.ts'

/** Where servers of one state say that they are alive; a key a server, that goes when it is not renewed. */
const prefix = '/registry/masterleases/'
/** Long enough for one renewal to fail. */
const ttlSeconds = 15
const maxServers = 100
const tries = 5

/**
 * The addresses of all API servers that share one state. Keys and values are upstream's, so that its servers and ours see
 * each other.
 */
export interface ServerLeases {
  /** Says that the server of this address is alive, for the next 15 seconds. */
  renew(address: string): Promise<void>
  /** Says that it is no more. */
  release(address: string): Promise<void>
  /** Of all that are alive, in order. */
  addresses(): Promise<string[]>
}

export function createServerLeases(storage: Storage): ServerLeases {
  const keyOf = (address: string): string => `${prefix}${address}`
  return {
    renew: async (address) => {
      const key = keyOf(address)
      for (let attempt = 1; ; attempt++) {
        const stored = await storage.get(key)
        const value = new TextEncoder().encode(JSON.stringify(leaseOf(address, generationOf(stored?.value) + 1)))
        try {
          if (stored === undefined) await storage.create(key, value, ttlSeconds)
          else await storage.update(key, value, stored.revision, ttlSeconds)
          return
        } catch (error) {
          // It went away, or a server before us still wrote it, meanwhile.
          if (attempt === tries || !isRace(error)) throw error
        }
      }
    },
    release: async (address) => {
      const key = keyOf(address)
      const stored = await storage.get(key)
      if (stored === undefined) return
      await storage.delete(key, stored.revision).catch((error: unknown) => {
        if (!isRace(error)) throw error
      })
    },
    addresses: async () => {
      const { items } = await storage.list(prefix, { limit: maxServers })
      return items.map(({ key }) => key.slice(prefix.length)).sort()
    },
  }
}

/**
 * Of the one server that an embedded store has: nobody else could read a lease. Nothing is written either, so that
 * watchers go on where they were when the server starts again.
 */
export function createLoneServerLeases(): ServerLeases {
  const alive = new Set<string>()
  return {
    renew: (address) => Promise.resolve(void alive.add(address)),
    release: (address) => Promise.resolve(void alive.delete(address)),
    addresses: () => Promise.resolve([...alive]),
  }
}

const isRace = (error: unknown): boolean =>
  error instanceof StorageError && ['exists', 'conflict', 'notFound'].includes(error.reason)

/** The generation makes each renewal another value. */
function leaseOf(address: string, generation: number): object {
  return {
    kind: 'Endpoints',
    apiVersion: 'v1',
    metadata: { generation },
    subsets: [{ addresses: [{ ip: address }] }],
  }
}

function generationOf(value: Uint8Array | undefined): number {
  if (value === undefined) return 0
  try {
    const { metadata } = JSON.parse(new TextDecoder().decode(value)) as { metadata?: { generation?: unknown } }
    return typeof metadata?.generation === 'number' ? metadata.generation : 0
  } catch {
    return 0
  }
}
