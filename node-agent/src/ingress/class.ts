import type { ApiClient } from '@kapell/controllers/machinery/client'
import { ingressClasses } from '@kapell/openapi/meta/refs'
import { isReason } from '@kapell/openapi/meta/status'
import { ingressClassName, ingressController } from '@kapell/controllers/machinery/ingress-class'

/**
 * Makes the class of Ingresses that the nodes serve, the one of those that name none. A class of that name that is there
 * stays as it is, so that somebody may take the default away from it. Errors: the API does not answer.
 */
export async function ensureIngressClass(client: ApiClient): Promise<void> {
  await client
    .resource(ingressClasses)
    .create({
      apiVersion: 'networking.k8s.io/v1',
      kind: 'IngressClass',
      metadata: {
        name: ingressClassName,
        annotations: { 'ingressclass.kubernetes.io/is-default-class': 'true' },
      },
      spec: { controller: ingressController },
    })
    .catch((error: unknown) => {
      if (!isReason(error, 'AlreadyExists')) throw error
    })
}
