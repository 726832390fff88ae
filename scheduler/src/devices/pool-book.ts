import { matchesNodeSelector } from '@kapell/controllers/machinery/placement/node-selector'
import { parseQuantity } from '@kapell/openapi/meta/quantity'
import type { V1Device, V1Node, V1ResourceSlice } from '@kapell/openapi/types'
import type { Pool, PoolDevice, ReachablePool } from '../framework/devices.ts'
import type { NodeInfo } from '../framework/node-info.ts'

/** One pool's slices by name, of all generations. */
interface Entry {
  slices: Map<string, V1ResourceSlice>
  pool?: Pool
}

/**
 * All pools, put together from the slices of their newest generation as they come and go. Which of them a node reaches
 * is worked out once for each state of the node and of the pools.
 */
export class PoolBook {
  readonly #entries = new Map<string, Entry>()
  /** Keys of pools with slices of one node, by its name. */
  readonly #byNode = new Map<string, Map<string, number>>()
  /** Keys of pools with slices that several nodes may reach. */
  readonly #wide = new Map<string, number>()
  #reach = new WeakMap<V1Node, readonly ReachablePool[]>()

  set(slice: V1ResourceSlice, previous?: V1ResourceSlice): void {
    if (previous !== undefined) this.delete(previous)
    const key = keyOfPool(slice)
    const entry = this.#entries.get(key) ?? { slices: new Map<string, V1ResourceSlice>() }
    entry.slices.set(slice.metadata?.name ?? '', slice)
    delete entry.pool
    this.#entries.set(key, entry)
    this.#index(slice, 1)
  }

  delete(slice: V1ResourceSlice): void {
    const key = keyOfPool(slice)
    const entry = this.#entries.get(key)
    if (entry?.slices.delete(slice.metadata?.name ?? '') !== true) return
    delete entry.pool
    if (entry.slices.size === 0) this.#entries.delete(key)
    this.#index(slice, -1)
  }

  /** Pools without devices that must be bound first come first, then by driver and name. */
  on({ node }: Pick<NodeInfo, 'node'>): readonly ReachablePool[] {
    const known = this.#reach.get(node)
    if (known !== undefined) return known
    const keys = new Set([...(this.#byNode.get(node.metadata?.name ?? '')?.keys() ?? []), ...this.#wide.keys()])
    const found = [...keys]
      .sort()
      .map((key) => this.#poolOf(key))
      .filter((pool) => pool !== undefined)
      .map((pool) => ({ pool, devices: pool.devices.filter((device) => reaches(device, node)) }))
      .filter(({ pool, devices }) => devices.length > 0 || (!pool.isComplete && mayReach(this.#entries, pool, node)))
    const ordered = [...found.filter((one) => !needsBinding(one)), ...found.filter(needsBinding)]
    this.#reach.set(node, ordered)
    return ordered
  }

  #poolOf(key: string): Pool | undefined {
    const entry = this.#entries.get(key)
    return entry === undefined ? undefined : (entry.pool ??= poolFrom(key, [...entry.slices.values()]))
  }

  #index(slice: V1ResourceSlice, by: 1 | -1): void {
    this.#reach = new WeakMap()
    const key = keyOfPool(slice)
    const nodeName = slice.spec.nodeName ?? ''
    if (nodeName === '') return count(this.#wide, key, by)
    const ofNode = this.#byNode.get(nodeName) ?? new Map<string, number>()
    count(ofNode, key, by)
    if (ofNode.size === 0) this.#byNode.delete(nodeName)
    else this.#byNode.set(nodeName, ofNode)
  }
}

function count(counts: Map<string, number>, key: string, by: 1 | -1): void {
  const now = (counts.get(key) ?? 0) + by
  if (now <= 0) counts.delete(key)
  else counts.set(key, now)
}

function keyOfPool({ spec }: V1ResourceSlice): string {
  return `${spec.driver}/${spec.pool.name}`
}

const generationOf = ({ spec }: V1ResourceSlice): number => spec.pool.generation

/** A pool as the slices of its newest generation tell of it. */
export function poolFrom(key: string, slices: readonly V1ResourceSlice[]): Pool {
  const newest = Math.max(...slices.map(generationOf))
  const current = slices
    .filter((slice) => generationOf(slice) === newest)
    .sort((a, b) => ((a.metadata?.name ?? '') < (b.metadata?.name ?? '') ? -1 : 1))
  const { driver = '', pool: { name = '', resourceSliceCount = 0 } = {} } = current[0]?.spec ?? {}
  const counters = new Map<string, bigint>()
  for (const { spec } of current)
    for (const set of spec.sharedCounters ?? [])
      for (const [counter, { value }] of Object.entries(set.counters))
        counters.set(`${set.name}/${counter}`, parseQuantity(value).nanos)
  const devices: PoolDevice[] = []
  const isComplete = current.length === resourceSliceCount
  const all = current.flatMap((slice) => (slice.spec.devices ?? []).map((device) => ({ slice, device })))
  const isInvalid =
    isComplete &&
    !makesSense(
      all.map(({ device }) => device),
      counters,
    )
  const pool: Pool = { key, driver, name, devices, isComplete, isInvalid, counters }
  for (const { slice, device } of all) devices.push({ id: `${key}/${device.name}`, pool, slice, device })
  return pool
}

/** No name twice, and no counter that is not there. */
function makesSense(devices: readonly V1Device[], counters: ReadonlyMap<string, bigint>): boolean {
  return (
    new Set(devices.map(({ name }) => name)).size === devices.length &&
    devices.every(({ consumesCounters }) =>
      (consumesCounters ?? []).every((consumed) =>
        Object.keys(consumed.counters).every((counter) => counters.has(`${consumed.counterSet}/${counter}`)),
      ),
    )
  )
}

function reaches({ slice, device }: PoolDevice, node: V1Node): boolean {
  return isAt(slice.spec.perDeviceNodeSelection === true ? device : slice.spec, node)
}

function isAt(where: Pick<V1Device, 'nodeName' | 'nodeSelector' | 'allNodes'>, node: V1Node): boolean {
  if (where.allNodes === true) return true
  if (where.nodeName !== undefined) return where.nodeName === node.metadata?.name
  return where.nodeSelector !== undefined && matchesNodeSelector(where.nodeSelector, node)
}

/** An incomplete pool is told of where one of its slices points, even without devices. */
function mayReach(entries: ReadonlyMap<string, Entry>, { key }: Pool, node: V1Node): boolean {
  return [...(entries.get(key)?.slices.values() ?? [])].some(({ spec }) => isAt(spec, node))
}

function needsBinding({ devices }: ReachablePool): boolean {
  return devices.some(({ device }) => (device.bindingConditions ?? []).length > 0)
}
