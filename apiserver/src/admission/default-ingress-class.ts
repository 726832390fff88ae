import type { V1Ingress, V1IngressClass } from '@kapell/openapi/types'
import type { AdmissionPlugin } from './admission.ts'
import { newestFirst } from './default-storage-class.ts'
import { about } from './matching.ts'

const defaultAnnotation = 'ingressclass.kubernetes.io/is-default-class'
const oldAnnotation = 'kubernetes.io/ingress.class'

/** An Ingress that names no class gets the default one. */
export const defaultIngressClass: AdmissionPlugin = {
  name: 'DefaultIngressClass',
  handles: (a) => a.operation === 'CREATE' && about(a, 'networking.k8s.io', 'ingresses'),
  admit: ({ object }, services) => {
    const ingress = object as V1Ingress
    if (ingress.spec?.ingressClassName !== undefined || ingress.metadata?.annotations?.[oldAnnotation] !== undefined)
      return
    const found = services.objects
      .list<V1IngressClass>({ group: 'networking.k8s.io', plural: 'ingressclasses' })
      .filter((c) => c.metadata?.annotations?.[defaultAnnotation] === 'true')
      .sort(newestFirst)[0]
    if (found?.metadata?.name !== undefined) ingress.spec = { ...ingress.spec, ingressClassName: found.metadata.name }
  },
}
