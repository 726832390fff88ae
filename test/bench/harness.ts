import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** One bench: prints its rows as it goes. */
export interface Bench {
  name: string
  /** What it measures, in one line. */
  about: string
  run: (print: Print) => Promise<void>
}

export type Print = (row: Row) => void

export interface Row {
  what: string
  /** Operations a second, or another number that `unit` names. */
  value: number
  unit: string
  /** What it is compared with in the same run, and what is aimed for. */
  of?: { what: string; value: number; aim?: number }
}

export function rowText({ what, value, unit, of }: Row): string {
  const number = value.toLocaleString('en', { maximumFractionDigits: value < 100 ? 2 : 0 })
  const line = `  ${what.padEnd(52)} ${number.padStart(10)} ${unit}`
  if (of === undefined) return line
  const percent = Math.round((100 * value) / of.value)
  const aim = of.aim === undefined ? '' : ` (aim ${of.aim} %${percent >= of.aim ? '' : ', missed'})`
  return `${line}   ${percent} % of ${of.what}${aim}`
}

/** Runs `work` in `clients` loops for the time; returns completed rounds a second. */
export async function rate(options: {
  clients: number
  milliseconds: number
  work: (client: number) => Promise<unknown>
}): Promise<number> {
  const { clients, milliseconds, work } = options
  let done = 0
  const start = performance.now()
  const end = start + milliseconds
  await Promise.all(
    Array.from({ length: clients }, async (_, client) => {
      while (performance.now() < end) {
        await work(client)
        done += 1
      }
    }),
  )
  return (done * 1000) / (performance.now() - start)
}

/** Measures several things in turns, so that a busy moment hits them alike; the median of each. */
export async function inTurns<K extends string>(
  rounds: number,
  measures: Record<K, () => Promise<number>>,
): Promise<Record<K, number>> {
  const names = Object.keys(measures) as K[]
  const results = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<K, number[]>
  for (let round = 0; round < rounds; round++) {
    for (const name of names) results[name].push(await measures[name]())
  }
  return Object.fromEntries(names.map((name) => [name, median(results[name])])) as Record<K, number>
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[sorted.length >> 1] ?? Number.NaN
}

/** What a process takes. */
export interface Usage {
  rssBytes: number
  /** Without mapped files, which the kernel may drop at any time: the store's pages and the program itself. */
  anonymousBytes: number
  cpuMs: number
}

/** Of this process; Linux. */
export function usageNow(): Usage {
  const { user, system } = process.cpuUsage()
  const anonymous = /^RssAnon:\s+(\d+)/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]
  return {
    rssBytes: process.memoryUsage.rss(),
    anonymousBytes: Number(anonymous ?? 0) * 1024,
    cpuMs: (user + system) / 1000,
  }
}

/** The rows that tell a process's memory. */
export function memoryRows(what: string, usage: Usage): Row[] {
  return [
    { what: `${what}: resident memory`, value: usage.rssBytes / 2 ** 20, unit: 'MB' },
    { what: '  of it not mapped files', value: usage.anonymousBytes / 2 ** 20, unit: 'MB' },
  ]
}

/** A directory of its own, gone afterwards. */
export async function withDirectory<T>(use: (directory: string) => Promise<T>): Promise<T> {
  const directory = await mkdtemp(join(tmpdir(), 'kapell-bench-'))
  try {
    return await use(directory)
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

/** A pod such as a Deployment makes, about 4 KB as stored. */
export function samplePod(name: string, namespace = 'default'): Record<string, unknown> {
  const labels = { app: 'web', 'pod-template-hash': '5d8f7c9b6d', tier: 'frontend' }
  const container = (n: number): Record<string, unknown> => ({
    name: `c${n}`,
    image: `registry.example.com/team/service-${n}:1.2.3`,
    command: ['/bin/server', '--listen', ':8080', '--log-level', 'info'],
    ports: [{ name: 'http', containerPort: 8080, protocol: 'TCP' }],
    env: Array.from({ length: 8 }, (_, i) => ({ name: `SETTING_${i}`, value: `some value number ${i}` })),
    resources: { requests: { cpu: '10m', memory: '16Mi' }, limits: { memory: '64Mi' } },
    readinessProbe: { httpGet: { path: '/ready', port: 'http' }, periodSeconds: 5 },
  })
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      namespace,
      labels,
      annotations: { 'example.com/notes': 'n'.repeat(600) },
    },
    spec: { containers: [container(0), container(1)], terminationGracePeriodSeconds: 30 },
  }
}
