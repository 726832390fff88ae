import type { V1ServiceCIDR } from '@kapell/openapi/types'
import { invalid, required, type FieldError, type FieldPath } from '@kapell/openapi/meta/field-errors'
import { parseCidr } from '../common/ip.ts'
import { cidrErrors } from '../common/ip-validation.ts'
import { unchanged } from '../common/validation.ts'

/** Source: ServiceCIDR v1 networking. */
export function validateServiceCidr(cidr: V1ServiceCIDR, root: FieldPath): FieldError[] {
  const at = root.child('spec', 'cidrs')
  const cidrs = cidr.spec?.cidrs ?? []
  if (cidrs.length === 0) return [required(at, 'at least one CIDR required')]
  if (cidrs.length > 2) return [invalid(at, { CIDRs: cidrs }, 'may only hold up to 2 values')]
  const errors: FieldError[] = []
  const families = cidrs.map((text) => parseCidr(text)?.family)
  if (cidrs.length === 2 && families[0] !== undefined && families[0] === families[1]) {
    errors.push(
      invalid(at, cidrs, 'may specify no more than one IP for each IP family, i.e 192.168.0.0/24 and 2001:db8::/64'),
    )
  }
  errors.push(...cidrs.flatMap((text, i) => cidrErrors(at.index(i), text)))
  return errors
}

/** What is there stays; a second family may be added. */
export function validateServiceCidrUpdate(next: V1ServiceCIDR, previous: V1ServiceCIDR, root: FieldPath): FieldError[] {
  const at = root.child('spec', 'cidrs')
  const now = next.spec?.cidrs ?? []
  const before = previous.spec?.cidrs ?? []
  const isWhole = before.length > 1 ? now.length !== before.length : now.length < before.length || now.length > 2
  if (isWhole) return unchanged(at, now, before)
  const kept = before.flatMap((cidr, i) => unchanged(at.index(i), now[i], cidr))
  return before.length > 1 || now.length === before.length ? kept : [...kept, ...validateServiceCidr(next, root)]
}
