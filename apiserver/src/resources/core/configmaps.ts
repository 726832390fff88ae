import type { V1ConfigMap } from '@kapell/openapi/types'
import { invalid } from '@kapell/openapi/meta/field-errors'
import { configMapKey } from '@kapell/openapi/meta/names'
import { column, defineResource } from '../../registry/definition.ts'
import { ageColumn, nameColumn } from '../common/columns.ts'
import { nameErrors } from '../common/validation.ts'
import { immutableData, tooMuchData } from './data-rules.ts'

const dataCount = (o: V1ConfigMap): number => Object.keys(o.data ?? {}).length + Object.keys(o.binaryData ?? {}).length

export const configMaps = defineResource<V1ConfigMap>({
  group: '',
  version: 'v1',
  kind: 'ConfigMap',
  plural: 'configmaps',
  shortNames: ['cm'],
  namespaced: true,
  storagePrefix: 'configmaps',
  hasGeneration: false,
  validate: (o, at) => [
    ...(['data', 'binaryData'] as const).flatMap((field) =>
      Object.keys(o[field] ?? {}).flatMap((key) => nameErrors(at.child(field).key(key), key, configMapKey)),
    ),
    ...Object.keys(o.data ?? {}).flatMap((key) =>
      o.binaryData?.[key] === undefined
        ? []
        : [invalid(at.child('data').key(key), key, `duplicate of key present in binaryData`)],
    ),
    ...tooMuchData(at, o.data, o.binaryData),
  ],
  validateUpdate: (next, previous, at) => immutableData(next, previous, at, ['data', 'binaryData']),
  columns: [nameColumn, column('Data', 'string', dataCount), ageColumn],
})
