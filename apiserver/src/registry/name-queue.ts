export interface NameQueueOptions {
  /** Brings what has this name up to date. What it rejects with goes to `failed`, and the name comes back later. */
  settle(name: string): Promise<void>
  failed(name: string, error: unknown): void
  /** How long a name that failed waits. */
  retryAfterMs: number
  closing: AbortSignal
}

export interface NameQueue {
  add(name: string): void
  addAfterFailure(name: string): void
}

/**
 * Names of objects to look at, one at a time and each once however often it is added: the small work queue of what the
 * API server itself keeps up to date. It holds at most one entry for an object and does nothing more once the server
 * closes.
 */
export function createNameQueue({ settle, failed, retryAfterMs, closing }: NameQueueOptions): NameQueue {
  const waiting = new Set<string>()
  let working = false

  async function work(): Promise<void> {
    working = true
    for (const name of waiting) {
      waiting.delete(name)
      if (closing.aborted) break
      try {
        await settle(name)
      } catch (error) {
        if (closing.aborted) break
        failed(name, error)
        addAfterFailure(name)
      }
    }
    working = false
  }
  function add(name: string): void {
    if (closing.aborted) return
    waiting.add(name)
    if (!working) void work()
  }
  function addAfterFailure(name: string): void {
    if (!closing.aborted) setTimeout(() => add(name), retryAfterMs).unref()
  }

  return { add, addAfterFailure }
}
