import type { V1VolumeAttachment } from '@kapell/openapi/types'
import { column, defineResource } from '../../registry/definition.ts'
import { ageColumn, nameColumn } from '../common/columns.ts'
import { keepStatus, startStatus, statusView } from '../common/status.ts'

export const volumeAttachments = defineResource<V1VolumeAttachment>({
  group: 'storage.k8s.io',
  version: 'v1',
  kind: 'VolumeAttachment',
  plural: 'volumeattachments',
  namespaced: false,
  storagePrefix: 'volumeattachments',
  hasGeneration: false,
  columns: [
    nameColumn,
    column('Attacher', 'string', (o) => o.spec.attacher, { format: 'name' }),
    column('PV', 'string', (o) => o.spec.source.persistentVolumeName ?? ''),
    column('Node', 'string', (o) => o.spec.nodeName),
    column('Attached', 'boolean', (o) => o.status?.attached ?? false),
    ageColumn,
  ],
  prepareForCreate: (o) => startStatus(o, { attached: false }),
  prepareForUpdate: keepStatus,
  subresources: { status: statusView({ keep: 'all' }) },
})
