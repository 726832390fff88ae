import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Ask, Started } from './api-server.ts'
import {
  inTurns,
  median,
  memoryRows,
  rate,
  rowText,
  samplePod,
  withDirectory,
  type Bench,
  type Print,
  type Usage,
} from './harness.ts'
import { openConnection, openStream, requestBytes, type Connection } from './http-client.ts'

export interface Server extends Started {
  ask<T>(ask: Ask): Promise<T>
  stop(): Promise<void>
}

export async function startServer(directory: string): Promise<Server> {
  const child: ChildProcess = fork(fileURLToPath(new URL('./api-server.ts', import.meta.url)), [directory], {
    execArgv: process.env['KAPELL_BENCH_PROFILE'] === undefined ? [] : ['--cpu-prof', '--cpu-prof-dir=.profiles'],
  })
  let asked = 0
  const waiting = new Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>()
  const answer = (id: number): Promise<unknown> =>
    new Promise((resolve, reject) => waiting.set(id, { resolve, reject }))
  child.on('message', ({ id, result, error }: { id: number; result: unknown; error?: string }) => {
    const { resolve, reject } = waiting.get(id) ?? {}
    waiting.delete(id)
    if (error === undefined) resolve?.(result)
    else reject?.(new Error(error))
  })
  child.on('exit', (code) => {
    for (const { reject } of waiting.values()) reject(new Error(`the server ended with ${code}`))
  })
  const started = (await answer(0)) as Started
  return {
    ...started,
    ask: async <T>(ask: Ask) => {
      asked += 1
      child.send({ id: asked, ask })
      return (await answer(asked)) as T
    },
    stop: async () => {
      child.send({ id: ++asked, ask: { ask: 'stop' } satisfies Ask })
      await once(child, 'exit')
    },
  }
}

export async function withConnections<T>(
  server: Server,
  options: { to: 'api' | 'bare'; count: number; keepBody?: boolean },
  use: (connections: Connection[]) => Promise<T>,
): Promise<T> {
  const { ca, cert, key } = server
  const port = options.to === 'api' ? server.apiPort : server.barePort
  const keepBody = options.keepBody ?? false
  const connections = await Promise.all(
    Array.from({ length: options.count }, () => openConnection({ port, ca, cert, key, keepBody })),
  )
  try {
    return await use(connections)
  } finally {
    for (const connection of connections) connection.close()
  }
}

async function get(server: Server, path: string): Promise<Buffer> {
  return withConnections(server, { to: 'api', count: 1, keepBody: true }, async ([connection]) => {
    const answer = await connection?.request(requestBytes({ method: 'GET', path }))
    if (answer?.status !== 200 || answer.body === undefined) throw new Error(`GET ${path}: ${answer?.status}`)
    return answer.body
  })
}

/** How many such requests a second, checked to succeed. */
export async function load(
  server: Server,
  options: { to: 'api' | 'bare'; clients: number; milliseconds: number; next: () => Buffer; status?: number },
): Promise<number> {
  const { to, clients, milliseconds, next, status = 200 } = options
  return withConnections(server, { to, count: clients }, (connections) =>
    rate({
      clients,
      milliseconds,
      work: async (client) => {
        const answer = await connections[client]?.request(next())
        if (answer?.status !== status) throw new Error(`answered ${answer?.status}`)
      },
    }),
  )
}

/** Ours against the bare server that sends the same bytes. */
async function readAgainstBare(
  server: Server,
  print: Print,
  options: { what: string; path: string; clients: number; milliseconds: number; aim: number },
): Promise<void> {
  const { what, path, clients, milliseconds, aim } = options
  const body = await get(server, path)
  await server.ask({ ask: 'bytes', body: body.toString('base64'), contentType: 'application/json' })
  const request = requestBytes({ method: 'GET', path })
  const next = (): Buffer => request
  const cpu = { api: [] as number[], bare: [] as number[] }
  const measure = async (to: 'api' | 'bare'): Promise<number> => {
    const before = await server.ask<Usage>({ ask: 'usage' })
    const perSecond = await load(server, { to, clients, milliseconds, next })
    const after = await server.ask<Usage>({ ask: 'usage' })
    cpu[to].push(((after.cpuMs - before.cpuMs) * 1000) / ((perSecond * milliseconds) / 1000))
    return perSecond
  }
  const { ours, bare } = await inTurns(5, { ours: () => measure('api'), bare: () => measure('bare') })
  print({
    what: `${what} (${body.length} bytes, ${clients} clients)`,
    value: ours,
    unit: '/s',
    of: { what: `bare node:https (${Math.round(bare)}/s)`, value: bare, aim },
  })
  print({
    what: '  CPU of the server for one, on a shared machine the truer ratio',
    value: median(cpu.api),
    unit: `µs; bare takes ${Math.round((100 * median(cpu.bare)) / median(cpu.api))} % of that`,
  })
}

let podNumber = 0
function createRequest(): Buffer {
  const name = `bench-${String(podNumber++).padStart(7, '0')}`
  return requestBytes({
    method: 'POST',
    path: '/api/v1/namespaces/default/pods',
    body: Buffer.from(JSON.stringify(samplePod(name))),
  })
}

/** Pods need their service account, which a controller makes in a whole cluster. */
export async function prepare(server: Server): Promise<void> {
  const body = Buffer.from(
    JSON.stringify({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default', namespace: 'default' } }),
  )
  const path = '/api/v1/namespaces/default/serviceaccounts'
  const request = requestBytes({ method: 'POST', path, body })
  await withConnections(server, { to: 'api', count: 1, keepBody: true }, async ([connection]) => {
    const answer = await connection?.request(request)
    if (answer?.status !== 201 && answer?.status !== 409) throw new Error(String(answer?.body))
  })
}

async function creates(server: Server, print: Print): Promise<void> {
  const clients = 16
  const milliseconds = 1500
  await load(server, { to: 'api', clients, milliseconds: 200, next: createRequest, status: 201 })
  const list = await get(server, '/api/v1/namespaces/default/pods?limit=1')
  const sizeBytes = list.length
  const { ours, commits, store } = await inTurns(3, {
    ours: () => load(server, { to: 'api', clients, milliseconds, next: createRequest, status: 201 }),
    commits: () => server.ask<number>({ ask: 'storeCreates', clients: 1, milliseconds, sizeBytes }),
    store: () => server.ask<number>({ ask: 'storeCreates', clients, milliseconds, sizeBytes }),
  })
  const what = `durable creates of a pod (about ${sizeBytes} bytes, ${clients} clients)`
  const ofCommits = `the store's awaited commits (${Math.round(commits)}/s, one after another)`
  print({ what, value: ours, unit: '/s', of: { what: ofCommits, value: commits, aim: 50 } })
  const ofStore = `the store alone with ${clients} writers, whose writes share commits (${Math.round(store)}/s)`
  print({ what: '  the same', value: ours, unit: '/s', of: { what: ofStore, value: store } })
}

/** Every watcher gets every event; what counts is the deliveries of all together, and what one costs the server. */
async function watches(server: Server, print: Print): Promise<void> {
  const watchers = 200
  const writes = 300
  const mark = '{"type":"ADDED"'
  let delivered = 0
  let all = (): void => undefined
  const finished = new Promise<void>((resolve) => (all = resolve))
  const path = `/api/v1/pods?watch=true&resourceVersion=${resourceVersionOf(await get(server, '/api/v1/pods?limit=1'))}`
  const closers = await Promise.all(
    Array.from({ length: watchers }, () => {
      // A mark may be split between two reads.
      let tail = ''
      return openStream({
        ...server,
        port: server.apiPort,
        path,
        onData: (data) => {
          const text = tail + data.toString('latin1')
          for (let at = text.indexOf(mark); at >= 0; at = text.indexOf(mark, at + 1)) delivered += 1
          tail = text.slice(1 - mark.length)
          if (delivered === watchers * writes) all()
        },
      })
    }),
  )
  const before = await server.ask<Usage>({ ask: 'usage' })
  const start = performance.now()
  await fillPods(server, writes)
  await finished
  const seconds = (performance.now() - start) / 1000
  const after = await server.ask<Usage>({ ask: 'usage' })
  for (const close of closers) close()
  print({ what: `watch deliveries, ${writes} creates to ${watchers} watchers`, value: delivered / seconds, unit: '/s' })
  print({ what: '  CPU of the server for one', value: ((after.cpuMs - before.cpuMs) * 1000) / delivered, unit: 'µs' })
}

function resourceVersionOf(list: Buffer): string {
  return (JSON.parse(list.toString()) as { metadata: { resourceVersion: string } }).metadata.resourceVersion
}

const idleMs = 5000

/** The API server alone, nobody asking. */
async function idle(server: Server, print: Print): Promise<void> {
  const before = await server.ask<Usage>({ ask: 'usage' })
  const start = performance.now()
  // Not a wait for something: what is measured is this time.
  await new Promise((resolve) => setTimeout(resolve, idleMs))
  const after = await server.ask<Usage>({ ask: 'usage' })
  const percent = (100 * (after.cpuMs - before.cpuMs)) / (performance.now() - start)
  for (const row of memoryRows('idle API server', after)) print(row)
  print({ what: 'idle API server: CPU', value: percent, unit: '% of a core' })
}

async function fillPods(server: Server, count: number): Promise<void> {
  await withConnections(server, { to: 'api', count: 64 }, async (connections) => {
    let left = count
    await Promise.all(
      connections.map(async (connection) => {
        while (left-- > 0) await connection.request(createRequest())
      }),
    )
  })
}

export const apiBench: Bench = {
  name: 'api',
  about: 'the API server against a bare node:https server and against its own store',
  run: (print) =>
    withDirectory(async (directory) => {
      const server = await startServer(directory)
      await prepare(server)
      await idle(server, print)
      await fillPods(server, 10)
      const path = '/api/v1/namespaces/default/pods/bench-0000000'
      await readAgainstBare(server, print, { what: 'GET of a pod', path, clients: 32, milliseconds: 1000, aim: 50 })
      const cached = `${path}?resourceVersion=0`
      await readAgainstBare(server, print, {
        what: 'GET of a pod from the cache',
        path: cached,
        clients: 32,
        milliseconds: 700,
        aim: 50,
      })
      await creates(server, print)
      await watches(server, print)
      const existing = JSON.parse((await get(server, '/api/v1/pods?limit=1')).toString()) as {
        metadata: { remainingItemCount?: number }
      }
      const missing = 4999 - (existing.metadata.remainingItemCount ?? 0)
      if (missing > 0) await fillPods(server, missing)
      const limit = '/api/v1/pods?limit=5000&resourceVersion=0&resourceVersionMatch=NotOlderThan'
      await readAgainstBare(server, print, {
        what: 'LIST of 5,000 pods',
        path: limit,
        clients: 4,
        milliseconds: 2000,
        aim: 80,
      })
      const usage = await server.ask<Usage>({ ask: 'usage' })
      for (const row of memoryRows('API server with these pods', usage)) print(row)
      await server.stop()
    }),
}

if (import.meta.main) await apiBench.run((row) => console.log(rowText(row)))
