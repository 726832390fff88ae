import type { V1Service, V1ServiceSpec } from '@kapell/openapi/types'
import { invalid, type FieldError, type FieldPath } from '@kapell/openapi/meta/field-errors'
import { parseCidr, parseIp, type Family } from '../../common/ip.ts'

/** Which IP families a Service has. Source: "IPv4/IPv6 dual-stack". */

export const none = 'None'

export const isHeadless = (spec: V1ServiceSpec | undefined): boolean =>
  spec?.type !== 'ExternalName' && (spec?.clusterIPs?.[0] ?? spec?.clusterIP) === none

/** Every type but ExternalName has cluster IPs, if only none of them. */
export const needsClusterIp = (spec: V1ServiceSpec | undefined): boolean =>
  spec?.type === 'ClusterIP' || spec?.type === 'NodePort' || spec?.type === 'LoadBalancer'

/** The families of the cluster's ranges, the primary first. */
export function clusterFamilies(ranges: readonly string[]): Family[] {
  return [...new Set(ranges.flatMap((range) => parseCidr(range)?.family ?? []))]
}

const other = (family: string): Family => (family === 'IPv4' ? 'IPv6' : 'IPv4')

/** Completes policy and families from what the client gave and what the cluster has; errors are left to validation. */
export function defaultFamilies(service: V1Service, configured: readonly Family[]): void {
  const spec = service.spec
  if (spec === undefined || !needsClusterIp(spec)) return
  const given = (spec.ipFamilies ?? []).slice()
  const fromIps = (spec.clusterIPs ?? []).flatMap((ip) => parseIp(ip)?.family ?? [])
  const families: string[] = given.length > 0 ? given : fromIps
  const selectorless = isHeadless(spec) && Object.keys(spec.selector ?? {}).length === 0
  if (spec.ipFamilyPolicy === undefined) {
    if (selectorless && families.length === 0) {
      spec.ipFamilyPolicy = 'RequireDualStack'
      spec.ipFamilies = configured[0] === 'IPv6' ? ['IPv6', 'IPv4'] : ['IPv4', 'IPv6']
      return
    }
    spec.ipFamilyPolicy =
      Math.max(families.length, (spec.clusterIPs ?? []).length) > 1 ? 'RequireDualStack' : 'SingleStack'
  }
  if (families.length === 0) families.push(configured[0] ?? 'IPv4')
  const dual = spec.ipFamilyPolicy !== 'SingleStack' && (configured.length > 1 || selectorless)
  if (dual && families.length === 1) families.push(other(families[0] ?? 'IPv4'))
  spec.ipFamilies = families
}

/** Whether the cluster can give what is asked. */
export function checkFamilies(spec: V1ServiceSpec, configured: readonly Family[], at: FieldPath): FieldError[] {
  if (!needsClusterIp(spec)) return []
  const selectorless = isHeadless(spec) && Object.keys(spec.selector ?? {}).length === 0
  if (selectorless) return []
  const errors: FieldError[] = []
  if (spec.ipFamilyPolicy === 'RequireDualStack' && configured.length < 2) {
    errors.push(
      invalid(at.child('ipFamilyPolicy'), 'RequireDualStack', 'this cluster is not configured for dual-stack services'),
    )
    return errors
  }
  for (const [i, family] of (spec.ipFamilies ?? []).entries()) {
    if (!configured.includes(family as Family)) {
      errors.push(invalid(at.child('ipFamilies').index(i), family, 'not configured on this cluster'))
    }
  }
  return errors
}
