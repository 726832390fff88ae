import { Etcd3 } from 'etcd3'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createAuthority, issueCertificate } from '@kapell/apiserver/certificates/issue'
import type { V1Deployment } from '@kapell/openapi/types'
import { startEtcd, type EtcdServer } from '../suites/etcd-server.ts'
import { deployment } from './support/control-plane.ts'
import { freePort, Kubectl, run, startKapell, temporaryDir, type Kapell } from './support/kapell.ts'
import { until } from './support/wait.ts'

/** A control plane on a real etcd, by the command line: keys as upstream lays them out, nothing lost by a kill. */
const kapellMain = fileURLToPath(new URL('../../cli/src/main.ts', import.meta.url))

let etcd: EtcdServer
let client: Etcd3
let dir: ReturnType<typeof temporaryDir>
let cluster: Kapell
let kubectl: Kubectl
let start: () => Promise<Kapell>

beforeAll(async () => {
  etcd = await startEtcd()
  client = new Etcd3({ hosts: etcd.endpoint })
  dir = temporaryDir('etcd')
  const port = await freePort()
  const args = ['--components', 'apiserver,controllers,scheduler', '--store', 'etcd', '--etcd-servers', etcd.endpoint]
  start = () => startKapell({ dataDir: dir.path, port, args })
  cluster = await start()
  kubectl = new Kubectl(join(dir.path, 'kubeconfig'))
}, 60_000)
afterAll(async () => {
  await cluster?.stop()
  client?.close()
  await etcd?.stop()
  dir?.remove()
}, 60_000)

const keys = async (prefix: string): Promise<string[]> => (await client.getAll().prefix(prefix).keys()).sort()

it('keeps objects where etcdctl users look for them', async () => {
  await kubectl.apply(deployment('web', { replicas: 2 }))
  await until('the pods', async () => (await keys('/registry/pods/default/')).length === 2)
  expect(await keys('/registry/deployments/')).toEqual(['/registry/deployments/default/web'])
  expect(await keys('/registry/replicasets/')).toEqual([
    expect.stringMatching(/^\/registry\/replicasets\/default\/web-[a-z0-9]+$/) as string,
  ])
  const places = [
    '/registry/namespaces/default',
    '/registry/serviceaccounts/default/default',
    '/registry/configmaps/default/kube-root-ca.crt',
    '/registry/services/specs/default/kubernetes',
    '/registry/services/endpoints/default/kubernetes',
    '/registry/endpointslices/default/kubernetes',
    '/registry/clusterroles/cluster-admin',
    '/registry/clusterrolebindings/cluster-admin',
    '/registry/priorityclasses/system-node-critical',
  ]
  expect(await keys('/registry/')).toEqual(expect.arrayContaining(places))
  const stored = JSON.parse((await client.get('/registry/deployments/default/web').string()) ?? '') as V1Deployment
  expect(stored).toMatchObject({ apiVersion: 'apps/v1', kind: 'Deployment', spec: { replicas: 2 } })
  expect(stored.metadata?.resourceVersion).toBeUndefined()
}, 60_000)

it("takes etcd's revisions for resource versions", async () => {
  const { kvs } = await client.get('/registry/configmaps/default/kube-root-ca.crt').exec()
  const version = await kubectl.run(
    'get',
    'configmap',
    'kube-root-ca.crt',
    '-o',
    'jsonpath={.metadata.resourceVersion}',
  )
  expect(version).toBe(kvs[0]?.mod_revision)
}, 30_000)

it('loses nothing when the control plane, and etcd under it, are killed', async () => {
  await cluster.kill()
  await etcd.restart()
  cluster = await start()
  expect(await kubectl.run('get', 'deployment', 'web', '-o', 'jsonpath={.spec.replicas}')).toBe('2')
  await kubectl.run('scale', 'deployment/web', '--replicas=3')
  await until('the third pod', async () => (await keys('/registry/pods/default/')).length === 3)
  await etcd.restart()
  await until('a write to go through again', async () => {
    const ran = await kubectl.try(['create', 'configmap', 'after', '--request-timeout=5s'])
    return ran.code === 0 || ran.stderr.includes('already exists')
  })
  expect(await keys('/registry/configmaps/default/after')).toHaveLength(1)
  await kubectl.run('delete', 'deployment', 'web')
  await until('the pods to go', async () => (await keys('/registry/pods/default/')).length === 0)
}, 120_000)

describe('etcd behind TLS, which asks for a certificate', () => {
  let secured: EtcdServer
  const files = (name: string): string => join(dir.path, `${name}.pem`)
  const flags = (ca: string): string[] => [
    ...['--components', 'apiserver', '--store', 'etcd', '--etcd-servers', secured.endpoint, '--etcd-cafile', files(ca)],
    ...['--etcd-certfile', files('client'), '--etcd-keyfile', files('client-key')],
  ]

  beforeAll(async () => {
    const validity = { notBefore: new Date(Date.now() - 60_000), notAfter: new Date(Date.now() + 3_600_000) }
    const authority = await createAuthority({ commonName: 'etcd-ca', ...validity })
    const other = await createAuthority({ commonName: 'other', ...validity })
    const hosts = ['localhost', '127.0.0.1']
    const server = await issueCertificate(authority, {
      commonName: 'etcd',
      hosts,
      usages: ['server', 'client'],
      ...validity,
    })
    const own = await issueCertificate(authority, { commonName: 'kapell', usages: ['client'], ...validity })
    secured = await startEtcd({ tls: { ca: authority.certificate, cert: server.certificate, key: server.key } })
    writeFileSync(files('ca'), authority.certificate)
    writeFileSync(files('other-ca'), other.certificate)
    writeFileSync(files('client'), own.certificate)
    writeFileSync(files('client-key'), own.key)
  }, 60_000)
  afterAll(() => secured?.stop())

  it('keeps the state', async () => {
    const behind = temporaryDir('etcd-tls')
    const port = await freePort()
    let up = await startKapell({ dataDir: behind.path, port, args: flags('ca') })
    const asked = new Kubectl(up.kubeconfig)
    await asked.run('create', 'configmap', 'kept')
    await up.stop()
    up = await startKapell({ dataDir: behind.path, port, args: flags('ca') })
    expect((await asked.run('get', 'configmap', 'kept', '-o', 'name')).trim()).toBe('configmap/kept')
    await up.stop()
    behind.remove()
  }, 120_000)

  it('is not believed when somebody else signed it', async () => {
    const behind = temporaryDir('etcd-tls')
    const args = ['--data-dir', behind.path, '--port', '0', ...flags('other-ca')]
    const ran = await run(process.execPath, [kapellMain, 'up', ...args], { timeoutMs: 90_000 })
    expect(ran.code).toBe(1)
    expect(ran.stderr).toMatch(/etcd.*(self-signed certificate|unable to verify|signature failure|certificate)/i)
    behind.remove()
  }, 120_000)
})
