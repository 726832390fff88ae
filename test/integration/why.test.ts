import { startCluster, type EmbeddedCluster } from '@kapell/cli'
import type { PodPlacement } from '@kapell/cli/why/resource'
import { pods } from '@kapell/openapi/meta/refs'
import { until } from '../e2e/support/wait.ts'

/** Why a pod is where it is, asked of the API. */
describe('placement.kapell.io', () => {
  let cluster: EmbeddedCluster
  beforeAll(async () => {
    cluster = await startCluster({ simulatedNodes: 3, placements: true })
  })
  afterAll(() => cluster.close())

  const add = (name: string, cpu: string, nodeSelector: Record<string, string> = {}) =>
    cluster.client.resource(pods, 'default').create({
      metadata: { name },
      spec: { nodeSelector, containers: [{ name: 'c', image: 'i', resources: { requests: { cpu } } }] },
    })
  const ask = (name: string): Promise<PodPlacement> =>
    cluster.client.raw(
      'GET',
      `/apis/placement.kapell.io/v1alpha1/namespaces/default/podplacements/${name}`,
    ) as Promise<PodPlacement>

  it('tells every objection to every node of a pod that waits', async () => {
    await add('large', '33', { 'topology.kubernetes.io/zone': 'zone-1' })
    const { status } = await until('the scheduler to know the pod', () => ask('large').catch(() => undefined))
    expect(status.nodeName).toBeUndefined()
    expect(status.nodes.map(({ name }) => name)[0]).toBe('node-1')
    const objections = Object.fromEntries(
      status.nodes.map((node) => [node.name, node.objections?.map((o) => o.plugin)]),
    )
    expect(objections).toEqual({
      'node-0': ['NodeAffinity', 'NodeResourcesFit'],
      'node-1': ['NodeResourcesFit'],
      'node-2': ['NodeAffinity', 'NodeResourcesFit'],
    })
    expect(status.nodes[0]?.objections?.[0]?.details).toEqual(['cpu: asks 33, 32 of 32 are free'])
  })

  it('tells the scores of the nodes that fit', async () => {
    await add('small', '1')
    const placed = await until('the pod to be placed', async () => {
      const placement = await ask('small').catch(() => undefined)
      return placement?.status.nodeName !== undefined && placement
    })
    expect(placed.status.nodes.filter(({ fits }) => fits).length).toBe(3)
    expect(placed.status.nodes[0]?.scores).toHaveProperty('NodeResourcesFit')
  })

  it('knows nothing of pods that are not there', async () => {
    await expect(ask('absent')).rejects.toMatchObject({ code: 404 })
  })
})
