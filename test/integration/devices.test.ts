import { jest } from '@jest/globals'
import { startCluster, type EmbeddedCluster } from '@kapell/cli'
import {
  deviceClasses,
  events,
  namespaces,
  nodes,
  pods,
  resourceClaims,
  resourceClaimTemplates,
  resourceSlices,
} from '@kapell/openapi/meta/refs'
import type { ResourceV1ResourceClaim, V1Device, V1Pod } from '@kapell/openapi/types'
import { until } from '../e2e/support/wait.ts'

const ns = 'devices'
const within = { timeoutMs: 30_000 }

// Retries back off for some seconds.
jest.setTimeout(90_000)

/** Dynamic resource allocation from the template to the device and back, with no node behind it. */
describe('devices', () => {
  let cluster: EmbeddedCluster

  beforeAll(async () => {
    cluster = await startCluster()
    await cluster.client.resource(namespaces).create({ metadata: { name: ns } })
    for (const name of ['n1', 'n2']) {
      await cluster.client.resource(nodes).create({ metadata: { name, labels: { zone: name } } })
      const allocatable = { cpu: '8', memory: '8Gi', pods: '50' }
      await cluster.client
        .resource(nodes)
        .patch(name, 'merge', { status: { allocatable, capacity: allocatable } }, { subresource: 'status' })
    }
    await until('the account', () => cluster.client.raw('GET', `/api/v1/namespaces/${ns}/serviceaccounts/default`))
  })
  afterAll(() => cluster.close())

  /** A class of its own for each test, with the devices of a driver of its own. */
  async function offer(driver: string, devices: V1Device[], more: object = {}): Promise<void> {
    const expression = `device.driver == '${driver}.example.com'`
    await cluster.client
      .resource(deviceClasses)
      .create({ metadata: { name: driver }, spec: { selectors: [{ cel: { expression } }], ...more } })
    await cluster.client.resource(resourceSlices).create({
      metadata: { name: driver },
      spec: {
        driver: `${driver}.example.com`,
        nodeName: 'n1',
        pool: { name: 'n1', generation: 1, resourceSliceCount: 1 },
        devices,
      },
    })
  }
  const asking = (driver: string, more: object = {}) => ({
    devices: { requests: [{ name: 'r', exactly: { deviceClassName: driver, ...more } }] },
  })
  const claim = (name: string, spec: object) =>
    cluster.client.resource(resourceClaims, ns).create({ metadata: { name }, spec })
  const pod = (name: string, spec: Partial<NonNullable<V1Pod['spec']>> = {}) =>
    cluster.client.resource(pods, ns).create({
      metadata: { name },
      spec: {
        terminationGracePeriodSeconds: 0,
        containers: [{ name: 'c', image: 'i' }],
        // These nodes never say that they are ready.
        tolerations: [{ operator: 'Exists' }],
        ...spec,
      },
    })
  const using = (...names: string[]) => ({
    resourceClaims: names.map((name) => ({ name, resourceClaimName: name })),
  })
  const nodeOf = (name: string) =>
    until(
      `${name} to be placed`,
      async () => (await cluster.client.resource(pods, ns).get(name)).spec?.nodeName,
      within,
    )
  const refusal = (name: string) =>
    until(
      `${name} to be refused`,
      async () => {
        const { status } = await cluster.client.resource(pods, ns).get(name)
        return status?.conditions?.find(({ type, status: is }) => type === 'PodScheduled' && is === 'False')
      },
      within,
    )
  const read = (name: string) => cluster.client.resource(resourceClaims, ns).get(name)
  const claimOnce = (name: string, what: string, holds: (claim: ResourceV1ResourceClaim) => boolean) =>
    until(
      `${name} ${what}`,
      async () => {
        const found = await read(name)
        return holds(found) ? found : undefined
      },
      within,
    )
  const devicesOf = ({ status }: ResourceV1ResourceClaim): string[] =>
    status?.allocation?.devices?.results?.map(({ device }) => device) ?? []

  it('a claim is made from its template, gets a device, and goes when the pod has ended', async () => {
    await offer('tmpl', [{ name: 'd0' }, { name: 'd1' }])
    await cluster.client
      .resource(resourceClaimTemplates, ns)
      .create({ metadata: { name: 't' }, spec: { metadata: { labels: { l: '1' } }, spec: asking('tmpl') } })
    await pod('made', { resourceClaims: [{ name: 'gpu', resourceClaimTemplateName: 't' }] })
    expect(await nodeOf('made')).toBe('n1')
    const { status, metadata } = await cluster.client.resource(pods, ns).get('made')
    const name = status?.resourceClaimStatuses?.[0]?.resourceClaimName ?? ''
    expect(name).toMatch(/^made-gpu-/)
    const found = await read(name)
    expect(found.metadata).toMatchObject({
      labels: { l: '1' },
      annotations: { 'resource.kubernetes.io/pod-claim-name': 'gpu' },
      finalizers: ['resource.kubernetes.io/delete-protection'],
      ownerReferences: [{ kind: 'Pod', name: 'made', uid: metadata?.uid }],
    })
    expect(found.status).toMatchObject({
      allocation: {
        devices: { results: [{ request: 'r', driver: 'tmpl.example.com', pool: 'n1', device: 'd0' }] },
        nodeSelector: {
          nodeSelectorTerms: [{ matchFields: [{ key: 'metadata.name', operator: 'In', values: ['n1'] }] }],
        },
      },
      reservedFor: [{ resource: 'pods', name: 'made', uid: metadata?.uid }],
    })
    await cluster.client
      .resource(pods, ns)
      .patch('made', 'merge', { status: { phase: 'Succeeded' } }, { subresource: 'status' })
    await until(
      'the claim to go',
      () =>
        read(name).then(
          () => undefined,
          () => true,
        ),
      within,
    )
  })

  it('what a pod leaves behind goes to the one that waited for it', async () => {
    await offer('scarce', [{ name: 'only' }])
    await claim('first', asking('scarce'))
    await claim('second', asking('scarce'))
    await pod('first', using('first'))
    expect(await nodeOf('first')).toBe('n1')
    await pod('second', using('second'))
    expect((await refusal('second')).message).toBe(
      '0/2 nodes are available: 2 cannot allocate all claims. still not schedulable, preemption: 0/2 nodes are available: 2 Preemption is not helpful for scheduling.',
    )
    await cluster.client.resource(pods, ns).delete('first')
    expect(await nodeOf('second')).toBe('n1')
    const first = await claimOnce('first', 'to be free', ({ metadata }) => metadata?.finalizers === undefined)
    expect(first.status).toEqual({})
  })

  it('pods that share a claim share its device', async () => {
    await offer('shared', [{ name: 'only' }])
    await claim('shared', asking('shared'))
    await pod('one', using('shared'))
    await pod('two', using('shared'))
    await Promise.all([nodeOf('one'), nodeOf('two')])
    const found = await claimOnce('shared', 'to have two users', ({ status }) => status?.reservedFor?.length === 2)
    expect(devicesOf(found)).toEqual(['only'])
  })

  it('a pod waits for a claim, a class and a device, and goes as soon as all are there', async () => {
    await pod('patient', using('late'))
    await claim('late', asking('late'))
    expect((await refusal('patient')).message).toContain('request r: device class late does not exist')
    await offer('late', [{ name: 'd0' }])
    expect(await nodeOf('patient')).toBe('n1')
  })

  it('devices of a claim nobody uses are given up where they stand in the way', async () => {
    await offer('stuck', [{ name: 'd0' }])
    await cluster.client.resource(resourceSlices).create({
      metadata: { name: 'stuck-2' },
      spec: {
        driver: 'stuck.example.com',
        nodeName: 'n2',
        pool: { name: 'n2', generation: 1, resourceSliceCount: 1 },
        devices: [{ name: 'd0' }],
      },
    })
    const made = await claim('stuck', asking('stuck'))
    const results = [{ request: 'r', driver: 'stuck.example.com', pool: 'n1', device: 'd0' }]
    const nodeSelector = {
      nodeSelectorTerms: [{ matchFields: [{ key: 'metadata.name', operator: 'In', values: ['n1'] }] }],
    }
    await cluster.client
      .resource(resourceClaims, ns)
      .updateStatus({ ...made, status: { allocation: { devices: { results }, nodeSelector } } })
    await pod('stuck', { ...using('stuck'), nodeSelector: { zone: 'n2' } })
    expect(await nodeOf('stuck')).toBe('n2')
  })

  it('selectors see attributes and capacities', async () => {
    await offer('sel', [
      { name: 'small', capacity: { mem: { value: '1Gi' } }, attributes: { v: { version: '1.2.0' } } },
      {
        name: 'big',
        capacity: { mem: { value: '8Gi' } },
        attributes: { v: { version: '1.10.0' }, ok: { bool: true } },
      },
    ])
    const expression =
      "device.capacity['sel.example.com'].mem.isGreaterThan(quantity('2Gi')) && cel.bind(a, device.attributes['sel.example.com'], a.ok && a.v.isGreaterThan(semver('1.9.0')))"
    await claim('sel', asking('sel', { selectors: [{ cel: { expression } }] }))
    await pod('sel', using('sel'))
    await nodeOf('sel')
    expect(devicesOf(await read('sel'))).toEqual(['big'])
  })

  it('a selector that fails is said to', async () => {
    await offer('bad', [{ name: 'd0' }])
    const expression = "device.attributes['bad.example.com'].nope == 1"
    await claim('bad', asking('bad', { selectors: [{ cel: { expression } }] }))
    await pod('bad', using('bad'))
    expect(await refusal('bad')).toMatchObject({
      reason: 'SchedulerError',
      message:
        'running "DynamicResources" filter plugin: claim devices/bad: selector #0: CEL runtime error: no such key: nope',
    })
  })

  it('devices stand in for an extended resource', async () => {
    await offer('ext', [{ name: 'd0' }, { name: 'd1' }], { extendedResourceName: 'ext.example.com/gpu' })
    const limits = { 'ext.example.com/gpu': '2' }
    await pod('ext', { containers: [{ name: 'c', image: 'i', resources: { limits } }] })
    expect(await nodeOf('ext')).toBe('n1')
    const { status } = await cluster.client.resource(pods, ns).get('ext')
    expect(status?.extendedResourceClaimStatus?.requestMappings).toEqual([
      { containerName: 'c', requestName: 'container-0-request-0', resourceName: 'ext.example.com/gpu' },
    ])
    const name = status?.extendedResourceClaimStatus?.resourceClaimName ?? ''
    expect(devicesOf(await read(name))).toEqual(['d0', 'd1'])
    await cluster.client.resource(pods, ns).delete('ext')
    await until(
      'the claim to go',
      () =>
        read(name).then(
          () => undefined,
          () => true,
        ),
      within,
    )
  })

  it('a pod is bound once its device is ready', async () => {
    await offer('slow', [{ name: 'd0', bindingConditions: ['x.io/ready'], bindingFailureConditions: ['x.io/bad'] }])
    await claim('slow', asking('slow'))
    await pod('slow', using('slow'))
    const found = await claimOnce('slow', 'to be reserved', ({ status }) => status?.reservedFor?.length === 1)
    await until(
      'the event',
      async () => {
        const { items } = await cluster.client.resource(events, ns).list()
        return items.find(({ message }) => message === 'waiting for binding conditions for device on node n1')
      },
      within,
    )
    expect((await cluster.client.resource(pods, ns).get('slow')).spec?.nodeName).toBeUndefined()
    const condition = {
      type: 'x.io/ready',
      status: 'True',
      reason: 'Ready',
      message: '',
      lastTransitionTime: new Date().toISOString(),
    }
    const told = { driver: 'slow.example.com', pool: 'n1', device: 'd0', conditions: [condition] }
    await cluster.client
      .resource(resourceClaims, ns)
      .updateStatus({ ...found, status: { ...found.status, devices: [told] } })
    expect(await nodeOf('slow')).toBe('n1')
  })

  it('a pod leaves a device that has been tainted', async () => {
    await offer('worn', [{ name: 'd0' }])
    await claim('worn', asking('worn'))
    await pod('worn', using('worn'))
    await nodeOf('worn')
    await cluster.client
      .resource(resourceSlices)
      .patch('worn', 'merge', { spec: { devices: [{ name: 'd0', taints: [{ key: 'k', effect: 'NoExecute' }] }] } })
    const gone = () => cluster.client.resource(pods, ns).get('worn').then(() => undefined, () => true) // prettier-ignore
    await until('the pod to go', gone, within)
    await claimOnce('worn', 'to be free', ({ status }) => status?.allocation === undefined)
  })
})
