import { startTestServer, type TestServer } from './apiserver-support.ts'

interface Group {
  name: string
  versions: { version: string }[]
}

const candidate = {
  apiVersion: 'coordination.k8s.io/v1alpha2',
  kind: 'LeaseCandidate',
  metadata: { name: 'a' },
  spec: {
    leaseName: 'l',
    binaryVersion: '1.1.0',
    emulationVersion: '1.0.0',
    strategy: 'OldestEmulationVersion',
  },
}
const collection = (version: string): string =>
  `/apis/coordination.k8s.io/${version}/namespaces/default/leasecandidates`

/** Versions that are served on demand: one server after another on the same state. */
describe('--runtime-config', () => {
  let server: TestServer
  const versionsOf = async (group: string): Promise<string[]> => {
    const { json } = await server.ask('GET', '/apis')
    const groups = json['groups'] as Group[]
    return groups.find(({ name }) => name === group)?.versions.map(({ version }) => version) ?? []
  }
  const serviceStatus = async (name: string): Promise<number> =>
    (await server.ask('GET', `/apis/apiregistration.k8s.io/v1/apiservices/${name}`)).status
  const again = async (runtimeConfig: string): Promise<void> => {
    await server.stop()
    server = await startTestServer({ directory: server.directory, runtimeConfig })
  }
  beforeAll(async () => {
    server = await startTestServer()
  })
  afterAll(() => server.close())

  it('none is served unasked', async () => {
    expect(await versionsOf('coordination.k8s.io')).toEqual(['v1'])
    expect((await server.ask('GET', collection('v1alpha2'))).status).toBe(404)
    expect((await server.ask('GET', '/openapi/v3/apis/coordination.k8s.io/v1alpha2')).status).toBe(404)
    expect(await serviceStatus('v1alpha2.coordination.k8s.io')).toBe(404)
  })

  it('one is served alone, though its objects are stored as another', async () => {
    await again('coordination.k8s.io/v1alpha2=true')
    expect(await versionsOf('coordination.k8s.io')).toEqual(['v1', 'v1alpha2'])
    expect((await server.ask('POST', collection('v1alpha2'), candidate)).status).toBe(201)
    expect((await server.ask('GET', collection('v1beta1'))).status).toBe(404)
    expect(await serviceStatus('v1alpha2.coordination.k8s.io')).toBe(200)
    const { json } = await server.ask('GET', '/openapi/v2')
    expect(Object.keys(json['paths'] as object)).toContain(`/apis/coordination.k8s.io/v1alpha2/leasecandidates`)
    expect(Object.keys(json['paths'] as object)).not.toContain(`/apis/coordination.k8s.io/v1beta1/leasecandidates`)
  })

  it('another version shows the same objects, and what is no longer served is away', async () => {
    await again('api/beta=true')
    expect(await versionsOf('coordination.k8s.io')).toEqual(['v1', 'v1beta1'])
    const { json } = await server.ask('GET', `${collection('v1beta1')}/a`)
    expect(json).toMatchObject({ ...candidate, apiVersion: 'coordination.k8s.io/v1beta1' })
    expect(await serviceStatus('v1alpha2.coordination.k8s.io')).toBe(404)
    expect(await serviceStatus('v1beta1.coordination.k8s.io')).toBe(200)
  })

  it('what is usually served can be left out', async () => {
    await again('batch/v1=false,resource.k8s.io/v1=false,storage.k8s.io/v1=false')
    expect(await versionsOf('batch')).toEqual([])
    expect((await server.ask('GET', '/apis/batch/v1/jobs')).status).toBe(404)
    expect((await server.ask('GET', '/apis/apps/v1/deployments')).status).toBe(200)
  })

  it('refuses what it does not know', async () => {
    const { directory } = server
    await expect(startTestServer({ directory: `${directory}-x`, runtimeConfig: 'x/v1' })).rejects.toThrow(
      'unknown api groups x/v1',
    )
  })
})
