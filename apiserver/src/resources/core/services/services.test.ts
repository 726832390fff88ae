import type { V1ConfigMap, V1Service, V1ServiceSpec } from '@kapell/openapi/types'
import { fakeContext, FakeObjects, fakeServices, testNow } from '../../testing/fake-services.ts'
import { allocateService, releaseService } from './allocate.ts'
import { defaultService } from './defaults.ts'
import { managedBy } from './ip-allocation.ts'
import { portsObject, readClaims } from './port-allocation.ts'
import { prepareService, prepareServiceUpdate } from './prepare.ts'

const ips = { group: 'networking.k8s.io', plural: 'ipaddresses' }
const configMaps = { group: '', plural: 'configmaps' }
const port = { port: 80 }

function service(spec: Partial<V1ServiceSpec> = {}, name = 's'): V1Service {
  const made: V1Service = {
    metadata: { namespace: 'a', name },
    spec: { ports: [{ ...port }], ...structuredClone(spec) },
  }
  defaultService(made)
  return made
}

class Cluster {
  readonly objects = new FakeObjects()
  readonly context = fakeContext(fakeServices(this.objects))

  async create(spec: Partial<V1ServiceSpec> = {}, name = 's'): Promise<V1Service> {
    const made = service(spec, name)
    prepareService(made)
    const reservation = await allocateService(made, undefined, this.context)
    await reservation?.commit()
    this.objects.put({ group: '', plural: 'services' }, made)
    return made
  }
  async update(previous: V1Service, spec: Partial<V1ServiceSpec>): Promise<V1Service> {
    const next: V1Service = { ...structuredClone(previous), spec: { ...structuredClone(previous.spec), ...spec } }
    defaultService(next)
    prepareServiceUpdate(next, previous)
    const reservation = await allocateService(next, previous, this.context)
    await reservation?.commit()
    this.objects.put({ group: '', plural: 'services' }, next)
    return next
  }
  claimed(): string[] {
    return this.objects.list(ips).map((ip) => ip.metadata?.name ?? '')
  }
  ports(): number[] {
    return [...readClaims(this.objects.get<V1ConfigMap>(configMaps, portsObject)).keys()]
  }
}

describe('cluster IPs', () => {
  it('gives an address of the range, claimed by an object of its name', async () => {
    const cluster = new Cluster()
    const made = await cluster.create()
    expect(made.spec?.clusterIP).toMatch(/^10\.96\.0\.\d+$/)
    expect(made.spec).toMatchObject({
      clusterIPs: [made.spec?.clusterIP],
      ipFamilies: ['IPv4'],
      ipFamilyPolicy: 'SingleStack',
    })
    expect(cluster.claimed()).toEqual([made.spec?.clusterIP])
  })
  it('gives the address that is asked for, once', async () => {
    const cluster = new Cluster()
    await cluster.create({ clusterIP: '10.96.0.7' })
    await expect(cluster.create({ clusterIP: '10.96.0.7' }, 't')).rejects.toThrow('provided IP is already allocated')
  })
  it('takes over what an unfinished creation of the same service left', async () => {
    const cluster = new Cluster()
    cluster.objects.put(ips, {
      metadata: { name: '10.96.0.7' },
      spec: { parentRef: { resource: 'services', namespace: 'a', name: 's' } },
    } as never)
    await expect(cluster.create({ clusterIP: '10.96.0.7' })).resolves.toMatchObject({
      spec: { clusterIP: '10.96.0.7' },
    })
  })
  it.each<[rule: string, creationTimestamp: string, allowed: boolean]>([
    ['a claim of another service that is being made stands', '2026-01-02T03:04:00Z', false],
    ['one that was abandoned does not', '2026-01-02T03:03:00Z', true],
  ])('%s', async (_rule, creationTimestamp, allowed) => {
    const cluster = new Cluster()
    cluster.objects.put(ips, {
      metadata: { name: '10.96.0.7', uid: 'u', creationTimestamp, labels: { [managedBy.key]: managedBy.value } },
      spec: { parentRef: { resource: 'services', namespace: 'a', name: 'other' } },
    } as never)
    const answer = cluster.create({ clusterIP: '10.96.0.7' })
    await (allowed ? expect(answer).resolves.toBeDefined() : expect(answer).rejects.toThrow('already allocated'))
  })
  it.each([
    ['outside the range', '10.97.0.1'],
    ['the network itself', '10.96.0.0'],
    ['its broadcast address', '10.96.0.255'],
  ])('refuses an address that is %s', async (_rule, clusterIP) => {
    await expect(new Cluster().create({ clusterIP })).rejects.toThrow(
      'the provided network does not match the current range',
    )
  })
  it('hands out every address before it says that the range is full', async () => {
    const cluster = new Cluster()
    const taken = new Set<string>()
    for (let i = 0; i < 254; i++) taken.add((await cluster.create({}, `s${i}`)).spec?.clusterIP ?? '')
    expect(taken.size).toBe(254)
    await expect(cluster.create({}, 'last')).rejects.toThrow('range is full')
  })
  it('a headless service has none', async () => {
    const cluster = new Cluster()
    expect((await cluster.create({ clusterIP: 'None', selector: { a: 'b' } })).spec?.clusterIPs).toEqual(['None'])
    expect(cluster.claimed()).toEqual([])
  })
  it('becoming an external name gives the address back', async () => {
    const cluster = new Cluster()
    const made = await cluster.create()
    const next = await cluster.update(made, { type: 'ExternalName', externalName: 'example.com' })
    expect(next.spec?.clusterIP).toBeUndefined()
    expect(cluster.claimed()).toEqual([])
  })
  it('a dry run claims nothing', async () => {
    const cluster = new Cluster()
    const made = service()
    const context = { ...cluster.context, dryRun: true }
    prepareService(made)
    await allocateService(made, undefined, context)
    expect(made.spec?.clusterIP).toMatch(/^10\.96\.0\./)
    expect(cluster.claimed()).toEqual([])
  })
  it('what could not be stored is given back', async () => {
    const cluster = new Cluster()
    const made = service({ type: 'NodePort' })
    prepareService(made)
    const reservation = await allocateService(made, undefined, cluster.context)
    await reservation?.rollback()
    expect([cluster.claimed(), cluster.ports()]).toEqual([[], []])
  })
  it('deletion gives back everything', async () => {
    const cluster = new Cluster()
    const made = await cluster.create({ type: 'NodePort' })
    await releaseService(made, cluster.context)
    expect([cluster.claimed(), cluster.ports()]).toEqual([[], []])
  })
})

describe('node ports', () => {
  it('gives one to every port', async () => {
    const cluster = new Cluster()
    const made = await cluster.create({
      type: 'NodePort',
      ports: [
        { name: 'a', port: 1 },
        { name: 'b', port: 2 },
      ],
    })
    const given = (made.spec?.ports ?? []).map((p) => p.nodePort ?? 0)
    expect(new Set(given).size).toBe(2)
    expect(cluster.ports().sort()).toEqual([...given].sort())
  })
  it.each<[rule: string, nodePort: number, message: string]>([
    ['outside the range', 80, 'provided port is not in the valid range. The range of valid ports is 30000-30009'],
    ['taken', 30_001, 'provided port is already allocated'],
  ])('refuses a port that is %s', async (_rule, nodePort, message) => {
    const cluster = new Cluster()
    await cluster.create({ type: 'NodePort', ports: [{ port: 80, nodePort: 30_001 }] })
    await expect(cluster.create({ type: 'NodePort', ports: [{ port: 80, nodePort }] }, 't')).rejects.toThrow(message)
  })
  it('a port of a Service is taken even when the claim was lost', async () => {
    const cluster = new Cluster()
    cluster.objects.put(
      { group: '', plural: 'services' },
      service({ type: 'NodePort', ports: [{ port: 80, nodePort: 30_001 }] }, 'old'),
    )
    await expect(cluster.create({ type: 'NodePort', ports: [{ port: 80, nodePort: 30_001 }] })).rejects.toThrow(
      'already allocated',
    )
  })
  const claimedBy = (owner: string, secondsAgo: number): Cluster => {
    const cluster = new Cluster()
    const at = testNow.getTime() - secondsAgo * 1000
    cluster.objects.put(configMaps, { metadata: { ...portsObject }, data: { '30001': `${owner} ${at}` } } as never)
    return cluster
  }
  const wanted = { type: 'NodePort', ports: [{ port: 80, nodePort: 30_001 }] }
  it.each<[rule: string, cluster: Cluster, allowed: boolean]>([
    ['a claim of another service that is being made stands', claimedBy('a/other', 5), false],
    ['one that was abandoned does not', claimedBy('a/other', 61), true],
    ['nor does what an unfinished creation of this service left', claimedBy('a/s', 5), true],
  ])('%s', async (_rule, cluster, allowed) => {
    const answer = cluster.create(wanted)
    await (allowed ? expect(answer).resolves.toBeDefined() : expect(answer).rejects.toThrow('already allocated'))
  })
  it('the same number serves TCP and UDP of one service', async () => {
    const ports = [
      { name: 'a', port: 53, nodePort: 30_001 },
      { name: 'b', port: 53, protocol: 'UDP', nodePort: 30_001 },
    ]
    await expect(new Cluster().create({ type: 'NodePort', ports })).resolves.toBeDefined()
  })
  it('an update that does not repeat them keeps them', async () => {
    const cluster = new Cluster()
    const made = await cluster.create({ type: 'NodePort' })
    const next = await cluster.update(made, { ports: [{ port: 80, targetPort: 8080 }] })
    expect(next.spec?.ports?.[0]?.nodePort).toBe(made.spec?.ports?.[0]?.nodePort)
    expect(next.spec?.clusterIP).toBe(made.spec?.clusterIP)
  })
  it('going back to ClusterIP gives them back', async () => {
    const cluster = new Cluster()
    const made = await cluster.create({ type: 'NodePort' })
    const next = await cluster.update(made, { type: 'ClusterIP' })
    expect(next.spec?.ports?.[0]?.nodePort).toBeUndefined()
    expect(next.spec?.externalTrafficPolicy).toBeUndefined()
    expect(cluster.ports()).toEqual([])
  })
  it('every one of ten can be had, and no eleventh', async () => {
    const cluster = new Cluster()
    for (let i = 0; i < 10; i++) await cluster.create({ type: 'NodePort' }, `s${i}`)
    await expect(cluster.create({ type: 'NodePort' }, 'last')).rejects.toThrow('range is full')
    // The address of the one that failed is free again.
    expect(cluster.claimed()).toHaveLength(10)
  })
})

describe('dual stack', () => {
  const dual = { serviceClusterIpRanges: ['10.96.0.0/24', 'fd00::/112'] }
  it('prefers both families where there are both', async () => {
    const context = fakeContext(fakeServices(new FakeObjects(), dual))
    const made = service({ ipFamilyPolicy: 'PreferDualStack' })
    prepareService(made)
    await allocateService(made, undefined, context)
    expect(made.spec?.ipFamilies).toEqual(['IPv4', 'IPv6'])
    expect(made.spec?.clusterIPs?.[1]).toMatch(/^fd00::/)
  })
  it('requires both, and says when there are not', async () => {
    await expect(new Cluster().create({ ipFamilyPolicy: 'RequireDualStack' })).rejects.toThrow(
      'this cluster is not configured for dual-stack services',
    )
  })
  it('refuses a family that the cluster has not', async () => {
    await expect(new Cluster().create({ ipFamilies: ['IPv6'] })).rejects.toThrow('not configured on this cluster')
  })
})
