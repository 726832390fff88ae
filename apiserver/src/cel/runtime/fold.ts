/** Steps for folds: what all iterating macros and bindings become. */
import type { Comprehension } from '../syntax/ast.ts'
import { ArrayList, EntryMap, GrowingList, ListValue, mapKey, MapValue, type Value } from '../values/collections.ts'
import { typeNameOf } from '../values/type-of.ts'
import { CelError } from './errors.ts'
import type { Frame, Step } from './frame.ts'
import type { Planner, Scope } from './plan.ts'

const isEmpty = (expr: Comprehension['accuInit'], kind: 'list' | 'map'): boolean =>
  (expr.kind === 'list' && kind === 'list' && expr.elements.length === 0) ||
  (expr.kind === 'map' && kind === 'map' && expr.entries.length === 0)

/** Where the accumulator starts; collecting folds get their own growing collection each run. */
function planInit(planner: Planner, { accuInit, accuVar }: Comprehension, scope: Scope): Step {
  const collects = accuVar === '@result'
  if (collects && isEmpty(accuInit, 'list')) return () => new GrowingList()
  if (collects && isEmpty(accuInit, 'map')) return () => new EntryMap()
  return planner.plan(accuInit, scope)
}

type Visit = (first: Value, second: Value | undefined) => boolean

/** Calls `visit` with each element, or index and element; each key, or key and value; until it says stop. */
function iterate(range: Value, two: boolean, visit: Visit): void {
  if (range instanceof ListValue) {
    for (let i = 0; i < range.size; i++) {
      const item = range.get(i) as Value
      if (!(two ? visit(BigInt(i), item) : visit(item, undefined))) return
    }
    return
  }
  if (!(range instanceof MapValue)) {
    const name = typeNameOf(range)
    throw new CelError(`got 'types.${name.slice(0, 1).toUpperCase()}${name.slice(1)}', expected iterable type`)
  }
  for (const key of range.keys()) {
    const value = two ? range.get(mapKey(key) ?? '') : undefined
    if (!visit(key, value)) return
  }
}

export function planFold(planner: Planner, fold: Comprehension, scope: Scope): Step {
  const base = scope.size === 0 ? 0 : Math.max(...scope.values()) + 1
  const [accu, first, second] = [base, base + 1, base + 2]
  const range = planner.plan(fold.iterRange, scope)
  const init = planInit(planner, fold, scope)
  const withAccu = new Map([...scope, [fold.accuVar, accu] as const])
  const inside = new Map([...withAccu, [fold.iterVar, first] as const])
  if (fold.iterVar2 !== undefined) inside.set(fold.iterVar2, second)
  const condition = planner.plan(fold.loopCondition, inside)
  const step = planner.plan(fold.loopStep, inside)
  const result = planner.plan(fold.result, withAccu)
  // Only quantifiers can absorb an error of a later element; others end with it.
  const absorbs = fold.loopCondition.kind === 'call' && fold.loopCondition.fn === '@not_strictly_false'

  const advance = (frame: Frame): void => {
    try {
      frame.locals[accu] = step(frame)
    } catch (error) {
      if (!absorbs || !(error instanceof CelError)) throw error
      frame.locals[accu] = error
    }
  }
  return (frame) => {
    const over = range(frame)
    const { locals } = frame
    locals[accu] = init(frame)
    iterate(over, fold.iterVar2 !== undefined, (item, value) => {
      locals[first] = item
      locals[second] = value
      if (condition(frame) !== true) return false
      advance(frame)
      return true
    })
    const collected = locals[accu]
    if (collected instanceof GrowingList) locals[accu] = new ArrayList(collected.items)
    return result(frame)
  }
}
