import type { V1ConfigMap, V1Service } from '@kapell/openapi/types'
import { isReason } from '@kapell/openapi/meta/status'
import type { StrategyContext } from '../../../registry/definition.ts'
import type { Services } from '../../../registry/services.ts'

/**
 * Node ports are claimed in one object that every server updates with compare-and-swap, so that no two Services get
 * the same port, whichever server they were made through and whatever crashed in between.
 */

const configMaps = { group: '', plural: 'configmaps' }
export const portsObject = { namespace: 'kube-system', name: 'kapell-service-node-ports' }
/** A claim that no Service bears out is given up after this long: its server died between claiming and storing. */
const abandonedAfterMs = 60_000

/** By port: who claimed it, as "namespace/name", and when, in milliseconds since the epoch. */
export type Claims = Map<number, { owner: string; at: number }>

/** One key a port: "30080": "default/web 1767323045000". What cannot be read is no claim. */
export function readClaims(map: V1ConfigMap | undefined): Claims {
  const claims: Claims = new Map()
  for (const [key, value] of Object.entries(map?.data ?? {})) {
    const port = Number(key)
    const [owner = '', at] = value.split(' ')
    if (Number.isInteger(port) && port > 0) claims.set(port, { owner, at: Number(at) || 0 })
  }
  return claims
}

function writeClaims(map: V1ConfigMap, claims: Claims): void {
  map.data = Object.fromEntries([...claims].map(([port, { owner, at }]) => [String(port), `${owner} ${at}`]))
}

/** The node ports that a Service holds, its health check's included. */
export function portsOf(service: V1Service | undefined): number[] {
  const ports = (service?.spec?.ports ?? []).map((port) => port.nodePort ?? 0)
  return [...ports, service?.spec?.healthCheckNodePort ?? 0].filter((port) => port > 0)
}

export interface PortRequest {
  /** 0: any. */
  port: number
  /** Where an error is reported, with its list index for instance. */
  field: string
}

/** A request that could not be met. */
export class PortRefused extends Error {
  readonly request: PortRequest
  constructor(request: PortRequest, why: string) {
    super(why)
    this.request = request
  }
}

/**
 * Claims all of the ports for one Service, or none. Answers them in order of the requests.
 * @throws PortRefused
 */
export async function claimPorts(
  { services, dryRun, now }: StrategyContext,
  requests: readonly PortRequest[],
  owner: string,
): Promise<number[]> {
  if (requests.length === 0) return []
  const at = now.getTime()
  const inUse = usedByServices(services)
  let answer: number[] = []
  const decide = (claims: Claims): Claims => {
    const standing = stillStanding(claims, inUse, owner, at)
    const taken = new Set([...standing.keys(), ...inUse.keys()])
    answer = choosePorts(requests, taken, services.config.serviceNodePortRange, dryRun)
    for (const port of answer) standing.set(port, { owner, at })
    return standing
  }
  if (dryRun) decide(readClaims(services.objects.get<V1ConfigMap>(configMaps, portsObject)))
  else await change(services, decide)
  return answer
}

/** Without what was abandoned, and without what this very Service claimed in a creation that never finished. */
function stillStanding(claims: Claims, inUse: ReadonlyMap<number, string>, owner: string, now: number): Claims {
  return new Map(
    [...claims].filter(([port, claim]) => {
      if (inUse.has(port)) return true
      return claim.owner !== owner && now - claim.at < abandonedAfterMs
    }),
  )
}

function choosePorts(
  requests: readonly PortRequest[],
  taken: ReadonlySet<number>,
  { from, to }: { from: number; to: number },
  dryRun: boolean,
): number[] {
  const used = new Set(taken)
  const answer = requests.map(() => 0)
  for (const [i, request] of requests.entries()) {
    if (request.port === 0) continue
    // A dry run does not look at the range.
    if (!dryRun && (request.port < from || request.port > to)) {
      const valid = `The range of valid ports is ${from}-${to}`
      throw new PortRefused(request, `provided port is not in the valid range. ${valid}`)
    }
    if (used.has(request.port)) throw new PortRefused(request, 'provided port is already allocated')
    used.add(request.port)
    answer[i] = request.port
  }
  for (const [i, request] of requests.entries()) {
    if (request.port !== 0) continue
    const port = dryRun ? nextDummy(answer) : anyFree(used, from, to)
    if (port === undefined) throw new PortRefused(request, 'range is full')
    used.add(port)
    answer[i] = port
  }
  return answer
}

/** A dry run takes nothing: what it answers stands for any port, and is none that could be had by default. */
const nextDummy = (chosen: readonly number[]): number => Math.max(32_768, ...chosen) + 1

/** Gives ports back. */
export async function releasePorts(services: Services, ports: readonly number[]): Promise<void> {
  if (ports.length === 0) return
  await change(services, (claims) => {
    for (const port of ports) claims.delete(port)
    return claims
  })
}

/** The first ports are kept for those who choose them; how many, grows with the range from 16 to 128. */
function anyFree(used: ReadonlySet<number>, from: number, to: number): number | undefined {
  const size = to - from + 1
  const band = size <= 16 ? 0 : Math.min(128, Math.max(16, Math.floor(size / 32)))
  const start = from + band
  const count = to - start + 1
  const first = start + Math.floor(Math.random() * count)
  for (let i = 0; i < count; i++) {
    const port = start + ((first - start + i) % count)
    if (!used.has(port)) return port
  }
  for (let port = from; port < start; port++) if (!used.has(port)) return port
  return undefined
}

/** The ports of the Services that are there, with their owners: they are taken, whatever the claims say. */
function usedByServices(services: Services): Map<number, string> {
  const used = new Map<number, string>()
  for (const service of services.objects.list<V1Service>({ group: '', plural: 'services' })) {
    const owner = `${service.metadata?.namespace ?? ''}/${service.metadata?.name ?? ''}`
    for (const port of portsOf(service)) used.set(port, owner)
  }
  return used
}

async function change(services: Services, next: (claims: Claims) => Claims): Promise<void> {
  const { objects } = services
  const apply = (map: V1ConfigMap): void => writeClaims(map, next(readClaims(map)))
  try {
    await objects.update<V1ConfigMap>(configMaps, portsObject, apply)
  } catch (error) {
    if (!isReason(error, 'NotFound')) throw error
    await createFirst(services)
    await objects.update<V1ConfigMap>(configMaps, portsObject, apply)
  }
}

async function createFirst(services: Services): Promise<void> {
  try {
    await services.objects.create<V1ConfigMap>(configMaps, {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { ...portsObject },
    })
  } catch (error) {
    if (!isReason(error, 'AlreadyExists')) throw error
  }
}
