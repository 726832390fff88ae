import { startCluster, type EmbeddedCluster } from '@kapell/cli'
import { events, nodes, services } from '@kapell/openapi/meta/refs'
import type { V1Service } from '@kapell/openapi/types'
import { until } from '../e2e/support/wait.ts'

const balancer = (name: string, spec: V1Service['spec'] = {}): V1Service => ({
  metadata: { name },
  spec: { type: 'LoadBalancer', ports: [{ port: 80 }], ...spec },
})

function helpers(cluster: () => EmbeddedCluster) {
  const resource = () => cluster().client.resource(services, 'default')
  const ingress = async (name: string) => (await resource().get(name)).status?.loadBalancer?.ingress
  return {
    resource,
    ingress,
    untilIngress: (name: string, ...ips: string[]) =>
      until(`${name} at ${ips.join()}`, async () => {
        const found = await ingress(name)
        return JSON.stringify((found ?? []).map(({ ip }) => ip)) === JSON.stringify(ips)
      }),
    untilEvent: (name: string, reason: string) =>
      until(`the event ${reason} of ${name}`, async () => {
        const all = await cluster().client.resource(events, 'default').list()
        return all.items.find((each) => each.involvedObject.name === name && each.reason === reason)
      }),
  }
}

describe('load balancers out of a range', () => {
  let cluster: EmbeddedCluster
  const { resource, ingress, untilIngress, untilEvent } = helpers(() => cluster)
  beforeAll(async () => {
    cluster = await startCluster({ loadBalancerRange: '192.0.2.10-192.0.2.11', scheduler: false })
  }, 30_000)
  afterAll(() => cluster.close())

  it('gives each Service its own address, says so, and leaves those of another class alone', async () => {
    await resource().create(balancer('other', { loadBalancerClass: 'example.com/lb' }))
    await resource().create(balancer('one'))
    await untilIngress('one', '192.0.2.10')
    expect(await ingress('one')).toEqual([{ ip: '192.0.2.10', ipMode: 'VIP' }])
    await untilEvent('one', 'EnsuredLoadBalancer')
    await resource().create(balancer('two', { loadBalancerIP: '192.0.2.11' }))
    await untilIngress('two', '192.0.2.11')
    expect(await ingress('other')).toBeUndefined()
  })

  it('lets wait who comes when all are taken, until one is free: by another type or by deletion', async () => {
    await resource().create(balancer('three'))
    const said = await untilEvent('three', 'SyncLoadBalancerFailed')
    expect(said.message).toBe(
      'Error syncing load balancer: failed to ensure load balancer: no address is free in the range 192.0.2.10-192.0.2.11',
    )
    await resource().patch('one', 'merge', { spec: { type: 'ClusterIP' } })
    await untilIngress('three', '192.0.2.10')
    expect(await ingress('one')).toBeUndefined()
    await resource().create(balancer('four'))
    await resource().delete('two')
    await untilIngress('four', '192.0.2.11')
  })
})

it("gives out the nodes' own addresses, a port once", async () => {
  const cluster = await startCluster({ scheduler: false, simulatedNodes: 2 })
  try {
    const { resource, untilIngress, untilEvent } = helpers(() => cluster)
    const known = (await cluster.client.resource(nodes).list()).items
    const addresses = known
      .map((node) => node.status?.addresses?.find(({ type }) => type === 'InternalIP')?.address ?? '')
      .sort()
    await resource().create(balancer('one'))
    await untilIngress('one', ...new Set(addresses))
    await resource().create(balancer('two'))
    await untilEvent('two', 'SyncLoadBalancerFailed')
    await resource().patch('two', 'merge', { spec: { ports: [{ port: 81 }] } })
    await untilIngress('two', ...new Set(addresses))
  } finally {
    await cluster.close()
  }
}, 30_000)
