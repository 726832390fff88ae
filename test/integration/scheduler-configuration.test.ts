import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { startCluster, type EmbeddedCluster } from '@kapell/cli'
import { silentLogger } from '@kapell/controllers/machinery/log'
import { events, pods, priorityClasses } from '@kapell/openapi/meta/refs'
import { readConfiguration } from '@kapell/scheduler/config/read'
import { startScheduler, type RunningScheduler } from '@kapell/scheduler/main'
import { until } from '../e2e/support/wait.ts'

/** Profiles and an extender, from a file as upstream's scheduler takes it, on nodes without machines. */
describe('a configured scheduler', () => {
  let cluster: EmbeddedCluster
  let scheduler: RunningScheduler
  let extender: Server
  const asked: string[] = []
  interface Body {
    NodeNames: string[]
    NodeNameToMetaVictims: Record<string, { Pods: { UID: string }[]; NumPDBViolations: number }>
  }
  const offered: string[][] = []
  const answers: Record<string, (body: Body) => unknown> = {
    '/filter': ({ NodeNames: nodenames }) => ({
      nodenames: nodenames.filter((name) => name !== 'node-0'),
      failedNodes: { 'node-0': 'the extender does not like it' },
    }),
    '/prioritize': ({ NodeNames }) => NodeNames.map((host) => ({ Host: host, Score: host === 'node-2' ? 10 : 0 })),
    '/preempt': ({ NodeNameToMetaVictims: victims }) => {
      offered.push(Object.keys(victims).sort())
      return { nodeNameToMetaVictims: { 'node-1': victims['node-1'] } }
    },
    '/nobody': () => ({}),
  }
  beforeAll(async () => {
    extender = createServer((request, response) => {
      const chunks: Buffer[] = []
      request.on('data', (chunk: Buffer) => chunks.push(chunk))
      request.on('end', () => {
        asked.push(request.url ?? '')
        const body = JSON.parse(Buffer.concat(chunks).toString()) as Body
        const answer = answers[request.url ?? '']
        response.statusCode = answer === undefined ? 500 : 200
        response.end(JSON.stringify(answer?.(body) ?? {}))
      })
    })
    await new Promise<void>((resolve) => extender.listen(0, '127.0.0.1', resolve))
    const { port } = extender.address() as AddressInfo
    cluster = await startCluster({ scheduler: false, simulatedNodes: 3 })
    const configuration = readConfiguration(`
apiVersion: kubescheduler.config.k8s.io/v1
kind: KubeSchedulerConfiguration
profiles:
- schedulerName: packing
  pluginConfig:
  - name: NodeResourcesFit
    args: { scoringStrategy: { type: MostAllocated } }
  plugins:
    score:
      disabled: [{ name: '*' }]
      enabled: [{ name: NodeResourcesFit }]
- schedulerName: picky
- schedulerName: pushing
extenders:
- urlPrefix: http://127.0.0.1:${port}
  filterVerb: filter
  prioritizeVerb: prioritize
  weight: 100
  nodeCacheCapable: true
  managedResources: [{ name: example.com/asks }]
- urlPrefix: http://127.0.0.1:${port}
  filterVerb: broken
  managedResources: [{ name: example.com/breaks }]
- urlPrefix: http://127.0.0.1:${port}
  preemptVerb: preempt
  nodeCacheCapable: true
  managedResources: [{ name: example.com/pushes }]
- urlPrefix: http://127.0.0.1:${port}
  preemptVerb: nobody
  managedResources: [{ name: example.com/begs }]
`)
    const transport = cluster.transport({ username: 'system:kube-scheduler', groups: ['system:authenticated'] })
    scheduler = await startScheduler({ transport, log: silentLogger, configuration })
    await offer('example.com/asks')
    await offer('example.com/breaks')
    await offer('example.com/pushes')
    await offer('example.com/begs')
  })
  afterAll(async () => {
    await scheduler.close()
    await cluster.close()
    extender.close()
  })

  async function offer(resource: string): Promise<void> {
    for (const name of ['node-0', 'node-1', 'node-2'])
      await cluster.client.raw('PATCH', `/api/v1/nodes/${name}/status`, {
        status: { capacity: { [resource]: '9' }, allocatable: { [resource]: '9' } },
      })
  }
  async function add(name: string, schedulerName: string, more: Record<string, string> = {}): Promise<void> {
    const resources = { requests: { cpu: '1', ...more }, limits: more }
    await cluster.client
      .resource(pods, 'default')
      .create({ metadata: { name }, spec: { schedulerName, containers: [{ name: 'c', image: 'i', resources }] } })
  }
  const nodeOf = (name: string): Promise<string> =>
    until(`${name} to be bound`, async () => {
      const { spec } = await cluster.client.resource(pods, 'default').get(name)
      return spec?.nodeName
    })

  it('places the pods of each profile by its own plug-ins', async () => {
    await add('first', 'packing')
    const node = await nodeOf('first')
    for (const name of ['second', 'third']) {
      await add(name, 'packing')
      expect(await nodeOf(name)).toBe(node)
    }
  })

  it('leaves the pods of others alone', async () => {
    await add('other', 'default-scheduler')
    await add('mine', 'packing')
    await nodeOf('mine')
    expect((await cluster.client.resource(pods, 'default').get('other')).spec?.nodeName).toBeUndefined()
  })

  it('asks an extender about the pods that it manages, and only them', async () => {
    expect(asked).toEqual([])
    await add('asking', 'picky', { 'example.com/asks': '1' })
    expect(await nodeOf('asking')).toBe('node-2')
    expect(asked).toEqual(['/filter', '/prioritize'])
  })

  it('says why when an extender that must be heard fails', async () => {
    await add('breaking', 'picky', { 'example.com/breaks': '1' })
    const event = await until('the event', async () => {
      const { items } = await cluster.client
        .resource(events, 'default')
        .list({ fieldSelector: 'involvedObject.name=breaking,reason=FailedScheduling' })
      return items[0]
    })
    expect(event.message).toMatch(/^failed broken with extender at URL http:.*, code 500$/)
    expect(event.reportingComponent).toBe('picky')
  })

  it('lets an extender choose where a pod may push others out', async () => {
    const names = ['node-0', 'node-1', 'node-2']
    await cluster.client.resource(priorityClasses).create({ metadata: { name: 'high' }, value: 1000 })
    for (const name of names) {
      await cluster.client.resource(pods, 'default').create({
        metadata: { name: `fills-${name}` },
        spec: {
          nodeSelector: { 'kubernetes.io/hostname': name },
          schedulerName: 'pushing',
          containers: [{ name: 'c', image: 'i', resources: { requests: { cpu: '20' } } }],
        },
      })
      await nodeOf(`fills-${name}`)
    }
    const push = (name: string, resource: string) => {
      const resources = { requests: { cpu: '20', [resource]: '1' }, limits: { [resource]: '1' } }
      return cluster.client.resource(pods, 'default').create({
        metadata: { name },
        spec: {
          priorityClassName: 'high',
          schedulerName: 'pushing',
          containers: [{ name: 'c', image: 'i', resources }],
        },
      })
    }
    await push('begs', 'example.com/begs')
    const why = await until('the refusal', async () => {
      const { status } = await cluster.client.resource(pods, 'default').get('begs')
      return status?.conditions?.find(({ type, status: is }) => type === 'PodScheduled' && is === 'False')?.message
    })
    expect(why).toContain('preemption: no candidate node for preemption')
    await push('pushes', 'example.com/pushes')
    expect(await nodeOf('pushes')).toBe('node-1')
    expect(offered[0]).toEqual(names)
    const left = (await cluster.client.resource(pods, 'default').list()).items.map(({ metadata }) => metadata?.name)
    expect(left).toEqual(expect.arrayContaining(['fills-node-0', 'fills-node-2']))
    expect(left).not.toContain('fills-node-1')
  })
})
