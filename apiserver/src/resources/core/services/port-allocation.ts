import type { V1ConfigMap, V1Service } from '@kapell/openapi/types'
import { isReason } from '@kapell/openapi/meta/status'
import type { Services } from '../../../registry/services.ts'

/**
 * Node ports are claimed in one object that every server updates with compare-and-swap, so that no two Services get
 * the same port, whichever server they were made through and whatever crashed in between.
 */

const configMaps = { group: '', plural: 'configmaps' }
export const portsObject = { namespace: 'kube-system', name: 'kapell-service-node-ports' }
const field = 'ports'

export function readPorts(map: V1ConfigMap | undefined): Set<number> {
  return new Set(
    (map?.data?.[field] ?? '')
      .split(',')
      .map(Number)
      .filter((port) => port > 0),
  )
}

export function writePorts(map: V1ConfigMap, ports: ReadonlySet<number>): void {
  map.data = { ...map.data, [field]: [...ports].sort((a, b) => a - b).join(',') }
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
 * Claims all of the ports, or none. Answers them in order of the requests.
 * @throws PortRefused
 */
export async function claimPorts(
  services: Services,
  requests: readonly PortRequest[],
  dryRun: boolean,
): Promise<number[]> {
  if (requests.length === 0) return []
  const { from, to } = services.config.serviceNodePortRange
  let answer: number[] = []
  const choose = (taken: ReadonlySet<number>): Set<number> => {
    const used = new Set(taken)
    answer = requests.map(() => 0)
    for (const [i, request] of requests.entries()) {
      if (request.port === 0) continue
      if (request.port < from || request.port > to) {
        const valid = `The range of valid ports is ${from}-${to}`
        throw new PortRefused(request, `provided port is not in the valid range. ${valid}`)
      }
      if (used.has(request.port)) throw new PortRefused(request, 'provided port is already allocated')
      used.add(request.port)
      answer[i] = request.port
    }
    for (const [i, request] of requests.entries()) {
      if (request.port !== 0) continue
      const port = anyFree(used, from, to)
      if (port === undefined) throw new PortRefused(request, 'range is full')
      used.add(port)
      answer[i] = port
    }
    return used
  }
  const inUse = usedByServices(services)
  if (dryRun) {
    const taken = readPorts(services.objects.get<V1ConfigMap>(configMaps, portsObject))
    choose(taken.union(inUse))
    return answer
  }
  await change(services, (ports) => choose(ports.union(inUse)))
  return answer
}

/** Gives ports back. */
export async function releasePorts(services: Services, ports: readonly number[]): Promise<void> {
  if (ports.length === 0) return
  await change(services, (taken) => {
    for (const port of ports) taken.delete(port)
    return taken
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

function usedByServices(services: Services): Set<number> {
  return new Set(services.objects.list<V1Service>({ group: '', plural: 'services' }).flatMap(portsOf))
}

async function change(services: Services, next: (ports: Set<number>) => Set<number>): Promise<void> {
  const { objects } = services
  const apply = (map: V1ConfigMap): void => writePorts(map, next(readPorts(map)))
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
      data: { [field]: '' },
    })
  } catch (error) {
    if (!isReason(error, 'AlreadyExists')) throw error
  }
}
