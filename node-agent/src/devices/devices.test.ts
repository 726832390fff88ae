import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ResourceV1ResourceClaim, V1Pod } from '@kapell/openapi/types'
import { editsOf, readCdiSpecs, type CdiSpec } from './cdi.ts'
import type { DeviceDrivers, DriverClient } from './drivers.ts'
import { createPodDevices, type PodDevicesOptions } from './manager.ts'
import { openPreparedClaims } from './prepared.ts'

let dir: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'devices-'))
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

const driver = 'd.example.com'
const claim = (...pods: string[]): ResourceV1ResourceClaim => ({
  metadata: { name: 'c', namespace: 'ns', uid: 'claim-uid' },
  spec: {},
  status: {
    allocation: { devices: { results: [{ request: 'r', driver, pool: 'p', device: 'd' }] } },
    reservedFor: pods.map((uid) => ({ resource: 'pods', name: uid, uid })),
  },
})
const container = (claims: { name: string; request?: string }[]) => ({ name: 'c', image: 'i', resources: { claims } })
const pod = (uid: string, more: Partial<NonNullable<V1Pod['spec']>> = {}): V1Pod => ({
  metadata: { name: uid, namespace: 'ns', uid },
  spec: { containers: [], resourceClaims: [{ name: 'gpu', resourceClaimName: 'c' }], ...more },
})

/** A driver that notes its calls. */
function fakeDriver(calls: string[], error = ''): DeviceDrivers['get'] {
  const answer = (verb: string, claims: readonly { uid?: string }[], more: object) => {
    calls.push(`${verb} ${claims.map(({ uid }) => uid).join()}`)
    return Promise.resolve({ claims: { 'claim-uid': { error, ...more } } })
  }
  const devices = [
    { requestNames: ['r'], cdiDeviceIds: ['d.example.com/dev=d'] },
    { requestNames: ['q/first'], cdiDeviceIds: ['d.example.com/dev=e'] },
  ]
  const client = {
    nodePrepareResources: ({ claims = [] }: { claims?: { uid?: string }[] }) => answer('prepare', claims, { devices }),
    nodeUnprepareResources: ({ claims = [] }: { claims?: { uid?: string }[] }) => answer('unprepare', claims, {}),
  }
  return () => client as unknown as DriverClient
}

async function build(more: Partial<PodDevicesOptions> = {}) {
  const calls: string[] = []
  const devices = createPodDevices({
    drivers: { get: fakeDriver(calls) },
    prepared: await openPreparedClaims(join(dir, 'prepared.json')),
    claim: () => Promise.resolve(claim('one', 'two')),
    ...more,
  })
  return { devices, calls }
}

describe('devices of pods', () => {
  it('are made ready once, for the first pod, and handed back after the last', async () => {
    const { devices, calls } = await build()
    await devices.prepare(pod('one'))
    await devices.prepare(pod('one'))
    await devices.prepare(pod('two'))
    await devices.release('one')
    expect(calls).toEqual(['prepare claim-uid'])
    await devices.release('two')
    expect(calls).toEqual(['prepare claim-uid', 'unprepare claim-uid'])
  })

  it('are handed back by the agent that comes after', async () => {
    const before = await build()
    await before.devices.prepare(pod('one'))
    const { devices, calls } = await build()
    await devices.release('one')
    expect(calls).toEqual(['unprepare claim-uid'])
  })

  it.each<[string, Partial<PodDevicesOptions>, V1Pod, string]>([
    [
      'a claim that is not for this pod',
      { claim: () => Promise.resolve(claim('other')) },
      pod('one'),
      'prepare dynamic resources: pod one (one) is not allowed to use ResourceClaim c (claim-uid)',
    ],
    [
      'a claim that has not been made',
      {},
      pod('one', { resourceClaims: [{ name: 'gpu', resourceClaimTemplateName: 't' }] }),
      'prepare dynamic resources: claim gpu: ResourceClaim not created yet',
    ],
    [
      'a driver that cannot',
      { drivers: { get: fakeDriver([], 'too hot') } },
      pod('one'),
      'prepare dynamic resources: NodePrepareResources failed for ResourceClaim c: too hot',
    ],
  ])('are not made ready: %s', async (_rule, more, given, message) => {
    const { devices } = await build(more)
    await expect(devices.prepare(given)).rejects.toThrow(message)
  })

  it('go to containers that ask for the claim, or for one of its requests', async () => {
    const { devices } = await build()
    await devices.prepare(pod('one'))
    const ids = async (claims: { name: string; request?: string }[]) =>
      (await devices.ofContainer(pod('one'), container(claims))).cdiIds
    expect(await ids([{ name: 'gpu' }])).toEqual(['d.example.com/dev=d', 'd.example.com/dev=e'])
    expect(await ids([{ name: 'gpu', request: 'r' }])).toEqual(['d.example.com/dev=d'])
    expect(await ids([{ name: 'gpu', request: 'q' }])).toEqual(['d.example.com/dev=e'])
    expect(await ids([])).toEqual([])
  })

  it('go to containers whose extended resources they stand in for', async () => {
    const { devices } = await build()
    const requestMappings = [{ containerName: 'c', requestName: 'r', resourceName: 'example.com/gpu' }]
    const given: V1Pod = {
      ...pod('one', { resourceClaims: [] }),
      status: { extendedResourceClaimStatus: { resourceClaimName: 'c', requestMappings } },
    }
    await devices.prepare(given)
    expect((await devices.ofContainer(given, container([]))).cdiIds).toEqual(['d.example.com/dev=d'])
  })

  it('are put into words where the runtime does not know them by name', async () => {
    const spec: CdiSpec = {
      kind: 'd.example.com/dev',
      containerEdits: { env: ['ALL=1'] },
      devices: [{ name: 'd', containerEdits: { env: ['D=1'], deviceNodes: [{ path: '/dev/d' }] } }],
    }
    const { devices } = await build({ cdiSpecs: () => Promise.resolve([spec]) })
    await devices.prepare(pod('one'))
    expect(await devices.ofContainer(pod('one'), container([{ name: 'gpu', request: 'r' }]))).toEqual({
      cdiIds: [],
      env: ['ALL=1', 'D=1'],
      mounts: [],
      deviceNodes: [{ path: '/dev/d', hostPath: '/dev/d', permissions: 'rwm' }],
    })
    await expect(devices.ofContainer(pod('one'), container([{ name: 'gpu' }]))).rejects.toThrow(
      'unresolvable CDI devices d.example.com/dev=e',
    )
  })
})

describe('specifications of devices', () => {
  it('are read from JSON and YAML; a later directory wins, and what is broken is left out', async () => {
    writeFileSync(
      join(dir, 'a.json'),
      JSON.stringify({ kind: 'x/y', devices: [{ name: 'd', containerEdits: { env: ['A=1'] } }] }),
    )
    writeFileSync(
      join(dir, 'b.yaml'),
      'kind: x/y\ndevices: [{name: d, containerEdits: {mounts: [{hostPath: /h, containerPath: /c, options: [ro]}]}}]',
    )
    writeFileSync(join(dir, 'c.json'), '{')
    const specs = await readCdiSpecs([join(dir, 'none'), dir])
    expect(editsOf(['x/y=d', 'x/y=d'], specs)).toEqual({
      env: [],
      mounts: [{ hostPath: '/h', containerPath: '/c', options: ['ro'] }],
      deviceNodes: [],
    })
  })
})
