import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { ClusterStarted } from './cluster-server.ts'
import { memoryRows, rowText, type Bench, type Print, type Usage } from './harness.ts'

async function next<T>(child: ChildProcess): Promise<T> {
  const [message] = (await once(child, 'message')) as [T]
  return message
}

async function usageOf(child: ChildProcess): Promise<Usage> {
  child.send('usage')
  return next<Usage>(child)
}

const settleMs = 5000
const idleMs = 20_000

async function run(print: Print): Promise<void> {
  const child = fork(fileURLToPath(new URL('./cluster-server.ts', import.meta.url)))
  const started = await next<ClusterStarted>(child)
  print({ what: 'loading the code, first time', value: started.importedMs, unit: 'ms' })
  print({ what: 'startCluster(), first in a process', value: started.firstMs, unit: 'ms' })
  print({ what: 'startCluster(), second (aim: under 500)', value: started.secondMs, unit: 'ms' })
  await new Promise((resolve) => setTimeout(resolve, settleMs))
  const before = await usageOf(child)
  const start = performance.now()
  await new Promise((resolve) => setTimeout(resolve, idleMs))
  const after = await usageOf(child)
  const percent = (100 * (after.cpuMs - before.cpuMs)) / (performance.now() - start)
  for (const row of memoryRows('idle control plane (aim: under 250)', after)) print(row)
  print({ what: 'idle control plane: CPU (aim: under 2)', value: percent, unit: '% of a core' })
  child.disconnect()
  await once(child, 'exit')
}

export const clusterBench: Bench = {
  name: 'cluster',
  about: 'the embedded cluster: time to start, memory and CPU while idle',
  run,
}

if (import.meta.main) await clusterBench.run((row) => console.log(rowText(row)))
