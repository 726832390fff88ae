import type { Bench, Print } from '../harness.ts'
import { cases, node, type Case } from './cases.ts'
import { InProcessScheduler } from './in-process.ts'

/** Shares of a case's nodes and pods that show how the cost grows. */
const shares = [0.02, 0.2, 1]

/**
 * Throughput of the scheduler alone, by the cases of upstream's scheduler_perf, each next to upstream's published floor
 * (which includes an API server and etcd): `KAPELL_BENCH_ONLY` names a part of the cases' names.
 */
export const schedulerBench: Bench = {
  name: 'scheduler',
  about: "pods placed a second in-process, by the cases of upstream's scheduler_perf, at 100, 1,000 and 5,000 nodes",
  run: async (print) => {
    const only = process.env['KAPELL_BENCH_ONLY'] ?? ''
    for (const one of cases.filter(({ name }) => name.includes(only))) await runCase(one, print)
  },
}

async function runCase(one: Case, print: Print): Promise<void> {
  for (const share of one.nodes === 1 ? [1] : shares) {
    const { nodes, podsPerSecond } = await measure(one, share)
    print({
      what: `${one.name} (${nodes.toLocaleString('en')} nodes)`,
      value: podsPerSecond,
      unit: 'pods/s',
      ...(share === 1 ? { of: { what: "upstream's floor", value: one.floor, aim: 100 * one.aim } } : {}),
    })
  }
}

async function measure(one: Case, share: number): Promise<{ nodes: number; podsPerSecond: number }> {
  const some = (count: number): number => Math.max(1, Math.round(count * share))
  const scheduler = new InProcessScheduler(
    one.namespaceLabels === undefined ? {} : { namespaceLabels: one.namespaceLabels },
  )
  const nodes = some(one.nodes)
  for (let i = 0; i < nodes; i++) scheduler.addNode((one.node ?? node)(i))
  for (const { count, pod } of one.initial) {
    const bound = scheduler.bound(some(count))
    for (let i = 0; i < some(count); i++) scheduler.addPod(pod(i))
    await bound
  }
  for (let i = 0; i < some(one.stuck?.count ?? 0) && one.stuck !== undefined; i++) scheduler.addPod(one.stuck.pod(i))
  const count = some(one.measured.count)
  const before = performance.now()
  const bound = scheduler.bound(count)
  for (let i = 0; i < count; i++) {
    scheduler.addPod(one.measured.pod(i, nodes))
    if (one.churn === true && i % 100 === 0) scheduler.addNode(node(nodes + i))
    if (i % 500 === 499) await new Promise((resolve) => setImmediate(resolve))
  }
  await bound
  const seconds = (performance.now() - before) / 1000
  await scheduler.close()
  return { nodes, podsPerSecond: count / seconds }
}
