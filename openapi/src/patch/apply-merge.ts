import type { ListSchema, Schema } from '../schema/schema.ts'
import { cloneJson, getOwn, isObject, setOwn, type JsonObject } from './json.ts'
import { isEmptyValue, itemsByElement, memberRule, shapeOf, tryItemElement } from './merge-shape.ts'

/** `applied` laid over `live`: what is applied wins, what is not stays. */
export function mergeApplied(schema: Schema, live: unknown, applied: unknown): unknown {
  return merge(schema, undefined, live, applied)
}

function merge(schema: Schema | undefined, atomic: boolean | undefined, live: unknown, applied: unknown): unknown {
  if (applied === undefined) return cloneJson(live)
  const shape = shapeOf(schema, atomic, applied ?? live)
  // Both empty is a leaf: it keeps null and {} apart.
  if (shape.kind === 'leaf' || (isEmptyValue(live) && isEmptyValue(applied))) return cloneJson(applied)
  if (shape.kind === 'list')
    return mergeItems(shape.list, Array.isArray(live) ? live : [], Array.isArray(applied) ? applied : [])
  if (applied !== null && !isObject(applied)) return cloneJson(applied)
  const old: JsonObject = isObject(live) ? live : {}
  const given: JsonObject = applied ?? {}
  const result: JsonObject = {}
  for (const name of Object.keys(old)) {
    const rule = memberRule(shape.struct, shape.values, name)
    setOwn(result, name, merge(rule.schema, rule.atomic, old[name], getOwn(given, name)))
  }
  for (const name of Object.keys(given)) {
    if (Object.hasOwn(old, name)) continue
    const rule = memberRule(shape.struct, shape.values, name)
    setOwn(result, name, merge(rule.schema, rule.atomic, undefined, given[name]))
  }
  return result
}

/**
 * The items of both lists. Applied items keep their order among themselves; live ones that are not applied stay where
 * they stand between their live neighbours.
 */
function mergeItems(list: ListSchema, live: readonly unknown[], applied: readonly unknown[]): unknown[] {
  const [liveByElement, appliedByElement] = [itemsByElement(list, live), itemsByElement(list, applied)]
  const liveElements = live.map((item) => tryItemElement(list, item))
  const appliedElements = applied.map((item) => tryItemElement(list, item))
  // Applied items that live has as well, in the applied order: live's others are placed against them.
  const shared = appliedElements.filter((e) => e !== undefined && liveByElement.has(e))
  const merged = new Set<string | undefined>()
  const result: unknown[] = []
  let l = 0
  let a = 0
  const take = (element: string | undefined): void => {
    merged.add(element)
    const item = element === undefined ? undefined : appliedByElement.get(element)
    result.push(merge(list.items, undefined, element === undefined ? undefined : liveByElement.get(element), item))
  }
  while (l < live.length || a < applied.length) {
    const element = liveElements[l]
    const isShared = element !== undefined && appliedByElement.has(element)
    if (l < live.length && a < applied.length) {
      if (element !== undefined && element === appliedElements[a]) {
        take(element)
        l += 1
        a += 1
        shared.shift()
        continue
      }
      // A shared item out of turn: it comes when the applied order reaches it.
      if (isShared && shared.length > 0 && shared[0] !== element) {
        l += 1
        continue
      }
    }
    if (l < live.length) {
      if (!isShared) {
        result.push(cloneJson(live[l]))
        l += 1
        continue
      }
      if (merged.has(element)) l += 1
    }
    if (a < applied.length) {
      const next = appliedElements[a]
      take(next)
      a += 1
      if (shared.length > 0 && shared[0] === next) shared.shift()
    }
  }
  return result
}
