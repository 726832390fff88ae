import type { V1NetworkPolicy, V1NetworkPolicyPeer, V1NetworkPolicyPort } from '@kapell/openapi/types'
import { forbidden, invalid, required, type FieldError, type FieldPath } from '@kapell/openapi/meta/field-errors'
import { parseCidr, type Cidr } from '../common/ip.ts'
import { unsupported, validateLabelSelector } from '../common/validation.ts'
import { validatePort } from '../core/pods/validation/probes.ts'

/** Source: NetworkPolicy v1 networking. */
export function defaultNetworkPolicy(policy: V1NetworkPolicy): void {
  const spec = policy.spec
  if (spec === undefined) return
  spec.podSelector ??= {}
  const ports = [...(spec.ingress ?? []), ...(spec.egress ?? [])].flatMap((rule) => rule.ports ?? [])
  for (const port of ports) port.protocol ??= 'TCP'
  if ((spec.policyTypes ?? []).length === 0) {
    spec.policyTypes = (spec.egress ?? []).length > 0 ? ['Ingress', 'Egress'] : ['Ingress']
  }
}

export function validateNetworkPolicy(policy: V1NetworkPolicy, root: FieldPath): FieldError[] {
  const at = root.child('spec')
  const spec = policy.spec
  if (spec === undefined) return []
  const errors = validateLabelSelector(spec.podSelector, at.child('podSelector'))
  for (const [direction, peers] of [
    ['ingress', 'from'],
    ['egress', 'to'],
  ] as const) {
    const rules = (spec[direction] ?? []) as {
      ports?: V1NetworkPolicyPort[]
      from?: V1NetworkPolicyPeer[]
      to?: V1NetworkPolicyPeer[]
    }[]
    for (const [i, rule] of rules.entries()) {
      const here = at.child(direction).index(i)
      errors.push(...(rule.ports ?? []).flatMap((port, j) => validatePolicyPort(port, here.child('ports').index(j))))
      errors.push(...(rule[peers] ?? []).flatMap((peer, j) => validatePeer(peer, here.child(peers).index(j))))
    }
  }
  const types = spec.policyTypes ?? []
  if (types.length > 2)
    return [...errors, invalid(at.child('policyTypes'), types, 'may not specify more than two policyTypes')]
  for (const [i, type] of types.entries()) {
    if (type !== 'Ingress' && type !== 'Egress')
      errors.push(unsupported(at.child('policyTypes').index(i), type, ['Ingress', 'Egress']))
  }
  return errors
}

const protocols = ['TCP', 'UDP', 'SCTP']

function validatePolicyPort({ port, endPort, protocol }: V1NetworkPolicyPort, at: FieldPath): FieldError[] {
  const errors: FieldError[] = []
  if (protocol !== undefined && !protocols.includes(protocol))
    errors.push(unsupported(at.child('protocol'), protocol, protocols))
  if (port === undefined) {
    if (endPort !== undefined)
      errors.push(invalid(at.child('endPort'), endPort, 'may not be specified when `port` is not specified'))
    return errors
  }
  if (typeof port === 'number') {
    errors.push(...validatePort(at.child('port'), port))
    if (endPort !== undefined) {
      if (endPort < port) errors.push(invalid(at.child('endPort'), port, 'must be greater than or equal to `port`'))
      errors.push(...validatePort(at.child('endPort'), endPort))
    }
    return errors
  }
  if (endPort !== undefined)
    errors.push(invalid(at.child('endPort'), endPort, 'may not be specified when `port` is non-numeric'))
  errors.push(...validatePort(at.child('port'), port))
  return errors
}

function validatePeer(peer: V1NetworkPolicyPeer, at: FieldPath): FieldError[] {
  const errors = [
    ...validateLabelSelector(peer.podSelector, at.child('podSelector')),
    ...validateLabelSelector(peer.namespaceSelector, at.child('namespaceSelector')),
  ]
  const block = peer.ipBlock
  if (block !== undefined) {
    const here = at.child('ipBlock')
    const cidr = parseCidr(block.cidr)
    if ((block.cidr ?? '') === '') errors.push(required(here.child('cidr')))
    else if (cidr === undefined) errors.push(invalid(here.child('cidr'), block.cidr, notACidr))
    else errors.push(...validateExcept(block.except ?? [], cidr, here.child('except')))
  }
  if (peer.podSelector === undefined && peer.namespaceSelector === undefined && block === undefined) {
    errors.push(required(at, 'must specify a peer'))
  }
  if (block !== undefined && (peer.podSelector !== undefined || peer.namespaceSelector !== undefined)) {
    errors.push(forbidden(at, 'may not specify both ipBlock and another peer'))
  }
  return errors
}

const notACidr = 'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)'

function validateExcept(except: readonly string[], within: Cidr, at: FieldPath): FieldError[] {
  return except.flatMap((text, i) => {
    const cidr = parseCidr(text)
    if (cidr === undefined) return [invalid(at.index(i), text, notACidr)]
    const inside = cidr.prefix > within.prefix && within.contains({ family: cidr.family, value: cidr.base })
    return inside ? [] : [invalid(at.index(i), text, `must be a strict subset of \`cidr\``)]
  })
}
