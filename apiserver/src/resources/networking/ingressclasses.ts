import type { V1IngressClass } from '@kapell/openapi/types'
import { column, defineResource } from '../../registry/definition.ts'
import { ageColumn, nameColumn } from '../common/columns.ts'

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
  columns: [
    nameColumn,
    column('Controller', 'string', (o) => o.spec?.controller ?? ''),
    column('Parameters', 'string', parametersCell),
    ageColumn,
  ],
})
