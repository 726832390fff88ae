/** Whether the rules of a definition's schema compile, and cannot cost too much. Source: recorded answers. */
import { forbidden, invalid, type FieldError, type FieldPath } from '@kapell/openapi/meta/field-errors'
import type { JsonSchema } from '@kapell/openapi/schema/structural/json-schema'
import { estimateCost } from '../cost/estimate.ts'
import { costLimits } from '../kubernetes/environment.ts'
import { mostInRequest, typeOfSchema } from '../schema/schema-type.ts'
import { types, type CelType } from '../types/types.ts'
import { compileRule, rulesOf, type CompiledRule, type Rule } from './compile-rules.ts'

const maxDepth = 100
const maxContributors = 4
const advice =
  'try simplifying the rule, or adding maxItems, maxProperties, and maxLength where arrays, maps, and strings are declared'

interface Place {
  readonly at: FieldPath
  readonly root: boolean
  readonly depth: number
  /** How many such values one object may hold by the limits of what is around them; undefined: no limit is set. */
  readonly cardinality: number | undefined
  /** The list whose items cannot be told from each other over time. */
  readonly uncorrelatable: FieldPath | undefined
}

/** `wellFormed` tells whether a rule is worth compiling. */
export function checkRuleExpressions(
  schema: JsonSchema,
  at: FieldPath,
  wellFormed: (rule: Rule, at: FieldPath, schema: JsonSchema) => boolean = () => true,
): FieldError[] {
  const check = new Check(wellFormed)
  check.visit(schema, { at, root: true, depth: 0, cardinality: 1, uncorrelatable: undefined })
  if (check.total > costLimits.perSchema) {
    const contributed = 'contributed to estimated rule cost total exceeding cost limit for entire OpenAPIv3 schema'
    for (const expensive of check.mostExpensive()) check.errors.push(forbidden(expensive.at, contributed))
    const factor = factorText(check.total, costLimits.perSchema)
    const total = `x-kubernetes-validations estimated rule cost total for entire OpenAPIv3 schema exceeds budget by factor of ${factor}`
    check.errors.push(forbidden(at, `${total} (${advice})`))
  }
  return check.errors
}

function factorText(cost: number, limit: number): string {
  const factor = cost / limit
  if (factor > 100) return 'more than 100x'
  return `${factor.toFixed(factor < 1.5 ? 6 : 1)}x`
}

class Check {
  readonly errors: FieldError[] = []
  readonly #wellFormed: (rule: Rule, at: FieldPath, schema: JsonSchema) => boolean
  readonly #costs: { at: FieldPath; cost: number }[] = []
  total = 0

  /** The few that matter. */
  mostExpensive(): readonly { at: FieldPath; cost: number }[] {
    const significant = this.#costs.filter(({ cost }) => cost > costLimits.perSchema / 100)
    return significant.sort((a, b) => b.cost - a.cost).slice(0, maxContributors)
  }

  constructor(wellFormed: (rule: Rule, at: FieldPath, schema: JsonSchema) => boolean) {
    this.#wellFormed = wellFormed
  }

  visit(schema: JsonSchema, place: Place): void {
    if (place.depth > maxDepth) return
    const rules = rulesOf(schema)
    const type = rules.length > 0 ? typeOfSchema(schema, { root: place.root }) : undefined
    for (const [i, rule] of rules.entries()) {
      const at = place.at.child('x-kubernetes-validations').index(i)
      if (this.#wellFormed(rule, at, schema)) this.#rule(rule, type ?? types.dyn, { ...place, at })
    }
    this.#inner(schema, place)
  }

  #inner(schema: JsonSchema, place: Place): void {
    const below = { ...place, root: false, depth: place.depth + 1 }
    for (const [name, property] of Object.entries(schema.properties ?? {})) {
      this.visit(property, { ...below, at: place.at.child('properties').key(name) })
    }
    const { additionalProperties, items } = schema
    const times = (most: number | undefined): number | undefined =>
      most === undefined || place.cardinality === undefined ? undefined : place.cardinality * most
    if (typeof additionalProperties === 'object') {
      const cardinality = times(schema.maxProperties)
      this.visit(additionalProperties, { ...below, cardinality, at: place.at.child('additionalProperties') })
    }
    if (items === undefined || Array.isArray(items)) return
    const keyed = schema['x-kubernetes-list-type'] === 'map'
    const uncorrelatable = place.uncorrelatable ?? (keyed ? undefined : place.at)
    this.visit(items, {
      ...below,
      uncorrelatable,
      cardinality: times(schema.maxItems),
      at: place.at.child('items'),
    })
  }

  #rule(rule: Rule, type: CelType, { at, uncorrelatable, ...place }: Place): void {
    const compiled = compileRule(rule, type)
    const { program, text } = compiled.compilation
    const fail = (detail: string): number => this.errors.push(invalid(at.child('rule'), internalForm(rule), detail))
    if (!program) {
      fail(`compilation failed: ${text}`)
      return
    }
    if (program.resultType.kind !== 'bool') {
      fail('cel expression must evaluate to a bool')
      return
    }
    if (compiled.usesOldSelf && uncorrelatable) {
      const where = `oldSelf cannot be used on the uncorrelatable portion of the schema within ${uncorrelatable.text}`
      this.errors.push(invalid(at.child('rule'), rule.rule, where))
      return
    }
    if (rule.optionalOldSelf !== undefined && !compiled.usesOldSelf) {
      const why = 'may not be set if oldSelf is not used in rule'
      this.errors.push(invalid(at.child('optionalOldSelf'), rule.optionalOldSelf, why))
    }
    // Where no limit is set, as many as the largest request can hold.
    const cardinality = place.cardinality ?? mostInRequest(type)
    this.#cost(at.child('rule'), 'rule', cardinality * estimateCost(program, compiled.env).max)
    this.#message(compiled, at.child('messageExpression'), cardinality)
  }

  #message({ rule, message, env }: CompiledRule, at: FieldPath, cardinality: number): void {
    if (!message) return
    if (!message.program) {
      this.errors.push(invalid(at, internalForm(rule), `messageExpression compilation failed: ${message.text}`))
    } else if (message.program.resultType.kind !== 'string') {
      this.errors.push(invalid(at, internalForm(rule), 'messageExpression must evaluate to a string'))
    } else {
      this.#cost(at, 'messageExpression', cardinality * estimateCost(message.program, env).max)
    }
  }

  #cost(at: FieldPath, what: string, cost: number): void {
    this.total += cost
    this.#costs.push({ at, cost })
    if (cost <= costLimits.perRule) return
    const factor = factorText(cost, costLimits.perRule)
    this.errors.push(forbidden(at, `estimated ${what} cost exceeds budget by factor of ${factor} (${advice})`))
  }
}

/** How a refused rule is shown: in upstream's internal form. */
function internalForm(rule: Rule): object {
  return {
    Rule: rule.rule,
    Message: rule.message ?? '',
    MessageExpression: rule.messageExpression ?? '',
    Reason: rule.reason ?? null,
    FieldPath: rule.fieldPath ?? '',
    OptionalOldSelf: rule.optionalOldSelf ?? null,
  }
}
