import type { V1IPAddress, V1ServiceCIDR } from '@kapell/openapi/types'
import { isReason } from '@kapell/openapi/meta/status'
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
export async function claimIp(services: Services, text: string, service: ServiceKey, dryRun: boolean): Promise<string> {
  const ip = parseIp(text)
  if (ip === undefined) throw new IpUnavailable('the provided network does not match the current range')
  const canonical = formatIp(ip)
  const inRange = rangesOf(services, ip.family).some((range) => range.contains(ip) && !isReserved(range, ip.value))
  if (!inRange) throw new IpUnavailable('the provided network does not match the current range')
  if (!(await tryClaim(services, canonical, ip.family, service, dryRun))) {
    throw new IpUnavailable('provided IP is already allocated')
  }
  return canonical
}

/** Network and broadcast addresses are nobody's. */
function isReserved(range: Cidr, value: bigint): boolean {
  if (value === range.base) return true
  return range.family === 'IPv4' && range.size > 2n && value === range.base + range.size - 1n
}

async function tryClaim(
  services: Services,
  ip: string,
  family: Family,
  service: ServiceKey,
  dryRun: boolean,
): Promise<boolean> {
  const { objects } = services
  if (dryRun) return objects.get(ipAddresses, { name: ip }) === undefined
  try {
    await objects.create<V1IPAddress>(ipAddresses, objectFor(ip, family, service))
    return true
  } catch (error) {
    if (!isReason(error, 'AlreadyExists')) throw error
    // Left over from a creation of this same service that never finished: it is ours to use.
    return belongsTo(await objects.getLatest<V1IPAddress>(ipAddresses, { name: ip }), service)
  }
}

/** The first addresses are kept for those who choose them; how many, grows with the range from 16 to 256. */
function dynamicStart(range: Cidr): bigint {
  if (range.size <= 16n) return 1n
  const sixteenth = range.size / 16n
  const band = sixteenth < 16n ? 16n : sixteenth > 256n ? 256n : sixteenth
  return band + 1n
}

/** Claims any free address of the family. @throws IpUnavailable when there is none. */
export async function claimAnyIp(
  services: Services,
  family: Family,
  service: ServiceKey,
  dryRun: boolean,
): Promise<string> {
  const ranges = rangesOf(services, family)
  if (ranges.length === 0) throw new IpUnavailable(`no ${family} range is configured`)
  for (const range of ranges) {
    const start = dynamicStart(range)
    for (let attempt = 0; attempt < randomAttempts; attempt++) {
      const offset = randomBelow(range.size - start, start)
      const value = range.base + offset
      if (isReserved(range, value)) continue
      const ip = formatIp({ family, value })
      if (services.objects.get(ipAddresses, { name: ip }) !== undefined) continue
      if (await tryClaim(services, ip, family, service, dryRun)) return ip
    }
  }
  for (const range of ranges) {
    const ip = await scan(services, range, service, dryRun)
    if (ip !== undefined) return ip
  }
  throw new IpUnavailable('range is full')
}

/** More than this many addresses are not looked at one by one. */
const maxScan = 65_536n

async function scan(
  services: Services,
  range: Cidr,
  service: ServiceKey,
  dryRun: boolean,
): Promise<string | undefined> {
  const end = range.size < maxScan ? range.size : maxScan
  for (let offset = 1n; offset < end; offset++) {
    const value = range.base + offset
    if (isReserved(range, value)) continue
    const ip = formatIp({ family: range.family, value })
    if (services.objects.get(ipAddresses, { name: ip }) !== undefined) continue
    if (await tryClaim(services, ip, range.family, service, dryRun)) return ip
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
