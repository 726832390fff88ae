import type { V1Ingress, V1IngressClass } from '@kapell/openapi/types'

/** The class that a cluster of ours is born with. */
export const ingressClassName = 'kapell'
/** What an IngressClass names as its controller to have its Ingresses served by our nodes. */
export const ingressController = 'kapell.io/ingress'
/**
 * On a Node: the ports its Ingress proxy listens on, "80,443", or "error: " and why it does not. Absent: there is nothing
 * to serve, or it was not asked to.
 */
export const ingressAnnotation = 'kapell.io/ingress'
/** From before there were classes. Source: concepts page "Ingress", "Deprecated annotation". */
const classAnnotation = 'kubernetes.io/ingress.class'

/** Whether an Ingress is ours to serve: by the controller of its class, or by the old annotation. */
export function isOurIngress(ingress: V1Ingress, classOf: (name: string) => V1IngressClass | undefined): boolean {
  if (ingress.metadata?.deletionTimestamp !== undefined) return false
  const named = ingress.spec?.ingressClassName
  if (named !== undefined) return classOf(named)?.spec?.controller === ingressController
  return ingress.metadata?.annotations?.[classAnnotation] === ingressClassName
}
