import { controllerOf } from '@kapell/controllers/machinery/owner-refs'
import { daemonSets, deployments, jobs, pods, replicaSets, statefulSets } from '@kapell/openapi/meta/refs'
import type { V1Pod, V1PodTemplateSpec } from '@kapell/openapi/types'
import { until as untilWithin } from '../e2e/support/wait.ts'
import { Chaos } from '../suites/chaos.ts'
import { startShakenCluster, type ShakenCluster } from './chaos-support.ts'

/**
 * Everything that can go wrong does, for a bounded time: afterwards the state must be the desired one, and on the way
 * some things must never have been true. `KAPELL_CHAOS_SEED` replays the decisions of a run.
 */
const seed = Number(process.env['KAPELL_CHAOS_SEED'] ?? Date.now() % 1_000_000)
const steps = 60
const nodeCount = 5
const replicas = 8
const maxSurge = 2
const completions = 12

/** Gives up before the test runner does, so that it can say what it last saw. */
const until: typeof untilWithin = (what, probe) => untilWithin(what, probe, { timeoutMs: 45_000, everyMs: 100 })

const template = (app: string, annotations: Record<string, string> = {}, policy = 'Always'): V1PodTemplateSpec => ({
  metadata: { labels: { app }, annotations },
  spec: {
    restartPolicy: policy,
    terminationGracePeriodSeconds: 1,
    containers: [{ name: 'c', image: 'registry.example/a:1' }],
    tolerations: ['not-ready', 'unreachable'].map((key) => ({
      key: `node.kubernetes.io/${key}`,
      operator: 'Exists',
      effect: 'NoExecute',
      tolerationSeconds: 10,
    })),
  },
})

describe(`a shaken cluster (seed ${seed})`, () => {
  const chaos = new Chaos({ seed, share: 0.03 })
  let cluster: ShakenCluster
  const broken: string[] = []
  const stop = new AbortController()
  const workload = <K extends 'deployments' | 'statefulSets' | 'daemonSets' | 'jobs'>(kind: K) =>
    ({
      deployments: cluster.client.resource(deployments, 'default'),
      statefulSets: cluster.client.resource(statefulSets, 'default'),
      daemonSets: cluster.client.resource(daemonSets, 'default'),
      jobs: cluster.client.resource(jobs, 'default'),
    })[kind]
  const livePods = async (app?: string): Promise<V1Pod[]> => {
    const options = app === undefined ? {} : { labelSelector: `app=${app}` }
    const { items } = await cluster.client.resource(pods, 'default').list(options)
    return items.filter(isLive)
  }

  beforeAll(async () => {
    cluster = await startShakenCluster(chaos, nodeCount)
    const selector = (app: string) => ({ matchLabels: { app } })
    await workload('deployments').create({
      metadata: { name: 'web' },
      spec: {
        replicas,
        selector: selector('web'),
        template: template('web', { 'hollow.kapell.io/start-after-ms': '2000' }),
        strategy: { rollingUpdate: { maxSurge, maxUnavailable: 1 } },
      },
    })
    await workload('statefulSets').create({
      metadata: { name: 'db' },
      spec: { replicas: 4, serviceName: 'db', selector: selector('db'), template: template('db') },
    })
    await workload('daemonSets').create({
      metadata: { name: 'each' },
      spec: { selector: selector('each'), template: template('each') },
    })
    const script = { 'hollow.kapell.io/run-for-ms': '5000', 'hollow.kapell.io/failures': '1' }
    await workload('jobs').create({
      metadata: { name: 'sum' },
      spec: {
        completions,
        parallelism: 3,
        completionMode: 'Indexed',
        backoffLimit: 1000,
        template: template('sum', { ...script, 'hollow.kapell.io/exit-code': '1' }, 'OnFailure'),
      },
    })
    void watchForTheImpossible()
  })
  afterAll(async () => {
    stop.abort()
    await cluster.close()
  })

  /** What must hold at every moment. */
  async function watchForTheImpossible(): Promise<void> {
    const known = new Map<string, V1Pod>()
    const client = cluster.client.resource(pods, 'default')
    const options = { sendInitialEvents: true, allowWatchBookmarks: true, signal: stop.signal }
    for await (const { type, object } of client.watch(options)) {
      const uid = object.metadata?.uid ?? ''
      if (type === 'DELETED') known.delete(uid)
      else if (type === 'ADDED' || type === 'MODIFIED') known.set(uid, object)
      const live = [...known.values()].filter(isLive)
      const ordinals = live
        .filter((pod) => pod.metadata?.labels?.['app'] === 'db')
        .map(({ metadata }) => metadata?.name)
      if (new Set(ordinals).size < ordinals.length) broken.push(`two pods of one ordinal: ${ordinals.join(' ')}`)
      const web = live.filter((pod) => pod.metadata?.labels?.['app'] === 'web').length
      // A create whose answer was lost may be repeated: nobody could know that it went well.
      const most = replicas + maxSurge + chaos.count('lost answer to POST')
      if (web > most) broken.push(`${web} pods of a Deployment that may have ${most}`)
    }
  }

  async function oneStep(): Promise<void> {
    const { random, pick } = { random: chaos.random, pick: chaos.pick.bind(chaos) }
    const deed = pick([
      () => cluster.killControllers(),
      () => cluster.killScheduler(),
      () => Promise.resolve(cluster.fleet.lose(pick(cluster.nodeNames))),
      () => Promise.resolve(cluster.nodeNames.forEach((name) => cluster.fleet.recover(name))),
      () => Promise.resolve(cluster.clock.jump(Math.floor(random() * 120_000) - 30_000)),
      async () => {
        const victim = pick(await livePods())
        await cluster.client.resource(pods, 'default').delete(victim.metadata?.name ?? '')
      },
      async () => {
        const spec = { template: { metadata: { annotations: { round: String(random()) } } } }
        await workload('deployments').patch('web', 'merge', { spec })
      },
      () => workload('deployments').patch('web', 'merge', { spec: { replicas: Math.ceil(random() * replicas) } }),
      () => workload('statefulSets').patch('db', 'merge', { spec: { replicas: Math.ceil(random() * 5) } }),
    ])
    await Promise.resolve(deed()).catch(() => undefined)
    await new Promise((resolve) => setTimeout(resolve, random() * 150))
  }

  it('survives, and what must never happen did not', async () => {
    chaos.raging = true
    for (let step = 0; step < steps; step++) await oneStep()
    chaos.raging = false
    cluster.nodeNames.forEach((name) => cluster.fleet.recover(name))
    expect(Object.fromEntries(chaos.faults)).not.toEqual({})
    expect(broken).toEqual([])
  }, 180_000)

  it('comes to the desired state', async () => {
    await workload('deployments').patch('web', 'merge', { spec: { replicas: 5 } })
    await workload('statefulSets').patch('db', 'merge', { spec: { replicas: 3 } })
    await until('the Deployment', async () => {
      const { status, metadata } = await cluster.client.resource(deployments, 'default').get('web')
      const { updatedReplicas, availableReplicas, replicas: all, observedGeneration } = status ?? {}
      return (
        observedGeneration === metadata?.generation && [updatedReplicas, availableReplicas, all].every((n) => n === 5)
      )
    })
    await until('the StatefulSet', async () => {
      const { status } = await cluster.client.resource(statefulSets, 'default').get('db')
      if (status?.readyReplicas === 3 && status.replicas === 3) return true
      throw new Error(JSON.stringify(status))
    })
    await until('the DaemonSet', async () => {
      const { status } = await cluster.client.resource(daemonSets, 'default').get('each')
      return status?.numberReady === nodeCount && status.numberMisscheduled === 0
    })
    expect((await livePods('web')).length).toBe(5)
    expect((await livePods('db')).map(({ metadata }) => metadata?.name).sort()).toEqual(['db-0', 'db-1', 'db-2'])
  })

  it('counted each completion of the Job once', async () => {
    const done = await until('the Job', async () => {
      const { status } = await cluster.client.resource(jobs, 'default').get('sum')
      return status?.completionTime !== undefined && status
    })
    expect([done.succeeded, done.completedIndexes]).toEqual([completions, `0-${completions - 1}`])
  })

  it('leaves nothing behind', async () => {
    for (const name of ['deployments/web', 'statefulSets/db', 'daemonSets/each', 'jobs/sum'] as const) {
      const [kind = 'jobs', object = ''] = name.split('/') as ['jobs', string]
      await workload(kind).delete(object, { propagationPolicy: 'Background' })
    }
    await until('pods to go', async () => {
      const { items } = await cluster.client.resource(pods, 'default').list()
      return items.length === 0
    })
    const { items } = await cluster.client.resource(replicaSets, 'default').list()
    expect(items.filter((set) => controllerOf(set) === undefined)).toEqual([])
    await until('ReplicaSets to go', async () => {
      const left = await cluster.client.resource(replicaSets, 'default').list()
      return left.items.length === 0
    })
    expect(broken).toEqual([])
  })
})

function isLive({ metadata, status }: V1Pod): boolean {
  return metadata?.deletionTimestamp === undefined && status?.phase !== 'Succeeded' && status?.phase !== 'Failed'
}
