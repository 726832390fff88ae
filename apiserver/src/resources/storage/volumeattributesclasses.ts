import type { V1VolumeAttributesClass } from '@kapell/openapi/types'
import { forbidden, required, type FieldError, type FieldPath } from '@kapell/openapi/meta/field-errors'
import { column, defineResource } from '../../registry/definition.ts'
import { ageColumn, nameColumn } from '../common/columns.ts'
import { emptyParameter } from './parameters.ts'
import { qualifiedName } from '@kapell/openapi/meta/names'
import { nameErrors, sameJson } from '../common/validation.ts'

const isDefault = (annotations: Record<string, string> | undefined): boolean =>
  annotations?.['volumeattributesclass.alpha.kubernetes.io/is-default-class'] === 'true'

const fixed = (at: FieldPath, field: string, next: unknown, previous: unknown): FieldError[] =>
  sameJson(next, previous) ? [] : [forbidden(at.child(field), `updates to ${field} are forbidden.`)]

export const volumeAttributesClasses = defineResource<V1VolumeAttributesClass>({
  group: 'storage.k8s.io',
  version: 'v1',
  kind: 'VolumeAttributesClass',
  plural: 'volumeattributesclasses',
  shortNames: ['vac'],
  namespaced: false,
  storagePrefix: 'volumeattributesclasses',
  hasGeneration: false,
  validate: (o, at) => [
    ...((o.driverName ?? '') === ''
      ? [required(at.child('driverName'))]
      : nameErrors(at.child('driverName'), o.driverName.toLowerCase(), qualifiedName)),
    ...(Object.keys(o.parameters ?? {}).length === 0
      ? [required(at.child('parameters'), 'must contain at least one key/value pair')]
      : emptyParameter(o.parameters, at.child('parameters'))),
  ],
  validateUpdate: (next, previous, at) => [
    ...fixed(at, 'driverName', next.driverName, previous.driverName),
    ...fixed(at, 'parameters', next.parameters, previous.parameters),
  ],
  columns: [
    {
      ...nameColumn,
      cell: (o) => `${o.metadata?.name ?? ''}${isDefault(o.metadata?.annotations) ? ' (default)' : ''}`,
    },
    column('DriverName', 'string', (o) => o.driverName),
    ageColumn,
  ],
})
