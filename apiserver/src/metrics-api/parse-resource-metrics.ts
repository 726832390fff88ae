/** What an agent's /metrics/resource tells, as far as usage goes. */
export interface Reading {
  atMs: number
  cpuSeconds: number
  memoryBytes: number
  /** Of containers: when they started. A counter that began anew is another container's. */
  startedAtSeconds: number
}

export interface NodeReadings {
  node: Reading | undefined
  /** By "namespace/pod", then by container. */
  pods: Map<string, Map<string, Reading>>
}

const line = /^(\w+)(?:\{([^}]*)\})? (\S+)(?: (\d+))?$/
const label = /(\w+)="((?:[^"\\]|\\.)*)"/g

const fields: Record<string, 'cpuSeconds' | 'memoryBytes' | 'startedAtSeconds'> = {
  cpu_usage_seconds_total: 'cpuSeconds',
  memory_working_set_bytes: 'memoryBytes',
  start_time_seconds: 'startedAtSeconds',
}

/** Reads the text; what it does not know is skipped. A reading that lacks CPU or memory is left out. */
export function parseResourceMetrics(text: string, nowMs: number): NodeReadings {
  const node: Partial<Reading> = {}
  const pods = new Map<string, Map<string, Partial<Reading>>>()
  for (const one of text.split('\n')) {
    const found = line.exec(one)
    if (found === null) continue
    const [, name = '', labels = '', value = '', time] = found
    const at = name.indexOf('_')
    const field = Object.hasOwn(fields, name.slice(at + 1)) ? fields[name.slice(at + 1)] : undefined
    const number = Number(value)
    if (field === undefined || !Number.isFinite(number)) continue
    let reading: Partial<Reading>
    if (name.startsWith('node_')) reading = node
    else if (name.startsWith('container_')) {
      const named = Object.fromEntries([...labels.matchAll(label)].map(([, key = '', text = '']) => [key, text]))
      const key = `${named['namespace'] ?? ''}/${named['pod'] ?? ''}`
      const containers = pods.get(key) ?? new Map<string, Partial<Reading>>()
      pods.set(key, containers)
      const container = named['container'] ?? ''
      reading = containers.get(container) ?? {}
      containers.set(container, reading)
    } else continue
    reading[field] = number
    if (field !== 'startedAtSeconds') reading.atMs = time === undefined ? nowMs : Number(time)
  }
  const whole = (reading: Partial<Reading>): Reading | undefined =>
    reading.cpuSeconds === undefined || reading.memoryBytes === undefined || reading.atMs === undefined
      ? undefined
      : { startedAtSeconds: 0, ...(reading as Omit<Reading, 'startedAtSeconds'>) }
  const complete = new Map<string, Map<string, Reading>>()
  for (const [key, containers] of pods) {
    const kept = [...containers].flatMap(([name, reading]) => {
      const found = whole(reading)
      return found === undefined ? [] : [[name, found] as const]
    })
    // One container without a number would make the pod's sum wrong.
    if (kept.length === containers.size) complete.set(key, new Map(kept))
  }
  return { node: whole(node), pods: complete }
}
