/** The rules of a schema (x-kubernetes-validations), compiled once: a tree of the places that have any. */
import type { JsonSchema } from '@kapell/openapi/schema/structural/json-schema'
import { compile, type Compilation, type Program } from '../compile.ts'
import type { CelEnv } from '../check/env.ts'
import { kubernetesEnv } from '../kubernetes/environment.ts'
import { typeOfSchema } from '../schema/schema-type.ts'
import { mentions } from '../syntax/ast.ts'
import { types, type CelType } from '../types/types.ts'

export interface Rule {
  readonly rule: string
  readonly message?: string
  readonly messageExpression?: string
  readonly reason?: string
  readonly fieldPath?: string
  readonly optionalOldSelf?: boolean
}

export interface CompiledRule {
  readonly rule: Rule
  readonly env: CelEnv
  readonly compilation: Compilation
  readonly message: Compilation | undefined
  /** Only evaluated when there is an earlier value to compare with, unless that may be absent. */
  readonly usesOldSelf: boolean
}
export const programOf = ({ compilation }: CompiledRule): Program | undefined => compilation.program

export interface RuleNode {
  readonly schema: JsonSchema
  readonly type: CelType
  readonly rules: readonly CompiledRule[]
  readonly properties: ReadonlyMap<string, RuleNode>
  readonly values: RuleNode | undefined
  readonly items: RuleNode | undefined
}

const maxDepth = 100

export function rulesOf(schema: JsonSchema): readonly Rule[] {
  return (schema['x-kubernetes-validations'] ?? []) as unknown as readonly Rule[]
}

export function compileRule(rule: Rule, type: CelType): CompiledRule {
  const oldSelf = rule.optionalOldSelf ? types.optional(type) : type
  const env = kubernetesEnv({ self: type, oldSelf })
  const compilation = compile(rule.rule, env)
  const message = rule.messageExpression ? compile(rule.messageExpression, env) : undefined
  const exprs = [compilation.program?.expr, message?.program?.expr]
  const usesOldSelf = exprs.some((expr) => expr !== undefined && mentions(expr, 'oldSelf'))
  return { rule, env, compilation, message, usesOldSelf }
}

/** Undefined: neither the schema nor anything in it has rules. */
export function compileRules(schema: JsonSchema, options: { root: boolean }): RuleNode | undefined {
  return nodeOf(schema, options.root, 0)
}

function nodeOf(schema: JsonSchema, root: boolean, depth: number): RuleNode | undefined {
  if (depth > maxDepth) return undefined
  const properties = new Map<string, RuleNode>()
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    const node = nodeOf(property, false, depth + 1)
    if (node) properties.set(name, node)
  }
  const { additionalProperties, items } = schema
  const values = typeof additionalProperties === 'object' ? nodeOf(additionalProperties, false, depth + 1) : undefined
  const elements = items === undefined || Array.isArray(items) ? undefined : nodeOf(items, false, depth + 1)
  const own = rulesOf(schema)
  if (own.length === 0 && properties.size === 0 && !values && !elements) return undefined
  // The type is only needed where a rule stands.
  const type = (own.length > 0 ? typeOfSchema(schema, { root }) : undefined) ?? types.dyn
  return { schema, type, rules: own.map((rule) => compileRule(rule, type)), properties, values, items: elements }
}
