import { jest } from '@jest/globals'
import { deployments, jobs, namespaces, pods, replicaSets, serviceAccounts } from '@kapell/openapi/meta/refs'
import { startControlPlane, type ControlPlane } from './controllers-support.ts'

const ns = 'restart'

// Conditions come within milliseconds; a busy machine may take longer.
jest.setTimeout(30_000)

describe('controllers that stop and start', () => {
  let plane: ControlPlane
  beforeAll(async () => {
    plane = await startControlPlane({
      startsControllers: false,
      node: { phase: (pod) => (pod.spec?.containers[0]?.image === 'ok' ? 'Succeeded' : 'Running') },
    })
    await plane.client.resource(namespaces).create({ metadata: { name: ns } })
  })
  afterAll(() => plane.close())

  it('finish a rollout that others began, with nothing lost and nothing made twice', async () => {
    let most = 0
    const count = (): void => {
      const now = plane.informers.informer(pods).lister.inNamespace(ns)
      most = Math.max(most, now.filter(({ metadata }) => metadata?.deletionTimestamp === undefined).length)
    }
    const off = plane.informers.informer(pods).onChange({ add: count, update: count })
    const made = (at: number) =>
      plane.until([pods], () => (plane.informers.informer(pods).lister.inNamespace(ns).length >= at ? true : undefined))
    let running = await plane.startControllers()
    await plane.client.resource(deployments, ns).create({
      metadata: { name: 'web' },
      spec: {
        replicas: 12,
        selector: { matchLabels: { app: 'web' } },
        strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 2, maxUnavailable: 1 } },
        template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'c', image: 'v1' }] } },
      },
    })
    await made(3)
    await running.close()
    running = await plane.startControllers()
    const settled = (image: string) =>
      plane.until([deployments, pods], async () => {
        const { status, metadata } = await plane.client.resource(deployments, ns).get('web')
        const own = (await plane.client.resource(pods, ns).list()).items
        const ok =
          status?.observedGeneration === metadata?.generation &&
          status?.updatedReplicas === 12 &&
          status.availableReplicas === 12 &&
          own.length === 12 &&
          own.every((pod) => pod.spec?.containers[0]?.image === image)
        return ok ? true : undefined
      })
    await settled('v1')
    await plane.client.resource(deployments, ns).patch('web', 'strategic', {
      spec: { template: { spec: { containers: [{ name: 'c', image: 'v2' }] } } },
    })
    for (let i = 0; i < 3; i++) {
      await plane.until([replicaSets], async () => {
        const sets = (await plane.client.resource(replicaSets, ns).list()).items
        return sets.some(
          (set) => (set.spec?.replicas ?? 0) >= 2 * (i + 1) && set.spec?.template?.spec?.containers[0]?.image === 'v2',
        )
          ? true
          : undefined
      })
      await running.close()
      running = await plane.startControllers()
    }
    await settled('v2')
    off()
    expect(most).toBeLessThanOrEqual(14)
    expect((await plane.client.resource(replicaSets, ns).list()).items).toHaveLength(2)
    await running.close()
  })

  it('count each pod of a Job once, whenever they stop', async () => {
    let running = await plane.startControllers()
    await plane.client.resource(jobs, ns).create({
      metadata: { name: 'sum' },
      spec: {
        completions: 20,
        parallelism: 5,
        template: { spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: 'ok' }] } },
      },
    })
    for (const at of [3, 8, 14]) {
      await plane.until([jobs], async () =>
        ((await plane.client.resource(jobs, ns).get('sum')).status?.succeeded ?? 0) >= at ? true : undefined,
      )
      await running.close()
      running = await plane.startControllers()
    }
    const job = await plane.until([jobs], async () => {
      const found = await plane.client.resource(jobs, ns).get('sum')
      return found.status?.completionTime === undefined ? undefined : found
    })
    expect(job.status?.succeeded).toBe(20)
    const own = (await plane.client.resource(pods, ns).list({ labelSelector: 'batch.kubernetes.io/job-name=sum' }))
      .items
    expect(own).toHaveLength(20)
    await running.close()
  })

  it('of two sets one leads; when it stops the other follows', async () => {
    const account = (namespace: string) =>
      plane.until([serviceAccounts], () =>
        plane.client
          .resource(serviceAccounts, namespace)
          .get('default')
          .catch(() => undefined),
      )
    const first = await plane.startControllers('first')
    await plane.client.resource(namespaces).create({ metadata: { name: 'one' } })
    await account('one')
    await plane.startControllers('second')
    expect(plane.metrics()).toContain('leader_election_master_status{name="kube-controller-manager"} 0')
    await first.close()
    await plane.client.resource(namespaces).create({ metadata: { name: 'two' } })
    await account('two')
  })

  it('had nothing to complain of', () => expect(plane.warnings).toEqual([]))
})
