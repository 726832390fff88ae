import type { V1Namespace } from '@kapell/openapi/types'
import { ApiError, forbiddenError, notFound } from '@kapell/openapi/meta/status'
import type { AdmissionAttributes, AdmissionPlugin } from './admission.ts'
import { about, refusedName, named } from './matching.ts'

const namespaces = { group: '', plural: 'namespaces' }
const immortal = new Set(['default', 'kube-system', 'kube-public'])

/** Nothing new in a namespace that is missing or on its way out; the system's own are not deleted. */
export const namespaceLifecycle: AdmissionPlugin = {
  name: 'NamespaceLifecycle',
  handles: ({ operation }) => operation !== 'CONNECT',
  admit: async (attributes, services) => {
    const { operation, namespace } = attributes
    if (operation === 'DELETE') {
      if (about(attributes, '', 'namespaces') && immortal.has(attributes.name)) {
        throw forbiddenError(namespaces, attributes.name, 'this namespace may not be deleted')
      }
      return
    }
    if (!attributes.resource.namespaced || namespace === '') return
    if (about(attributes, 'authorization.k8s.io', 'localsubjectaccessreviews')) return
    const cached = services.objects.get<V1Namespace>(namespaces, { name: namespace })
    // A namespace made a moment ago may not have reached the cache.
    const found = cached ?? (await services.objects.getLatest<V1Namespace>(namespaces, { name: namespace }))
    if (found === undefined) throw notFound(namespaces, namespace)
    if (operation === 'CREATE' && found.status?.phase === 'Terminating') throw terminating(attributes)
  },
}

function terminating(attributes: AdmissionAttributes): ApiError {
  const { namespace } = attributes
  const why = `unable to create new content in namespace ${namespace} because it is being terminated`
  const { status } = forbiddenError(named(attributes), refusedName(attributes), why)
  return new ApiError({
    ...status,
    details: {
      ...status.details,
      causes: [
        {
          reason: 'NamespaceTerminating',
          message: `namespace ${namespace} is being terminated`,
          field: 'metadata.namespace',
        },
      ],
    },
  })
}
