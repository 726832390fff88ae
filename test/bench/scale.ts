import { startCluster, type EmbeddedCluster } from '@kapell/cli'
import { configMaps, deployments, namespaces, pods } from '@kapell/openapi/meta/refs'
import { isReason } from '@kapell/openapi/meta/status'
import { rowText, usageNow, withDirectory, type Bench, type Print } from './harness.ts'

/** Pods of the Deployment, and objects of the namespace and of the owner, at each size. */
const sizes = { pods: [500, 5000], objects: [1000, 10_000], nodes: [100, 500] }
const nodePods = 110
/** Upstream's client limits let its controllers delete about so many a second. */
const upstreamDeletesPerSecond = 15

/**
 * What grows with the cluster: a whole one in this process, on simulated nodes. Every number is of the cluster together:
 * API server, store, controllers, scheduler and nodes.
 */
export const scaleBench: Bench = {
  name: 'scale',
  about: 'a Deployment of 5,000, a namespace of 10,000 objects, 10,000 dependents, memory a pod and a node',
  run: async (print) => {
    for (const count of sizes.pods) await ofDeployment(count, print)
    for (const count of sizes.objects) await ofDeletion(count, print)
    await ofNodes(print)
  },
}

async function ofDeployment(count: number, print: Print): Promise<void> {
  await inCluster(Math.ceil((count * 1.1) / nodePods), async (cluster) => {
    const before = { writes: await writes(cluster), usage: settled() }
    const start = performance.now()
    await cluster.client.resource(deployments, 'default').create({
      metadata: { name: 'web' },
      spec: {
        replicas: count,
        selector: { matchLabels: { app: 'web' } },
        template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'c', image: 'i' }] } },
      },
    })
    await until(async () => {
      const { status } = await cluster.client.resource(deployments, 'default').get('web')
      return status?.availableReplicas === count
    })
    const seconds = (performance.now() - start) / 1000
    const size = count.toLocaleString('en')
    print({ what: `Deployment of ${size}: all Running`, value: count / seconds, unit: 'pods/s' })
    const made = (await writes(cluster)) - before.writes
    print({ what: `  writes to the API, events included`, value: made / count, unit: 'a pod' })
    const grown = (settled().rssBytes - before.usage.rssBytes) / 2 ** 20
    print({ what: `  resident memory of all components`, value: (1000 * grown) / count, unit: 'MB/1,000 pods' })
    const { items } = await cluster.client.resource(pods, 'default').list({ limit: 1 })
    if (items.length === 0) throw new Error('the pods are gone')
  })
}

async function ofDeletion(count: number, print: Print): Promise<void> {
  const size = count.toLocaleString('en')
  await inCluster(0, async (cluster) => {
    await cluster.client.resource(namespaces).create({ metadata: { name: 'full' } })
    await fill(cluster, 'full', count)
    let start = performance.now()
    await cluster.client.resource(namespaces).delete('full')
    await until(() =>
      cluster.client
        .resource(namespaces)
        .get('full')
        .then(() => false)
        .catch((error: unknown) => isReason(error, 'NotFound')),
    )
    const rate = (): number => count / ((performance.now() - start) / 1000)
    const of = { what: "upstream's rate limit", value: upstreamDeletesPerSecond }
    print({ what: `namespace of ${size} objects: gone`, value: rate(), unit: 'objects/s', of })

    const owner = await cluster.client.resource(configMaps, 'default').create({ metadata: { name: 'owner' } })
    const { uid = '' } = owner.metadata ?? {}
    const ownerReferences = [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'owner', uid }]
    await fill(cluster, 'default', count, { ownerReferences })
    const left = async (): Promise<number> => {
      const { items } = await cluster.client
        .resource(configMaps, 'default')
        .list({ labelSelector: 'bench=yes', limit: 1 })
      return items.length
    }
    start = performance.now()
    await cluster.client.resource(configMaps, 'default').delete('owner', { propagationPolicy: 'Background' })
    await until(async () => (await left()) === 0)
    print({ what: `${size} dependents: collected (aim: 1,500)`, value: rate(), unit: 'objects/s', of })
  })
}

async function ofNodes(print: Print): Promise<void> {
  for (const count of sizes.nodes) {
    const before = settled().rssBytes
    await inCluster(count, () => {
      const grown = (settled().rssBytes - before) / 2 ** 20
      print({ what: `${count} simulated nodes: resident memory`, value: (100 * grown) / count, unit: 'MB/100 nodes' })
      return Promise.resolve()
    })
  }
}

async function fill(cluster: EmbeddedCluster, namespace: string, count: number, more: object = {}): Promise<void> {
  const client = cluster.client.resource(configMaps, namespace)
  const numbers = Array.from({ length: count }, (_, i) => i).values()
  const worker = async (): Promise<void> => {
    for (const i of numbers)
      await client.create({ metadata: { name: `c${i}`, labels: { bench: 'yes' }, ...more }, data: { a: 'b' } })
  }
  await Promise.all(Array.from({ length: 32 }, worker))
}

async function inCluster(simulatedNodes: number, use: (cluster: EmbeddedCluster) => Promise<void>): Promise<void> {
  await withDirectory(async (dataDir) => {
    const cluster = await startCluster({ dataDir, simulatedNodes })
    try {
      await use(cluster)
    } finally {
      await cluster.close()
    }
  })
}

/** Requests so far that change something, as the API server counts them. */
async function writes(cluster: EmbeddedCluster): Promise<number> {
  const ask = cluster.transport({ username: 'bench', groups: ['system:masters', 'system:authenticated'] })
  const text = new TextDecoder().decode(await (await ask({ method: 'GET', path: '/metrics' })).bytes())
  let sum = 0
  for (const line of text.split('\n'))
    if (/^apiserver_request_total\{.*verb="(POST|PUT|PATCH|APPLY|DELETE|DELETECOLLECTION)"/.test(line))
      sum += Number(line.split(' ').at(-1))
  return sum
}

function settled(): ReturnType<typeof usageNow> {
  ;(globalThis as { gc?: () => void }).gc?.()
  return usageNow()
}

/** Looks often and waits long: what is measured takes seconds to minutes. */
async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 50))
}

if (import.meta.main) await scaleBench.run((row) => console.log(rowText(row)))
