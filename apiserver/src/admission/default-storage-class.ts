import type { V1PersistentVolumeClaim, V1StorageClass } from '@kapell/openapi/types'
import { isDefaultClass } from '../resources/storage/storageclasses.ts'
import type { AdmissionPlugin } from './admission.ts'
import { about } from './matching.ts'

const classAnnotation = 'volume.beta.kubernetes.io/storage-class'

/** A claim that names no class gets the default one; the newest, when there are several. */
export const defaultStorageClass: AdmissionPlugin = {
  name: 'DefaultStorageClass',
  handles: (a) => a.operation === 'CREATE' && about(a, '', 'persistentvolumeclaims'),
  admit: ({ object }, services) => {
    const claim = object as V1PersistentVolumeClaim
    const named =
      claim.spec?.storageClassName !== undefined || claim.metadata?.annotations?.[classAnnotation] !== undefined
    if (claim.spec === undefined || named) return
    const newest = services.objects
      .list<V1StorageClass>({ group: 'storage.k8s.io', plural: 'storageclasses' })
      .filter(isDefaultClass)
      .sort(newestFirst)[0]
    if (newest?.metadata?.name !== undefined) claim.spec.storageClassName = newest.metadata.name
  },
}

interface Dated {
  metadata?: { name?: string; creationTimestamp?: string }
}

/** By creation, then by name. */
export function newestFirst(a: Dated, b: Dated): number {
  const [left, right] = [a.metadata?.creationTimestamp ?? '', b.metadata?.creationTimestamp ?? '']
  if (left !== right) return left < right ? 1 : -1
  return (a.metadata?.name ?? '') < (b.metadata?.name ?? '') ? -1 : 1
}
