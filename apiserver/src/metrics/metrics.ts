/**
 * Counters, gauges and histograms in Prometheus' text format. A child is looked up once and held by whoever counts,
 * so that counting costs an addition. Source: Prometheus exposition formats, text 0.0.4.
 */
export interface Child {
  /** Counters and gauges. */
  value: number
}

export interface HistogramChild {
  /** One count a bucket, then the count above the last. */
  readonly counts: Float64Array
  sum: number
  observe(value: number): void
}

type Labels = readonly string[]

const escape = (text: string): string => text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('"', '\\"')

function labelText(names: readonly string[], values: Labels, more = ''): string {
  const parts = names.map((name, i) => `${name}="${escape(values[i] ?? '')}"`)
  if (more !== '') parts.push(more)
  return parts.length === 0 ? '' : `{${parts.join(',')}}`
}

const number = (value: number): string =>
  value === Infinity
    ? '+Inf'
    : value >= 1e21 || (value !== 0 && Math.abs(value) < 1e-6)
      ? value.toExponential()
      : String(value)

export interface Family {
  write(out: string[]): void
}

export class ValueFamily implements Family {
  readonly #children = new Map<string, { labels: Labels; child: Child }>()
  readonly #head: { name: string; help: string; type: 'counter' | 'gauge'; labels: readonly string[] }
  /** Called before each scrape, to fill in what is measured then. */
  readonly #collect: ((family: ValueFamily) => void) | undefined
  constructor(
    head: { name: string; help: string; type: 'counter' | 'gauge'; labels: readonly string[] },
    collect?: (family: ValueFamily) => void,
  ) {
    this.#head = head
    this.#collect = collect
  }
  child(...labels: string[]): Child {
    const key = labels.join('\u0000')
    let found = this.#children.get(key)
    if (found === undefined) {
      found = { labels, child: { value: 0 } }
      this.#children.set(key, found)
    }
    return found.child
  }
  write(out: string[]): void {
    this.#collect?.(this)
    out.push(`# HELP ${this.#head.name} ${this.#head.help}`, `# TYPE ${this.#head.name} ${this.#head.type}`)
    for (const { labels, child } of this.#children.values()) {
      out.push(`${this.#head.name}${labelText(this.#head.labels, labels)} ${number(child.value)}`)
    }
  }
}

export class HistogramFamily implements Family {
  readonly #children = new Map<string, { labels: Labels; child: HistogramChild }>()
  readonly #head: { name: string; help: string; labels: readonly string[]; buckets: readonly number[] }
  constructor(head: { name: string; help: string; labels: readonly string[]; buckets: readonly number[] }) {
    this.#head = head
  }
  child(...labels: string[]): HistogramChild {
    const key = labels.join('\u0000')
    let found = this.#children.get(key)
    if (found === undefined) {
      const buckets = this.#head.buckets
      const counts = new Float64Array(buckets.length + 1)
      const child: HistogramChild = {
        counts,
        sum: 0,
        observe(value) {
          let i = 0
          while (i < buckets.length && value > (buckets[i] ?? 0)) i++
          counts[i] = (counts[i] ?? 0) + 1
          child.sum += value
        },
      }
      found = { labels, child }
      this.#children.set(key, found)
    }
    return found.child
  }
  write(out: string[]): void {
    const { name, help, labels: names, buckets } = this.#head
    out.push(`# HELP ${name} ${help}`, `# TYPE ${name} histogram`)
    for (const { labels, child } of this.#children.values()) {
      let total = 0
      for (let i = 0; i <= buckets.length; i++) {
        total += child.counts[i] ?? 0
        out.push(`${name}_bucket${labelText(names, labels, `le="${number(buckets[i] ?? Infinity)}"`)} ${total}`)
      }
      out.push(
        `${name}_sum${labelText(names, labels)} ${number(child.sum)}`,
        `${name}_count${labelText(names, labels)} ${total}`,
      )
    }
  }
}

export class MetricsRegistry {
  readonly #families: Family[] = []
  add<F extends Family>(family: F): F {
    this.#families.push(family)
    return family
  }
  text(): string {
    const out: string[] = []
    for (const family of this.#families) family.write(out)
    return `${out.join('\n')}\n`
  }
}
