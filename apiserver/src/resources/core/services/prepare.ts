import type { V1Service, V1ServicePort, V1ServiceSpec } from '@kapell/openapi/types'
import { startStatus, keepStatus } from '../../common/status.ts'
import { sameJson } from '../../common/validation.ts'
import { isHeadless, needsClusterIp } from './families.ts'

/** What the server makes of a Service before it checks it. */

export const needsNodePorts = (spec: V1ServiceSpec | undefined): boolean =>
  spec?.type === 'NodePort' || (spec?.type === 'LoadBalancer' && spec.allocateLoadBalancerNodePorts !== false)

export const needsHealthPort = (spec: V1ServiceSpec | undefined): boolean =>
  spec?.type === 'LoadBalancer' && spec.externalTrafficPolicy === 'Local'

export function prepareService(service: V1Service): void {
  startStatus(service, { loadBalancer: {} })
  const spec = service.spec
  if (spec === undefined) return
  pairClusterIps(spec)
}

/** The old field stands for the list when the list is not given. */
function pairClusterIps(spec: V1ServiceSpec): void {
  if ((spec.clusterIP ?? '') !== '' && (spec.clusterIPs ?? []).length === 0) spec.clusterIPs = [spec.clusterIP ?? '']
  if ((spec.clusterIP ?? '') === '') delete spec.clusterIP
  if ((spec.clusterIPs ?? []).length === 0) delete spec.clusterIPs
}

export function prepareServiceUpdate(next: V1Service, previous: V1Service): void {
  keepStatus(next, previous)
  const spec = next.spec
  const before = previous.spec
  if (spec === undefined || before === undefined) return
  keepAllocated(spec, before)
  pairChangedIps(spec, before)
  dropWhatTypeLost(spec, before)
  if (needsClusterIp(spec)) {
    if (!needsClusterIp(before)) pairClusterIps(spec)
    followPolicy(spec, before)
  }
  if (spec.type !== 'LoadBalancer') next.status = { ...next.status, loadBalancer: {} }
}

const portKey = (port: V1ServicePort): string => port.name ?? ''

/** A client that does not repeat what was allocated keeps it. */
function keepAllocated(spec: V1ServiceSpec, before: V1ServiceSpec): void {
  if (needsClusterIp(spec) && needsClusterIp(before)) {
    if ((spec.clusterIP ?? '') === '' && before.clusterIP !== undefined) spec.clusterIP = before.clusterIP
    if (
      (spec.clusterIPs ?? []).length === 0 &&
      spec.clusterIP === before.clusterIP &&
      before.clusterIPs !== undefined
    ) {
      spec.clusterIPs = [...before.clusterIPs]
    }
    if (spec.ipFamilyPolicy === undefined && before.ipFamilyPolicy !== undefined) {
      spec.ipFamilyPolicy = before.ipFamilyPolicy
    }
    if (spec.ipFamilies === undefined && before.ipFamilies !== undefined) spec.ipFamilies = [...before.ipFamilies]
  }
  if (needsNodePorts(spec) && needsNodePorts(before)) {
    const had = new Map((before.ports ?? []).map((port) => [portKey(port), port.nodePort]))
    const taken = new Set((spec.ports ?? []).map((port) => port.nodePort ?? 0))
    for (const port of spec.ports ?? []) {
      const nodePort = had.get(portKey(port))
      if ((port.nodePort ?? 0) === 0 && nodePort !== undefined && !taken.has(nodePort)) port.nodePort = nodePort
    }
  }
  if (needsHealthPort(spec) && needsHealthPort(before) && (spec.healthCheckNodePort ?? 0) === 0) {
    if (before.healthCheckNodePort !== undefined) spec.healthCheckNodePort = before.healthCheckNodePort
  }
}

/** Of the two fields, the one that changed leads. */
function pairChangedIps(spec: V1ServiceSpec, before: V1ServiceSpec): void {
  if (!needsClusterIp(spec) || !needsClusterIp(before)) return
  const ipChanged = (spec.clusterIP ?? '') !== (before.clusterIP ?? '')
  const listChanged = !sameJson(spec.clusterIPs ?? [], before.clusterIPs ?? [])
  if (ipChanged && !listChanged) spec.clusterIPs = (spec.clusterIP ?? '') === '' ? [] : [spec.clusterIP ?? '']
  else if (listChanged && !ipChanged && (spec.clusterIPs ?? []).length > 0 && (spec.clusterIP ?? '') === '') {
    spec.clusterIP = spec.clusterIPs?.[0] ?? ''
  }
  if ((spec.clusterIP ?? '') !== '' && (spec.clusterIPs ?? []).length === 0) spec.clusterIPs = [spec.clusterIP ?? '']
}

/** Going to one family gives the second one back; the first never changes. */
function followPolicy(spec: V1ServiceSpec, before: V1ServiceSpec): void {
  const toSingle = spec.ipFamilyPolicy === 'SingleStack' && (before.ipFamilies ?? []).length > 1
  if (!toSingle || isHeadless(spec)) return
  if (sameJson(spec.ipFamilies, before.ipFamilies)) spec.ipFamilies = (spec.ipFamilies ?? []).slice(0, 1)
  if (sameJson(spec.clusterIPs, before.clusterIPs)) spec.clusterIPs = (spec.clusterIPs ?? []).slice(0, 1)
}

/** A change of type takes along what only the old type had, unless the client changed it too. */
function dropWhatTypeLost(spec: V1ServiceSpec, before: V1ServiceSpec): void {
  if (needsClusterIp(before) && !needsClusterIp(spec)) {
    if (spec.clusterIP === before.clusterIP) delete spec.clusterIP
    if (sameJson(spec.clusterIPs, before.clusterIPs)) delete spec.clusterIPs
    if (sameJson(spec.ipFamilies, before.ipFamilies)) delete spec.ipFamilies
    if (spec.ipFamilyPolicy === before.ipFamilyPolicy) delete spec.ipFamilyPolicy
    if (spec.internalTrafficPolicy === before.internalTrafficPolicy) delete spec.internalTrafficPolicy
  }
  if (needsNodePorts(before) && !needsNodePorts(spec)) {
    const had = new Set((before.ports ?? []).map((port) => port.nodePort))
    for (const port of spec.ports ?? []) if (had.has(port.nodePort)) delete port.nodePort
  }
  if (needsHealthPort(before) && !needsHealthPort(spec) && spec.healthCheckNodePort === before.healthCheckNodePort) {
    delete spec.healthCheckNodePort
  }
  if (before.type === 'LoadBalancer' && spec.type !== 'LoadBalancer') {
    if (spec.allocateLoadBalancerNodePorts === before.allocateLoadBalancerNodePorts)
      delete spec.allocateLoadBalancerNodePorts
    if (spec.loadBalancerClass === before.loadBalancerClass) delete spec.loadBalancerClass
  }
  const external = (s: V1ServiceSpec): boolean =>
    s.type === 'NodePort' || s.type === 'LoadBalancer' || (s.externalIPs ?? []).length > 0
  if (external(before) && !external(spec) && spec.externalTrafficPolicy === before.externalTrafficPolicy) {
    delete spec.externalTrafficPolicy
  }
}
