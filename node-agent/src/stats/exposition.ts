import type { ContainerSample, PodSample, Sample } from './sample.ts'

/** Prometheus' text format; names, labels and types as the kubelet's readers know them. */

type Labels = Record<string, string>

const escape = (text: string): string => text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('"', '\\"')

const labelText = (labels: Labels): string => {
  const parts = Object.entries(labels).map(([name, value]) => `${name}="${escape(value)}"`)
  return parts.length === 0 ? '' : `{${parts.join(',')}}`
}

/** Gathers the series of each family, as the format wants them together. */
class Families {
  readonly #families = new Map<string, { head: string; lines: string[] }>()
  add(
    name: string,
    type: 'counter' | 'gauge',
    help: string,
    series: { labels?: Labels; value: number; atMs?: number },
  ): void {
    let family = this.#families.get(name)
    if (family === undefined) {
      family = { head: `# HELP ${name} ${help}\n# TYPE ${name} ${type}`, lines: [] }
      this.#families.set(name, family)
    }
    const { labels = {}, value, atMs } = series
    family.lines.push(`${name}${labelText(labels)} ${value}${atMs === undefined ? '' : ` ${atMs}`}`)
  }
  text(): string {
    return [...this.#families.values()].map(({ head, lines }) => `${head}\n${lines.join('\n')}\n`).join('')
  }
}

const seconds = (nanos: number): number => nanos / 1e9

/** /metrics/resource: CPU and memory of the node, its pods and their containers, with the time of measurement. */
export function resourceMetrics({ atMs, node, pods }: Sample): string {
  const out = new Families()
  for (const pod of pods) {
    for (const { name, stats, startedAtMs } of pod.containers) {
      const labels = { container: name, namespace: pod.namespace, pod: pod.name }
      const add = (metric: string, type: 'counter' | 'gauge', help: string, value: number, at = true): void =>
        out.add(`container_${metric}`, type, help, { labels, value, ...(at ? { atMs } : {}) })
      const cpuHelp = 'Cumulative cpu time consumed by the container in core-seconds'
      add('cpu_usage_seconds_total', 'counter', cpuHelp, seconds(stats.cpuNanos))
      add('memory_working_set_bytes', 'gauge', 'Current working set of the container in bytes', stats.workingSetBytes)
      const startHelp = 'Start time of the container since unix epoch in seconds'
      add('start_time_seconds', 'gauge', startHelp, startedAtMs / 1000, false)
      add('swap_usage_bytes', 'gauge', 'Current amount of the container swap usage in bytes', stats.swapBytes)
    }
  }
  const { stats } = node
  const own = (name: string, type: 'counter' | 'gauge', help: string, value: number): void =>
    out.add(`node_${name}`, type, help, { value, atMs })
  own(
    'cpu_usage_seconds_total',
    'counter',
    'Cumulative cpu time consumed by the node in core-seconds',
    seconds(stats.cpuNanos),
  )
  own('memory_working_set_bytes', 'gauge', 'Current working set of the node in bytes', stats.workingSetBytes)
  own('swap_usage_bytes', 'gauge', 'Current swap usage of the node in bytes', stats.swapBytes)
  for (const { name, namespace, stats: sum } of pods) {
    const labels = { namespace, pod: name }
    const add = (metric: string, type: 'counter' | 'gauge', help: string, value: number): void =>
      out.add(`pod_${metric}`, type, help, { labels, value, atMs })
    add(
      'cpu_usage_seconds_total',
      'counter',
      'Cumulative cpu time consumed by the pod in core-seconds',
      seconds(sum.cpuNanos),
    )
    add('memory_working_set_bytes', 'gauge', 'Current working set of the pod in bytes', sum.workingSetBytes)
    add('swap_usage_bytes', 'gauge', 'Current amount of the pod swap usage in bytes', sum.swapBytes)
  }
  out.add('resource_scrape_error', 'gauge', '1 if there was an error while getting container metrics, 0 otherwise', {
    value: 0,
  })
  return out.text()
}

interface Group {
  labels: Labels
  stats: ContainerSample['stats']
  startedAtMs: number
  atMs: number
}

function addGroup(out: Families, { labels, stats, startedAtMs, atMs }: Group): void {
  const { throttling } = stats
  const add = (name: string, type: 'counter' | 'gauge', help: string, value: number, more: Labels = {}): void =>
    out.add(`container_${name}`, type, help, { labels: { ...labels, ...more }, value, atMs })
  add('cpu_usage_seconds_total', 'counter', 'Cumulative cpu time consumed in seconds.', seconds(stats.cpuNanos), {
    cpu: 'total',
  })
  add('cpu_cfs_periods_total', 'counter', 'Number of elapsed enforcement period intervals.', throttling.periods)
  add(
    'cpu_cfs_throttled_periods_total',
    'counter',
    'Number of throttled period intervals.',
    throttling.throttledPeriods,
  )
  add(
    'cpu_cfs_throttled_seconds_total',
    'counter',
    'Total time duration the container has been throttled.',
    seconds(throttling.throttledNanos),
  )
  add('memory_usage_bytes', 'gauge', 'Current memory usage in bytes, whenever it was accessed.', stats.usageBytes)
  add('memory_working_set_bytes', 'gauge', 'Current working set in bytes.', stats.workingSetBytes)
  add('memory_rss', 'gauge', 'Size of RSS in bytes.', stats.rssBytes)
  add('memory_cache', 'gauge', 'Number of bytes of page cache memory.', stats.cacheBytes)
  add('memory_swap', 'gauge', 'Container swap usage in bytes.', stats.swapBytes)
  add(
    'memory_max_usage_bytes',
    'gauge',
    'Maximum memory usage recorded in bytes.',
    stats.maxUsageBytes ?? stats.usageBytes,
  )
  const failures = 'Cumulative count of memory allocation failures.'
  add('memory_failures_total', 'counter', failures, stats.pageFaults, { failure_type: 'pgfault', scope: 'hierarchy' })
  add('memory_failures_total', 'counter', failures, stats.majorPageFaults, {
    failure_type: 'pgmajfault',
    scope: 'hierarchy',
  })
  add('oom_events_total', 'counter', 'Count of out of memory events observed for the container.', stats.oomKills)
  add('spec_memory_limit_bytes', 'gauge', 'Memory limit for the container.', stats.limitBytes ?? 0)
  add('threads', 'gauge', 'Number of threads running inside the container.', stats.tasks)
  add('start_time_seconds', 'gauge', 'Start time of the container since unix epoch in seconds.', startedAtMs / 1000)
  add('last_seen', 'gauge', 'Last time a container was seen by the exporter.', Math.floor(atMs / 1000))
}

function addNetwork(out: Families, pod: PodSample, labels: Labels, atMs: number): void {
  for (const one of pod.interfaces) {
    const add = (name: string, help: string, value: number): void =>
      out.add(`container_network_${name}_total`, 'counter', help, {
        labels: { ...labels, interface: one.name },
        value,
        atMs,
      })
    add('receive_bytes', 'Cumulative count of bytes received', one.rxBytes)
    add('receive_packets', 'Cumulative count of packets received', one.rxPackets)
    add('receive_errors', 'Cumulative count of errors encountered while receiving', one.rxErrors)
    add('receive_packets_dropped', 'Cumulative count of packets dropped while receiving', one.rxDropped)
    add('transmit_bytes', 'Cumulative count of bytes transmitted', one.txBytes)
    add('transmit_packets', 'Cumulative count of packets transmitted', one.txPackets)
    add('transmit_errors', 'Cumulative count of errors encountered while transmitting', one.txErrors)
    add('transmit_packets_dropped', 'Cumulative count of packets dropped while transmitting', one.txDropped)
  }
}

/** /metrics/cadvisor: each cgroup with the names that dashboards ask for. */
export function containerMetrics({ atMs, node, pods }: Sample): string {
  const out = new Families()
  for (const pod of pods) {
    const place = { namespace: pod.namespace, pod: pod.name }
    const sum = { container: '', id: pod.cgroup, image: '', name: '', ...place }
    addGroup(out, { labels: sum, stats: pod.stats, startedAtMs: pod.startedAtMs, atMs })
    addNetwork(out, pod, sum, atMs)
    for (const { name, id, image, cgroup, stats, startedAtMs } of pod.containers) {
      addGroup(out, { labels: { container: name, id: cgroup, image, name: id, ...place }, stats, startedAtMs, atMs })
    }
  }
  const root = { container: '', id: '/', image: '', name: '', namespace: '', pod: '' }
  const whole = (name: string, type: 'counter' | 'gauge', help: string, value: number, more: Labels = {}): void =>
    out.add(`container_${name}`, type, help, { labels: { ...root, ...more }, value, atMs })
  const { stats } = node
  whole('cpu_usage_seconds_total', 'counter', 'Cumulative cpu time consumed in seconds.', seconds(stats.cpuNanos), {
    cpu: 'total',
  })
  whole('memory_usage_bytes', 'gauge', 'Current memory usage in bytes, whenever it was accessed.', stats.usageBytes)
  whole('memory_working_set_bytes', 'gauge', 'Current working set in bytes.', stats.workingSetBytes)
  whole('memory_rss', 'gauge', 'Size of RSS in bytes.', stats.rssBytes)
  const machine = (name: string, help: string, value: number): void =>
    out.add(`machine_${name}`, 'gauge', help, { value })
  machine('cpu_cores', 'Number of logical CPU cores.', node.cpus)
  machine('memory_bytes', 'Amount of memory installed on the machine.', node.memoryBytes)
  out.add('container_scrape_error', 'gauge', '1 if there was an error while getting container metrics, 0 otherwise', {
    value: 0,
  })
  return out.text()
}
