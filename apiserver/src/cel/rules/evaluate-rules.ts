/**
 * Runs the rules of a schema over an object. Source: the Kubernetes documentation, "Validation rules", "Transition
 * rules", "Validation ratcheting"; recorded answers.
 */
import {
  duplicate,
  forbidden,
  invalid,
  noValue,
  required,
  type FieldError,
  FieldPath,
} from '@kapell/openapi/meta/field-errors'
import type { JsonSchema } from '@kapell/openapi/schema/structural/json-schema'
import { deepEqual } from '../../registry/deep-equal.ts'
import { costLimits } from '../kubernetes/environment.ts'
import { activationOf, type Activation } from '../runtime/frame.ts'
import { celFromJson } from '../schema/json-values.ts'
import { OptionalValue } from '../values/collections.ts'
import { programOf, type CompiledRule, type Rule, type RuleNode } from './compile-rules.ts'

type JsonObject = Readonly<Record<string, unknown>>
const isObject = (json: unknown): json is JsonObject =>
  typeof json === 'object' && json !== null && !Array.isArray(json)
const maxMessageLength = 5120

export function evaluateRules(
  node: RuleNode,
  options: {
    next: unknown
    previous: unknown
    at?: FieldPath
    budget?: number
    /** Instead, what is forgiven because an update left it as it was. */
    forgiven?: boolean
  },
): FieldError[] {
  const run = new Run(options.budget ?? costLimits.perObject, options.forgiven ?? false)
  run.visit(node, options.next, options.previous, options.at ?? new FieldPath())
  return run.errors
}

class Run {
  readonly errors: FieldError[] = []
  #budget: number
  readonly #forgiven: boolean
  #spent = false

  constructor(budget: number, forgiven: boolean) {
    this.#budget = budget
    this.#forgiven = forgiven
  }

  visit(node: RuleNode, next: unknown, previous: unknown, at: FieldPath): void {
    if (this.#spent || next === null || next === undefined) return
    const unchanged = previous !== undefined && deepEqual(next, previous)
    for (const compiled of node.rules) {
      if (this.#spent) return
      // What an update leaves as it was is forgiven, but for rules about the change itself.
      if ((unchanged && !compiled.usesOldSelf) !== this.#forgiven) continue
      this.#rule(node, compiled, { next, previous, at })
    }
    if (Array.isArray(next)) this.#items(node, next as unknown[], previous, at)
    else if (isObject(next)) this.#members(node, next, isObject(previous) ? previous : {}, at)
  }

  #items(node: RuleNode, next: readonly unknown[], previous: unknown, at: FieldPath): void {
    if (!node.items) return
    const old = Array.isArray(previous) ? (previous as unknown[]) : []
    for (const [i, item] of next.entries())
      this.visit(node.items, item, counterpart(node.schema, item, old), at.index(i))
  }

  #members(node: RuleNode, next: JsonObject, previous: JsonObject, at: FieldPath): void {
    const old = (name: string): unknown => (Object.hasOwn(previous, name) ? previous[name] : undefined)
    for (const name of Object.keys(next).sort()) {
      const property = node.properties.get(name)
      if (property) this.visit(property, next[name], old(name), at.child(name))
      else if (node.values) this.visit(node.values, next[name], old(name), at.key(name))
    }
  }

  #rule(node: RuleNode, compiled: CompiledRule, place: { next: unknown; previous: unknown; at: FieldPath }): void {
    const { rule } = compiled
    const { next, previous, at } = place
    const kind = node.schema.type
    const fail = (detail: string): number => this.errors.push(invalid(at, kind, detail))
    const program = programOf(compiled)
    if (!program) {
      fail(`rule compile error: compilation failed: ${compiled.compilation.text}`)
      return
    }
    if (compiled.usesOldSelf && previous === undefined && !rule.optionalOldSelf) return
    const activation = activationFor(node, compiled, next, previous)
    const outcome = program.evaluate(activation, { costBudget: costLimits.perCall })
    this.#budget -= outcome.cost
    if (this.#budget < 0) {
      fail('validation failed due to running out of cost budget, no further validation rules will be run')
      this.#spent = true
      return
    }
    if (outcome.error !== undefined) {
      this.#spent = outcome.costExceeded
      fail(errorText(outcome.error, outcome.costExceeded, rule))
      return
    }
    if (outcome.value === true) return
    const value = kind === 'object' || kind === 'array' ? noValue : next
    const where = rule.fieldPath ? fieldPathUnder(at, rule.fieldPath, node.schema) : at
    this.errors.push(failure(rule.reason, where, value, this.#message(compiled, activation)))
  }

  #message({ rule, message }: CompiledRule, activation: Activation): string {
    const outcome = message?.program?.evaluate(activation, { costBudget: Math.min(costLimits.perCall, this.#budget) })
    if (outcome) this.#budget -= outcome.cost
    const text = typeof outcome?.value === 'string' ? outcome.value.trim() : ''
    const usable = text !== '' && !/[\n\r]/.test(text) && text.length <= maxMessageLength
    return usable ? text : rule.message ? rule.message.trim() : `failed rule: ${ruleText(rule)}`
  }
}

function activationFor(node: RuleNode, { rule }: CompiledRule, next: unknown, previous: unknown): Activation {
  const self = celFromJson(next, node.type)
  const old = previous === undefined ? undefined : celFromJson(previous, node.type)
  if (rule.optionalOldSelf) return activationOf({ self, oldSelf: OptionalValue.of(old) })
  return activationOf(old === undefined ? { self } : { self, oldSelf: old })
}

/** The item of the old list that an item of the new one takes the place of; only keyed lists tell. */
function counterpart(schema: JsonSchema, item: unknown, old: readonly unknown[]): unknown {
  if (schema['x-kubernetes-list-type'] !== 'map' || !isObject(item)) return undefined
  const keys = schema['x-kubernetes-list-map-keys'] ?? []
  return old.find((one) => isObject(one) && keys.every((key) => deepEqual(one[key], item[key])))
}

const ruleText = (rule: Rule): string => rule.message?.trim() || rule.rule.trim()

function errorText(error: string, exceeded: boolean, rule: Rule): string {
  if (exceeded)
    return `'${error}': no further validation rules will be run due to call cost exceeds limit for rule: ${ruleText(rule)}`
  if (error.startsWith('no such overload')) {
    return `'${error}': call arguments did not match a supported operator, function or macro signature for rule: ${ruleText(rule)}`
  }
  return `${error} evaluating rule: ${ruleText(rule)}`
}

/** `.spec.a['b.c']` below a path: members of objects and keys of maps are told apart by the schema. */
function fieldPathUnder(at: FieldPath, path: string, schema: JsonSchema): FieldPath {
  let [where, inside]: [FieldPath, JsonSchema | undefined] = [at, schema]
  for (const [, plain, quoted] of path.matchAll(/\.([^.[]+)|\['([^']*)'\]/g)) {
    const name = plain ?? quoted ?? ''
    const properties: JsonSchema['properties'] = inside?.properties
    const known: JsonSchema | undefined = properties && Object.hasOwn(properties, name) ? properties[name] : undefined
    where = known || plain !== undefined ? where.child(name) : where.key(name)
    inside = known
  }
  return where
}

function failure(reason: string | undefined, at: FieldPath, value: unknown, detail: string): FieldError {
  switch (reason) {
    case 'FieldValueForbidden':
      return forbidden(at, detail)
    case 'FieldValueRequired':
      return required(at, detail)
    case 'FieldValueDuplicate':
      return duplicate(at, value)
    default:
      return invalid(at, value, detail)
  }
}
