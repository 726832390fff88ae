import type { Backend } from './backends.ts'

/** One place of a backend: a pod, or nobody. */
export type Slot = string | undefined

export interface SlotChange {
  backend: string
  /** From 1. */
  slot: number
  server: Slot
}

const fewest = 4

/**
 * The places that backends have in the running proxy. Pods come and go by filling places, which needs no new process; only
 * a backend that outgrows its places does.
 */
export class Slots {
  readonly #places = new Map<string, Slot[]>()

  of(backend: string): readonly Slot[] {
    return this.#places.get(backend) ?? []
  }

  /** Takes what is wanted now. Answers the places that changed, and whether a backend has come, gone or grown. */
  update(backends: ReadonlyMap<string, Backend>): { changes: SlotChange[]; reshaped: boolean } {
    const changes: SlotChange[] = []
    let reshaped = false
    for (const id of this.#places.keys()) {
      if (backends.has(id)) continue
      this.#places.delete(id)
      reshaped = true
    }
    for (const [id, { servers }] of backends) {
      const places = this.#places.get(id)
      if (places === undefined || servers.length > places.length) {
        const size = 2 ** Math.ceil(Math.log2(Math.max(servers.length, fewest)))
        this.#places.set(id, [...servers, ...Array.from({ length: size - servers.length }, () => undefined)])
        reshaped = true
        continue
      }
      const set = (at: number, server: Slot): void => {
        places[at] = server
        changes.push({ backend: id, slot: at + 1, server })
      }
      places.forEach((server, at) => {
        if (server !== undefined && !servers.includes(server)) set(at, undefined)
      })
      for (const server of servers) if (!places.includes(server)) set(places.indexOf(undefined), server)
    }
    return { changes, reshaped }
  }
}
