import type { V1DeviceClass } from '@kapell/openapi/types'
import { defineResource } from '../../registry/definition.ts'
import { invalid } from '@kapell/openapi/meta/field-errors'
import { dns1123Subdomain, pathSegmentName, qualifiedName } from '@kapell/openapi/meta/names'
import { ageColumn, nameColumn } from '../common/columns.ts'
import { validateConfigs, validateSelectors } from './selectors.ts'

/** As nodes and pods name it: with a domain that is not one of the system's own. */
const isExtendedResource = (name: string): boolean =>
  /^(?!requests\.)[^/]+\/[^/]+$/.test(name) &&
  !name.includes('kubernetes.io/') &&
  qualifiedName(`requests.${name}`).length === 0

export const deviceClasses = defineResource<V1DeviceClass>({
  group: 'resource.k8s.io',
  version: 'v1',
  kind: 'DeviceClass',
  plural: 'deviceclasses',
  namespaced: false,
  storagePrefix: 'deviceclasses',
  hasGeneration: true,
  // The beginning of a generated name is looked at with its end only.
  validateName: (name, prefix) => (prefix ? pathSegmentName(name) : dns1123Subdomain(name)),
  validate: (o, at) => [
    ...validateSelectors(o.spec?.selectors, at.child('spec', 'selectors')),
    ...validateConfigs(o.spec?.config, at.child('spec', 'config')),
    ...(o.spec?.extendedResourceName === undefined || isExtendedResource(o.spec.extendedResourceName)
      ? []
      : [
          invalid(
            at.child('spec', 'extendedResourceName'),
            o.spec.extendedResourceName,
            'must be a valid extended resource name',
          ),
        ]),
  ],
  columns: [nameColumn, ageColumn],
})
