import { badRequest, type ApiError } from '../meta/status.ts'
import { equalJson, getOwn, goPrint, isObject } from './json.ts'

/** How strategic merge patches order and pick the items of lists. An empty merge key means items are scalars. */

export const orderProblem = (): ApiError => badRequest('invalid patch format of setElementOrder list')

/** Whether two items are the same one. */
export function samePlace(a: unknown, b: unknown, mergeKey: string): boolean {
  if (mergeKey === '') return equalJson(a, b)
  if (!isObject(a) || !isObject(b)) return false
  const value = getOwn(a, mergeKey)
  return value !== undefined && equalJson(value, getOwn(b, mergeKey))
}

const position = (list: readonly unknown[], item: unknown, mergeKey: string): number =>
  list.findIndex((other) => samePlace(other, item, mergeKey))

export function mergeScalars(original: readonly unknown[], patch: readonly unknown[]): unknown[] {
  return [...new Set([...original, ...patch])]
}
export function withoutScalars(original: readonly unknown[], patch: readonly unknown[]): unknown[] {
  const gone = new Set(patch)
  return original.filter((item) => !gone.has(item))
}

/** Items marked for deletion are no items when there is nothing to delete from. */
export function itemsToDelete(items: readonly unknown[]): { kept: unknown[]; deleted: unknown[] } {
  const isDeleted = (item: unknown): boolean => isObject(item) && Object.hasOwn(item, '$patch')
  return { kept: items.filter((i) => !isDeleted(i)), deleted: items.filter(isDeleted) }
}

/** The patch's items must come in the order that the directive lists. Throws ApiError 400. */
export function checkOrder(patch: readonly unknown[], order: readonly unknown[], mergeKey: string): void {
  if (order.length === 0 || patch.length === 0) return
  const items = mergeKey === '' ? patch : patch.filter((item) => !isObject(item) || item['$patch'] !== 'delete')
  let next = 0
  let at = 0
  while (next < items.length && at < order.length) {
    const item = items[next]
    const isDirective = mergeKey !== '' && isObject(item) && getOwn(item, mergeKey) === undefined
    if (isDirective || samePlace(item, order[at], mergeKey)) next += 1
    if (!isDirective) at += 1
  }
  if (next < items.length)
    throw badRequest(
      `The order in patch list:\n${goPrint(patch)}\n doesn't match $setElementOrder list:\n${goPrint(order)}\n`,
    )
}

/**
 * `merged` with the items that `order` names in that order. The others keep theirs from `live`, and go before an
 * ordered one only when they stood before it.
 */
export function inOrder(
  merged: readonly unknown[],
  order: readonly unknown[],
  live: readonly unknown[],
  mergeKey: string,
): unknown[] {
  const byPosition = (list: readonly unknown[], items: unknown[]): unknown[] =>
    items
      .map((item) => ({ item, at: position(list, item, mergeKey) }))
      // What the list does not hold comes last.
      .sort((a, b) => (a.at < 0 ? list.length : a.at) - (b.at < 0 ? list.length : b.at))
      .map(({ item }) => item)
  const isOrdered = (item: unknown): boolean => position(order, item, mergeKey) >= 0
  const ordered = byPosition(order, merged.filter(isOrdered))
  const others = byPosition(
    live,
    merged.filter((item) => !isOrdered(item)),
  )
  const result: unknown[] = []
  for (const item of ordered) {
    const at = position(live, item, mergeKey)
    while (others.length > 0) {
      const otherAt = position(live, others[0], mergeKey)
      if (at < 0 || otherAt < 0 || otherAt >= at) break
      result.push(others.shift())
    }
    result.push(item)
  }
  return [...result, ...others]
}

/**
 * The order that items are placed by when a patch with a `$setElementOrder` deletes some: new items stand in the places
 * that deleted ones left at the end.
 */
export function orderAfterDeletes(live: readonly unknown[], patch: readonly unknown[], mergeKey: string): unknown[] {
  const gone = patch.filter((item) => isObject(item) && item['$patch'] === 'delete')
  const left = live.filter((old) => !gone.some((item) => samePlace(old, item, mergeKey)))
  const added = itemsToDelete(patch).kept.filter((item) => position(left, item, mergeKey) < 0)
  return [...left, ...added.slice(0, live.length - left.length)]
}
