import { startCluster, type EmbeddedCluster } from '@kapell/cli'
import { pods } from '@kapell/openapi/meta/refs'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const dir = mkdtempSync(join(tmpdir(), 'kapell-generation-'))
let cluster: EmbeddedCluster
beforeAll(async () => {
  cluster = await startCluster({ dataDir: dir })
})
afterAll(async () => {
  await cluster.close()
  rmSync(dir, { recursive: true, force: true })
})

/** Nodes tell by it which spec they have seen. */
it('a resize counts as a new generation of the pod, and what it leaves as it was does not', async () => {
  const api = cluster.client.resource(pods, 'default')
  const containers = [{ name: 'c', image: 'i', resources: { requests: { memory: '20Mi' } } }]
  const made = await api.create({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' }, spec: { containers } })
  expect(made.metadata?.generation).toBe(1)
  const resize = (memory: string) =>
    api.patch(
      'p',
      'strategic',
      { spec: { containers: [{ name: 'c', resources: { requests: { memory } } }] } },
      { subresource: 'resize' },
    )
  expect((await resize('30Mi')).metadata?.generation).toBe(2)
  expect((await resize('30Mi')).metadata?.generation).toBe(2)
})
