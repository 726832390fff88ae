import type { V1VolumeAttachment } from '@kapell/openapi/types'
import { required } from '@kapell/openapi/meta/field-errors'
import { dns1123Subdomain } from '@kapell/openapi/meta/names'
import { column, defineResource } from '../../registry/definition.ts'
import { immutable, forbidden, type FieldError, type FieldPath } from '@kapell/openapi/meta/field-errors'
import { internalView } from '../common/internal-view.ts'
import { csiDriverName } from '../core/volume-sources.ts'
import { validateInlineVolume } from '../core/persistentvolume-rules.ts'
import { ageColumn, nameColumn } from '../common/columns.ts'
import { nameErrors, sameJson } from '../common/validation.ts'
import { keepStatus, startStatus, statusView } from '../common/status.ts'

type Source = V1VolumeAttachment['spec']['source']

function validateSource(source: Source | undefined, at: FieldPath): FieldError[] {
  const { persistentVolumeName: name, inlineVolumeSpec: inline } = source ?? {}
  const text = 'must specify exactly one of inlineVolumeSpec and persistentVolumeName'
  if (name === undefined && inline === undefined) return [required(at, text)]
  if (name !== undefined && inline !== undefined) return [forbidden(at, text)]
  if (name !== undefined) {
    const here = at.child('persistentVolumeName')
    const absent = name === '' ? [required(here, 'must specify non empty persistentVolumeName')] : []
    return [...absent, ...nameErrors(here, name, dns1123Subdomain)]
  }
  return inline === undefined ? [] : validateInlineVolume(inline, at.child('inlineVolumeSpec'))
}

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
    ...csiDriverName(o.spec?.attacher, at.child('spec', 'attacher')),
    ...validateSource(o.spec?.source, at.child('spec', 'source')),
    ...nameErrors(at.child('spec', 'nodeName'), o.spec?.nodeName ?? '', dns1123Subdomain),
  ],
  validateUpdate: (next, previous, at) =>
    sameJson(next.spec, previous.spec)
      ? []
      : [immutable(at.child('spec'), internalView('storage.v1.VolumeAttachmentSpec', next.spec))],
  prepareForCreate: (o) => startStatus(o, { attached: false }),
  prepareForUpdate: keepStatus,
  subresources: { status: statusView({ keep: 'all' }) },
})
