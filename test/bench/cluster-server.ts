import { usageNow } from './harness.ts'

/**
 * The embedded cluster in a process of its own: tells how long its start took, then how much it uses. Answers any
 * message with its usage so far; ends when the channel closes.
 */
const imported = performance.now()
const { startCluster } = await import('@kapell/cli/embed')
const importedMs = performance.now() - imported
const first = performance.now()
const cluster = await startCluster()
const firstMs = performance.now() - first
const second = performance.now()
const again = await startCluster()
const secondMs = performance.now() - second
await again.close()

export interface ClusterStarted {
  importedMs: number
  firstMs: number
  secondMs: number
}

process.on('message', () => process.send?.(usageNow()))
process.on('disconnect', () => {
  cluster.close().then(
    () => process.exit(0),
    () => process.exit(1),
  )
})
process.send?.({ importedMs, firstMs, secondMs } satisfies ClusterStarted)
