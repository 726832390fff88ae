import { parseQuantity, Quantity } from '@kapell/openapi/meta/quantity'
import type { V1CapacityRequestPolicy, V1Device, V1DeviceCapacity } from '@kapell/openapi/types'

/** What a share of a device takes of its capacity, by name. */
export type Consumed = ReadonlyMap<string, Quantity>

/**
 * What a request takes of each capacity of a device: what it asks, as the device's policy rounds it; where it asks
 * nothing the policy's default, or else all. Undefined: the device cannot give it. Source: KEP-5075, "Consumable capacity".
 */
export function consumedBy(
  requested: Readonly<Record<string, string>>,
  { capacity = {} }: V1Device,
): Consumed | undefined {
  if (!Object.keys(requested).every((name) => Object.hasOwn(capacity, name))) return undefined
  const consumed = new Map<string, Quantity>()
  for (const [name, offered] of Object.entries(capacity)) {
    const amount = amountOf(requested[name], offered)
    if (amount === undefined || amount.cmp(parseQuantity(offered.value)) > 0) return undefined
    consumed.set(name, amount)
  }
  return consumed
}

function amountOf(requested: string | undefined, { value, requestPolicy }: V1DeviceCapacity): Quantity | undefined {
  if (requested === undefined) return parseQuantity(requestPolicy?.default ?? value)
  const asked = parseQuantity(requested)
  return requestPolicy === undefined ? asked : rounded(asked, requestPolicy)
}

function rounded(asked: Quantity, { validValues, validRange }: V1CapacityRequestPolicy): Quantity | undefined {
  if (validValues !== undefined && validValues.length > 0)
    return validValues
      .map((text) => parseQuantity(text))
      .sort((a, b) => a.cmp(b))
      .find((valid) => valid.cmp(asked) >= 0)
  if (validRange === undefined) return asked
  const min = parseQuantity(validRange.min)
  const step = validRange.step === undefined ? 0n : parseQuantity(validRange.step).nanos
  const above = asked.nanos - min.nanos
  const steps = step <= 0n || above <= 0n ? undefined : (above + step - 1n) / step
  const amount = above <= 0n ? min : steps === undefined ? asked : new Quantity(min.nanos + steps * step, min.format)
  return validRange.max !== undefined && amount.cmp(parseQuantity(validRange.max)) > 0 ? undefined : amount
}
