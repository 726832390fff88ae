import type { V1Service } from '@kapell/openapi/types'
import { FieldPath, invalid, type FieldError } from '@kapell/openapi/meta/field-errors'
import { internalError, invalidObject } from '@kapell/openapi/meta/status'
import type { Reservation, StrategyContext } from '../../../registry/definition.ts'
import type { Family } from '../../common/ip.ts'
import { checkFamilies, clusterFamilies, isHeadless, needsClusterIp, none } from './families.ts'
import { claimAnyIp, claimIp, IpUnavailable, releaseIp, type ServiceKey } from './ip-allocation.ts'
import { claimPorts, PortRefused, portsOf, releasePorts, type PortRequest } from './port-allocation.ts'
import { needsHealthPort, needsNodePorts } from './prepare.ts'
import { validateService, validateServiceUpdate } from './validation.ts'

/** Claims the cluster IPs and node ports that a Service asks for, and writes them into it. */

const refuse = (service: V1Service, errors: readonly FieldError[]): Error =>
  invalidObject({ group: '', kind: 'Service' }, service.metadata?.name, errors)

const at = new FieldPath('spec')

export async function allocateService(
  next: V1Service,
  previous: V1Service | undefined,
  context: StrategyContext,
): Promise<Reservation | undefined> {
  const wrong = [
    ...validateService(next, new FieldPath()),
    ...(previous === undefined ? [] : validateServiceUpdate(next, previous, new FieldPath())),
  ]
  // What is invalid is told by validation; nothing is claimed for it.
  if (wrong.length > 0 || next.spec === undefined || (next.metadata?.name ?? '') === '') return undefined
  const families = clusterFamilies(context.services.config.serviceClusterIpRanges)
  const unfit = checkFamilies(next.spec, families, at)
  if (unfit.length > 0) throw refuse(next, unfit)

  const undo: (() => Promise<void>)[] = []
  const later: (() => Promise<void>)[] = []
  try {
    await allocateIps(next, previous, context, undo, later)
    await allocatePorts(next, previous, context, undo, later)
  } catch (error) {
    for (const step of undo.reverse()) await step()
    throw error
  }
  if (undo.length + later.length === 0) return undefined
  return {
    commit: async () => {
      for (const step of later) await step()
    },
    rollback: async () => {
      for (const step of undo.reverse()) await step()
    },
  }
}

export const keyOf = (service: V1Service): ServiceKey => ({
  namespace: service.metadata?.namespace ?? '',
  name: service.metadata?.name ?? '',
})

/** As the claims of ports name a service. */
const ownerOf = (service: V1Service): string => `${keyOf(service).namespace}/${keyOf(service).name}`

const ipsOf = (service: V1Service | undefined): string[] => {
  if (service === undefined || !needsClusterIp(service.spec)) return []
  return (service.spec?.clusterIPs ?? []).filter((ip) => ip !== none && ip !== '')
}

async function allocateIps(
  next: V1Service,
  previous: V1Service | undefined,
  context: StrategyContext,
  undo: (() => Promise<void>)[],
  later: (() => Promise<void>)[],
): Promise<void> {
  const { services, dryRun } = context
  const spec = next.spec
  const key = keyOf(next)
  const held = ipsOf(previous)
  if (spec === undefined) return
  if (needsClusterIp(spec) && !isHeadless(spec)) {
    const ips = [...(spec.clusterIPs ?? [])]
    for (const [i, family] of (spec.ipFamilies ?? []).entries()) {
      const wanted = ips[i] ?? ''
      if (held.includes(wanted)) continue
      const ip = await oneIp(next, wanted, family as Family, context)
      ips[i] = ip
      if (!dryRun) undo.push(() => releaseIp(services, ip, key))
    }
    if (ips.length > 0) {
      spec.clusterIPs = ips
      spec.clusterIP = ips[0] ?? ''
    }
  }
  const kept = ipsOf(next)
  for (const ip of held) if (!kept.includes(ip) && !dryRun) later.push(() => releaseIp(services, ip, key))
}

async function oneIp(next: V1Service, wanted: string, family: Family, context: StrategyContext): Promise<string> {
  try {
    return wanted === '' ? await claimAnyIp(context, family, keyOf(next)) : await claimIp(context, wanted, keyOf(next))
  } catch (error) {
    if (!(error instanceof IpUnavailable)) throw error
    if (wanted === '') throw internalError(`failed to allocate a serviceIP: ${error.message}`)
    const text = `failed to allocate IP ${wanted}: ${error.message}`
    throw refuse(next, [invalid(at.child('clusterIPs'), next.spec?.clusterIPs ?? [], text)])
  }
}

const healthField = 'spec.healthCheckNodePort'

async function allocatePorts(
  next: V1Service,
  previous: V1Service | undefined,
  context: StrategyContext,
  undo: (() => Promise<void>)[],
  later: (() => Promise<void>)[],
): Promise<void> {
  const { services, dryRun } = context
  const spec = next.spec
  const held = portsOf(previous)
  if (spec === undefined) return
  const wanting = needsNodePorts(spec) ? (spec.ports ?? []) : []
  const requests: PortRequest[] = []
  // The same number may serve one TCP and one UDP port of a service: it is claimed once.
  const shared = new Map<number, string>()
  for (const [i, port] of wanting.entries()) {
    const number = port.nodePort ?? 0
    const first = shared.get(number)
    if (number !== 0 && first !== undefined && first !== port.protocol) continue
    if (number !== 0) shared.set(number, port.protocol ?? 'TCP')
    requests.push({ port: number, field: at.child('ports').index(i).child('nodePort').text })
  }
  if (needsHealthPort(spec)) requests.push({ port: spec.healthCheckNodePort ?? 0, field: healthField })
  const fresh = requests.filter((request) => !held.includes(request.port))
  const kept = requests.filter((request) => held.includes(request.port)).map((request) => request.port)
  try {
    const claimed = await claimPorts(context, fresh, ownerOf(next))
    for (const [i, request] of fresh.entries()) write(next, request, claimed[i] ?? 0)
    if (!dryRun && claimed.length > 0) undo.push(() => releasePorts(services, claimed))
  } catch (error) {
    if (!(error instanceof PortRefused)) throw error
    const { request } = error
    if (request.port === 0) throw internalError(`failed to allocate a nodePort: ${error.message}`)
    throw refuse(next, [invalid(request.field, request.port, error.message)])
  }
  const gone = held.filter((port) => !kept.includes(port))
  if (gone.length > 0 && !dryRun) later.push(() => releasePorts(services, gone))
}

function write(service: V1Service, request: PortRequest, port: number): void {
  if (service.spec === undefined) return
  if (request.field === healthField) {
    service.spec.healthCheckNodePort = port
    return
  }
  const index = Number(/\[(\d+)\]/.exec(request.field)?.[1])
  const target = service.spec.ports?.[index]
  if (target !== undefined) target.nodePort = port
}

/** After a Service is gone. */
export async function releaseService(service: V1Service, { services }: StrategyContext): Promise<void> {
  for (const ip of ipsOf(service)) await releaseIp(services, ip, keyOf(service))
  await releasePorts(services, portsOf(service))
}
