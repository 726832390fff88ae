import { baseTable, type TableOptions } from './base.ts'
import { familyOf, type FamilyName } from './family.ts'
import type { Element, SharedSet } from './rules.ts'

/** What is in the table, or shall be. Element keys are "set key", so that each key of a set is there once. */
export interface TableState<Set extends string = SharedSet> {
  chains: Map<string, string[]>
  sets: Map<string, string>
  elements: Map<string, Element<Set>>
}

export const emptyState = <Set extends string = SharedSet>(): TableState<Set> => ({
  chains: new Map(),
  sets: new Map(),
  elements: new Map(),
})
export const elementId = (element: { set: string; key: string }): string => `${element.set} ${element.key}`

/** The sets whose values are verdicts name chains, which must exist before and live longer. */
const isMap = (element: Element<string>): boolean => element.value !== undefined
const entry = ({ key, value }: Element<string>): string => (value === undefined ? key : `${key} : ${value}`)

function elementLines(verb: 'add' | 'delete', at: string, elements: readonly Element<string>[]): string[] {
  const bySet = new Map<string, string[]>()
  for (const each of elements) {
    const text = verb === 'add' ? entry(each) : each.key
    const list = bySet.get(each.set)
    if (list === undefined) bySet.set(each.set, [text])
    else list.push(text)
  }
  return [...bySet].map(([set, entries]) => `${verb} element ${at} ${set} { ${entries.join(', ')} }`)
}

/** Replaces the whole table in one transaction: no packet meets half of it. */
export const fullScript = (state: TableState, options: TableOptions): string =>
  replaceScript(state, tableName(options.table, options.family), baseTable(options))

/** A table with its family, "ip6 kapell", as commands name it. */
export const tableName = (table: string, family?: FamilyName): string => `${familyOf(family).nft} ${table}`

/** The same for any table of ours; `at` is its name with its family, `base` its fixed part. */
export function replaceScript(state: TableState<string>, at: string, base: string): string {
  return (
    [
      `add table ${at}`,
      `delete table ${at}`,
      `table ${at} {${base}\n}`,
      ...[...state.sets].map(([name, set]) => `add set ${at} ${name} ${set}`),
      ...[...state.chains.keys()].map((name) => `add chain ${at} ${name}`),
      ...[...state.chains].flatMap(([name, rules]) => rules.map((rule) => `add rule ${at} ${name} ${rule}`)),
      ...elementLines('add', at, [...state.elements.values()]),
    ].join('\n') + '\n'
  )
}

export const removeScript = (at: string): string => `add table ${at}\ndelete table ${at}\n`

export interface Change {
  /** One transaction that makes `next` of `current`, but for chains and sets that nothing uses any more. */
  apply: string
  /** A second one that takes those away: kernels may still count them as used within the first. */
  tidy: string
}

/** The difference of two states of the table. Both texts are empty when nothing differs. */
export function changeScript(current: TableState<string>, next: TableState<string>, at: string): Change {
  const sameRules = (a: readonly string[] | undefined, b: readonly string[]) =>
    a !== undefined && a.length === b.length && a.every((rule, index) => rule === b[index])
  const added: Element<string>[] = []
  const removed: Element<string>[] = []
  for (const [id, element] of next.elements) {
    const old = current.elements.get(id)
    if (old !== undefined && old.value === element.value) continue
    // A set's entry has no value to change; a map's must go before it can come again.
    if (old !== undefined && isMap(element)) removed.push(old)
    if (old === undefined || isMap(element)) added.push(element)
  }
  for (const [id, element] of current.elements) if (!next.elements.has(id)) removed.push(element)
  const changedChains = [...next.chains].filter(([name, rules]) => !sameRules(current.chains.get(name), rules))
  const changedSets = [...next.sets].filter(([name, set]) => current.sets.get(name) !== set)
  const staleChains = [...current.chains.keys()].filter((name) => !next.chains.has(name))
  const staleSets = [...current.sets.keys()].filter((name) => !next.sets.has(name))
  const apply = [
    ...changedSets.map(([name, set]) => `add set ${at} ${name} ${set}`),
    ...changedChains.map(([name]) => `add chain ${at} ${name}`),
    ...changedChains.flatMap(([name, rules]) => [
      ...(current.chains.has(name) ? [`flush chain ${at} ${name}`] : []),
      ...rules.map((rule) => `add rule ${at} ${name} ${rule}`),
    ]),
    ...elementLines('delete', at, removed),
    ...elementLines('add', at, added),
    ...staleChains.map((name) => `flush chain ${at} ${name}`),
  ]
  const tidy = [
    ...staleChains.map((name) => `delete chain ${at} ${name}`),
    ...staleSets.map((name) => `delete set ${at} ${name}`),
  ]
  return { apply: lines(apply), tidy: lines(tidy) }
}

const lines = (all: readonly string[]): string => (all.length === 0 ? '' : all.join('\n') + '\n')
