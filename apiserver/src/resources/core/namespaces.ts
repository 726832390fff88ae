import type { V1Namespace } from '@kapell/openapi/types'
import { invalid, type FieldError, type FieldPath } from '@kapell/openapi/meta/field-errors'
import { dns1123Label, maskTrailingDash, qualifiedName } from '@kapell/openapi/meta/names'
import { column, defineResource } from '../../registry/definition.ts'
import { ageColumn, nameColumn } from '../common/columns.ts'
import { keepField, keepStatus, startStatus, statusView } from '../common/status.ts'

/** The finalizer that keeps a namespace until a controller has emptied it. */
const keeper = 'kubernetes'
const standardFinalizers = new Set([keeper, 'orphan', 'foregroundDeletion'])
const active = 'Active'
const nameLabel = 'kubernetes.io/metadata.name'

/** Every namespace carries its name as a label, whatever clients write there. */
function wearName(namespace: V1Namespace): void {
  const meta = namespace.metadata
  if (meta?.name === undefined) return
  meta.labels = { ...meta.labels, [nameLabel]: meta.name }
}

function finalizerErrors(finalizer: string, at: FieldPath): FieldError[] {
  const isKnown = finalizer.includes('/') || standardFinalizers.has(finalizer)
  const unknown = 'name is neither a standard finalizer name nor is it fully qualified'
  return [
    ...qualifiedName(finalizer).map((text) => invalid(at, finalizer, text)),
    ...(isKnown ? [] : [invalid(at, finalizer, unknown)]),
  ]
}

/** A namespace is active until it goes, and from then on it is not. */
function validatePhase(namespace: V1Namespace): FieldError[] {
  const phase = namespace.status?.phase ?? ''
  const goes = namespace.metadata?.deletionTimestamp !== undefined
  const wanted = goes ? 'Terminating' : active
  if (phase === wanted) return []
  const why = `may only be '${wanted}' if \`deletionTimestamp\` is ${goes ? 'not ' : ''}empty`
  return [invalid('status.Phase', phase, why)]
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
  default: (o) => {
    wearName(o)
    if ((o.status?.phase ?? '') === '') o.status = { ...o.status, phase: active }
  },
  prepareForCreate: (o) => {
    startStatus(o, { phase: active })
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
    (o.spec?.finalizers ?? []).flatMap((one) => finalizerErrors(one, at.child('spec', 'finalizers'))),
  deletion: {
    heldBack: (o) => (o.spec?.finalizers ?? []).length > 0,
    onBegin: (o) => {
      o.status = { ...o.status, phase: 'Terminating' }
    },
  },
  subresources: {
    status: statusView({ prepare: wearName, validate: validatePhase }),
    finalize: {
      type: 'view',
      verbs: ['update'],
      prepareForUpdate: (next, previous) => {
        keepStatus(next, previous)
        wearName(next)
        if ((next.spec?.finalizers ?? []).length === 0) next.spec = {}
      },
      validateUpdate: (next, _previous, at) =>
        (next.spec?.finalizers ?? []).flatMap((one, i) =>
          finalizerErrors(one, at.child('spec', 'finalizers').index(i)),
        ),
    },
  },
})
