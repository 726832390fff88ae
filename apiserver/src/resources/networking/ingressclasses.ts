import type { V1IngressClass } from '@kapell/openapi/types'
import { forbidden, required, tooLong, type FieldError, type FieldPath } from '@kapell/openapi/meta/field-errors'
import type { KubeObject } from '@kapell/openapi/meta/object'
import { dns1123Label, domainPrefixedPath } from '@kapell/openapi/meta/names'
import { column, defineResource } from '../../registry/definition.ts'
import { ageColumn, nameColumn } from '../common/columns.ts'
import { nameErrors, unchanged, unsupported } from '../common/validation.ts'
import { validateTypedRef } from './typed-ref.ts'

const longestController = 250

type Parameters = NonNullable<NonNullable<V1IngressClass['spec']>['parameters']>

function validateParameters(parameters: Parameters | undefined, at: FieldPath): FieldError[] {
  if (parameters === undefined) return []
  const errors = validateTypedRef(parameters, at)
  const { scope, namespace } = parameters
  const here = at.child('namespace')
  if (scope === 'Namespace') {
    if (namespace === undefined) errors.push(required(here, "`parameters.scope` is set to 'Namespace'"))
    else errors.push(...nameErrors(here, namespace, dns1123Label))
  } else if (scope === 'Cluster') {
    if (namespace !== undefined) errors.push(forbidden(here, "`parameters.scope` is set to 'Cluster'"))
  } else errors.push(unsupported(at.child('scope'), scope ?? '', ['Cluster', 'Namespace']))
  return errors
}

function parametersCell(o: V1IngressClass): string {
  const p = o.spec?.parameters
  if (p === undefined) return '<none>'
  return `${p.kind}${p.apiGroup === undefined ? '' : `.${p.apiGroup}`}/${p.name}`
}

function nameCell({ metadata }: KubeObject): string {
  const isDefault = metadata?.annotations?.['ingressclass.kubernetes.io/is-default-class'] === 'true'
  return `${metadata?.name ?? ''}${isDefault ? ' (default)' : ''}`
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
  validate: (o, at) => [
    ...(o.spec?.controller === undefined || o.spec.controller === ''
      ? [required(at.child('spec', 'controller'))]
      : [
          ...(o.spec.controller.length > longestController
            ? [tooLong(at.child('spec', 'controller'), longestController)]
            : []),
          ...nameErrors(at.child('spec', 'controller'), o.spec.controller, domainPrefixedPath),
        ]),
    ...validateParameters(o.spec?.parameters, at.child('spec', 'parameters')),
  ],
  validateUpdate: (next, previous, at) =>
    unchanged(at.child('spec', 'controller'), next.spec?.controller ?? '', previous.spec?.controller ?? ''),
  columns: [
    { ...nameColumn, cell: nameCell },
    column('Controller', 'string', (o) => o.spec?.controller ?? ''),
    column('Parameters', 'string', parametersCell),
    ageColumn,
  ],
})
