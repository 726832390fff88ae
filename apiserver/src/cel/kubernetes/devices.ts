/**
 * What selectors of devices see, and what they answer. Source: the API reference, "CELDeviceSelector".
 */
import type { V1Device, V1DeviceAttribute } from '@kapell/openapi/types'
import { parseQuantity } from '@kapell/openapi/meta/quantity'
import { CelEnv } from '../check/env.ts'
import { compile } from '../compile.ts'
import { types, type CelType } from '../types/types.ts'
import { EntryMap, MapValue, type MapKey, type Value } from '../values/collections.ts'
import { typeNameOf } from '../values/type-of.ts'
import { costLimits, kubernetesFunctions } from './environment.ts'
import { versionOf } from './formats.ts'
import { QuantityValue } from './quantity.ts'

const byName = (value: CelType): CelType => types.map(types.string, types.map(types.string, value))
const field = (jsonName: string, type: CelType): [string, { type: CelType; jsonName: string; required: boolean }] => [
  jsonName,
  { type, jsonName, required: true },
]

/** Attributes may be of any type; capacities are quantities. */
const deviceType = types.object(
  'kubernetes.DRADevice',
  new Map([
    field('driver', types.string),
    field('attributes', byName(types.dyn)),
    field('capacity', byName(types.opaque('kubernetes.Quantity'))),
    field('allowMultipleAllocations', types.bool),
  ]),
)

let environment: CelEnv | undefined

/** As elsewhere in the API, and `cel.bind` besides. */
export const deviceEnvironment = (): CelEnv =>
  (environment ??= new CelEnv({
    variables: { device: deviceType },
    functions: kubernetesFunctions,
    strictLiterals: true,
    withoutMacros: ['greatest', 'least'],
  }))

export interface DeviceCandidate {
  driver: string
  device: V1Device
}

/**
 * A selector to ask about devices.
 * @throws Error when it is asked and the expression cannot be compiled, fails, or has no answer of yes or no.
 */
export function compileDeviceSelector(expression: string): (candidate: DeviceCandidate) => boolean {
  const { program, text } = compile(expression, deviceEnvironment())
  return (candidate) => {
    if (program === undefined) throw new Error(`CEL compile error: ${text}`)
    const device = valueOf(candidate)
    const activation = { get: (name: string) => (name === 'device' ? device : undefined) }
    const { value, error } = program.evaluate(activation, { costBudget: costLimits.perCall })
    if (error !== undefined) throw new Error(`CEL runtime error: ${error}`)
    if (typeof value === 'boolean') return value
    const type = typeNameOf(value)
    throw new Error(
      `CEL runtime error: CEL result of type ${type} could not be converted to bool: unsupported type conversion from '${type}' to bool`,
    )
  }
}

class DeviceValue extends MapValue {
  override readonly typeName = 'kubernetes.DRADevice'
  readonly #fields: ReadonlyMap<MapKey, Value>

  constructor(fields: Readonly<Record<string, Value>>) {
    super()
    this.#fields = new Map(Object.entries(fields))
  }
  get size(): number {
    return this.#fields.size
  }
  get(key: MapKey): Value | undefined {
    return this.#fields.get(key)
  }
  keys(): Iterable<Value> {
    return this.#fields.keys()
  }
}

const nothing = new EntryMap()

/** By domain; one that is not there is empty rather than an error. */
class DomainMap extends MapValue {
  readonly #domains: ReadonlyMap<MapKey, EntryMap>

  constructor(domains: ReadonlyMap<string, EntryMap>) {
    super()
    this.#domains = domains
  }
  get size(): number {
    return this.#domains.size
  }
  get(key: MapKey): Value {
    return this.#domains.get(key) ?? nothing
  }
  override has(key: MapKey): boolean {
    return this.#domains.has(key)
  }
  keys(): Iterable<Value> {
    return this.#domains.keys()
  }
}

/** A device's object does not change: what an expression sees of it is made once. */
const values = new WeakMap<V1Device, { driver: string; value: DeviceValue }>()

function valueOf({ driver, device }: DeviceCandidate): DeviceValue {
  const known = values.get(device)
  if (known?.driver === driver) return known.value
  const value = new DeviceValue({
    driver,
    allowMultipleAllocations: device.allowMultipleAllocations === true,
    attributes: domains(driver, device.attributes, attributeValue),
    capacity: domains(driver, device.capacity, (one) => new QuantityValue(parseQuantity(one.value))),
  })
  values.set(device, { driver, value })
  return value
}

/** Names without a domain belong to the driver's. */
function domains<T>(driver: string, all: Readonly<Record<string, T>> | undefined, read: (one: T) => Value): DomainMap {
  const found = new Map<string, EntryMap>()
  for (const [name, one] of Object.entries(all ?? {})) {
    const slash = name.indexOf('/')
    const domain = slash < 0 ? driver : name.slice(0, slash)
    const short = name.slice(slash + 1)
    const entries = found.get(domain) ?? new EntryMap()
    found.set(domain, entries.has(short) ? entries : entries.insert(short, read(one)))
  }
  return new DomainMap(found)
}

function attributeValue(attribute: V1DeviceAttribute): Value {
  if (attribute.int !== undefined) return BigInt(attribute.int)
  if (attribute.bool !== undefined) return attribute.bool
  if (attribute.version !== undefined) return versionOf(attribute.version)
  return attribute.string ?? ''
}
