import { startCluster } from '@kapell/cli'
import { namespaces } from '@kapell/openapi/meta/refs'

describe('startCluster', () => {
  it('gives a whole control plane, and leaves nothing running', async () => {
    const cluster = await startCluster()
    const names = (await cluster.client.resource(namespaces).list()).items.map((n) => n.metadata?.name)
    expect(names).toEqual(expect.arrayContaining(['default', 'kube-node-lease', 'kube-public', 'kube-system']))
    expect(cluster.kubeconfig).toContain(cluster.url)
    await cluster.close()
  })
})
