import type { ParityCases } from '../../case.ts'
import { creations, type Bodies, type Subject } from './ask.ts'
import { pod, podSpec } from './pods.ts'

/** Every source of a volume: of pods, and of persistent volumes. */

const forPods: Record<string, Record<string, unknown>> = {
  emptyDir: { medium: 'Memory', sizeLimit: '1Gi' },
  hostPath: { path: '/a', type: 'Directory' },
  configMap: { name: 'm', defaultMode: 256, optional: true, items: [{ key: 'k', path: 'a/b', mode: 256 }] },
  secret: { secretName: 's', defaultMode: 256, optional: true, items: [{ key: 'k', path: 'a/b', mode: 256 }] },
  downwardAPI: {
    defaultMode: 256,
    items: [
      { path: 'a', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.labels' }, mode: 256 },
      { path: 'b', resourceFieldRef: { containerName: 'c', resource: 'limits.cpu', divisor: '1m' } },
    ],
  },
  projected: {
    defaultMode: 256,
    sources: [
      { configMap: { name: 'm', items: [{ key: 'k', path: 'a' }] } },
      { secret: { name: 's', items: [{ key: 'k', path: 'b' }] } },
      { downwardAPI: { items: [{ path: 'c', fieldRef: { fieldPath: 'metadata.name' } }] } },
      { serviceAccountToken: { audience: 'x', expirationSeconds: 600, path: 'd' } },
    ],
  },
  persistentVolumeClaim: { claimName: 'p', readOnly: true },
  ephemeral: {
    volumeClaimTemplate: {
      metadata: { labels: { a: 'b' } },
      spec: {
        accessModes: ['ReadWriteOnce'],
        storageClassName: 's',
        volumeMode: 'Filesystem',
        resources: { requests: { storage: '1Gi' } },
      },
    },
  },
  csi: {
    driver: 'd.example',
    readOnly: true,
    fsType: 'ext4',
    volumeAttributes: { a: 'b' },
    nodePublishSecretRef: { name: 's' },
  },
  image: { reference: 'registry.example/a:1', pullPolicy: 'Always' },
  nfs: { server: 'x', path: '/a', readOnly: true },
  iscsi: {
    targetPortal: '10.0.0.1:3260',
    iqn: 'iqn.2001-04.com.example:a',
    lun: 1,
    iscsiInterface: 'default',
    fsType: 'ext4',
    readOnly: true,
    portals: ['10.0.0.2'],
    chapAuthDiscovery: true,
    chapAuthSession: true,
    secretRef: { name: 's' },
    initiatorName: 'iqn.2001-04.com.example:b',
  },
  glusterfs: { endpoints: 'e', path: 'p', readOnly: true },
  rbd: {
    monitors: ['10.0.0.1'],
    image: 'i',
    fsType: 'ext4',
    pool: 'p',
    user: 'u',
    keyring: '/k',
    secretRef: { name: 's' },
    readOnly: true,
  },
  cinder: { volumeID: 'v', fsType: 'ext4', readOnly: true, secretRef: { name: 's' } },
  cephfs: {
    monitors: ['10.0.0.1'],
    path: '/p',
    user: 'u',
    secretFile: '/f',
    secretRef: { name: 's' },
    readOnly: true,
  },
  flocker: { datasetName: 'd' },
  fc: { targetWWNs: ['50060e801049cfd1'], lun: 0, fsType: 'ext4', readOnly: true },
  azureFile: { secretName: 's', shareName: 'h', readOnly: true },
  azureDisk: { diskName: 'd', diskURI: 'https://x/y.vhd', cachingMode: 'None', fsType: 'ext4', kind: 'Shared' },
  flexVolume: { driver: 'a/b', fsType: 'ext4', secretRef: { name: 's' }, readOnly: true, options: { a: 'b' } },
  vsphereVolume: { volumePath: '[d] v', fsType: 'ext4', storagePolicyName: 'n', storagePolicyID: 'i' },
  quobyte: { registry: 'r:1', volume: 'v', readOnly: true, user: 'u', group: 'g', tenant: 't' },
  photonPersistentDisk: { pdID: 'p', fsType: 'ext4' },
  portworxVolume: { volumeID: 'v', fsType: 'ext4', readOnly: true },
  scaleIO: {
    gateway: 'https://g',
    system: 's',
    secretRef: { name: 's' },
    sslEnabled: true,
    protectionDomain: 'd',
    storagePool: 'p',
    storageMode: 'ThickProvisioned',
    volumeName: 'v',
    fsType: 'xfs',
  },
  storageos: { volumeName: 'v', volumeNamespace: 'n', fsType: 'ext4', secretRef: { name: 's' } },
  gcePersistentDisk: { pdName: 'p', fsType: 'ext4', partition: 1, readOnly: true },
  awsElasticBlockStore: { volumeID: 'v', fsType: 'ext4', partition: 1, readOnly: true },
  gitRepo: { repository: 'r', revision: 'v', directory: 'd' },
}

const secretRef = { name: 's', namespace: 'n' }
/** Where persistent volumes differ: secrets have a namespace, some sources have other types. */
const forPersistent: Record<string, Record<string, unknown>> = {
  hostPath: { path: '/a', type: 'Directory' },
  local: { path: '/a', fsType: 'ext4' },
  nfs: { server: 'x', path: '/a', readOnly: true },
  csi: {
    driver: 'd.example',
    volumeHandle: 'h',
    readOnly: true,
    fsType: 'ext4',
    volumeAttributes: { a: 'b' },
    controllerPublishSecretRef: secretRef,
    nodeStageSecretRef: secretRef,
    nodePublishSecretRef: secretRef,
    controllerExpandSecretRef: secretRef,
    nodeExpandSecretRef: secretRef,
  },
  iscsi: { ...forPods['iscsi'], secretRef },
  rbd: { ...forPods['rbd'], secretRef },
  cephfs: { ...forPods['cephfs'], secretRef },
  cinder: { ...forPods['cinder'], secretRef },
  flexVolume: { ...forPods['flexVolume'], secretRef },
  scaleIO: { ...forPods['scaleIO'], secretRef },
  glusterfs: { endpoints: 'e', path: 'p', readOnly: true, endpointsNamespace: 'n' },
  azureFile: { secretName: 's', shareName: 'h', secretNamespace: 'n' },
  storageos: { volumeName: 'v', fsType: 'ext4', secretRef: { ...secretRef, kind: 'Secret' } },
  fc: forPods['fc'] ?? {},
  awsElasticBlockStore: forPods['awsElasticBlockStore'] ?? {},
  gcePersistentDisk: forPods['gcePersistentDisk'] ?? {},
  azureDisk: forPods['azureDisk'] ?? {},
  vsphereVolume: forPods['vsphereVolume'] ?? {},
  quobyte: forPods['quobyte'] ?? {},
  portworxVolume: forPods['portworxVolume'] ?? {},
  photonPersistentDisk: forPods['photonPersistentDisk'] ?? {},
  flocker: forPods['flocker'] ?? {},
}

/** What one change at a time does not reach. */
const odd: Record<string, Record<string, unknown>> = {
  'two flocker ways': { flocker: { datasetName: 'd', datasetUUID: 'u' } },
  'a flocker path': { flocker: { datasetName: 'a/b' } },
  'two fibre ways': { fc: { targetWWNs: ['a'], wwids: ['b'], lun: 1 } },
  'fibre by ids': { fc: { wwids: ['b'] } },
  'a managed Azure disk': { azureDisk: { diskName: 'd', diskURI: 'https://x', kind: 'Managed' } },
  'a managed Azure disk by path': { azureDisk: { diskName: 'd', diskURI: '/subscriptions/x', kind: 'Managed' } },
  'an unmanaged Azure disk by path': { azureDisk: { diskName: 'd', diskURI: '/subscriptions/x' } },
  'a long quobyte tenant': { quobyte: { registry: 'a:1,b:2', volume: 'v', tenant: 'x'.repeat(70) } },
  'quobyte registries': { quobyte: { registry: 'a:1,b', volume: 'v' } },
  'iscsi by eui': { iscsi: { targetPortal: 'p', iqn: 'eui.0123456789abcdef', lun: 0 } },
  'iscsi by naa': { iscsi: { targetPortal: 'p', iqn: 'naa.0123456789abcdef', lun: 0 } },
  'iscsi by a short eui': { iscsi: { targetPortal: 'p', iqn: 'eui.01', lun: 0 } },
  'iscsi by a bad iqn': { iscsi: { targetPortal: 'p', iqn: 'iqn.20-1.x', lun: 0 } },
  'iscsi sessions without a secret': {
    iscsi: { targetPortal: 'p', iqn: 'iqn.2001-04.com.example:a', lun: 0, chapAuthSession: true },
  },
  'iscsi initiators': {
    iscsi: { targetPortal: 'p', iqn: 'iqn.2001-04.com.example:a', lun: 0, initiatorName: 'eui.01' },
  },
  'a host path upwards': { hostPath: { path: '/a/../b' } },
  'a relative host path': { hostPath: { path: 'a' } },
  'two sources': { hostPath: { path: '/a' }, nfs: { server: 's', path: '/p' } },
  'glusterfs upwards': { glusterfs: { endpoints: 'e', path: '../p' } },
  'a long driver': { csi: { driver: 'x'.repeat(64), volumeHandle: 'h' } },
  'a driver in capitals': { csi: { driver: 'D.Example', volumeHandle: 'h' } },
}
const oddPods: Record<string, Record<string, unknown>> = {
  nothing: {},
  'items upwards': { configMap: { name: 'm', items: [{ key: 'k', path: '../a' }] } },
  'absolute items': { secret: { secretName: 's', items: [{ key: 'k', path: '/a' }] } },
  'items like bookkeeping': { configMap: { name: 'm', items: [{ key: 'k', path: '..a' }] } },
  'a bad key': { configMap: { name: 'm', items: [{ key: 'a b', path: 'a' }] } },
  'downward both': {
    downwardAPI: {
      items: [{ path: 'a', fieldRef: { fieldPath: 'metadata.name' }, resourceFieldRef: { resource: 'limits.cpu' } }],
    },
  },
  'a downward label': { downwardAPI: { items: [{ path: 'a', fieldRef: { fieldPath: "metadata.labels['a b']" } }] } },
  'a downward field that is none': { downwardAPI: { items: [{ path: 'a', fieldRef: { fieldPath: 'spec.nope' } }] } },
  'a downward field for variables only': {
    downwardAPI: { items: [{ path: 'a', fieldRef: { fieldPath: 'status.podIP' } }] },
  },
  'two projections at once': { projected: { sources: [{ secret: { name: 's' }, configMap: { name: 'm' } }] } },
  'the same path twice': {
    projected: {
      sources: [
        { configMap: { name: 'm', items: [{ key: 'k', path: 'a' }] } },
        { secret: { name: 's', items: [{ key: 'k', path: 'a' }] } },
      ],
    },
  },
  'a short token': { projected: { sources: [{ serviceAccountToken: { path: 'a', expirationSeconds: 60 } }] } },
  'a long token': { projected: { sources: [{ serviceAccountToken: { path: 'a', expirationSeconds: 4294967297 } }] } },
  'a trust bundle': { projected: { sources: [{ clusterTrustBundle: { name: 'n', path: 'a' } }] } },
  'a certificate': { projected: { sources: [{ podCertificate: { signerName: 'x/y', keyType: 'ED25519' } }] } },
  'memory of huge pages': { emptyDir: { medium: 'HugePages' } },
  'memory of sized huge pages': { emptyDir: { medium: 'HugePages-2Mi' } },
  'memory of none': { emptyDir: { medium: 'Nope' } },
}

const podBodies: Bodies = Object.fromEntries(
  Object.entries(forPods).map(([type, source]) => [
    `with ${type}`,
    podSpec({ volumes: [{ name: 'v', [type]: source }] }),
  ]),
)

export const persistentVolume: Subject = {
  apiVersion: 'v1',
  kind: 'PersistentVolume',
  plural: 'persistentvolumes',
  clusterScoped: true,
}
export const pvSpec = (spec: Record<string, unknown>): Record<string, unknown> => ({
  spec: { capacity: { storage: '1Gi' }, accessModes: ['ReadWriteOnce'], storageClassName: 's', ...spec },
})
const affinity = {
  required: { nodeSelectorTerms: [{ matchExpressions: [{ key: 'a', operator: 'In', values: ['b'] }] }] },
}

const pvBodies: Bodies = Object.fromEntries(
  Object.entries(forPersistent).map(([type, source]) => [
    `with ${type}`,
    pvSpec({ [type]: source, ...(type === 'local' ? { nodeAffinity: affinity } : {}) }),
  ]),
)

const oddOfPods = Object.fromEntries(
  Object.entries({ ...odd, ...oddPods }).map(([title, source]) => [
    `whose volume has ${title}`,
    podSpec({ volumes: [{ name: 'v', ...source }] }),
  ]),
)
const oddOfVolumes = Object.fromEntries(
  Object.entries(odd).map(([title, source]) => [`that has ${title}`, pvSpec(source)]),
)
export const podsVolumes: ParityCases = {
  ...creations(pod, podBodies, { only: ['spec.volumes'] }),
  ...creations(pod, oddOfPods, { only: ['none'] }),
}
export const persistentVolumes: ParityCases = {
  ...creations(persistentVolume, oddOfVolumes, { only: ['none'] }),
  ...creations(persistentVolume, pvBodies, {
    only: Object.keys(forPersistent).map((type) => `spec.${type}`),
  }),
  ...creations(
    persistentVolume,
    {
      'with many fields': pvSpec({
        csi: { driver: 'd.example', volumeHandle: 'h' },
        persistentVolumeReclaimPolicy: 'Retain',
        volumeMode: 'Filesystem',
        mountOptions: ['ro'],
        nodeAffinity: affinity,
        volumeAttributesClassName: 'v',
        claimRef: { apiVersion: 'v1', kind: 'PersistentVolumeClaim', namespace: 'n', name: 'c', uid: 'u' },
      }),
    },
    { skip: ['spec.csi'] },
  ),
}
