import type { V1ServiceSpec } from '@kapell/openapi/types'
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

/** A headless Service that chooses nobody: its endpoints may be of any family, whatever the cluster has. */
const isSelectorless = (spec: V1ServiceSpec): boolean =>
  isHeadless(spec) && Object.keys(spec.selector ?? {}).length === 0

/** Families as given, then as the addresses say. */
function familiesOf(spec: V1ServiceSpec): string[] {
  const given = spec.ipFamilies ?? []
  const fromIps = (spec.clusterIPs ?? []).slice(given.length).flatMap((ip) => parseIp(ip)?.family ?? [])
  return [...given, ...fromIps]
}

const policyOf = (spec: V1ServiceSpec): string =>
  spec.ipFamilyPolicy ?? (isSelectorless(spec) ? 'RequireDualStack' : 'SingleStack')

/** Completes policy and families from what the client gave and what the cluster has. */
export function defaultFamilies(spec: V1ServiceSpec | undefined, configured: readonly Family[]): void {
  if (spec === undefined || !needsClusterIp(spec)) return
  const families = familiesOf(spec)
  if (families.length === 0) families.push(configured[0] ?? 'IPv4')
  spec.ipFamilyPolicy = policyOf(spec)
  const dual = spec.ipFamilyPolicy !== 'SingleStack' && (configured.length > 1 || isSelectorless(spec))
  if (dual && families.length === 1) families.push(other(families[0] ?? 'IPv4'))
  spec.ipFamilies = families
}

/** Whether the cluster can give what is asked; looked at before the families are completed. */
export function checkFamilies(spec: V1ServiceSpec, configured: readonly Family[], at: FieldPath): FieldError[] {
  if (!needsClusterIp(spec)) return []
  const { ipFamilies = [], clusterIPs = [] } = spec
  const policy = policyOf(spec)
  const errors: FieldError[] = []
  const dual = "must be 'RequireDualStack' or 'PreferDualStack' when multiple"
  if (policy === 'SingleStack') {
    const here = at.child('ipFamilyPolicy')
    if (ipFamilies.length > 1) errors.push(invalid(here, policy, `${dual} IP families are specified`))
    if (clusterIPs.length > 1) errors.push(invalid(here, policy, `${dual} cluster IPs are specified`))
  }
  if (isSelectorless(spec)) return errors
  const isConfigured = (family: string): boolean => configured.includes(family as Family)
  for (const [i, ip] of clusterIPs.entries()) {
    const family = i < ipFamilies.length ? undefined : parseIp(ip)?.family
    if (family !== undefined && !isConfigured(family))
      errors.push(invalid(at.child('clusterIPs').index(i), clusterIPs, `${family} is not configured on this cluster`))
  }
  if (errors.length > 0) return errors
  if (policy === 'RequireDualStack' && configured.length < 2) {
    errors.push(invalid(at.child('ipFamilyPolicy'), policy, 'this cluster is not configured for dual-stack services'))
  }
  for (const [i, family] of ipFamilies.entries())
    if (!isConfigured(family))
      errors.push(invalid(at.child('ipFamilies').index(i), family, 'not configured on this cluster'))
  return errors
}
