import type { AdmissionPlugin } from './admission.ts'
import { about } from './matching.ts'

const finalizers: readonly (readonly [group: string, plural: string, finalizer: string])[] = [
  ['', 'persistentvolumeclaims', 'kubernetes.io/pvc-protection'],
  ['', 'persistentvolumes', 'kubernetes.io/pv-protection'],
  ['storage.k8s.io', 'volumeattributesclasses', 'kubernetes.io/vac-protection'],
]

/** A volume or claim in use stays until its last user is gone: a controller takes the finalizer away. */
export const storageObjectInUseProtection: AdmissionPlugin = {
  name: 'StorageObjectInUseProtection',
  handles: (a) => a.operation === 'CREATE' && finalizers.some(([group, plural]) => about(a, group, plural)),
  admit: (attributes) => {
    const finalizer = finalizers.find(([group, plural]) => about(attributes, group, plural))?.[2]
    const meta = attributes.object?.metadata
    if (finalizer === undefined || meta === undefined || meta.finalizers?.includes(finalizer) === true) return
    meta.finalizers = [...(meta.finalizers ?? []), finalizer]
  },
}
