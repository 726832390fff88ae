import { startCluster, type EmbeddedCluster } from '@kapell/cli'
import { deployments, jobs, nodes, pods } from '@kapell/openapi/meta/refs'
import type { V1PodTemplateSpec } from '@kapell/openapi/types'
import { until } from '../e2e/support/wait.ts'

/** Whole workloads on nodes without machines. */
describe('simulated nodes', () => {
  let cluster: EmbeddedCluster
  beforeAll(async () => {
    cluster = await startCluster({ simulatedNodes: 3 })
  })
  afterAll(() => cluster.close())

  const template = (app: string, script: Record<string, string> = {}, restartPolicy = 'Always'): V1PodTemplateSpec => ({
    metadata: {
      labels: { app },
      annotations: Object.fromEntries(Object.entries(script).map(([k, v]) => [`hollow.kapell.io/${k}`, v])),
    },
    spec: { restartPolicy, containers: [{ name: 'c', image: 'registry.example/a:1' }] },
  })
  const job = (name: string) => cluster.client.resource(jobs, 'default').get(name)

  it('become Ready and lose the taint of new nodes', async () => {
    const ready = await until('three Ready nodes', async () => {
      const { items } = await cluster.client.resource(nodes).list()
      const fit = items.filter(
        ({ spec, status }) =>
          spec?.taints === undefined && status?.conditions?.some((c) => c.type === 'Ready' && c.status === 'True'),
      )
      return fit.length === 3 && fit
    })
    expect(ready[0]?.metadata?.labels).toMatchObject({ 'kapell.io/simulated-runtime': 'true' })
  })

  it('run a Deployment, and take it down', async () => {
    const client = cluster.client.resource(deployments, 'default')
    const spec = { replicas: 20, selector: { matchLabels: { app: 'web' } }, template: template('web') }
    await client.create({ metadata: { name: 'web' }, spec })
    await until('20 available', async () => (await client.get('web')).status?.availableReplicas === 20)
    const { items } = await cluster.client.resource(pods, 'default').list({ labelSelector: 'app=web' })
    expect(new Set(items.map(({ status }) => status?.podIP)).size).toBe(20)
    await client.delete('web', { propagationPolicy: 'Foreground' })
    const left = () => cluster.client.resource(pods, 'default').list({ labelSelector: 'app=web' })
    await until('no pods', async () => (await left()).items.length === 0)
  })

  it('fail as scripted', async () => {
    const client = cluster.client.resource(jobs, 'default')
    const spec = { backoffLimit: 0, template: template('bad', { 'exit-code': '3' }, 'Never') }
    await client.create({ metadata: { name: 'bad' }, spec })
    const failed = await until('the Job to fail', async () => {
      const { status } = await job('bad')
      return status?.conditions?.find(({ type }) => type === 'Failed')
    })
    expect(failed.reason).toBe('BackoffLimitExceeded')
    await client.create({
      metadata: { name: 'good' },
      spec: { completions: 3, parallelism: 3, template: template('good', {}, 'Never') },
    })
    await until('the Job to succeed', async () => (await job('good')).status?.succeeded === 3)
  })
})
