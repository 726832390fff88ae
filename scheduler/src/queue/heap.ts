/** A binary heap that finds its entries by key, so that any can be taken out. */
export class KeyedHeap<T> {
  readonly #items: T[] = []
  readonly #positions = new Map<string, number>()
  readonly #keyOf: (item: T) => string
  readonly #before: (a: T, b: T) => boolean

  constructor(keyOf: (item: T) => string, before: (a: T, b: T) => boolean) {
    this.#keyOf = keyOf
    this.#before = before
  }

  get size(): number {
    return this.#items.length
  }

  get(key: string): T | undefined {
    const at = this.#positions.get(key)
    return at === undefined ? undefined : this.#items[at]
  }

  /** Adds the item, or takes the place of the one with the same key. */
  set(item: T): void {
    this.delete(this.#keyOf(item))
    this.#items.push(item)
    this.#positions.set(this.#keyOf(item), this.#items.length - 1)
    this.#up(this.#items.length - 1)
  }

  peek(): T | undefined {
    return this.#items[0]
  }

  pop(): T | undefined {
    const first = this.#items[0]
    if (first !== undefined) this.delete(this.#keyOf(first))
    return first
  }

  delete(key: string): T | undefined {
    const at = this.#positions.get(key)
    if (at === undefined) return undefined
    const removed = this.#items[at]
    this.#swap(at, this.#items.length - 1)
    this.#items.pop()
    this.#positions.delete(key)
    if (at < this.#items.length) {
      this.#up(at)
      this.#down(at)
    }
    return removed
  }

  values(): Iterable<T> {
    return this.#items.values()
  }

  #up(from: number): void {
    let at = from
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (!this.#isBefore(at, parent)) return
      this.#swap(at, parent)
      at = parent
    }
  }

  #down(from: number): void {
    let at = from
    for (;;) {
      const left = 2 * at + 1
      const right = left + 1
      let best = at
      if (left < this.#items.length && this.#isBefore(left, best)) best = left
      if (right < this.#items.length && this.#isBefore(right, best)) best = right
      if (best === at) return
      this.#swap(at, best)
      at = best
    }
  }

  #isBefore(a: number, b: number): boolean {
    return this.#before(this.#items[a] as T, this.#items[b] as T)
  }

  #swap(a: number, b: number): void {
    const x = this.#items[a] as T
    const y = this.#items[b] as T
    this.#items[a] = y
    this.#items[b] = x
    this.#positions.set(this.#keyOf(y), a)
    this.#positions.set(this.#keyOf(x), b)
  }
}
