import type { V1PersistentVolume } from '@kapell/openapi/types'
import { rfc3339 } from '@kapell/openapi/meta/time'
import { column, defineResource } from '../../registry/definition.ts'
import { ageColumn, nameColumn } from '../common/columns.ts'
import { deprecatedVolumes, volumeWarningNames } from './pods/warnings/volumes.ts'
import { keepStatus, startStatus, statusView } from '../common/status.ts'
import { accessModesCell, storageClassOf } from '../common/volumes.ts'
import { defaultVolume, validateVolume, validateVolumeUpdate } from './persistentvolume-rules.ts'

/** Sources whose end is told of in pods only. */
const silent = new Set(['quobyte', 'flocker'])

function claimCell(volume: V1PersistentVolume): string {
  const claim = volume.spec?.claimRef
  return claim === undefined ? '' : `${claim.namespace ?? ''}/${claim.name ?? ''}`
}

export const persistentVolumes = defineResource<V1PersistentVolume>({
  group: '',
  version: 'v1',
  kind: 'PersistentVolume',
  plural: 'persistentvolumes',
  shortNames: ['pv'],
  namespaced: false,
  storagePrefix: 'persistentvolumes',
  hasGeneration: false,
  columns: [
    nameColumn,
    column('Capacity', 'string', (o) => o.spec?.capacity?.['storage'] ?? '0'),
    column('Access Modes', 'string', (o) => accessModesCell(o.spec?.accessModes)),
    column('Reclaim Policy', 'string', (o) => o.spec?.persistentVolumeReclaimPolicy ?? ''),
    column('Status', 'string', (o) =>
      o.metadata?.deletionTimestamp === undefined ? (o.status?.phase ?? '') : 'Terminating',
    ),
    column('Claim', 'string', claimCell),
    column('StorageClass', 'string', storageClassOf),
    column('VolumeAttributesClass', 'string', (o) => o.spec?.volumeAttributesClassName ?? '<unset>'),
    column('Reason', 'string', (o) => o.status?.reason ?? ''),
    ageColumn,
    column('VolumeMode', 'string', (o) => o.spec?.volumeMode ?? '<unset>', { priority: 1 }),
  ],
  default: defaultVolume,
  prepareForCreate: (o, { now }) => startStatus(o, { phase: 'Pending', lastPhaseTransitionTime: rfc3339(now) }),
  prepareForUpdate: keepStatus,
  validate: validateVolume,
  validateUpdate: validateVolumeUpdate,
  warnings: (o) => [
    ...(o.spec?.persistentVolumeReclaimPolicy === 'Recycle'
      ? [
          'spec.persistentVolumeReclaimPolicy: The Recycle reclaim policy is deprecated. Instead, the recommended approach is to use dynamic provisioning.',
        ]
      : []),
    ...Object.entries(deprecatedVolumes).flatMap(([field, text]) =>
      o.spec !== undefined && field in o.spec && !silent.has(field)
        ? [`spec.${volumeWarningNames[field] ?? field}: ${text}`]
        : [],
    ),
  ],
  subresources: {
    status: statusView({
      prepare: (next, previous, { now }) => {
        if (next.status === undefined || next.status.phase === previous.status?.phase) return
        next.status.lastPhaseTransitionTime = rfc3339(now)
      },
    }),
  },
})
