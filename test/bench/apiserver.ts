import { load, prepare, startServer, withConnections, type Server } from './api.ts'
import {
  inTurns,
  median,
  memoryRows,
  rowText,
  samplePod,
  withDirectory,
  type Bench,
  type Print,
  type Usage,
} from './harness.ts'
import { requestBytes } from './http-client.ts'
import { podChecks } from './pod-checks.ts'

/**
 * What each kind of request costs the API server, its store included, in CPU: as a multiple of what parsing the JSON of
 * one pod of 4 KB costs in the same run, because times by themselves are those of a machine and of a moment.
 */
const pods = 2000
const base = '/api/v1/namespaces/default'
const nameOf = (i: number): string => `filled-${String(i % pods).padStart(5, '0')}`
const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value))
const text = 'x'.repeat(2000)

interface Case {
  what: string
  clients: number
  status?: number
  next: (i: number) => Buffer
}

const configMap = (name: string, i: number): Buffer =>
  json({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data: { n: String(i), text } })
const tableType = 'application/json;as=Table;g=meta.k8s.io;v=v1'
const protobufType = 'application/vnd.kubernetes.protobuf'
const get = (path: string, accept?: string): Buffer =>
  requestBytes({ method: 'GET', path: `${base}/${path}`, ...(accept === undefined ? {} : { accept }) })
const write = (method: string, path: string, body: Buffer, contentType?: string): Buffer =>
  requestBytes({ method, path: `${base}/${path}`, body, ...(contentType === undefined ? {} : { contentType }) })

const cases: readonly Case[] = [
  { what: 'GET of a pod', clients: 16, next: (i) => get(`pods/${nameOf(i)}`) },
  { what: 'LIST of 500 pods', clients: 4, next: () => get('pods?limit=500') },
  { what: `LIST of ${pods} pods`, clients: 4, next: () => get('pods?resourceVersion=0') },
  { what: '  in protobuf', clients: 4, next: () => get('pods?resourceVersion=0', protobufType) },
  { what: '  as a Table', clients: 4, next: () => get('pods?resourceVersion=0', tableType) },
  {
    what: 'create of a pod',
    clients: 16,
    status: 201,
    next: (i) => write('POST', 'pods', json(samplePod(`created-${i}`))),
  },
  {
    what: '  one after another',
    clients: 1,
    status: 201,
    next: (i) => write('POST', 'pods', json(samplePod(`single-${i}`))),
  },
  {
    what: 'update of a ConfigMap of 2 KB',
    clients: 16,
    next: (i) => write('PUT', `configmaps/updated-${i % 64}`, configMap(`updated-${i % 64}`, i)),
  },
  {
    what: 'strategic-merge patch of a pod',
    clients: 16,
    next: (i) =>
      write(
        'PATCH',
        `pods/${nameOf(i)}`,
        json({ metadata: { annotations: { n: String(i) } } }),
        'application/strategic-merge-patch+json',
      ),
  },
  {
    what: 'server-side apply of a ConfigMap of 2 KB',
    clients: 16,
    next: (i) =>
      write(
        'PATCH',
        `configmaps/applied-${i % 64}?fieldManager=bench&force=true`,
        configMap(`applied-${i % 64}`, i),
        'application/apply-patch+yaml',
      ),
  },
  {
    what: 'delete of a pod',
    clients: 16,
    next: (i) => requestBytes({ method: 'DELETE', path: `${base}/pods/created-${i}?gracePeriodSeconds=0` }),
  },
]

/** CPU of this thread so far: what others on the machine do does not count. */
function threadMicros(): number {
  const { user, system } = process.threadCpuUsage()
  return user + system
}

/** Microseconds that parsing the JSON of one pod takes, now. */
function parseMicros(podText: string): number {
  const rounds = 1000
  const start = threadMicros()
  for (let i = 0; i < rounds; i++) JSON.parse(podText)
  return (threadMicros() - start) / rounds
}

/** Decoding apart, what a create of a pod costs before it is stored. */
async function checks(print: Print): Promise<void> {
  const bench = podChecks()
  const rounds = 400
  const { checked, decoded, parsed } = await inTurns(7, {
    checked: async () => {
      const made = Array.from({ length: rounds }, () => bench.decode())
      const start = threadMicros()
      for (const pod of made) await bench.check(pod)
      return (threadMicros() - start) / rounds
    },
    decoded: () => {
      const start = threadMicros()
      for (let i = 0; i < rounds; i++) bench.decode()
      return Promise.resolve((threadMicros() - start) / rounds)
    },
    parsed: () => Promise.resolve(parseMicros(bench.text)),
  })
  const size = `${bench.text.length} bytes`
  const of = { what: `JSON.parse of it (${parsed.toFixed(1)} µs)`, value: parsed }
  print({ what: `defaults, admission, validation of a pod (${size})`, value: checked, unit: 'µs', of })
  print({ what: '  aim: below 4 times', value: checked / parsed, unit: '×' })
  print({ what: 'decoding of it by its schema, parsing included', value: decoded, unit: 'µs', of })
}

async function costOf(server: Server, one: Case, milliseconds: number): Promise<{ micros: number; perSecond: number }> {
  const first = numbers.get(one.what) ?? 0
  let i = first
  const before = await server.ask<Usage>({ ask: 'usage' })
  const perSecond = await load(server, {
    to: 'api',
    clients: one.clients,
    milliseconds,
    next: () => one.next(i++),
    status: one.status ?? 200,
  })
  const after = await server.ask<Usage>({ ask: 'usage' })
  numbers.set(one.what, i)
  return { micros: ((after.cpuMs - before.cpuMs) * 1000) / (i - first), perSecond }
}
/** Where each case goes on. */
const numbers = new Map<string, number>()

async function fill(server: Server): Promise<void> {
  const send = async (count: number, next: (i: number) => Buffer): Promise<void> => {
    let i = 0
    const connections = Math.min(16, count)
    await withConnections(server, { to: 'api', count: connections }, async (all) => {
      await Promise.all(
        all.map(async (connection) => {
          while (i < count) {
            const answer = await connection.request(next(i++))
            if (answer.status !== 201) throw new Error(`filling: answered ${answer.status}`)
          }
        }),
      )
    })
  }
  await send(pods, (i) => write('POST', 'pods', json(samplePod(nameOf(i)))))
  await send(64, (i) => write('POST', 'configmaps', configMap(`updated-${i}`, 0)))
  await send(64, (i) => write('POST', 'configmaps', configMap(`applied-${i}`, 0)))
}

export const apiserverBench: Bench = {
  name: 'apiserver',
  about: 'CPU that each kind of request costs, in multiples of parsing the JSON of one pod',
  run: (print) =>
    withDirectory(async (directory) => {
      await checks(print)
      const server = await startServer(directory)
      await prepare(server)
      for (const row of memoryRows('API server, empty', await server.ask<Usage>({ ask: 'usage' }))) print(row)
      await fill(server)
      for (const row of memoryRows(`  with ${pods} pods`, await server.ask<Usage>({ ask: 'usage' }))) print(row)
      const { text: podText } = podChecks()
      for (const one of cases) {
        const costs: number[] = []
        const parses: number[] = []
        let rate = 0
        // Deletions need what the creates made: one round.
        for (let round = 0; round < (one.what.startsWith('delete') ? 1 : 3); round++) {
          parses.push(parseMicros(podText))
          const { micros, perSecond } = await costOf(server, one, 1000)
          costs.push(micros)
          rate = Math.max(rate, perSecond)
        }
        const [cost, parse] = [median(costs), median(parses)]
        print({
          what: one.what,
          value: cost / 1000,
          unit: `ms CPU, ${(cost / parse).toFixed(1)} × parse, ${Math.round(rate)}/s`,
        })
      }
      for (const row of memoryRows('  after all this', await server.ask<Usage>({ ask: 'usage' }))) print(row)
      await server.stop()
    }),
}

if (import.meta.main) await apiserverBench.run((row) => console.log(rowText(row)))
