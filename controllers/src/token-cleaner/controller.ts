import type { ApiClient } from '@kapell/controllers/machinery/client'
import type { Clock } from '@kapell/controllers/machinery/clock'
import { defineController } from '@kapell/controllers/machinery/controller'
import type { InformerScope } from '@kapell/controllers/machinery/informer-factory'
import { keyOf, splitKey, type Lister } from '@kapell/controllers/machinery/store'
import { bootstrapTokenNamespace, bootstrapTokenType, readBootstrapSecret } from '@kapell/openapi/meta/bootstrap-token'
import { secrets } from '@kapell/openapi/meta/refs'
import { isReason } from '@kapell/openapi/meta/status'
import type { V1Secret } from '@kapell/openapi/types'

/** Other Secrets do not concern those who look after tokens. */
export const bootstrapSecretsOnly: InformerScope<V1Secret> = {
  namespace: bootstrapTokenNamespace,
  fieldSelector: `type=${bootstrapTokenType}`,
}

interface Dependencies {
  client: ApiClient
  clock: Clock
  secrets: Lister<V1Secret>
}

/** Deletes bootstrap tokens that have expired. Source: "Authenticating with Bootstrap Tokens". */
export const tokenCleanerController = defineController<Dependencies, V1Secret>({
  name: 'token-cleaner-controller',
  serviceAccount: 'token-cleaner',
  queue: 'token_cleaner',
  setup: ({ client, clock, informer, queue }) => {
    const tokens = informer(secrets, bootstrapSecretsOnly)
    const look = (secret: V1Secret): void => queue.add(keyOf(secret))
    tokens.onChange({ add: look, update: (_, next) => look(next) })
    return { client, clock, secrets: tokens.lister }
  },
  reconcile: async (key, { client, clock, secrets: known }) => {
    const secret = known.get(key)
    const facts = secret === undefined ? undefined : readBootstrapSecret(secret, clock.now())
    if (secret === undefined || facts?.expiration === undefined) return
    if (!facts.expired) return { afterMs: Date.parse(facts.expiration) - clock.now().getTime() }
    const { uid } = secret.metadata ?? {}
    const { namespace, name } = splitKey(key)
    try {
      await client.resource(secrets, namespace).delete(name, uid === undefined ? {} : { preconditions: { uid } })
    } catch (error) {
      if (!isReason(error, 'NotFound', 'Conflict')) throw error
    }
    return
  },
})
