/** What a plug-in's earlier extension points leave for its later ones, for one pod and one cycle. */
export class CycleState {
  readonly #data = new Map<string, unknown>()

  write(key: StateKey<unknown>, value: unknown): void {
    this.#data.set(key.name, value)
  }

  /** @throws when nothing was written: the plug-in's own earlier step did not run. */
  read<T>(key: StateKey<T>): T {
    if (!this.#data.has(key.name)) throw new Error(`cycle state has no "${key.name}"`)
    return this.#data.get(key.name) as T
  }

  find<T>(key: StateKey<T>): T | undefined {
    return this.#data.get(key.name) as T | undefined
  }
}

export interface StateKey<T> {
  name: string
  /** Never set: carries T. */
  __type?: T
}

export function stateKey<T>(name: string): StateKey<T> {
  return { name }
}
