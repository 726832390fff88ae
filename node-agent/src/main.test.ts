import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { silentLogger } from '@kapell/controllers/machinery/log'
import type { Transport } from '@kapell/openapi/wire/transport'
import { startNodeAgent } from './main.ts'

let dir: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'kapell-agent-'))
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

/** An API server that knows nothing but takes every node and lease. */
function emptyApi(): { transport: Transport; created: Record<string, unknown>[] } {
  const created: Record<string, unknown>[] = []
  const answer = (status: number, body: unknown) => {
    const bytes = Buffer.from(JSON.stringify(body))
    return {
      status,
      headers: { 'content-type': 'application/json' },
      bytes: () => Promise.resolve(bytes),
      stream: async function* () {
        yield bytes
      },
    }
  }
  const transport: Transport = async ({ method, path, body, signal }) => {
    if (path.includes('watch=true')) {
      return {
        ...answer(200, {}),
        stream: async function* () {
          const metadata = { resourceVersion: '1', annotations: { 'k8s.io/initial-events-end': 'true' } }
          yield Buffer.from(JSON.stringify({ type: 'BOOKMARK', object: { metadata } }) + '\n')
          await new Promise<void>((resolve) => signal?.addEventListener('abort', () => resolve(), { once: true }))
        },
      }
    }
    const object = body === undefined ? {} : (JSON.parse(Buffer.from(body).toString()) as Record<string, unknown>)
    if (method === 'POST') {
      created.push(object)
      return answer(201, object)
    }
    if (method === 'GET' && /\/leases\//.test(path)) {
      return answer(404, { kind: 'Status', status: 'Failure', reason: 'NotFound', code: 404 })
    }
    return answer(200, method === 'GET' ? { items: [], metadata: { resourceVersion: '1' } } : object)
  }
  return { transport, created }
}

it('starts without any runtime when it may simulate, and says so on the Node', async () => {
  const { transport, created } = emptyApi()
  const warnings: string[] = []
  const log = { ...silentLogger, warn: (message: string) => void warnings.push(message) }
  const agent = await startNodeAgent({
    transport,
    nodeName: 'n',
    nodeIp: '127.0.0.1',
    dataDir: dir,
    podCidr: '10.9.0.0/24',
    simulated: true,
    log,
  })
  try {
    const node = created.find(({ kind }) => kind === 'Node') as {
      metadata: { labels: Record<string, string> }
      status: { nodeInfo: { containerRuntimeVersion: string } }
    }
    expect(node.status.nodeInfo.containerRuntimeVersion).toBe('simulated://1')
    expect(node.metadata.labels['kapell.io/simulated-runtime']).toBe('true')
    expect(warnings.join()).toContain('SIMULATES')
  } finally {
    await agent.close({ removePods: true })
  }
})

it('says in one line that nobody answers at the socket of a runtime', async () => {
  const { transport } = emptyApi()
  const start = startNodeAgent({
    transport,
    dataDir: dir,
    podCidr: '10.9.0.0/24',
    runtimeSocket: join(dir, 'no.sock'),
    log: silentLogger,
  })
  await expect(start).rejects.toThrow(
    /^the container runtime does not answer on .*no\.sock \(Version\): is containerd running\?/,
  )
})
