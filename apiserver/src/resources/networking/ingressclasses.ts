import type { V1IngressClass } from '@kapell/openapi/types'
import { required } from '@kapell/openapi/meta/field-errors'
import { domainPrefixedPath } from '@kapell/openapi/meta/names'
import { column, defineResource } from '../../registry/definition.ts'
import { ageColumn, nameColumn } from '../common/columns.ts'
import { nameErrors, unchanged } from '../common/validation.ts'

function parametersCell(o: V1IngressClass): string {
  const p = o.spec?.parameters
  if (p === undefined) return '<none>'
  return `${p.kind}${p.apiGroup === undefined ? '' : `.${p.apiGroup}`}/${p.name}`
}

export const ingressClasses = defineResource<V1IngressClass>({
  group: 'networking.k8s.io',
  version: 'v1',
  kind: 'IngressClass',
  plural: 'ingressclasses',
  namespaced: false,
  storagePrefix: 'ingressclasses',
  hasGeneration: true,
  default: (o) => {
    const parameters = o.spec?.parameters
    if (parameters !== undefined) parameters.scope ??= 'Cluster'
  },
  validate: (o, at) =>
    (o.spec?.controller ?? '') === ''
      ? [required(at.child('spec', 'controller'))]
      : nameErrors(at.child('spec', 'controller'), o.spec?.controller ?? '', domainPrefixedPath),
  validateUpdate: (next, previous, at) =>
    unchanged(at.child('spec', 'controller'), next.spec?.controller, previous.spec?.controller),
  columns: [
    nameColumn,
    column('Controller', 'string', (o) => o.spec?.controller ?? ''),
    column('Parameters', 'string', parametersCell),
    ageColumn,
  ],
})
