import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { buildImageArchive } from '@kapell/node-agent/images/build'
import { DRAPlugin } from '@kapell/node-agent/devices/gen/dra_pb'
import { Registration } from '@kapell/node-agent/volumes/csi/gen/registration_pb'
import type { ResourceV1ResourceClaim, CoreV1EventList, V1Pod } from '@kapell/openapi/types'
import { listen, service } from '../csi/grpc-server.ts'
import { freePort, Kubectl, startKapell, temporaryDir, type Kapell } from './support/kapell.ts'
import { until } from './support/wait.ts'

/** A device from the driver's slice to the container, with stock kubectl, a real runtime and a driver of our own. */
const image = 'localhost/test/devices:1'
const driver = 'dra.example.com'
const { path: dataDir, remove } = temporaryDir('devices')
const specFile = '/var/run/cdi/kapell-test-dra.json'
const calls: string[] = []
const closers: (() => void)[] = []
let cluster: Kapell
let kubectl: Kubectl
let node: string

beforeAll(async () => {
  mkdirSync(join(dataDir, 'images'))
  await buildImageArchive(
    {
      name: image,
      files: { '/bin/busybox': { content: readFileSync('/bin/busybox'), mode: 0o755 } },
      links: Object.fromEntries(['sh', 'sleep', 'cat'].map((name) => [`/bin/${name}`, '/bin/busybox'])),
      directories: ['/tmp', '/proc', '/sys', '/dev'],
      env: { PATH: '/bin' },
      cmd: ['sh'],
    },
    join(dataDir, 'images', 'devices.tar'),
  )
  const port = await freePort()
  const args = ['--agent-port', '0', '--pod-cidr', '10.233.0.0/24', '--service-cluster-ip-range', '10.234.0.0/16']
  cluster = await startKapell({ dataDir, port, args })
  kubectl = new Kubectl(join(dataDir, 'kubeconfig'))
  node = (await kubectl.json<{ items: { metadata: { name: string } }[] }>('get', 'nodes')).items[0]?.metadata.name ?? ''
}, 180_000)
afterAll(async () => {
  for (const close of closers) close()
  if (cluster?.process.exitCode === null) await cluster.stop()
  rmSync(specFile, { force: true })
  remove()
}, 60_000)

const apply = async (...items: object[]): Promise<void> => {
  const ran = await kubectl.try(['apply', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items }))
  expect(ran.stderr).toBe('')
}
const dra = { apiVersion: 'resource.k8s.io/v1' }

/** Two devices, which containers know by a variable and a file each. */
async function startDriver(): Promise<() => void> {
  const gift = join(dataDir, 'gift')
  writeFileSync(gift, 'from the device\n')
  mkdirSync('/var/run/cdi', { recursive: true })
  writeFileSync(
    specFile,
    JSON.stringify({
      cdiVersion: '0.6.0',
      kind: `${driver}/dev`,
      devices: ['d0', 'd1'].map((name) => ({
        name,
        containerEdits: {
          env: [`DEVICE_${name}=given`],
          mounts: [{ hostPath: gift, containerPath: `/gift-${name}`, options: ['ro', 'bind'] }],
        },
      })),
    }),
  )
  const socket = join(dataDir, 'dra.sock')
  const plugin = service(DRAPlugin, {
    nodePrepareResources: async ({ claims }) => {
      const answers = await Promise.all(
        claims.map(async ({ namespace, name, uid }) => {
          calls.push(`prepare ${name}`)
          const claim = await kubectl.json<ResourceV1ResourceClaim>('-n', namespace, 'get', 'resourceclaim', name)
          const devices = (claim.status?.allocation?.devices?.results ?? []).map(({ request, pool, device }) => ({
            requestNames: [request],
            poolName: pool,
            deviceName: device,
            cdiDeviceIds: [`${driver}/dev=${device}`],
          }))
          return [uid, { devices }] as const
        }),
      )
      return { claims: Object.fromEntries(answers) }
    },
    nodeUnprepareResources: ({ claims }) => {
      calls.push(...claims.map(({ name }) => `unprepare ${name}`))
      return { claims: Object.fromEntries(claims.map(({ uid }) => [uid, {}])) }
    },
  })
  const registry = join(dataDir, 'node', 'plugins_registry', `${driver}-reg.sock`)
  const registration = service(Registration, {
    getInfo: () => ({ type: 'DRAPlugin', name: driver, endpoint: socket, supportedVersions: ['v1.DRAPlugin'] }),
    notifyRegistrationStatus: () => ({}),
  })
  const ends = [await listen(socket, [plugin]), await listen(registry, [registration])]
  return () => {
    for (const end of ends) end()
    rmSync(registry, { force: true })
  }
}

it('a pod waits for the driver, has its device in the container, and hands it back', async () => {
  await apply(
    {
      ...dra,
      kind: 'ResourceSlice',
      metadata: { name: 'devices' },
      spec: {
        driver,
        nodeName: node,
        pool: { name: node, generation: 1, resourceSliceCount: 1 },
        devices: [
          { name: 'd0', attributes: { size: { string: 'small' } } },
          { name: 'd1', attributes: { size: { string: 'big' } } },
        ],
      },
    },
    {
      ...dra,
      kind: 'DeviceClass',
      metadata: { name: 'test' },
      spec: { selectors: [{ cel: { expression: `device.driver == '${driver}'` } }] },
    },
    {
      ...dra,
      kind: 'ResourceClaimTemplate',
      metadata: { name: 'big' },
      spec: {
        spec: {
          devices: {
            requests: [
              {
                name: 'r',
                exactly: {
                  deviceClassName: 'test',
                  selectors: [{ cel: { expression: `device.attributes['${driver}'].size == 'big'` } }],
                },
              },
            ],
          },
        },
      },
    },
    {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'user' },
      spec: {
        terminationGracePeriodSeconds: 1,
        restartPolicy: 'Never',
        resourceClaims: [{ name: 'gpu', resourceClaimTemplateName: 'big' }],
        containers: [
          {
            name: 'with',
            image,
            command: ['sh', '-c', 'echo "$DEVICE_d1"; cat /gift-d1; sleep 600'],
            resources: { claims: [{ name: 'gpu' }] },
          },
          { name: 'without', image, command: ['sh', '-c', 'echo "[$DEVICE_d1]"; sleep 600'] },
        ],
      },
    },
  )
  await until('the pod to wait for the driver', async () => {
    const { items } = await kubectl.json<CoreV1EventList>('get', 'events')
    return items.find(({ reason }) => reason === 'FailedPrepareDynamicResources')?.message
  }).then((message) =>
    expect(message).toBe(
      `Failed to prepare dynamic resources: prepare dynamic resources: DRA driver ${driver} is not registered`,
    ),
  )
  closers.push(await startDriver())
  await kubectl.run('wait', '--for=condition=Ready', 'pod/user', '--timeout=90s')
  expect(await kubectl.run('logs', 'user', '-c', 'with')).toBe('given\nfrom the device\n')
  expect(await kubectl.run('logs', 'user', '-c', 'without')).toBe('[]\n')
  const { status } = await kubectl.json<V1Pod>('get', 'pod', 'user')
  const name = status?.resourceClaimStatuses?.[0]?.resourceClaimName ?? ''
  expect(await kubectl.run('get', 'resourceclaim', name)).toMatch(/allocated,reserved/)
  expect(calls).toEqual([`prepare ${name}`])
  await kubectl.run('delete', 'pod', 'user')
  expect(calls).toEqual([`prepare ${name}`, `unprepare ${name}`])
  await until('the claim to go', async () => (await kubectl.try(['get', 'resourceclaim', name])).code !== 0)
}, 180_000)
