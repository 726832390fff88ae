import type { V1DeviceConstraint } from '@kapell/openapi/types'
import type { PoolDevice } from '../../framework/devices.ts'
import type { Ask } from './requests.ts'

/** Follows one constraint of a claim through the search. */
export interface Constraint {
  /** False: the device may not be taken beside those that are. Otherwise it counts from now on. */
  add: (ask: Ask, device: PoolDevice) => boolean
  /** Takes the last one back. */
  remove: (ask: Ask, device: PoolDevice) => void
}

export function constraintFrom({ requests = [], matchAttribute, distinctAttribute }: V1DeviceConstraint): Constraint {
  const attribute = matchAttribute ?? distinctAttribute ?? ''
  const isDistinct = matchAttribute === undefined
  const applies = ({ name, parent }: Ask): boolean =>
    requests.length === 0 || requests.includes(name) || requests.includes(parent)
  /** How many devices have each value. */
  const values = new Map<string, number>()
  return {
    add: (ask, device) => {
      if (!applies(ask)) return true
      const value = attributeOf(device, attribute)
      if (value === undefined) return false
      const known = values.get(value) ?? 0
      if (isDistinct ? known > 0 : values.size > 0 && known === 0) return false
      values.set(value, known + 1)
      return true
    },
    remove: (ask, device) => {
      if (!applies(ask)) return
      const value = attributeOf(device, attribute) ?? ''
      const left = (values.get(value) ?? 0) - 1
      if (left <= 0) values.delete(value)
      else values.set(value, left)
    },
  }
}

/** With its type; a name without a domain belongs to the driver's. */
function attributeOf({ device, pool }: PoolDevice, name: string): string | undefined {
  const slash = name.indexOf('/')
  const short = slash >= 0 && name.slice(0, slash) === pool.driver ? name.slice(slash + 1) : undefined
  const found = device.attributes?.[name] ?? (short === undefined ? undefined : device.attributes?.[short])
  return found === undefined ? undefined : JSON.stringify([found.bool, found.int, found.string, found.version])
}
