import { defineController } from '@kapell/controllers/machinery/controller'
import type { ApiClient } from '@kapell/controllers/machinery/client'
import type { Lister } from '@kapell/controllers/machinery/store'
import { namespaces, serviceAccounts } from '@kapell/openapi/meta/refs'
import { isReason } from '@kapell/openapi/meta/status'
import type { V1Namespace, V1ServiceAccount } from '@kapell/openapi/types'
import { isNamespaceTerminating } from '@kapell/controllers/machinery/namespace-terminating'

interface Dependencies {
  client: ApiClient
  namespaces: Lister<V1Namespace>
  accounts: Lister<V1ServiceAccount>
}

/** The account that pods use when they name none. */
const name = 'default'

/** Gives each namespace its default service account. Source: "Managing Service Accounts". */
export const serviceAccountController = defineController<Dependencies, V1Namespace>({
  name: 'service-account-controller',
  queue: 'serviceaccount',
  primary: namespaces,
  setup: ({ client, lister, informer, queue }) => {
    const accounts = informer(serviceAccounts, { fieldSelector: `metadata.name=${name}` })
    accounts.onChange({ delete: ({ metadata }) => queue.add(metadata?.namespace ?? '') })
    return { client, namespaces: lister(namespaces), accounts: accounts.lister }
  },
  reconcile: async (namespace, { client, namespaces: known, accounts }) => {
    if (known.get(namespace)?.status?.phase !== 'Active' || accounts.get(`${namespace}/${name}`) !== undefined) return
    try {
      await client.resource(serviceAccounts, namespace).create({ metadata: { name, namespace } })
    } catch (error) {
      if (!isReason(error, 'AlreadyExists', 'NotFound') && !isNamespaceTerminating(error)) throw error
    }
  },
})
