import type { Transport } from '@kapell/openapi/wire/transport'
import {
  configMaps,
  cronJobs,
  daemonSets,
  deployments,
  events,
  horizontalPodAutoscalers,
  jobs,
  persistentVolumeClaims,
  pods,
  replicaSets,
  statefulSets,
} from '@kapell/openapi/meta/refs'
import { until } from '../e2e/support/wait.ts'
import { Chaos } from '../suites/chaos.ts'
import { admin } from './apiserver-support.ts'
import { startShakenCluster, type ShakenCluster } from './chaos-support.ts'

/**
 * Objects that can never become what they ask for: each is told of in conditions or events, and costs next to nothing
 * for as long as it stays. The cluster's clocks run twenty times as fast as the wall's.
 */
describe('objects without hope', () => {
  let cluster: ShakenCluster
  let transport: Transport
  beforeAll(async () => {
    cluster = await startShakenCluster(new Chaos({ seed: 1, share: 0 }), 1)
    transport = cluster.transport(admin)
  })
  afterAll(() => cluster.close())

  const container = { name: 'c', image: 'registry.example/a:1' }
  const reasonsOf = async (name: string): Promise<string[]> => {
    const options = { fieldSelector: `involvedObject.name=${name}` }
    const { items } = await cluster.client.resource(events, 'default').list(options)
    return items.map(({ reason = '' }) => reason)
  }
  const told = (name: string, reason: string) =>
    until(`${name} to be told of ${reason}`, async () => (await reasonsOf(name)).includes(reason))

  /** What the API server counts of requests that change something; signs of life of nodes are left out. */
  async function writes(): Promise<number> {
    const text = new TextDecoder().decode(await (await transport({ method: 'GET', path: '/metrics' })).bytes())
    let sum = 0
    for (const line of text.split('\n'))
      if (/^apiserver_request_total\{.*verb="(POST|PUT|PATCH|DELETE)"/.test(line) && !line.includes('"leases"'))
        sum += Number(line.split(' ').at(-1))
    return sum
  }

  /** Each owns the other: neither is garbage, and nobody goes round in circles over it. */
  async function ring(): Promise<void> {
    const client = cluster.client.resource(configMaps, 'default')
    const make = async (name: string) => client.create({ metadata: { name } })
    const [one, two] = [await make('ring-one'), await make('ring-two')]
    const owned = async (name: string, by: typeof one): Promise<void> => {
      const reference = { apiVersion: 'v1', kind: 'ConfigMap', name: by.metadata?.name, uid: by.metadata?.uid }
      await client.patch(name, 'merge', { metadata: { ownerReferences: [reference] } })
    }
    await owned('ring-one', two)
    await owned('ring-two', one)
  }

  it('are told of', async () => {
    await cluster.client.resource(horizontalPodAutoscalers, 'default').create({
      metadata: { name: 'aimless' },
      spec: { maxReplicas: 3, scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'absent' } },
    })
    await cluster.client.resource(persistentVolumeClaims, 'default').create({
      metadata: { name: 'insatiable' },
      spec: { storageClassName: '', accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Ei' } } },
    })
    await cluster.client.resource(cronJobs, 'default').create({
      metadata: { name: 'never' },
      spec: {
        schedule: '0 0 30 2 *',
        jobTemplate: { spec: { template: { spec: { restartPolicy: 'Never', containers: [container] } } } },
      },
    })
    await cluster.client.resource(deployments, 'default').create({
      metadata: { name: 'impossible' },
      spec: {
        replicas: 2,
        progressDeadlineSeconds: 20,
        selector: { matchLabels: { app: 'impossible' } },
        template: {
          metadata: { labels: { app: 'impossible' } },
          spec: { containers: [{ ...container, resources: { requests: { cpu: '9999' } } }] },
        },
      },
    })
    await cluster.client.resource(jobs, 'default').create({
      metadata: { name: 'doomed' },
      spec: {
        backoffLimit: 1,
        template: {
          metadata: { annotations: { 'hollow.kapell.io/exit-code': '1' } },
          spec: { restartPolicy: 'Never', containers: [container] },
        },
      },
    })
    await cluster.client.resource(pods, 'default').create({
      metadata: { name: 'anothers', labels: { app: 'taken' }, ownerReferences: [owner('nobody')] },
      spec: { containers: [container] },
    })
    await cluster.client.resource(replicaSets, 'default').create({
      metadata: { name: 'grasping' },
      spec: {
        replicas: 1,
        selector: { matchLabels: { app: 'taken' } },
        template: { metadata: { labels: { app: 'taken' } }, spec: { containers: [container] } },
      },
    })
    // Templates that are well-formed, and whose pods nobody will ever admit.
    const template = (app: string) => ({
      metadata: { labels: { app } },
      spec: { serviceAccountName: 'absent', containers: [container] },
    })
    const selecting = (app: string) => ({ selector: { matchLabels: { app } }, template: template(app) })
    await cluster.client.resource(replicaSets, 'default').create({
      metadata: { name: 'barred-set' },
      spec: { replicas: 3, ...selecting('barred-set') },
    })
    await cluster.client.resource(statefulSets, 'default').create({
      metadata: { name: 'barred-state' },
      spec: { serviceName: '', ...selecting('barred-state') },
    })
    await cluster.client.resource(daemonSets, 'default').create({
      metadata: { name: 'barred-daemons' },
      spec: selecting('barred-daemons'),
    })
    await cluster.client.resource(jobs, 'default').create({
      metadata: { name: 'barred-job' },
      spec: { template: { spec: { ...template('').spec, restartPolicy: 'Never' } } },
    })
    await ring()
    await told('aimless', 'FailedGetScale')
    for (const name of ['barred-set', 'barred-state', 'barred-daemons', 'barred-job']) await told(name, 'FailedCreate')
    const failure = await until('the ReplicaSet to say why', async () => {
      const { status } = await cluster.client.resource(replicaSets, 'default').get('barred-set')
      return status?.conditions?.find(({ type }) => type === 'ReplicaFailure')
    })
    expect(failure).toMatchObject({ status: 'True', reason: 'FailedCreate' })
    expect(failure.message).toMatch(
      /^pods "barred-set-" is forbidden: error looking up service account default\/absent: serviceaccount "absent" not found$/,
    )
    await told('insatiable', 'FailedBinding')
    await told('doomed', 'BackoffLimitExceeded')
    await until('the Deployment to miss its deadline', async () => {
      const { status } = await cluster.client.resource(deployments, 'default').get('impossible')
      return status?.conditions?.some(({ reason }) => reason === 'ProgressDeadlineExceeded')
    })
    await until('the pod of another to be left alone', async () => {
      const { items } = await cluster.client.resource(pods, 'default').list({ labelSelector: 'app=taken' })
      return items.some(({ metadata }) => metadata?.ownerReferences?.[0]?.name === 'grasping')
    })
  }, 180_000)

  it('cost few writes a minute for as long as they stay', async () => {
    const aMinute = async (): Promise<void> => {
      const start = cluster.clock.now().getTime()
      await until('a minute of the cluster to pass', () => cluster.clock.now().getTime() - start > 60_000)
    }
    // Retries begin close together and drift apart.
    await aMinute()
    const before = await writes()
    await aMinute()
    expect((await writes()) - before).toBeLessThan(60)
    const rings = ['ring-one', 'ring-two'].map((name) => cluster.client.resource(configMaps, 'default').get(name))
    expect(await Promise.all(rings)).toHaveLength(2)
  })
})

/** Of an owner that is not there and is not looked for: its kind is one that nobody serves. */
function owner(name: string) {
  return {
    apiVersion: 'example.com/v1',
    kind: 'Absent',
    name,
    uid: '00000000-0000-0000-0000-000000000001',
    controller: true,
  }
}
