import type { Cri } from '@kapell/node-agent/cri/client'
import { pods } from '@kapell/openapi/meta/refs'
import { namespace, scriptPod, sleepForever, startTestNode, type TestNode } from '../e2e/node/test-node.ts'
import { median, rowText, type Print } from './harness.ts'

const count = 100

/** When anything was being asked of the runtime: overlapping calls count once. */
function busyTime(spans: readonly [number, number][], from: number, to: number): number {
  let busy = 0
  let reached = from
  for (const [start, end] of [...spans].sort((a, b) => a[0] - b[0])) {
    const [begin, stop] = [Math.max(start, reached), Math.min(end, to)]
    if (stop <= begin) continue
    busy += stop - begin
    reached = stop
  }
  return busy
}

/** Notes how long each call of a runtime takes. */
function measureCalls(cri: Pick<Cri, 'runtime' | 'images'>, spans: [number, number][]): void {
  for (const service of [cri.runtime, cri.images] as unknown as Record<string, (...args: unknown[]) => unknown>[])
    for (const [name, call] of Object.entries(service)) {
      service[name] = (...args) => {
        const start = performance.now()
        const result = call(...args)
        if (result instanceof Promise) {
          const done = (): void => void spans.push([start, performance.now()])
          result.then(done, done)
        }
        return result
      }
    }
}

/** From the write that binds a pod to the event that it runs, one pod after the other. */
async function startOne(node: TestNode, name: string): Promise<[number, number]> {
  const stop = new AbortController()
  const running = (async () => {
    const watch = node.client
      .resource(pods, namespace)
      .watch({ fieldSelector: `metadata.name=${name}`, resourceVersion: '0', signal: stop.signal })
    for await (const { object } of watch) if (object.status?.phase === 'Running') return performance.now()
    return Number.NaN
  })()
  const start = performance.now()
  await node.create(scriptPod(name, sleepForever))
  const end = await running
  stop.abort()
  return [start, end]
}

/** What of a pod's start is ours: all of it less the time in which the runtime was asked for something. */
export async function podStartRows(print: Print): Promise<void> {
  const node = await startTestNode({ podCidr: '10.186.0.0/24' })
  try {
    const spans: [number, number][] = []
    measureCalls(node.agent.pods.deps.cri, spans)
    const [all, ours]: [number[], number[]] = [[], []]
    for (let i = 0; i < count; i++) {
      spans.length = 0
      const [start, end] = await startOne(node, `pod-${i}`)
      all.push(end - start)
      ours.push(end - start - busyTime(spans, start, end))
      await node.remove(`pod-${i}`, 0)
    }
    print({ what: 'start of a pod, from bound to Running, median', value: median(all), unit: 'ms' })
    print({ what: '  of it not in calls of the runtime (aim: under 30)', value: median(ours), unit: 'ms' })
  } finally {
    await node.close()
  }
}

if (import.meta.main) {
  await podStartRows((row) => console.log(rowText(row)))
  process.exit(0)
}
