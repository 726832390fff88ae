import type { V1Container, V1EphemeralContainer, V1Pod, V1Volume } from '@kapell/openapi/types'

/** What a pod refers to, as "<resource> <namespace>/<name>", each once: secrets, config maps, its account, claims of both sorts. */
export function podReferences(pod: V1Pod): string[] {
  const namespace = pod.metadata?.namespace ?? ''
  const found = new Set<string>()
  const add = (resource: string, name: string | undefined): void => {
    if (name !== undefined && name !== '') found.add(`${resource} ${namespace}/${name}`)
  }
  const spec = pod.spec
  if (spec === undefined) return []
  add('serviceaccounts', spec.serviceAccountName)
  for (const secret of spec.imagePullSecrets ?? []) add('secrets', secret.name)
  const containers: (V1Container | V1EphemeralContainer)[] = [
    ...(spec.initContainers ?? []),
    ...(spec.containers ?? []),
    ...(spec.ephemeralContainers ?? []),
  ]
  for (const container of containers) {
    for (const from of container.envFrom ?? []) {
      add('configmaps', from.configMapRef?.name)
      add('secrets', from.secretRef?.name)
    }
    for (const { valueFrom } of container.env ?? []) {
      add('configmaps', valueFrom?.configMapKeyRef?.name)
      add('secrets', valueFrom?.secretKeyRef?.name)
    }
  }
  for (const volume of spec.volumes ?? []) addVolume(volume, pod, add)
  const made = new Map(
    pod.status?.resourceClaimStatuses?.map(({ name, resourceClaimName }) => [name, resourceClaimName]),
  )
  for (const { name, resourceClaimName } of spec.resourceClaims ?? [])
    add('resourceclaims', resourceClaimName ?? made.get(name))
  add('resourceclaims', pod.status?.extendedResourceClaimStatus?.resourceClaimName)
  return [...found]
}

function addVolume(v: V1Volume, pod: V1Pod, add: (resource: string, name: string | undefined) => void): void {
  add('configmaps', v.configMap?.name)
  add('secrets', v.secret?.secretName)
  add('persistentvolumeclaims', v.persistentVolumeClaim?.claimName)
  if (v.ephemeral !== undefined) add('persistentvolumeclaims', `${pod.metadata?.name ?? ''}-${v.name}`)
  for (const source of v.projected?.sources ?? []) {
    add('configmaps', source.configMap?.name)
    add('secrets', source.secret?.name)
  }
  for (const ref of [
    v.azureFile?.secretName,
    v.cephfs?.secretRef?.name,
    v.rbd?.secretRef?.name,
    v.iscsi?.secretRef?.name,
  ]) {
    add('secrets', ref)
  }
  for (const ref of [
    v.flexVolume?.secretRef,
    v.scaleIO?.secretRef,
    v.storageos?.secretRef,
    v.csi?.nodePublishSecretRef,
  ]) {
    add('secrets', ref?.name)
  }
}
