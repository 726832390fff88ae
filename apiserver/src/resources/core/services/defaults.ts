import type { V1Service } from '@kapell/openapi/types'

/** Source: Service v1 core. */
export function defaultService(service: V1Service): void {
  const spec = (service.spec ??= {})
  if ((spec.sessionAffinity ?? '') === '') spec.sessionAffinity = 'None'
  if (spec.sessionAffinity === 'None') delete spec.sessionAffinityConfig
  if (spec.sessionAffinity === 'ClientIP') {
    spec.sessionAffinityConfig ??= {}
    spec.sessionAffinityConfig.clientIP ??= {}
    spec.sessionAffinityConfig.clientIP.timeoutSeconds ??= 10_800
  }
  if ((spec.type ?? '') === '') spec.type = 'ClusterIP'
  for (const port of spec.ports ?? []) {
    if ((port.protocol ?? '') === '') port.protocol = 'TCP'
    if (port.targetPort === undefined || port.targetPort === 0 || port.targetPort === '')
      port.targetPort = port.port ?? 0
  }
  const external = spec.type === 'NodePort' || spec.type === 'LoadBalancer'
  const reachable = external || (spec.type === 'ClusterIP' && (spec.externalIPs ?? []).length > 0)
  if (reachable && (spec.externalTrafficPolicy ?? '') === '') spec.externalTrafficPolicy = 'Cluster'
  if (external || spec.type === 'ClusterIP') spec.internalTrafficPolicy ??= 'Cluster'
  for (const ingress of service.status?.loadBalancer?.ingress ?? [])
    if (ingress.ip !== undefined) ingress.ipMode ??= 'VIP'
  if (spec.type === 'LoadBalancer') spec.allocateLoadBalancerNodePorts ??= true
}
