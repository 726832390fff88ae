import type { V1StorageClass } from '@kapell/openapi/types'
import { column, defineResource } from '../../registry/definition.ts'
import { ageColumn, nameColumn } from '../common/columns.ts'

const defaultAnnotations = [
  'storageclass.kubernetes.io/is-default-class',
  'storageclass.beta.kubernetes.io/is-default-class',
]

export function isDefaultClass(o: V1StorageClass): boolean {
  return defaultAnnotations.some((key) => o.metadata?.annotations?.[key] === 'true')
}

export const storageClasses = defineResource<V1StorageClass>({
  group: 'storage.k8s.io',
  version: 'v1',
  kind: 'StorageClass',
  plural: 'storageclasses',
  shortNames: ['sc'],
  namespaced: false,
  storagePrefix: 'storageclasses',
  hasGeneration: false,
  columns: [
    {
      ...nameColumn,
      cell: (o) => `${o.metadata?.name ?? ''}${isDefaultClass(o as V1StorageClass) ? ' (default)' : ''}`,
    },
    column('Provisioner', 'string', (o) => o.provisioner),
    column('ReclaimPolicy', 'string', (o) => o.reclaimPolicy ?? 'Delete'),
    column('VolumeBindingMode', 'string', (o) => o.volumeBindingMode ?? 'Immediate'),
    column('AllowVolumeExpansion', 'string', (o) => o.allowVolumeExpansion ?? false),
    ageColumn,
  ],
})
