import { startCluster, type EmbeddedCluster } from '@kapell/cli'
import { deployments, horizontalPodAutoscalers, jobs, nodes, pods } from '@kapell/openapi/meta/refs'
import type { V1PodTemplateSpec } from '@kapell/openapi/types'
import { until } from '../e2e/support/wait.ts'

/** Whole workloads on nodes without machines. */
describe('simulated nodes', () => {
  let cluster: EmbeddedCluster
  beforeAll(async () => {
    cluster = await startCluster({ simulatedNodes: 3, usageEveryMs: 500 })
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

  it('use what their pods are scripted to use, which an autoscaler follows as it changes', async () => {
    const client = cluster.client.resource(deployments, 'default')
    const busy = template('busy', { 'cpu-shared': '200m', memory: '64Mi' })
    const [container] = busy.spec?.containers ?? []
    if (container !== undefined) container.resources = { requests: { cpu: '100m' } }
    await client.create({
      metadata: { name: 'busy' },
      spec: { selector: { matchLabels: { app: 'busy' } }, template: busy },
    })
    await until('metrics', async () => {
      const list = await cluster.client.raw('GET', '/apis/metrics.k8s.io/v1beta1/namespaces/default/pods')
      return (list as { items: unknown[] }).items.length > 0
    })
    await cluster.client.resource(horizontalPodAutoscalers, 'default').create({
      metadata: { name: 'busy' },
      spec: {
        scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'busy' },
        maxReplicas: 10,
        metrics: [
          { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 50 } } },
        ],
        behavior: { scaleDown: { stabilizationWindowSeconds: 0 } },
      },
    })
    const size = (replicas: number) =>
      until(`${replicas} replicas`, async () => (await client.get('busy')).status?.availableReplicas === replicas)
    // 200m of one pod's 100m: four times the target.
    await size(4)
    const { items } = await cluster.client.resource(pods, 'default').list({ labelSelector: 'app=busy' })
    for (const { metadata } of items)
      await cluster.client.resource(pods, 'default').patch(metadata?.name ?? '', 'merge', {
        metadata: { annotations: { 'hollow.kapell.io/cpu-shared': '50m' } },
      })
    await size(1)
    const used = await until('usage of the node that is left', async () => {
      const list = (await cluster.client.raw('GET', '/apis/metrics.k8s.io/v1beta1/nodes')) as {
        items: { usage: { cpu: string; memory: string } }[]
      }
      return list.items.find(({ usage }) => usage.memory === '64Mi')?.usage.cpu
    })
    expect(used).toMatch(/^\d+[num]$/)
  })
})
