import type { V1Namespace } from '@kapell/openapi/types'
import { invalid } from '@kapell/openapi/meta/field-errors'
import { dns1123Label, maskTrailingDash, qualifiedName } from '@kapell/openapi/meta/names'
import { column, defineResource } from '../../registry/definition.ts'
import { ageColumn, nameColumn } from '../common/columns.ts'
import { keepField, keepStatus, startStatus, statusView } from '../common/status.ts'

/** The finalizer that keeps a namespace until a controller has emptied it. */
const keeper = 'kubernetes'
const standardFinalizers = new Set([keeper, 'orphan', 'foregroundDeletion'])
const nameLabel = 'kubernetes.io/metadata.name'

/** Every namespace carries its name as a label, whatever clients write there. */
function wearName(namespace: V1Namespace): void {
  const meta = namespace.metadata
  if (meta?.name === undefined) return
  meta.labels = { ...meta.labels, [nameLabel]: meta.name }
}

export const namespaces = defineResource<V1Namespace>({
  group: '',
  version: 'v1',
  kind: 'Namespace',
  plural: 'namespaces',
  shortNames: ['ns'],
  namespaced: false,
  verbs: ['create', 'delete', 'get', 'list', 'patch', 'update', 'watch'],
  storagePrefix: 'namespaces',
  hasGeneration: false,
  columns: [nameColumn, column('Status', 'string', (o) => o.status?.phase ?? ''), ageColumn],
  selectableFields: { 'status.phase': (o) => o.status?.phase ?? '' },
  validateName: (name, prefix) => dns1123Label(prefix ? maskTrailingDash(name) : name),
  default: wearName,
  prepareForCreate: (o) => {
    startStatus(o, { phase: 'Active' })
    wearName(o)
    const finalizers = o.spec?.finalizers ?? []
    o.spec = { ...o.spec, finalizers: finalizers.includes(keeper) ? finalizers : [...finalizers, keeper] }
  },
  prepareForUpdate: (next, previous) => {
    keepStatus(next, previous)
    keepField(next, previous, 'spec')
    wearName(next)
  },
  validate: (o, at) =>
    (o.spec?.finalizers ?? []).flatMap((finalizer) => {
      const here = at.child('spec', 'finalizers')
      const isKnown = finalizer.includes('/') || standardFinalizers.has(finalizer)
      return [
        ...qualifiedName(finalizer).map((text) => invalid(here, finalizer, text)),
        ...(isKnown
          ? []
          : [invalid(here, finalizer, 'name is neither a standard finalizer name nor is it fully qualified')]),
      ]
    }),
  deletion: {
    heldBack: (o) => (o.spec?.finalizers ?? []).length > 0,
    onBegin: (o) => {
      o.status = { ...o.status, phase: 'Terminating' }
    },
  },
  subresources: {
    status: statusView({ prepare: wearName }),
    finalize: {
      type: 'view',
      verbs: ['update'],
      prepareForUpdate: (next, previous) => {
        keepStatus(next, previous)
        wearName(next)
        if ((next.spec?.finalizers ?? []).length === 0) next.spec = {}
      },
    },
  },
})
