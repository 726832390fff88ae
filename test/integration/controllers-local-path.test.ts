import { jest } from '@jest/globals'
import {
  events,
  namespaces,
  nodes,
  persistentVolumeClaims,
  persistentVolumes,
  pods,
  serviceAccounts,
  storageClasses,
} from '@kapell/openapi/meta/refs'
import type { V1PersistentVolume } from '@kapell/openapi/types'
import { startControlPlane, type ControlPlane } from './controllers-support.ts'

const ns = 'local'

// Conditions come within milliseconds; a busy machine may take longer.
jest.setTimeout(30_000)

describe('local volumes on a real API server', () => {
  let plane: ControlPlane
  beforeAll(async () => {
    plane = await startControlPlane({
      controllers: [
        'persistentvolume-binder-controller',
        'local-path-provisioner',
        'ephemeral-volume-controller',
        'persistentvolume-expander-controller',
        'pv-protection-controller',
        'pvc-protection-controller',
      ],
    })
    await plane.client.resource(namespaces).create({ metadata: { name: ns } })
    await plane.client.resource(serviceAccounts, ns).create({ metadata: { name: 'default' } })
    await plane.until([storageClasses], () => plane.client.resource(storageClasses).get('local-path'))
  })
  afterAll(() => plane.close())

  const node = (name: string) =>
    plane.client.resource(nodes).create({
      metadata: {
        name,
        labels: { 'kubernetes.io/hostname': `host-${name}` },
        annotations: { 'kapell.io/local-path-directory': `/data/${name}` },
      },
    })
  const claims = () => plane.client.resource(persistentVolumeClaims, ns)
  const claim = (name: string, nodeName?: string, more: object = {}) =>
    claims().create({
      metadata: {
        name,
        ...(nodeName === undefined ? {} : { annotations: { 'volume.kubernetes.io/selected-node': nodeName } }),
      },
      spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } }, ...more },
    })
  const volumeOf = (name: string) =>
    plane.until<V1PersistentVolume>([persistentVolumes, persistentVolumeClaims], async () => {
      const found = await claims().get(name)
      return found.status?.phase === 'Bound'
        ? plane.client.resource(persistentVolumes).get(found.spec?.volumeName ?? '')
        : undefined
    })
  const eventOn = (name: string, reason: string) =>
    plane.until([events], async () => {
      const list = await plane.client.resource(events, ns).list()
      return list.items.find((event) => event.involvedObject.name === name && event.reason === reason)
    })

  it('there is a default class from the start', async () => {
    expect(await plane.client.resource(storageClasses).get('local-path')).toMatchObject({
      metadata: { annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' } },
      provisioner: 'kapell.io/local-path',
      volumeBindingMode: 'WaitForFirstConsumer',
      reclaimPolicy: 'Delete',
      allowVolumeExpansion: true,
    })
  })

  it('a claim whose pod has a node gets a directory of that node', async () => {
    await node('a')
    const made = await claim('one', 'a')
    const volume = await volumeOf('one')
    const name = `pvc-${made.metadata?.uid}`
    expect(volume).toMatchObject({
      metadata: { name, annotations: { 'pv.kubernetes.io/provisioned-by': 'kapell.io/local-path' } },
      spec: {
        local: { path: `/data/a/${name}_local_one` },
        storageClassName: 'local-path',
        persistentVolumeReclaimPolicy: 'Delete',
        nodeAffinity: {
          required: {
            nodeSelectorTerms: [
              { matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'In', values: ['host-a'] }] },
            ],
          },
        },
      },
    })
    expect((await eventOn('one', 'ProvisioningSucceeded'))?.message).toBe(`Successfully provisioned volume ${name}`)
  })

  it('the volume of a deleted claim stays until the node has removed its data; a node that is gone has none', async () => {
    await node('b')
    await claim('two', 'b')
    const name = (await volumeOf('two')).metadata?.name ?? ''
    await claims().delete('two')
    // Nobody listens on this node.
    await plane.until([events], async () => {
      const list = await plane.client.resource(events, 'default').list()
      return list.items.find((event) => event.involvedObject.name === name && event.reason === 'VolumeFailedDelete')
    })
    expect((await plane.client.resource(persistentVolumes).get(name)).status?.phase).toBe('Released')
    await plane.client.resource(nodes).delete('b')
    await plane.until([persistentVolumes], async () => {
      const { items } = await plane.client.resource(persistentVolumes).list()
      return items.some(({ metadata }) => metadata?.name === name) ? undefined : true
    })
  })

  it('a claim for a node that is gone is given back to the scheduler', async () => {
    await claim('three', 'gone')
    expect((await eventOn('three', 'ProvisioningFailed'))?.message).toBe(
      'failed to provision volume with StorageClass "local-path": error getting selected node: node "gone" not found',
    )
    const stored = await plane.until([persistentVolumeClaims], async () => {
      const found = await claims().get('three')
      return found.metadata?.annotations?.['volume.kubernetes.io/selected-node'] === undefined ? found : undefined
    })
    expect(stored.status?.phase).toBe('Pending')
  })

  it('block volumes are refused', async () => {
    await claim('four', 'a', { volumeMode: 'Block' })
    expect((await eventOn('four', 'ProvisioningFailed'))?.message).toContain('block volumes are not supported')
  })

  it('a class that does not wait takes the node with the fewest volumes', async () => {
    await plane.client.resource(storageClasses).create({
      metadata: { name: 'now' },
      provisioner: 'kapell.io/local-path',
      volumeBindingMode: 'Immediate',
    })
    await node('c')
    await claim('five', undefined, { storageClassName: 'now' })
    expect((await volumeOf('five')).spec?.local?.path).toMatch(/^\/data\/c\//)
  })

  it('a claim that asks for more gets it', async () => {
    await claim('more', 'a')
    const name = (await volumeOf('more')).metadata?.name ?? ''
    await claims().patch('more', 'merge', { spec: { resources: { requests: { storage: '3Gi' } } } })
    await plane.until([persistentVolumeClaims], async () => {
      const { status } = await claims().get('more')
      return status?.capacity?.['storage'] === '3Gi' ? status : undefined
    })
    expect((await plane.client.resource(persistentVolumes).get(name)).spec?.capacity).toEqual({ storage: '3Gi' })
    expect((await eventOn('more', 'ExternalExpanding'))?.message).toBe(
      'waiting for an external controller to expand this PVC',
    )
    await eventOn('more', 'VolumeResizeSuccessful')
  })

  const ephemeralPod = (name: string) =>
    plane.client.resource(pods, ns).create({
      metadata: { name },
      spec: {
        containers: [{ name: 'c', image: 'i' }],
        volumes: [
          {
            name: 'scratch',
            ephemeral: {
              volumeClaimTemplate: {
                metadata: { labels: { app: name } },
                spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
              },
            },
          },
        ],
      },
    })

  it('an ephemeral volume of a pod gets a claim that the pod owns', async () => {
    const pod = await ephemeralPod('e')
    const made = await plane.until([persistentVolumeClaims], () =>
      claims()
        .get('e-scratch')
        .catch(() => undefined),
    )
    expect(made).toMatchObject({
      metadata: {
        labels: { app: 'e' },
        ownerReferences: [{ kind: 'Pod', name: 'e', uid: pod.metadata?.uid, controller: true }],
      },
      spec: { storageClassName: 'local-path' },
    })
  })

  it('a claim of that name that is not its own is left alone, and the pod says so', async () => {
    await claim('f-scratch')
    await ephemeralPod('f')
    expect((await eventOn('f', 'FailedBinding'))?.message).toBe(
      'ephemeral volume scratch: PVC local/f-scratch was not created for pod local/f (pod is not owner)',
    )
  })
})
