import type { V1Service } from '@kapell/openapi/types'
import { forbidden, invalid, type FieldError, type FieldPath } from '@kapell/openapi/meta/field-errors'
import { dns1123Subdomain } from '@kapell/openapi/meta/names'
import { parseIp } from '../../common/ip.ts'
import { ipErrors } from '../../common/ip-validation.ts'
import { sameJson, unsupported } from '../../common/validation.ts'

/** Where a load balancer listens; only Services that ask for one have one. Source: Service v1 core. */
export function validateServiceStatus(next: V1Service, previous: V1Service, root: FieldPath): FieldError[] {
  const at = root.child('status', 'loadBalancer', 'ingress')
  const ingress = next.status?.loadBalancer?.ingress ?? []
  if (sameJson(ingress, previous.status?.loadBalancer?.ingress ?? [])) return []
  if (next.spec?.type !== 'LoadBalancer') {
    return [forbidden(at, "may only be used when `spec.type` is 'LoadBalancer'")]
  }
  return ingress.flatMap(({ ip = '', ipMode, hostname = '' }, i) => {
    const here = at.index(i)
    const errors = ip === '' ? [] : ipErrors(here.child('ip'), ip)
    if (ipMode !== undefined && ip === '') {
      errors.push(forbidden(here.child('ipMode'), 'may not be specified when `ip` is not set'))
    } else if (ipMode !== undefined && ipMode !== 'VIP' && ipMode !== 'Proxy') {
      errors.push(unsupported(here.child('ipMode'), ipMode, ['Proxy', 'VIP']))
    }
    for (const text of hostname === '' ? [] : dns1123Subdomain(hostname)) {
      errors.push(invalid(here.child('hostname'), hostname, text))
    }
    if (parseIp(hostname) !== undefined) {
      errors.push(invalid(here.child('hostname'), hostname, 'must be a DNS name, not an IP address'))
    }
    return errors
  })
}
