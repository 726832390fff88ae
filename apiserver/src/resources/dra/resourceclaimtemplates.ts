import type { V1ResourceClaimTemplate } from '@kapell/openapi/types'
import { defineResource } from '../../registry/definition.ts'
import { ageColumn, nameColumn } from '../common/columns.ts'
import { internalView, mapView } from '../common/internal-view.ts'
import { sameJson } from '../common/validation.ts'
import { forbidden, immutable, type FieldError, type FieldPath } from '@kapell/openapi/meta/field-errors'
import { validateAnnotations, validateLabels } from '../../registry/metadata-validation.ts'
import { adminAccessErrors } from './admin-access.ts'
import { defaultClaimSpec, validateClaimSpec } from './claim-rules.ts'

/** As messages show it: labels before annotations, as the API's own type has them. */
function shown({ metadata, spec }: NonNullable<V1ResourceClaimTemplate['spec']>): object {
  const { labels, annotations } = metadata ?? {}
  return {
    ...(labels && { labels: mapView(labels) }),
    ...(annotations && { annotations: mapView(annotations) }),
    ...(internalView('resource.v1.ResourceClaimTemplateSpec', { spec }) as object),
  }
}

/** What is the claim's own; as the original calls them. */
const notForTemplates = {
  name: 'name',
  generateName: 'generateName',
  namespace: 'namespace',
  selfLink: 'selfLink',
  uid: 'uID',
  resourceVersion: 'resourceVersion',
  generation: 'generation',
  creationTimestamp: 'creationTimestamp',
  deletionTimestamp: 'deletionTimestamp',
  deletionGracePeriodSeconds: 'deletionGracePeriodSeconds',
  ownerReferences: 'ownerReferences',
  finalizers: 'finalizers',
  managedFields: 'managedFields',
} as const

function validateTemplateMetadata(metadata: object | undefined, at: FieldPath): FieldError[] {
  const given = (metadata ?? {}) as Record<string, unknown>
  return Object.entries(notForTemplates)
    .filter(([field]) => given[field] != null)
    .map(([, reported]) => forbidden(at.child(reported), 'cannot be set'))
}

export const resourceClaimTemplates = defineResource<V1ResourceClaimTemplate>({
  group: 'resource.k8s.io',
  version: 'v1',
  kind: 'ResourceClaimTemplate',
  plural: 'resourceclaimtemplates',
  namespaced: true,
  storagePrefix: 'resourceclaimtemplates',
  hasGeneration: false,
  default: (o) => defaultClaimSpec(o.spec?.spec),
  validate: (o, at) => [
    ...validateLabels(o.spec?.metadata?.labels, at.child('spec', 'metadata', 'labels').text),
    ...validateAnnotations(o.spec?.metadata?.annotations, at.child('spec', 'metadata', 'annotations').text),
    ...validateTemplateMetadata(o.spec?.metadata, at.child('spec', 'metadata')),
    ...validateClaimSpec(o.spec?.spec, at.child('spec', 'spec')),
  ],
  validateCreate: (o, at, context) => adminAccessErrors(o.spec?.spec, o.metadata?.namespace, at.child('spec'), context),
  validateUpdate: (next, previous, at) =>
    sameJson(next.spec, previous.spec) ? [] : [immutable(at.child('spec'), shown(next.spec))],
  columns: [nameColumn, ageColumn],
})
