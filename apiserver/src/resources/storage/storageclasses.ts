import type { V1StorageClass } from '@kapell/openapi/types'
import { required } from '@kapell/openapi/meta/field-errors'
import { qualifiedName } from '@kapell/openapi/meta/names'
import { column, defineResource } from '../../registry/definition.ts'
import { emptyParameter } from './parameters.ts'
import { validateTopologies } from './topologies.ts'
import { ageColumn, nameColumn } from '../common/columns.ts'
import { nameErrors, oneOf, unchanged } from '../common/validation.ts'

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
  default: (o) => {
    if (o.reclaimPolicy === undefined) o.reclaimPolicy = 'Delete'
    if (o.volumeBindingMode === undefined) o.volumeBindingMode = 'Immediate'
  },
  validate: (o, at) => [
    ...((o.provisioner ?? '') === ''
      ? [required(at.child('provisioner'))]
      : nameErrors(at.child('provisioner'), o.provisioner.toLowerCase(), qualifiedName)),
    ...((o.reclaimPolicy ?? '') === '' ? [] : oneOf(at.child('reclaimPolicy'), o.reclaimPolicy, ['Delete', 'Retain'])),
    ...oneOf(at.child('volumeBindingMode'), o.volumeBindingMode, ['Immediate', 'WaitForFirstConsumer']),
    ...emptyParameter(o.parameters, at.child('parameters')),
    ...validateTopologies(o.allowedTopologies, at.child('allowedTopologies')),
  ],
  validateUpdate: (next, previous, at) =>
    (['parameters', 'provisioner', 'reclaimPolicy', 'volumeBindingMode'] as const).flatMap((field) =>
      unchanged(at.child(field), next[field], previous[field]),
    ),
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
