import { annotations } from '@kapell/controllers/machinery/placement/volumes'
import type { V1Node, V1PersistentVolume, V1PersistentVolumeClaim, V1StorageClass } from '@kapell/openapi/types'

/** Names that this provisioner, its class and the node agents share. */
export const provisioner = 'kapell.io/local-path'
/** On a Node: the directory in which its agent keeps local volumes. */
export const directoryAnnotation = 'kapell.io/local-path-directory'
/** Keeps a volume's object until its directory is gone. Source: upstream's external provisioners use this name. */
export const finalizer = 'external-provisioner.volume.kubernetes.io/finalizer'
const hostnameLabel = 'kubernetes.io/hostname'

/** Claims that name no class get this one. */
export const localPathClass: V1StorageClass = {
  apiVersion: 'storage.k8s.io/v1',
  kind: 'StorageClass',
  metadata: { name: 'local-path', annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' } },
  provisioner,
  reclaimPolicy: 'Delete',
  volumeBindingMode: 'WaitForFirstConsumer',
  allowVolumeExpansion: true,
}

export const volumeNameFor = (claim: V1PersistentVolumeClaim): string => `pvc-${claim.metadata?.uid ?? ''}`

/** Why this provisioner cannot make a volume for the claim on the node. */
export function whyNot(claim: V1PersistentVolumeClaim, node: V1Node): string | undefined {
  if (claim.spec?.volumeMode === 'Block') return 'block volumes are not supported: a local path is a directory'
  if (claim.spec?.dataSourceRef !== undefined || claim.spec?.dataSource !== undefined)
    return 'data sources are not supported'
  if (claim.spec?.selector !== undefined) return 'claim.Spec.Selector is not supported'
  if (node.metadata?.annotations?.[directoryAnnotation] === undefined)
    return `node "${node.metadata?.name ?? ''}" keeps no local volumes`
  return undefined
}

/** The volume for a claim on a node: a directory of its own, named so that a person finds it. */
export function volumeFor(
  claim: V1PersistentVolumeClaim,
  node: V1Node,
  storageClass: V1StorageClass,
): V1PersistentVolume {
  const name = volumeNameFor(claim)
  const { namespace = '', name: claimName = '', uid, resourceVersion } = claim.metadata ?? {}
  const root = node.metadata?.annotations?.[directoryAnnotation] ?? ''
  const { reclaimPolicy = 'Delete', mountOptions } = storageClass
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: {
      name,
      annotations: { [annotations.provisionedBy]: provisioner },
      finalizers: [finalizer],
    },
    spec: {
      accessModes: [...(claim.spec?.accessModes ?? [])],
      capacity: { storage: claim.spec?.resources?.requests?.['storage'] ?? '0' },
      claimRef: {
        apiVersion: 'v1',
        kind: 'PersistentVolumeClaim',
        namespace,
        name: claimName,
        ...(uid === undefined ? {} : { uid }),
        ...(resourceVersion === undefined ? {} : { resourceVersion }),
      },
      local: { path: `${root}/${name}_${namespace}_${claimName}`.slice(0, 4000) },
      nodeAffinity: {
        required: {
          nodeSelectorTerms: [
            {
              matchExpressions: [
                {
                  key: hostnameLabel,
                  operator: 'In',
                  values: [node.metadata?.labels?.[hostnameLabel] ?? node.metadata?.name ?? ''],
                },
              ],
            },
          ],
        },
      },
      persistentVolumeReclaimPolicy: reclaimPolicy,
      storageClassName: storageClass.metadata?.name ?? '',
      volumeMode: 'Filesystem',
      ...(mountOptions === undefined ? {} : { mountOptions: [...mountOptions] }),
    },
  }
}

/** The value of the host name label that the volume's directory is on. */
export const hostOf = (volume: V1PersistentVolume): string | undefined =>
  volume.spec?.nodeAffinity?.required?.nodeSelectorTerms[0]?.matchExpressions?.find(({ key }) => key === hostnameLabel)
    ?.values?.[0]

export const isOn = (volume: V1PersistentVolume, node: V1Node): boolean =>
  hostOf(volume) === (node.metadata?.labels?.[hostnameLabel] ?? node.metadata?.name)

/** Nobody has it any more, and its class or owner said that it goes then. */
export function isToBeReclaimed(volume: V1PersistentVolume): boolean {
  const phase = volume.status?.phase
  if (volume.spec?.persistentVolumeReclaimPolicy !== 'Delete') return false
  return phase === 'Released' || (volume.metadata?.deletionTimestamp !== undefined && phase !== 'Bound')
}
