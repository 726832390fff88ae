import type { V1PersistentVolumeClaim } from '@kapell/openapi/types'
import { column, defineResource } from '../../registry/definition.ts'
import { ageColumn, nameColumn } from '../common/columns.ts'
import { keepStatus, startStatus, statusView } from '../common/status.ts'
import { accessModesCell, storageClassOf, storageWarnings } from '../common/volumes.ts'
import { validateKnownClaimSpec, validateSourceGroups } from './claim-validation.ts'
import {
  defaultClaim,
  dropForeignSource,
  dropOddSource,
  normalizeSources,
  validateClaimStatus,
  validateClaimUpdate,
} from './persistentvolumeclaim-rules.ts'

const bound = (o: V1PersistentVolumeClaim): boolean => (o.spec?.volumeName ?? '') !== ''

export const persistentVolumeClaims = defineResource<V1PersistentVolumeClaim>({
  group: '',
  version: 'v1',
  kind: 'PersistentVolumeClaim',
  plural: 'persistentvolumeclaims',
  shortNames: ['pvc'],
  namespaced: true,
  storagePrefix: 'persistentvolumeclaims',
  hasGeneration: false,
  columns: [
    nameColumn,
    column('Status', 'string', (o) =>
      o.metadata?.deletionTimestamp === undefined ? (o.status?.phase ?? '') : 'Terminating',
    ),
    column('Volume', 'string', (o) => o.spec?.volumeName ?? ''),
    column('Capacity', 'string', (o) => (bound(o) ? (o.status?.capacity?.['storage'] ?? '0') : '')),
    column('Access Modes', 'string', (o) => (bound(o) ? accessModesCell(o.status?.accessModes) : '')),
    column('StorageClass', 'string', storageClassOf),
    column('VolumeAttributesClass', 'string', (o) => o.spec?.volumeAttributesClassName ?? '<unset>'),
    ageColumn,
    column('VolumeMode', 'string', (o) => o.spec?.volumeMode ?? '<unset>', { priority: 1 }),
  ],
  default: (o) => {
    defaultClaim(o)
    if ((o.status?.phase ?? '') === '') o.status = { ...o.status, phase: 'Pending' }
  },
  prepareForCreate: (o) => {
    startStatus(o, { phase: 'Pending' })
    dropOddSource(o)
    dropForeignSource(o)
    normalizeSources(o.spec)
  },
  prepareForUpdate: (next, previous) => {
    keepStatus(next, previous)
    if (previous.spec?.dataSourceRef === undefined) dropForeignSource(next)
    normalizeSources(next.spec)
  },
  validate: (o, at) => (o.spec === undefined ? [] : validateKnownClaimSpec(o.spec, at.child('spec'))),
  validateCreate: (o, at) => (o.spec === undefined ? [] : validateSourceGroups(o.spec, at.child('spec'))),
  validateUpdate: validateClaimUpdate,
  warnings: (o) => storageWarnings(o.spec?.resources, 'spec.resources'),
  subresources: {
    status: statusView({ validate: validateClaimStatus }),
  },
})
