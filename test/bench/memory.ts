import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { transportFromKubeconfig } from '@kapell/cli/kubeconfig'
import { createClient } from '@kapell/controllers/machinery/create-client'
import { deployments, nodes } from '@kapell/openapi/meta/refs'
import type { ComponentAnswer, ComponentMemory, ComponentOrder } from './component-child.ts'
import { withDirectory, type Bench, type Print } from './harness.ts'

/** Sizes of the cluster that are measured; what lies between two of them is divided by their difference. */
const sizes = { nodes: [100, 300, 500], pods: [0, 1000, 3000, 5000] }
const components = ['apiserver', 'controllers', 'scheduler', 'nodes'] as const
type Component = (typeof components)[number]
/** What the API server aims for. */
const aims = { pods: 12, nodes: 4 }
/** Watches have said all there is to say, and writes are through. */
const quietMs = 3000

/**
 * Memory of each component, in a process of its own, as nodes and pods are added: live memory after a full collection,
 * which can be compared from run to run, and anonymous memory, which is what the machine sees.
 */
export const memoryBench: Bench = {
  name: 'memory',
  about: 'memory of each component per 100 nodes and per 1,000 pods, and whether it grows linearly',
  run: (print) => withDirectory((directory) => run(directory, print)),
}

async function run(directory: string, print: Print): Promise<void> {
  const kubeconfig = join(directory, 'kubeconfig')
  const children = new Map<Component, ChildProcess>()
  try {
    for (const component of components) {
      const child = startChild({ component, dataDir: directory, kubeconfig })
      children.set(component, child)
      const { kubeconfig: text } = await answerOf(child, 'ready')
      if (text !== undefined) writeFileSync(kubeconfig, text, { mode: 0o600 })
    }
    const transport = transportFromKubeconfig(kubeconfig)
    const client = createClient(transport)
    const fleet = children.get('nodes')
    const measure = async (): Promise<Map<Component, ComponentMemory>> => {
      await new Promise((resolve) => setTimeout(resolve, quietMs))
      const all = new Map<Component, ComponentMemory>()
      for (const [component, child] of children) {
        child.send('memory')
        all.set(component, (await answerOf(child, 'memory')).memory)
      }
      return all
    }
    const byNodes: Step[] = []
    let known = 0
    for (const count of sizes.nodes) {
      fleet?.send(count - known)
      if (fleet !== undefined) await answerOf(fleet, 'nodes')
      known = count
      await until(async () => {
        const { items } = await client.resource(nodes).list()
        return items.length === count && items.every(({ spec }) => (spec?.taints ?? []).length === 0)
      })
      byNodes.push({ count, memory: await measure() })
    }
    tell(print, { steps: byNodes, unit: 100, what: 'nodes', aim: aims.nodes })
    const byPods: Step[] = []
    for (const count of sizes.pods) {
      if (count > 0) await scale(client, count)
      byPods.push({ count, memory: await measure() })
    }
    tell(print, { steps: byPods, unit: 1000, what: 'pods', aim: aims.pods })
    await transport.close()
  } finally {
    for (const child of [...children.values()].reverse()) {
      child.disconnect()
      await once(child, 'exit')
    }
  }
}

interface Step {
  count: number
  memory: Map<Component, ComponentMemory>
}

/** The whole growth, and that of each step: equal steps say that it is linear. */
function tell(print: Print, growth: { steps: readonly Step[]; unit: number; what: string; aim: number }): void {
  const { steps, unit, what, aim } = growth
  const [first] = steps
  const last = steps.at(-1)
  if (first === undefined || last === undefined) return
  const slope = (a: Step, b: Step, component: Component, of: keyof ComponentMemory): number => {
    const bytes = (step: Step): number => step.memory.get(component)?.[of] ?? Number.NaN
    return ((bytes(b) - bytes(a)) / 2 ** 20 / (b.count - a.count)) * unit
  }
  for (const component of components) {
    const each = steps.slice(1).map((step, i) => slope(steps[i] ?? first, step, component, 'liveBytes').toFixed(1))
    const text = component === 'apiserver' ? ` (aim: under ${aim})` : ''
    print({
      what: `${component}: live memory${text}`,
      value: slope(first, last, component, 'liveBytes'),
      unit: `MB/${unit.toLocaleString('en')} ${what}, by step ${each.join(', ')}`,
    })
    print({
      what: '  anonymous memory of the process',
      value: slope(first, last, component, 'anonymousBytes'),
      unit: `MB/${unit.toLocaleString('en')} ${what}`,
    })
  }
}

async function scale(client: ReturnType<typeof createClient>, replicas: number): Promise<void> {
  const web = client.resource(deployments, 'default')
  const template = { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'c', image: 'i' }] } }
  const spec = { replicas, selector: { matchLabels: { app: 'web' } }, template }
  await web.patch(
    'web',
    'apply',
    { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web' }, spec },
    {
      fieldManager: 'bench',
      force: true,
    },
  )
  await until(async () => (await web.get('web')).status?.availableReplicas === replicas)
}

function startChild(order: ComponentOrder): ChildProcess {
  const file = fileURLToPath(new URL('./component-child.ts', import.meta.url))
  return fork(file, [JSON.stringify(order)], { execArgv: ['--expose-gc', '--no-warnings'] })
}

/** The child's next message, which must be of the kind asked for. */
async function answerOf<K extends 'ready' | 'memory' | 'nodes'>(
  child: ChildProcess,
  kind: K,
): Promise<Extract<ComponentAnswer, Record<K, unknown>>> {
  const over = new AbortController()
  const { signal } = over
  try {
    const ended = once(child, 'exit', { signal }).then(([code]) => {
      throw new Error(`a component ended with ${String(code)}`)
    })
    ended.catch(() => {})
    const [answer] = (await Promise.race([once(child, 'message', { signal }), ended])) as [ComponentAnswer]
    if (!(kind in answer)) throw new Error(`${kind} expected`)
    return answer as Extract<ComponentAnswer, Record<K, unknown>>
  } finally {
    over.abort()
  }
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 200))
}
