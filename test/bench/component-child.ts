import { readFileSync } from 'node:fs'
import { startApi, startLoops } from '@kapell/cli/cluster'
import { transportFromKubeconfig } from '@kapell/cli/kubeconfig'
import { gitVersion } from '@kapell/apiserver/version'
import { startHollowNodes } from '@kapell/node-agent/hollow/fleet'
import { silentLog } from '../suites/silent-log.ts'
import { usageNow } from './harness.ts'

/** One component in a process of its own, so that its memory can be told from the others'. */
export interface ComponentOrder {
  component: 'apiserver' | 'controllers' | 'scheduler' | 'nodes'
  dataDir: string
  kubeconfig: string
}

/** Live memory, after a full collection, and what the process holds of the machine's. */
export interface ComponentMemory {
  liveBytes: number
  anonymousBytes: number
}

export type ComponentAnswer = { ready: true; kubeconfig?: string } | { memory: ComponentMemory } | { nodes: number }

const order = JSON.parse(process.argv[2] ?? '{}') as ComponentOrder
const tell = (answer: ComponentAnswer): void => void process.send?.(answer)
const closing: (() => Promise<void>)[] = []

if (order.component === 'apiserver') {
  const api = await startApi({
    dataDir: order.dataDir,
    port: 0,
    bindAddress: '127.0.0.1',
    serviceClusterIpRange: '10.96.0.0/16',
    store: { type: 'embedded' },
    controllers: true,
    log: silentLog,
  })
  closing.push(() => api.close())
  tell({ ready: true, kubeconfig: api.adminKubeconfig() })
} else {
  const transport = transportFromKubeconfig(order.kubeconfig)
  closing.push(() => transport.close())
  if (order.component !== 'nodes') {
    const loops = await startLoops({
      door: () => transport,
      controllers: order.component === 'controllers',
      scheduler: order.component === 'scheduler',
      rootCa: readFileSync(`${order.dataDir}/pki/ca.crt`, 'utf8'),
      log: silentLog,
    })
    closing.unshift(() => loops.close())
  }
  tell({ ready: true })
}

let nodes = 0
async function addNodes(count: number): Promise<void> {
  const transport = transportFromKubeconfig(order.kubeconfig)
  const nodeNames = Array.from({ length: count }, (_, i) => `node-${nodes + i}`)
  nodes += count
  const fleet = await startHollowNodes({
    transportOf: () => transport,
    watchTransport: transport,
    nodeNames,
    version: gitVersion,
    log: silentLog,
  })
  closing.unshift(() => fleet.close())
  tell({ nodes })
}

function memory(): ComponentMemory {
  const { gc } = globalThis as { gc?: () => void }
  gc?.()
  gc?.()
  const { heapUsed, external } = process.memoryUsage()
  return { liveBytes: heapUsed + external, anonymousBytes: usageNow().anonymousBytes }
}

process.on('message', (message: 'memory' | number) => {
  if (message === 'memory') tell({ memory: memory() })
  else void addNodes(message)
})
process.on('disconnect', () => {
  void (async () => {
    for (const close of closing) await close().catch(() => {})
    process.exit(0)
  })()
})
