import type { V1Service } from '@kapell/openapi/types'
import { isHeadless } from './families.ts'

/** What a Service says in vain, or should say otherwise. */
export function serviceWarnings({ spec }: V1Service): string[] {
  if (spec === undefined) return []
  const warnings: string[] = []
  const hasIps = (spec.externalIPs ?? []).length > 0
  if (isHeadless(spec)) {
    const ignored = 'is ignored for headless services'
    if ((spec.loadBalancerIP ?? '') !== '') warnings.push(`spec.loadBalancerIP ${ignored}`)
    if (hasIps) warnings.push(`spec.externalIPs ${ignored}`)
    if (spec.sessionAffinity !== 'None') warnings.push(`spec.SessionAffinity ${ignored}`)
  }
  if ((spec.externalName ?? '') !== '' && spec.type !== 'ExternalName') {
    warnings.push('spec.externalName is ignored when spec.type is not "ExternalName"')
  }
  if (hasIps && !isHeadless(spec))
    warnings.push('spec.externalIPs is deprecated and may no longer be implemented in some clusters')
  if (spec.trafficDistribution === 'PreferClose') {
    warnings.push('spec.trafficDistribution: "PreferClose" is deprecated; use "PreferSameZone"')
  }
  return warnings
}
