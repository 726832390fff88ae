/** A small registry in the Prometheus text format: hot paths write plain numbers, `render` makes the text. */
export interface Counter {
  inc(by?: number): void
}
export interface Gauge {
  set(value: number): void
}
export interface Histogram {
  observe(value: number): void
}

export interface Metrics {
  counter(name: string, help: string, labels: Record<string, string>): Counter
  gauge(name: string, help: string, labels: Record<string, string>, read?: () => number): Gauge
  histogram(name: string, help: string, labels: Record<string, string>, buckets: readonly number[]): Histogram
  /** Drops one series: what it told of is gone. */
  forget(name: string, labels: Record<string, string>): void
  /** Called before each `render`: for series that come and go with what is counted. */
  beforeRender(run: () => void): void
  /** Everything, in the text format. */
  render(): string
}

interface Series {
  labels: string
  lines: (name: string, labels: string) => string[]
}

interface Family {
  type: string
  help: string
  series: Map<string, Series & { handle: unknown }>
}

export function createMetrics(): Metrics {
  const families = new Map<string, Family>()
  const collectors: (() => void)[] = []
  function series<H>(
    name: string,
    type: string,
    help: string,
    labels: Record<string, string>,
    make: () => { handle: H; lines: Series['lines'] },
  ): H {
    let family = families.get(name)
    if (family === undefined) families.set(name, (family = { type, help, series: new Map() }))
    const text = labelText(labels)
    let entry = family.series.get(text)
    if (entry === undefined) family.series.set(text, (entry = { labels: text, ...make() }))
    return entry.handle as H
  }
  return {
    counter: (name, help, labels) =>
      series(name, 'counter', help, labels, () => {
        let value = 0
        return {
          handle: { inc: (by = 1) => void (value += by) },
          lines: (n, l) => [`${n}${braces(l)} ${value}`],
        }
      }),
    gauge: (name, help, labels, read) =>
      series(name, 'gauge', help, labels, () => {
        let value = 0
        return {
          handle: { set: (to: number) => void (value = to) },
          lines: (n, l) => [`${n}${braces(l)} ${read === undefined ? value : read()}`],
        }
      }),
    histogram: (name, help, labels, buckets) =>
      series(name, 'histogram', help, labels, () => {
        const counts = new Float64Array(buckets.length)
        let count = 0
        let sum = 0
        const observe = (value: number): void => {
          count++
          sum += value
          for (let i = buckets.length - 1; i >= 0 && value <= buckets[i]!; i--) counts[i]!++
        }
        const lines: Series['lines'] = (n, l) => [
          ...buckets.map((le, i) => `${n}_bucket${braces(join(l, `le="${le}"`))} ${counts[i]}`),
          `${n}_bucket${braces(join(l, 'le="+Inf"'))} ${count}`,
          `${n}_sum${braces(l)} ${sum}`,
          `${n}_count${braces(l)} ${count}`,
        ]
        return { handle: { observe }, lines }
      }),
    forget: (name, labels) => void families.get(name)?.series.delete(labelText(labels)),
    beforeRender: (run) => void collectors.push(run),
    render: () => {
      for (const collect of collectors) collect()
      const out: string[] = []
      for (const [name, family] of [...families].sort(([a], [b]) => (a < b ? -1 : 1))) {
        out.push(`# HELP ${name} ${family.help}`, `# TYPE ${name} ${family.type}`)
        for (const entry of family.series.values()) out.push(...entry.lines(name, entry.labels))
      }
      return out.length === 0 ? '' : `${out.join('\n')}\n`
    },
  }
}

function labelText(labels: Record<string, string>): string {
  const escape = (value: string): string =>
    value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
  return Object.keys(labels)
    .sort()
    .map((name) => `${name}="${escape(labels[name]!)}"`)
    .join(',')
}
const join = (a: string, b: string): string => (a === '' ? b : `${a},${b}`)
const braces = (labels: string): string => (labels === '' ? '' : `{${labels}}`)
