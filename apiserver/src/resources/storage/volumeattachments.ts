import type { V1VolumeAttachment } from '@kapell/openapi/types'
import { required } from '@kapell/openapi/meta/field-errors'
import { dns1123Subdomain } from '@kapell/openapi/meta/names'
import { column, defineResource } from '../../registry/definition.ts'
import { ageColumn, nameColumn } from '../common/columns.ts'
import { nameErrors, unchanged } from '../common/validation.ts'
import { keepStatus, startStatus, statusView } from '../common/status.ts'

export const volumeAttachments = defineResource<V1VolumeAttachment>({
  group: 'storage.k8s.io',
  version: 'v1',
  kind: 'VolumeAttachment',
  plural: 'volumeattachments',
  allowUnconditionalUpdate: false,
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
  validate: (o, at) => [
    ...((o.spec?.attacher ?? '') === '' ? [required(at.child('spec', 'attacher'))] : []),
    ...(o.spec?.source?.persistentVolumeName === undefined && o.spec?.source?.inlineVolumeSpec === undefined
      ? [required(at.child('spec', 'source'), 'must specify exactly one of inlineVolumeSpec and persistentVolumeName')]
      : []),
    ...nameErrors(at.child('spec', 'nodeName'), o.spec?.nodeName ?? '', dns1123Subdomain),
  ],
  validateUpdate: (next, previous, at) => unchanged(at.child('spec'), next.spec, previous.spec),
  prepareForCreate: (o) => startStatus(o, { attached: false }),
  prepareForUpdate: keepStatus,
  subresources: { status: statusView({ keep: 'all' }) },
})
