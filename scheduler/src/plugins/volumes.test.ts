import type {
  V1CSINode,
  V1Node,
  V1PersistentVolume,
  V1PersistentVolumeClaim,
  V1Pod,
  V1StorageClass,
} from '@kapell/openapi/types'
import { SchedulerCache } from '../cache.ts'
import { Framework, type Placement } from '../framework/runtime.ts'
import { podInfo } from '../framework/pod-info.ts'
import type { Storage } from '../framework/storage.ts'
import { nodeVolumeLimits } from './node-volume-limits.ts'
import { volumeBinding } from './volume-binding/index.ts'
import { volumeRestrictions } from './volume-restrictions.ts'
import { volumeZone } from './volume-zone.ts'

interface World {
  claims?: V1PersistentVolumeClaim[]
  volumes?: V1PersistentVolume[]
  classes?: V1StorageClass[]
  csiNodes?: V1CSINode[]
  nodes?: V1Node[]
  placed?: [pod: V1Pod, nodeName: string][]
  storage?: Partial<Storage>
}

const keyOf = (claim: V1PersistentVolumeClaim): string => `d/${claim.metadata?.name}`

function worldOf(world: World) {
  const claims = new Map((world.claims ?? []).map((claim) => [keyOf(claim), claim]))
  const volumes = new Map((world.volumes ?? []).map((volume) => [volume.metadata?.name ?? '', volume]))
  const written: unknown[] = []
  const storage: Storage = {
    claim: (key) => claims.get(key),
    volume: (name) => volumes.get(name),
    candidates: () => [...volumes.values()],
    storageClass: (name) => world.classes?.find(({ metadata }) => metadata?.name === name),
    csiNode: (name) => world.csiNodes?.find(({ metadata }) => metadata?.name === name),
    csiDriver: () => undefined,
    capacities: () => [],
    assume: ({ claim, volume }) => {
      if (claim !== undefined) claims.set(keyOf(claim), claim)
      if (volume !== undefined) volumes.set(volume.metadata?.name ?? '', volume)
    },
    restore: ({ claim, volume }) => {
      for (const one of world.claims ?? [])
        if (one.metadata?.name === claim?.metadata?.name) claims.set(keyOf(one), one)
      for (const one of world.volumes ?? [])
        if (one.metadata?.name === volume?.metadata?.name) volumes.set(one.metadata?.name ?? '', one)
    },
    updateClaim: (claim) => {
      written.push(claim)
      return Promise.resolve(claim)
    },
    updateVolume: (volume) => {
      written.push(volume)
      return Promise.resolve(volume)
    },
    until: (_keys, _timeout, look) => {
      const found = look()
      return found === undefined ? Promise.reject(new Error('context deadline exceeded')) : Promise.resolve(found)
    },
    ...world.storage,
  }
  const cache = new SchedulerCache()
  for (const node of world.nodes ?? [nodeNamed('a'), nodeNamed('b')]) cache.setNode(node)
  for (const [pod, nodeName] of world.placed ?? []) cache.setPod(podInfo(pod), nodeName)
  const plugins = [volumeRestrictions, nodeVolumeLimits, volumeBinding, volumeZone].map((make) => make(storage))
  const framework = new Framework(plugins.map((plugin) => ({ plugin, weight: 0 })))
  return { framework, cache, storage, written, claims, volumes }
}

const nodeNamed = (name: string, labels = {}): V1Node => ({
  metadata: { name, labels: { 'kubernetes.io/hostname': name, ...labels } },
  status: { allocatable: { pods: '10' } },
})
const onNode = (name: string) => ({
  required: {
    nodeSelectorTerms: [
      { matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'In' as const, values: [name] }] },
    ],
  },
})
const classNamed = (name: string, provisioner: string, more: Partial<V1StorageClass> = {}): V1StorageClass => ({
  metadata: { name },
  provisioner,
  volumeBindingMode: 'WaitForFirstConsumer',
  ...more,
})
const claimNamed = (
  name: string,
  spec: Partial<V1PersistentVolumeClaim['spec']> = {},
  metadata: V1PersistentVolumeClaim['metadata'] = {},
): V1PersistentVolumeClaim => ({
  metadata: { name, namespace: 'd', uid: `uid-${name}`, ...metadata },
  spec: {
    accessModes: ['ReadWriteOnce'],
    resources: { requests: { storage: '1Gi' } },
    storageClassName: 'wait',
    ...spec,
  },
})
const boundClaim = (name: string, volumeName: string, spec: Partial<V1PersistentVolumeClaim['spec']> = {}) =>
  claimNamed(name, { volumeName, ...spec }, { annotations: { 'pv.kubernetes.io/bind-completed': 'yes' } })
const volumeNamed = (
  name: string,
  spec: Partial<V1PersistentVolume['spec']> = {},
  labels: Record<string, string> = {},
): V1PersistentVolume => ({
  metadata: { name, labels },
  spec: { accessModes: ['ReadWriteOnce'], capacity: { storage: '1Gi' }, storageClassName: 'wait', ...spec },
  status: { phase: 'Available' },
})
const podWith = (...claims: string[]): V1Pod => podNamed('p', ...claims)
const podNamed = (name: string, ...claims: string[]): V1Pod => ({
  metadata: { name, namespace: 'd', uid: `uid-${name}` },
  spec: {
    containers: [],
    volumes: claims.map((claimName) => ({ name: claimName, persistentVolumeClaim: { claimName } })),
  },
})
const ephemeral: V1Pod = {
  metadata: { name: 'p', namespace: 'd', uid: 'uid-p' },
  spec: { containers: [], volumes: [{ name: 'v', ephemeral: {} }] },
}
const place = (world: World, pod: V1Pod): Placement => {
  const { framework, cache } = worldOf(world)
  return framework.place(podInfo(pod), cache, () => 0)
}

const csi = (volumeHandle: string) => ({ csi: { driver: 'x', volumeHandle } })
const limited = (count: number): V1CSINode[] => [
  { metadata: { name: 'a' }, spec: { drivers: [{ name: 'x', nodeID: 'a', allocatable: { count } }] } },
]
const provisioned = [classNamed('wait', 'example.com/p')]
const manual = [classNamed('wait', 'kubernetes.io/no-provisioner')]
const affinity = "node(s) didn't match PersistentVolume's node affinity"
const noVolume = "node(s) didn't find available persistent volumes to bind"
const exclusive =
  'node(s) unavailable due to PersistentVolumeClaim with ReadWriteOncePod access mode already in-use by another pod'

describe('where a pod may go by its volumes', () => {
  it.each<[rule: string, World, V1Pod, { node: string } | { why: string } | { all: string }]>([
    ['one without claims: anywhere', {}, podWith(), { node: 'a' }],
    [
      'where the volume is',
      { claims: [boundClaim('c', 'v')], volumes: [volumeNamed('v', { nodeAffinity: onNode('b') })] },
      podWith('c'),
      { node: 'b' },
    ],
    [
      'nowhere else',
      { claims: [boundClaim('c', 'v')], volumes: [volumeNamed('v', { nodeAffinity: onNode('z') })] },
      podWith('c'),
      { why: affinity },
    ],
    [
      'nowhere when the volume is gone',
      { claims: [boundClaim('c', 'v')] },
      podWith('c'),
      { why: 'node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)' },
    ],
    ['nowhere without the claim', {}, podWith('c'), { all: 'persistentvolumeclaim "c" not found' }],
    [
      'nor with one that goes',
      { claims: [claimNamed('c', {}, { deletionTimestamp: '2026-01-01T00:00:00Z' })] },
      podWith('c'),
      { all: 'persistentvolumeclaim "c" is being deleted' },
    ],
    [
      'nor with one that was lost',
      { claims: [{ ...boundClaim('c', 'v'), status: { phase: 'Lost' } }] },
      podWith('c'),
      { all: 'persistentvolumeclaim "c" bound to non-existent persistentvolume "v"' },
    ],
    [
      'nor before a claim of a class that does not wait is bound',
      { claims: [claimNamed('c')], classes: [classNamed('wait', 'p', { volumeBindingMode: 'Immediate' })] },
      podWith('c'),
      { all: 'pod has unbound immediate PersistentVolumeClaims' },
    ],
    [
      'nor before the claim of an ephemeral volume is made',
      {},
      ephemeral,
      { all: 'waiting for ephemeral volume controller to create the persistentvolumeclaim "p-v"' },
    ],
    [
      'nor with one made for another',
      { claims: [claimNamed('p-v')] },
      ephemeral,
      { all: 'PVC d/p-v was not created for pod d/p (pod is not owner)' },
    ],
    [
      'where a volume for the claim is',
      { claims: [claimNamed('c')], classes: manual, volumes: [volumeNamed('v', { nodeAffinity: onNode('b') })] },
      podWith('c'),
      { node: 'b' },
    ],
    ['nowhere when there is none', { claims: [claimNamed('c')], classes: manual }, podWith('c'), { why: noVolume }],
    [
      'two claims need two volumes',
      { claims: [claimNamed('c'), claimNamed('e')], classes: manual, volumes: [volumeNamed('v')] },
      podWith('c', 'e'),
      { why: noVolume },
    ],
    ['anywhere when one can be made', { claims: [claimNamed('c')], classes: provisioned }, podWith('c'), { node: 'a' }],
    [
      'only where the class allows',
      {
        claims: [claimNamed('c')],
        classes: [
          classNamed('wait', 'p', {
            allowedTopologies: [{ matchLabelExpressions: [{ key: 'kubernetes.io/hostname', values: ['b'] }] }],
          }),
        ],
      },
      podWith('c'),
      { node: 'b' },
    ],
    [
      'only where one is being made already',
      {
        claims: [claimNamed('c', {}, { annotations: { 'volume.kubernetes.io/selected-node': 'b' } })],
        classes: provisioned,
      },
      podWith('c'),
      { node: 'b' },
    ],
    [
      'only where a driver has room',
      {
        claims: [claimNamed('c')],
        classes: provisioned,
        storage: {
          csiDriver: () => ({ spec: { storageCapacity: true } }),
          capacities: () => [
            {
              storageClassName: 'wait',
              capacity: '10Gi',
              nodeTopology: { matchLabels: { 'kubernetes.io/hostname': 'b' } },
            },
          ],
        },
      },
      podWith('c'),
      { node: 'b' },
    ],
    [
      'nowhere when no driver has',
      {
        claims: [claimNamed('c')],
        classes: provisioned,
        storage: { csiDriver: () => ({ spec: { storageCapacity: true } }) },
      },
      podWith('c'),
      { why: 'node(s) did not have enough free storage' },
    ],
    [
      'in the zone of the volume',
      {
        nodes: [
          nodeNamed('a', { 'topology.kubernetes.io/zone': 'x' }),
          nodeNamed('b', { 'topology.kubernetes.io/zone': 'y' }),
        ],
        claims: [boundClaim('c', 'v')],
        volumes: [volumeNamed('v', {}, { 'topology.kubernetes.io/zone': 'y__z' })],
      },
      podWith('c'),
      { node: 'b' },
    ],
    [
      'in no other',
      {
        nodes: [nodeNamed('a', { 'topology.kubernetes.io/zone': 'x' })],
        claims: [boundClaim('c', 'v')],
        volumes: [volumeNamed('v', {}, { 'failure-domain.beta.kubernetes.io/zone': 'y' })],
      },
      podWith('c'),
      { why: 'node(s) had no available volume zone' },
    ],
    [
      'not where the driver takes no more volumes',
      {
        claims: [boundClaim('c', 'v'), boundClaim('e', 'w')],
        volumes: [volumeNamed('v', csi('1')), volumeNamed('w', csi('2'))],
        csiNodes: limited(1),
        placed: [[podNamed('q', 'e'), 'a']],
      },
      podWith('c'),
      { node: 'b' },
    ],
    [
      'but a volume that is there already takes nothing',
      {
        nodes: [nodeNamed('a')],
        claims: [boundClaim('c', 'v')],
        volumes: [volumeNamed('v', csi('1'))],
        csiNodes: limited(1),
        placed: [[podNamed('q', 'c'), 'a']],
      },
      podWith('c'),
      { node: 'a' },
    ],
    [
      'one that is to be made counts',
      { nodes: [nodeNamed('a')], claims: [claimNamed('c')], classes: [classNamed('wait', 'x')], csiNodes: limited(0) },
      podWith('c'),
      { why: 'node(s) exceed max volume count' },
    ],
    [
      'nowhere while another pod has the claim for itself',
      {
        claims: [boundClaim('c', 'v', { accessModes: ['ReadWriteOncePod'] })],
        volumes: [volumeNamed('v')],
        placed: [[podNamed('q', 'c'), 'b']],
      },
      podWith('c'),
      { why: exclusive },
    ],
    [
      'not beside a pod that has the disk',
      {
        placed: [
          [
            {
              metadata: { name: 'q', namespace: 'd', uid: 'q' },
              spec: { containers: [], volumes: [{ name: 'x', awsElasticBlockStore: { volumeID: '1' } }] },
            },
            'a',
          ],
        ],
      },
      {
        metadata: { name: 'p', namespace: 'd', uid: 'p' },
        spec: { containers: [], volumes: [{ name: 'x', awsElasticBlockStore: { volumeID: '1' } }] },
      },
      { node: 'b' },
    ],
  ])('%s', (_rule, world, pod, expected) => {
    const placement = place(world, pod)
    if ('node' in expected) {
      expect(placement.nodeName).toBe(expected.node)
      return
    }
    expect(placement.nodeName).toBeUndefined()
    if ('all' in expected) expect(placement.preFilterReason).toBe(expected.all)
    else for (const verdict of placement.rejected.values()) expect(verdict.reasons).toEqual([expected.why])
  })
})

describe('a pod on its way to a node', () => {
  const reserve = (world: World, pod: V1Pod = podWith('c')) => {
    const parts = worldOf(world)
    const info = podInfo(pod)
    const { nodeName = '', state } = parts.framework.place(info, parts.cache, () => 0)
    expect(parts.framework.reserve(state, info, nodeName)).toBeUndefined()
    return {
      ...parts,
      before: () => parts.framework.beforeBinding(state, info, nodeName),
      undo: () => parts.framework.unreserve(state, info, nodeName),
    }
  }

  it('has nothing to wait for when its claims are bound', () => {
    const { before } = reserve({ claims: [boundClaim('c', 'v')], volumes: [volumeNamed('v')] })
    expect(before()).toBeUndefined()
  })

  it('takes its volume before the next pod is looked at, and gives it back', () => {
    const { volumes, undo } = reserve({ claims: [claimNamed('c')], classes: manual, volumes: [volumeNamed('v')] })
    expect(volumes.get('v')?.spec?.claimRef).toMatchObject({ name: 'c', uid: 'uid-c' })
    undo()
    expect(volumes.get('v')?.spec?.claimRef).toBeUndefined()
  })

  it('writes its node on claims that are to be provisioned, and waits until they are bound', async () => {
    const { before, written, claims, volumes } = reserve({
      claims: [claimNamed('c')],
      classes: provisioned,
      storage: {
        until: (keys, _timeout, look) => {
          expect(keys).toEqual(['d/c'])
          expect(look()).toBeUndefined()
          volumes.set('v', volumeNamed('v', { nodeAffinity: onNode('a') }))
          claims.set('d/c', boundClaim('c', 'v'))
          return Promise.resolve(look()!)
        },
      },
    })
    await before()
    expect(written).toMatchObject([{ metadata: { annotations: { 'volume.kubernetes.io/selected-node': 'a' } } }])
  })

  it.each<
    [string, (claims: Map<string, V1PersistentVolumeClaim>, volumes: Map<string, V1PersistentVolume>) => void, string]
  >([
    ['nothing happens', () => {}, 'context deadline exceeded'],
    [
      'the provisioner cannot',
      (claims) => claims.set('d/c', claimNamed('c')),
      'selectedNode annotation reset for PVC "c"',
    ],
    [
      'the volume is elsewhere',
      (claims, volumes) => {
        claims.set('d/c', boundClaim('c', 'v'))
        volumes.set('v', volumeNamed('v', { nodeAffinity: onNode('z') }))
      },
      `pv "v" node affinity doesn't match node "a": no matching NodeSelectorTerms`,
    ],
    ['the claim goes', (claims) => claims.delete('d/c'), 'persistentvolumeclaim "c" not found'],
  ])('is not bound when %s', async (_what, change, message) => {
    const { before, claims, volumes } = reserve({
      claims: [claimNamed('c')],
      classes: provisioned,
      storage: {
        until: (_keys, _timeout, look) => {
          change(claims, volumes)
          try {
            const found = look()
            return found === undefined ? Promise.reject(new Error('context deadline exceeded')) : Promise.resolve(found)
          } catch (error) {
            return Promise.reject(error as Error)
          }
        },
      },
    })
    await expect(before()).rejects.toThrow(`running PreBind plugin "VolumeBinding": binding volumes: ${message}`)
  })
})
