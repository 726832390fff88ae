import type { V1PersistentVolumeClaim, V1StorageClass } from '@kapell/openapi/types'
import { parseQuantity } from '@kapell/openapi/meta/quantity'
import { forbiddenError } from '@kapell/openapi/meta/status'
import { storageClassOf } from '../resources/common/volumes.ts'
import type { AdmissionPlugin } from './admission.ts'
import { about, refusedName, named } from './matching.ts'

const sizeOf = (claim: V1PersistentVolumeClaim | undefined): string =>
  claim?.spec?.resources?.requests?.['storage'] ?? '0'

/** A bound claim grows only where its class says that volumes can. */
export const persistentVolumeClaimResize: AdmissionPlugin = {
  name: 'PersistentVolumeClaimResize',
  handles: (a) => a.operation === 'UPDATE' && about(a, '', 'persistentvolumeclaims'),
  validate: (attributes, services) => {
    const next = attributes.object as V1PersistentVolumeClaim
    const old = attributes.oldObject as V1PersistentVolumeClaim
    if (parseQuantity(sizeOf(next)).cmp(parseQuantity(sizeOf(old))) <= 0) return
    const refuse = (why: string): Error => forbiddenError(named(attributes), refusedName(attributes), why)
    if (old.status?.phase !== 'Bound') throw refuse('Only bound persistent volume claims can be expanded')
    const name = storageClassOf(next)
    const found =
      name === ''
        ? undefined
        : services.objects.get<V1StorageClass>({ group: 'storage.k8s.io', plural: 'storageclasses' }, { name })
    if (found?.allowVolumeExpansion !== true) {
      throw refuse(
        'only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize',
      )
    }
  },
}
