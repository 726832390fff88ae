import type { V1Service, V1ServicePort, V1ServiceSpec } from '@kapell/openapi/types'
import {
  duplicate,
  forbidden,
  invalid,
  required,
  type FieldError,
  type FieldPath,
} from '@kapell/openapi/meta/field-errors'
import { dns1123Label, dns1123Subdomain, qualifiedName } from '@kapell/openapi/meta/names'
import { validateLabels } from '../../../registry/metadata-validation.ts'
import { parseCidr, parseIp } from '../../common/ip.ts'
import { nameErrors, sameJson, unsupported, validatePortNumber } from '../../common/validation.ts'
import { validatePort } from '../pods/validation/probes.ts'
import { notAnIp } from '../../common/ip-validation.ts'
import { isHeadless, needsClusterIp, none } from './families.ts'
import { needsHealthPort } from './prepare.ts'

/** Source: Service v1 core; "Service". */

const types = ['ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort']
const external = (spec: V1ServiceSpec): boolean =>
  spec.type === 'NodePort' ||
  spec.type === 'LoadBalancer' ||
  (spec.type === 'ClusterIP' && (spec.externalIPs ?? []).length > 0)

export function validateService(service: V1Service, root: FieldPath): FieldError[] {
  const at = root.child('spec')
  const spec = service.spec
  if (spec === undefined) return [required(at.child('ports'))]
  const errors: FieldError[] = []
  const ports = spec.ports ?? []
  if (ports.length === 0 && !isHeadless(spec) && spec.type !== 'ExternalName') errors.push(required(at.child('ports')))
  errors.push(...validateForType(spec, at))
  errors.push(...validatePorts(ports, at.child('ports')))
  errors.push(...validateLabels(spec.selector, at.child('selector').text))
  errors.push(...validateAffinity(spec, at))
  errors.push(...validateClusterIps(spec, at))
  for (const [i, ip] of (spec.externalIPs ?? []).entries()) {
    const here = at.child('externalIPs').index(i)
    if (parseIp(ip) === undefined) errors.push(invalid(here, ip, notAnIp))
    else errors.push(...notSpecial(ip, here))
  }
  if ((spec.type ?? '') === '') errors.push(required(at.child('type')))
  else if (!types.includes(spec.type ?? '')) errors.push(unsupported(at.child('type'), spec.type, types))
  errors.push(...validateNodePortsAllowed(spec, at.child('ports')), ...sharedNodePorts(ports, at.child('ports')))
  errors.push(...duplicatePorts(ports, at.child('ports')))
  errors.push(...validateLoadBalancer(spec, at), ...validateTraffic(spec, at))
  return errors
}

/** Addresses that no Service can have: unspecified, loopback, link-local, multicast. */
export function notSpecial(ip: string, at: FieldPath): FieldError[] {
  const text = ip.toLowerCase()
  if (text === '0.0.0.0' || text === '::') return [invalid(at, ip, `may not be unspecified (${text})`)]
  if (text.startsWith('127.') || text === '::1') {
    return [invalid(at, ip, 'may not be in the loopback range (127.0.0.0/8, ::1/128)')]
  }
  if (text.startsWith('169.254.') || text.startsWith('fe80:')) {
    return [invalid(at, ip, 'may not be in the link-local range (169.254.0.0/16, fe80::/10)')]
  }
  if (text.startsWith('224.0.0.') || text.startsWith('ff02:')) {
    return [invalid(at, ip, 'may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)')]
  }
  return []
}

function validateForType(spec: V1ServiceSpec, at: FieldPath): FieldError[] {
  switch (spec.type) {
    case 'LoadBalancer':
    case 'NodePort':
      return spec.clusterIPs?.[0] === none
        ? [invalid(at.child('clusterIPs').index(0), none, `may not be set to 'None' for ${spec.type} services`)]
        : []
    case 'ExternalName': {
      const errors: FieldError[] = []
      const name = (spec.externalName ?? '').replace(/\.$/, '')
      if (name === '') errors.push(required(at.child('externalName')))
      else errors.push(...nameErrors(at.child('externalName'), name, dns1123Subdomain))
      return errors
    }
    default:
      return []
  }
}

const protocols = ['SCTP', 'TCP', 'UDP']

function validatePorts(ports: readonly V1ServicePort[], at: FieldPath): FieldError[] {
  const names = new Set<string>()
  return ports.flatMap((port, i) => {
    const here = at.index(i)
    const errors: FieldError[] = []
    if ((port.name ?? '') === '') {
      if (ports.length > 1) errors.push(required(here.child('name')))
    } else {
      errors.push(...nameErrors(here.child('name'), port.name ?? '', dns1123Label))
      if (names.has(port.name ?? '')) errors.push(duplicate(here.child('name'), port.name))
      names.add(port.name ?? '')
    }
    errors.push(...validatePortNumber(here.child('port'), port.port ?? 0))
    if ((port.protocol ?? '') === '') errors.push(required(here.child('protocol')))
    else if (!protocols.includes(port.protocol ?? ''))
      errors.push(unsupported(here.child('protocol'), port.protocol, protocols))
    errors.push(...validatePort(here.child('targetPort'), port.targetPort ?? 0))
    if (port.appProtocol !== undefined)
      errors.push(...nameErrors(here.child('appProtocol'), port.appProtocol, qualifiedName))
    return errors
  })
}

/** A number may serve ports of different protocols only. */
function sharedNodePorts(ports: readonly V1ServicePort[], at: FieldPath): FieldError[] {
  const seen = new Set<string>()
  return ports.flatMap(({ protocol = '', nodePort = 0 }, i) => {
    if (nodePort === 0) return []
    const key = `${protocol}/${nodePort}`
    if (seen.has(key)) return [duplicate(at.index(i).child('nodePort'), nodePort)]
    seen.add(key)
    return []
  })
}

function duplicatePorts(ports: readonly V1ServicePort[], at: FieldPath): FieldError[] {
  const seen = new Set<string>()
  return ports.flatMap((port, i) => {
    const key = `${port.protocol ?? ''}/${port.port}`
    if (!seen.has(key)) {
      seen.add(key)
      return []
    }
    return [
      duplicate(at.index(i), {
        Name: '',
        Protocol: port.protocol ?? '',
        AppProtocol: null,
        Port: port.port,
        TargetPort: 0,
        NodePort: 0,
      }),
    ]
  })
}

function validateNodePortsAllowed(spec: V1ServiceSpec, at: FieldPath): FieldError[] {
  if (spec.type !== 'ClusterIP' && spec.type !== 'ExternalName') return []
  return (spec.ports ?? []).flatMap((port, i) =>
    (port.nodePort ?? 0) === 0
      ? []
      : [forbidden(at.index(i).child('nodePort'), `may not be used when \`type\` is '${spec.type ?? ''}'`)],
  )
}

const maxAffinitySeconds = 86_400

function validateAffinity(spec: V1ServiceSpec, at: FieldPath): FieldError[] {
  const affinity = spec.sessionAffinity ?? ''
  const here = at.child('sessionAffinity')
  if (affinity === '') return [required(here)]
  if (affinity !== 'ClientIP' && affinity !== 'None') return [unsupported(here, affinity, ['ClientIP', 'None'])]
  const configAt = at.child('sessionAffinityConfig')
  if (affinity === 'None') {
    return spec.sessionAffinityConfig === undefined
      ? []
      : [forbidden(configAt, 'must not be set when session affinity is None')]
  }
  const seconds = spec.sessionAffinityConfig?.clientIP?.timeoutSeconds
  const secondsAt = configAt.child('clientIP', 'timeoutSeconds')
  if (seconds === undefined) return [required(secondsAt, 'when session affinity type is ClientIP')]
  return seconds <= 0 || seconds > maxAffinitySeconds
    ? [invalid(secondsAt, seconds, `must be greater than 0 and less than ${maxAffinitySeconds}`)]
    : []
}

const families = ['IPv4', 'IPv6']
const policies = ['PreferDualStack', 'RequireDualStack', 'SingleStack']

/** Addresses and families: looked at first, before anything is claimed. */
export function validateClusterIps(spec: V1ServiceSpec, at: FieldPath): FieldError[] {
  const errors: FieldError[] = []
  const ips = spec.clusterIPs ?? []
  const given = spec.clusterIP ?? ''
  const listAt = at.child('clusterIPs')
  if (spec.type === 'ExternalName') {
    if (ips.length > 0) errors.push(forbidden(listAt, 'may not be set for ExternalName services'))
    for (const field of ['ipFamilies', 'ipFamilyPolicy'] as const) {
      const value = spec[field]
      if (value !== undefined && value.length > 0)
        errors.push(forbidden(at.child(field), 'may not be set for ExternalName services'))
    }
    return errors
  }
  if (given !== '' && ips.length === 0) errors.push(required(listAt))
  if (ips.length > 0 && given === '')
    errors.push(invalid(listAt, ips, 'must be empty when `clusterIP` is not specified'))
  else if (ips.length > 0 && ips[0] !== given) errors.push(invalid(listAt, ips, 'first value must match `clusterIP`'))
  if (ips.length > 2) errors.push(invalid(listAt, ips, 'may only hold up to 2 values'))
  for (const [i, family] of (spec.ipFamilies ?? []).entries()) {
    if (!families.includes(family)) errors.push(unsupported(at.child('ipFamilies').index(i), family, families))
  }
  if (spec.ipFamilyPolicy !== undefined && !policies.includes(spec.ipFamilyPolicy)) {
    errors.push(unsupported(at.child('ipFamilyPolicy'), spec.ipFamilyPolicy, policies))
  }
  for (const [i, family] of (spec.ipFamilies ?? []).entries()) {
    if ((spec.ipFamilies ?? []).indexOf(family) < i) errors.push(duplicate(at.child('ipFamilies').index(i), family))
  }
  for (const [i, ip] of ips.entries()) {
    if (ip === none && i === 0) {
      if (ips.length > 1) errors.push(invalid(listAt, ips, "'None' must be the first and only value"))
    } else if (parseIp(ip) === undefined) errors.push(invalid(listAt.index(i), ip, notAnIp))
  }
  const [a, b] = ips.map((ip) => parseIp(ip)?.family)
  if (a !== undefined && b !== undefined && a === b) {
    errors.push(invalid(listAt, ips, `may specify no more than one IP for each IP family`))
  }
  for (const [i, ip] of ips.entries()) {
    const family = spec.ipFamilies?.[i]
    const own = parseIp(ip)?.family
    if (family !== undefined && families.includes(family) && own !== undefined && own !== family) {
      errors.push(invalid(listAt.index(i), ip, `expected an ${family} value as indicated by \`ipFamilies[${i}]\``))
    }
  }
  return errors
}

function validateLoadBalancer(spec: V1ServiceSpec, at: FieldPath): FieldError[] {
  const errors: FieldError[] = []
  const isLoadBalancer = spec.type === 'LoadBalancer'
  const only = "may only be used when `type` is 'LoadBalancer'"
  const ranges = spec.loadBalancerSourceRanges ?? []
  if (ranges.length > 0) {
    const here = at.child('LoadBalancerSourceRanges')
    if (!isLoadBalancer) errors.push(forbidden(here, only))
    for (const [i, range] of ranges.entries()) {
      if (parseCidr(range.trim()) === undefined) {
        errors.push(
          invalid(here.index(i), range.trim(), 'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)'),
        )
      }
    }
  }
  if (spec.allocateLoadBalancerNodePorts !== undefined && !isLoadBalancer) {
    errors.push(forbidden(at.child('allocateLoadBalancerNodePorts'), only))
  }
  if (isLoadBalancer && spec.allocateLoadBalancerNodePorts === undefined) {
    errors.push(required(at.child('allocateLoadBalancerNodePorts'), "field is required when `type` is 'LoadBalancer'"))
  }
  if (spec.loadBalancerClass !== undefined) {
    if (!isLoadBalancer) errors.push(forbidden(at.child('loadBalancerClass'), only))
    errors.push(...nameErrors(at.child('loadBalancerClass'), spec.loadBalancerClass, qualifiedName))
  }
  return errors
}

const trafficPolicies = ['Cluster', 'Local']
const distributions = ['PreferClose', 'PreferSameZone', 'PreferSameNode']

function validateTraffic(spec: V1ServiceSpec, at: FieldPath): FieldError[] {
  const errors: FieldError[] = []
  const outer = spec.externalTrafficPolicy ?? ''
  const outerAt = at.child('externalTrafficPolicy')
  if (external(spec)) {
    if (outer === '' && spec.type !== 'ClusterIP') errors.push(required(outerAt, 'for externally-accessible services'))
    else if (outer !== '' && !trafficPolicies.includes(outer)) errors.push(unsupported(outerAt, outer, trafficPolicies))
  } else if (outer !== '') errors.push(invalid(outerAt, outer, 'may only be set for externally-accessible services'))
  const health = spec.healthCheckNodePort ?? 0
  if (health !== 0 && !needsHealthPort(spec)) {
    errors.push(
      invalid(
        at.child('healthCheckNodePort'),
        health,
        "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'",
      ),
    )
  } else if (health !== 0) errors.push(...validatePortNumber(at.child('healthCheckNodePort'), health))
  const inner = spec.internalTrafficPolicy
  if (inner === undefined) {
    if (needsClusterIp(spec)) errors.push(required(at.child('internalTrafficPolicy')))
  } else if (!trafficPolicies.includes(inner))
    errors.push(unsupported(at.child('internalTrafficPolicy'), inner, trafficPolicies))
  const distribution = spec.trafficDistribution
  if (distribution !== undefined && !distributions.includes(distribution)) {
    errors.push(unsupported(at.child('trafficDistribution'), distribution, distributions))
  }
  return errors
}

/** The first address and family never change. */
export function validateClusterIpsUpdate(
  now: V1ServiceSpec | undefined,
  before: V1ServiceSpec | undefined,
  at: FieldPath,
): FieldError[] {
  if (!needsClusterIp(now) || !needsClusterIp(before)) return []
  const errors: FieldError[] = []
  const first = before?.clusterIPs?.[0]
  const isIp = (ip: string | undefined): boolean => ip === none || parseIp(ip ?? '') !== undefined
  // What is no address at all is told of as that.
  if (first !== undefined && now?.clusterIPs?.[0] !== first && isIp(now?.clusterIPs?.[0])) {
    errors.push(invalid(at.child('clusterIPs').index(0), now?.clusterIPs ?? [], 'may not change once set'))
  }
  const family = before?.ipFamilies?.[0]
  if (family !== undefined && now?.ipFamilies?.[0] !== family && families.includes(now?.ipFamilies?.[0] ?? '')) {
    errors.push(invalid(at.child('ipFamilies').index(0), now?.ipFamilies ?? [], 'may not change once set'))
  }
  return errors
}

export function validateServiceUpdate(next: V1Service, previous: V1Service, root: FieldPath): FieldError[] {
  const at = root.child('spec')
  const now = next.spec
  const before = previous.spec
  const errors = validateClusterIpsUpdate(now, before, at)
  if (
    now?.type === 'LoadBalancer' &&
    before?.type === 'LoadBalancer' &&
    !sameJson(now.loadBalancerClass, before.loadBalancerClass)
  ) {
    errors.push(invalid(at.child('loadBalancerClass'), now.loadBalancerClass ?? null, 'may not change once set'))
  }
  return errors
}
