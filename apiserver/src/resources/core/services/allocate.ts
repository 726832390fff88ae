import type { V1Service } from '@kapell/openapi/types'
import { FieldPath, invalid, type FieldError } from '@kapell/openapi/meta/field-errors'
import { internalError, invalidObject } from '@kapell/openapi/meta/status'
import type { Reservation, StrategyContext } from '../../../registry/definition.ts'
import type { Family } from '../../common/ip.ts'
import { checkFamilies, clusterFamilies, defaultFamilies, isHeadless, needsClusterIp, none } from './families.ts'
import { claimAnyIp, claimIp, IpUnavailable, releaseIp, type ServiceKey } from './ip-allocation.ts'
import { claimPorts, PortRefused, portsOf, releasePorts, type PortRequest } from './port-allocation.ts'
import { needsHealthPort, needsNodePorts } from './prepare.ts'
import { validateClusterIps, validateClusterIpsUpdate } from './validation.ts'

/** Claims the cluster IPs and node ports that a Service asks for, and writes them into it. */

const refuse = (service: V1Service, errors: readonly FieldError[]): Error =>
  invalidObject({ group: '', kind: 'Service' }, service.metadata?.name, errors)

const at = new FieldPath('spec')

export async function allocateService(
  next: V1Service,
  previous: V1Service | undefined,
  context: StrategyContext,
): Promise<Reservation | undefined> {
  const { spec } = next
  if (spec === undefined) return undefined
  // Addresses, their families and what the cluster has of them come first, alone; the rest is looked at once all is
  // claimed, and gives it back.
  const wrong = [...validateClusterIps(spec, at), ...validateClusterIpsUpdate(spec, previous?.spec, at)]
  if (wrong.length > 0) throw refuse(next, wrong)
  const families = clusterFamilies(context.services.config.serviceClusterIpRanges)
  const unfit = checkFamilies(spec, families, at)
  if (unfit.length > 0) throw refuse(next, unfit)
  defaultFamilies(spec, families)

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
  // An address is claimed in the Service's name.
  if ((next.metadata?.name ?? '') === '' && !context.dryRun) {
    const ip = wanted === '' ? await claimAnyIp({ ...context, dryRun: true }, family, keyOf(next)) : wanted
    const why = `IPAddress.networking.k8s.io ${JSON.stringify(ip)} is invalid: spec.parentRef.name: Required value`
    const text = `failed to allocate IP${wanted === '' ? '' : ` ${wanted}`}: ${why}`
    throw refuse(next, [invalid(at.child('clusterIPs'), next.spec?.clusterIPs ?? [''], text)])
  }
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
  // One number serves all protocols of a port, if the client does not choose others: it is claimed once.
  const firstOfPort = new Map<number, number>()
  const sharing: [port: number, first: number][] = []
  for (const [i, port] of wanting.entries()) {
    const number = port.nodePort ?? 0
    const first = firstOfPort.get(port.port ?? 0)
    const isShared = first !== undefined && (number === 0 || number === (wanting[first]?.nodePort ?? 0))
    if (isShared) sharing.push([i, first])
    else requests.push({ port: number, field: at.child('ports').index(i).child('nodePort').text })
    if (first === undefined) firstOfPort.set(port.port ?? 0, i)
  }
  if (needsHealthPort(spec)) requests.push({ port: spec.healthCheckNodePort ?? 0, field: healthField })
  const fresh = requests.filter((request) => !held.includes(request.port))
  const kept = requests.filter((request) => held.includes(request.port)).map((request) => request.port)
  try {
    const claimed = await claimPorts(context, fresh, ownerOf(next))
    for (const [i, request] of fresh.entries()) write(next, request, claimed[i] ?? 0)
    for (const [i, first] of sharing) {
      const port = spec.ports?.[i]
      const number = spec.ports?.[first]?.nodePort
      if (port !== undefined && number !== undefined) port.nodePort = number
    }
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
