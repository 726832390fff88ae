import type { V1IPAddress, V1Service, V1ServiceCIDR } from '@kapell/openapi/types'
import { isReason } from '@kapell/openapi/meta/status'
import type { StrategyContext } from '../../../registry/definition.ts'
import type { Services } from '../../../registry/services.ts'
import { formatIp, parseCidr, parseIp, type Cidr, type Family } from '../../common/ip.ts'

/**
 * Cluster IPs are claimed by creating an IPAddress named after them: the store allows each name once, whichever server
 * asks. Source: IPAddress v1 networking.
 */

const ipAddresses = { group: 'networking.k8s.io', plural: 'ipaddresses' }
const serviceCidrs = { group: 'networking.k8s.io', plural: 'servicecidrs' }
export const managedBy = { key: 'ipaddress.kubernetes.io/managed-by', value: 'ipallocator.k8s.io' }

export interface ServiceKey {
  namespace: string
  name: string
}

/** How often a random address is tried before looking at all of them. */
const randomAttempts = 32

/** Why an address could not be had. */
export class IpUnavailable extends Error {}

/** The ranges that addresses may come from: those configured, and those added as ServiceCIDRs. */
function rangesOf(services: Services, family: Family): Cidr[] {
  const texts = new Set([
    ...services.config.serviceClusterIpRanges,
    ...services.objects
      .list<V1ServiceCIDR>(serviceCidrs)
      .filter((c) => c.metadata?.deletionTimestamp === undefined)
      .flatMap((c) => c.spec?.cidrs ?? []),
  ])
  return [...texts].flatMap((text) => parseCidr(text) ?? []).filter((range) => range.family === family)
}

function objectFor(ip: string, family: Family, service: ServiceKey): V1IPAddress {
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'IPAddress',
    metadata: {
      name: ip,
      labels: { 'ipaddress.kubernetes.io/ip-family': family, [managedBy.key]: managedBy.value },
    },
    spec: { parentRef: { resource: 'services', namespace: service.namespace, name: service.name } },
  }
}

const belongsTo = (address: V1IPAddress | undefined, service: ServiceKey): boolean =>
  address?.spec?.parentRef?.resource === 'services' &&
  address.spec.parentRef.namespace === service.namespace &&
  address.spec.parentRef.name === service.name

/** Claims this very address. @throws IpUnavailable */
export async function claimIp(context: StrategyContext, text: string, service: ServiceKey): Promise<string> {
  const ip = parseIp(text)
  if (ip === undefined) throw new IpUnavailable('the provided network does not match the current range')
  const canonical = formatIp(ip)
  const inRange = rangesOf(context.services, ip.family).some(
    (range) => range.contains(ip) && !isReserved(range, ip.value),
  )
  // A dry run asks nobody whether the address can be had.
  if (context.dryRun) {
    if (inRange) return canonical
    const valid = `The range of valid IPs is ${context.services.config.serviceClusterIpRanges[0] ?? ''}`
    throw new IpUnavailable(`the provided IP (${canonical}) is not in the valid range. ${valid}`)
  }
  if (!inRange) throw new IpUnavailable('the provided network does not match the current range')
  if (!(await tryClaim(context, canonical, ip.family, service))) {
    throw new IpUnavailable('provided IP is already allocated')
  }
  return canonical
}

/** Network and broadcast addresses are nobody's. */
function isReserved(range: Cidr, value: bigint): boolean {
  if (value === range.base) return true
  return range.family === 'IPv4' && range.size > 2n && value === range.base + range.size - 1n
}

async function tryClaim(context: StrategyContext, ip: string, family: Family, service: ServiceKey): Promise<boolean> {
  const { objects } = context.services
  try {
    await objects.create<V1IPAddress>(ipAddresses, objectFor(ip, family, service))
    return true
  } catch (error) {
    if (!isReason(error, 'AlreadyExists')) throw error
  }
  const holder = await objects.getLatest<V1IPAddress>(ipAddresses, { name: ip })
  // Left over from a creation of this same service that never finished: it is ours to use.
  if (belongsTo(holder, service)) return true
  if (holder === undefined || !(await isAbandoned(context, holder, ip))) return false
  try {
    const { uid = '' } = holder.metadata ?? {}
    await objects.delete(ipAddresses, { name: ip }, { preconditions: { uid } })
    await objects.create<V1IPAddress>(ipAddresses, objectFor(ip, family, service))
    return true
  } catch (error) {
    // Somebody else was faster.
    if (isReason(error, 'NotFound', 'Conflict', 'AlreadyExists')) return false
    throw error
  }
}

/** A claim that no Service bears out is given up after this long: its server died between claiming and storing. */
const abandonedAfterMs = 60_000

async function isAbandoned({ services, now }: StrategyContext, holder: V1IPAddress, ip: string): Promise<boolean> {
  const { labels, creationTimestamp = '' } = holder.metadata ?? {}
  const { resource, namespace, name } = holder.spec?.parentRef ?? {}
  if (labels?.[managedBy.key] !== managedBy.value || resource !== 'services') return false
  if (!(now.getTime() - Date.parse(creationTimestamp) > abandonedAfterMs)) return false
  const at = { namespace: namespace ?? '', name: name ?? '' }
  const parent = await services.objects.getLatest<V1Service>({ group: '', plural: 'services' }, at)
  return !(parent?.spec?.clusterIPs ?? []).includes(ip)
}

/** The first addresses are kept for those who choose them; how many, grows with the range from 16 to 256. */
function dynamicStart(range: Cidr): bigint {
  if (range.size <= 16n) return 1n
  const sixteenth = range.size / 16n
  const band = sixteenth < 16n ? 16n : sixteenth > 256n ? 256n : sixteenth
  return band + 1n
}

/** Claims any free address of the family. @throws IpUnavailable when there is none. */
export async function claimAnyIp(context: StrategyContext, family: Family, service: ServiceKey): Promise<string> {
  const { services } = context
  const ranges = rangesOf(services, family)
  if (ranges.length === 0) throw new IpUnavailable(`no ${family} range is configured`)
  const [first] = ranges
  // A dry run takes nothing: what it answers stands for any address.
  if (context.dryRun && first !== undefined) return formatIp({ family, value: first.base })
  for (const range of ranges) {
    const start = dynamicStart(range)
    for (let attempt = 0; attempt < randomAttempts; attempt++) {
      const offset = randomBelow(range.size - start, start)
      const value = range.base + offset
      if (isReserved(range, value)) continue
      const ip = formatIp({ family, value })
      if (services.objects.get(ipAddresses, { name: ip }) !== undefined) continue
      if (await tryClaim(context, ip, family, service)) return ip
    }
  }
  for (const range of ranges) {
    const ip = await scan(context, range, service)
    if (ip !== undefined) return ip
  }
  throw new IpUnavailable('range is full')
}

/** More than this many addresses are not looked at one by one. */
const maxScan = 65_536n

async function scan(context: StrategyContext, range: Cidr, service: ServiceKey): Promise<string | undefined> {
  const end = range.size < maxScan ? range.size : maxScan
  for (let offset = 1n; offset < end; offset++) {
    const value = range.base + offset
    if (isReserved(range, value)) continue
    const ip = formatIp({ family: range.family, value })
    if (context.services.objects.get(ipAddresses, { name: ip }) !== undefined) continue
    if (await tryClaim(context, ip, range.family, service)) return ip
  }
  return undefined
}

function randomBelow(count: bigint, from: bigint): bigint {
  if (count <= 0n) return from
  const limit = count > 2n ** 48n ? 2n ** 48n : count
  return from + BigInt(Math.floor(Math.random() * Number(limit)))
}

/** Gives an address back, if it is this service's. */
export async function releaseIp(services: Services, text: string, service: ServiceKey): Promise<void> {
  const ip = parseIp(text)
  if (ip === undefined) return
  const name = formatIp(ip)
  if (!belongsTo(await services.objects.getLatest<V1IPAddress>(ipAddresses, { name }), service)) return
  try {
    await services.objects.delete(ipAddresses, { name })
  } catch (error) {
    if (!isReason(error, 'NotFound')) throw error
  }
}
