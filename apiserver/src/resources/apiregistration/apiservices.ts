import type { V1APIService } from '@kapell/openapi/types'
import { invalid, required, type FieldError, type FieldPath } from '@kapell/openapi/meta/field-errors'
import { dns1035Label, dns1123Subdomain, pathSegmentName } from '@kapell/openapi/meta/names'
import { rfc3339 } from '@kapell/openapi/meta/time'
import { column, defineResource } from '../../registry/definition.ts'
import { ageColumn, nameColumn } from '../common/columns.ts'
import { nameErrors } from '../common/validation.ts'
import { keepStatus, startStatus, statusView } from '../common/status.ts'

function validateApiService(o: V1APIService, root: FieldPath): FieldError[] {
  const at = root.child('spec')
  const { group = '', version = '', groupPriorityMinimum = 0, versionPriority = 0, service } = o.spec ?? {}
  const errors: FieldError[] = []
  const wanted = `${version}.${group}`
  for (const field of ['generateName', 'name'] as const) {
    const given = o.metadata?.[field] ?? ''
    const why = `must be \`spec.version+"."+spec.group\`: ${JSON.stringify(wanted)}`
    if (given !== '' && given !== wanted) errors.push(invalid(root.child('metadata', field), given, why))
  }
  if (group === '' && version !== 'v1') {
    errors.push(required(at.child('group'), 'only v1 may have an empty group and it better be legacy kube'))
  }
  if (group !== '') errors.push(...nameErrors(at.child('group'), group, dns1123Subdomain))
  errors.push(...nameErrors(at.child('version'), version, dns1035Label))
  if (groupPriorityMinimum <= 0 || groupPriorityMinimum > 20_000) {
    errors.push(invalid(at.child('groupPriorityMinimum'), groupPriorityMinimum, 'must be positive and less than 20000'))
  }
  if (versionPriority <= 0 || versionPriority > 1000) {
    errors.push(invalid(at.child('versionPriority'), versionPriority, 'must be positive and less than 1000'))
  }
  if (service !== undefined) {
    for (const field of ['namespace', 'name'] as const) {
      if ((service[field] ?? '') === '') errors.push(required(at.child('service', field)))
    }
    const { port = 443 } = service
    if (port < 1 || port > 65_535) {
      const why = 'port is not valid: must be between 1 and 65535, inclusive'
      errors.push(invalid(at.child('service', 'port'), port, why))
    }
  }
  const { insecureSkipTLSVerify = false, caBundle = '' } = o.spec ?? {}
  if (insecureSkipTLSVerify && service === undefined) {
    const why = 'local APIServices may not have insecureSkipTLSVerify'
    errors.push(invalid(at.child('insecureSkipTLSVerify'), true, why))
  }
  if (insecureSkipTLSVerify && caBundle !== '') {
    errors.push(invalid(at.child('insecureSkipTLSVerify'), true, 'may not be true if caBundle is present'))
  }
  return errors
}

function serviceCell(o: V1APIService): string {
  const service = o.spec?.service
  return service === undefined ? 'Local' : `${service.namespace ?? ''}/${service.name ?? ''}`
}

function availableCell(o: V1APIService): string {
  const condition = (o.status?.conditions ?? []).find((c) => c.type === 'Available')
  if (condition === undefined) return 'Unknown'
  return condition.status === 'True' ? 'True' : `${condition.status} (${condition.reason ?? ''})`
}

export const apiServices = defineResource<V1APIService>({
  group: 'apiregistration.k8s.io',
  version: 'v1',
  kind: 'APIService',
  plural: 'apiservices',
  categories: ['api-extensions'],
  namespaced: false,
  storagePrefix: 'apiregistration.k8s.io/apiservices',
  hasGeneration: false,
  allowUnconditionalUpdate: false,
  columns: [
    nameColumn,
    column('Service', 'string', serviceCell),
    column('Available', 'string', availableCell),
    ageColumn,
  ],
  default: (o) => {
    if (o.spec?.service !== undefined) o.spec.service.port ??= 443
  },
  validateName: (name) => pathSegmentName(name),
  validate: validateApiService,
  prepareForCreate: (o, { now }) => {
    startStatus(o)
    if (o.spec?.service !== undefined) return
    // What this server answers for itself is always there.
    o.status = {
      conditions: [
        {
          type: 'Available',
          status: 'True',
          lastTransitionTime: rfc3339(now),
          reason: 'Local',
          message: 'Local APIServices are always available',
        },
      ],
    }
  },
  prepareForUpdate: keepStatus,
  subresources: { status: statusView({ keep: ['labels', 'annotations', 'finalizers', 'ownerReferences'] }) },
})
