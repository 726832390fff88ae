import { setOwn } from '@kapell/openapi/patch/json'
import { parseQuantity } from '@kapell/openapi/meta/quantity'

/** Of amounts of resources nothing finer than a thousandth is kept: 0.0001 becomes 1m. */
export function roundUpAmounts(amounts: Record<string, string> | undefined): void {
  if (amounts === undefined) return
  for (const [name, value] of Object.entries(amounts)) {
    const quantity = parseQuantity(value)
    const rounded = quantity.roundUp(-3)
    if (rounded !== quantity) setOwn(amounts, name, rounded.toString())
  }
}
