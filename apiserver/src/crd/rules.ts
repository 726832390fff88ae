import { invalid, notSupported, required, type FieldError, type FieldPath } from '@kapell/openapi/meta/field-errors'
import { checkRuleExpressions } from '../cel/rules/check-rules.ts'
import { compileRules, type Rule, type RuleNode } from '../cel/rules/compile-rules.ts'
import { evaluateRules } from '../cel/rules/evaluate-rules.ts'
import type { JsonSchema } from '@kapell/openapi/schema/structural/json-schema'

/**
 * x-kubernetes-validations: their form is checked here, and where they are compiled and run is decided.
 * Source: "Custom Resources", "Validation rules"; recorded answers.
 */

const reasons = ['FieldValueDuplicate', 'FieldValueForbidden', 'FieldValueInvalid', 'FieldValueRequired']
const hasBreak = (text: string): boolean => /[\n\r]/.test(text)

/** Whether `.a.b` or `['a']` leads to a field of the schema; elements of lists have no paths. */
function isPath(path: string, schema: JsonSchema): boolean {
  const parts = [...path.matchAll(/\.([^.[\]'"\n\r]+)|\['([^']+)'\]/g)]
  if (parts.map(([part]) => part).join('') !== path) return false
  let at: JsonSchema | undefined = schema
  for (const [, plain, quoted] of parts) {
    const name = plain ?? quoted ?? ''
    const here: JsonSchema = at ?? {}
    const { properties, additionalProperties } = here
    if (properties !== undefined && Object.hasOwn(properties, name)) at = properties[name]
    else if (typeof additionalProperties === 'object') at = additionalProperties
    else return false
  }
  return true
}

function ruleErrors(rule: Rule, { at, schema }: { at: FieldPath; schema: JsonSchema }): FieldError[] {
  const text = (rule.rule ?? '').trim()
  if (text === '') return [required(at.child('rule'), 'rule is not specified')]
  const errors: FieldError[] = []
  const { message, messageExpression, reason, fieldPath } = rule
  if (message !== undefined && message !== '' && message.trim() === '') {
    errors.push(invalid(at.child('message'), message, 'must be non-empty if specified'))
  } else if (message !== undefined && hasBreak(message.trim())) {
    errors.push(invalid(at.child('message'), message, 'must not contain line breaks'))
  } else if ((message ?? '') === '' && hasBreak(text)) {
    errors.push(required(at.child('message'), 'message must be specified if rule contains line breaks'))
  }
  if (messageExpression !== undefined && messageExpression !== '' && messageExpression.trim() === '') {
    errors.push(required(at.child('messageExpression'), 'messageExpression must be non-empty if specified'))
  }
  if (reason !== undefined && !reasons.includes(reason)) errors.push(notSupported(at.child('reason'), reason, reasons))
  if (fieldPath !== undefined && fieldPath !== '') {
    if (!isPath(fieldPath, schema)) errors.push(invalid(at.child('fieldPath'), fieldPath, 'must be a valid path'))
    if (hasBreak(fieldPath)) errors.push(invalid(at.child('fieldPath'), fieldPath, 'must not contain line breaks'))
  }
  return errors
}

/** Whether the rules of a schema are well-formed, compile, and stay within what they may cost. */
export function checkRuleForms(schema: JsonSchema, at: FieldPath): FieldError[] {
  const errors: FieldError[] = []
  const compiled = checkRuleExpressions(schema, at, (rule, place, own) => {
    const found = ruleErrors(rule, { at: place, schema: own })
    errors.push(...found)
    return found.length === 0
  })
  // What expressions say counts only once all are well-formed.
  return errors.length > 0 ? errors : compiled
}

const blocking = new Set(['FieldValueRequired', 'FieldValueTooLong', 'FieldValueTooMany', 'FieldValueTypeInvalid'])

/** Rules are compiled once a schema; a resource's own fields are there at the root of a whole object only. */
const compiledRoots = new WeakMap<JsonSchema, { node: RuleNode | undefined }>()
const compiledParts = new WeakMap<JsonSchema, { node: RuleNode | undefined }>()

function compiledRules(schema: JsonSchema, root: boolean): RuleNode | undefined {
  const known = root ? compiledRoots : compiledParts
  let entry = known.get(schema)
  if (!entry) {
    entry = { node: compileRules(schema, { root }) }
    known.set(schema, entry)
  }
  return entry.node
}

const isWholeObject = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && 'apiVersion' in value && 'kind' in value

/** What values that an update leaves as they are break of the rules: told of, but no reason to refuse. */
export function forgivenRules(options: { schema: JsonSchema; next: unknown; previous: unknown }): FieldError[] {
  const { schema, next, previous } = options
  const node = compiledRules(schema, isWholeObject(next))
  return node === undefined ? [] : evaluateRules(node, { next, previous, forgiven: true })
}

/**
 * Runs the rules: called with what the other keywords found wrong. Objects that these make unfit for evaluation are
 * told so, as rules of any kind may have more to say.
 */
export function checkRules(options: {
  schema: JsonSchema
  next: unknown
  previous: unknown
  errors: readonly FieldError[]
}): FieldError[] {
  const { schema, next, previous, errors } = options
  const node = compiledRules(schema, isWholeObject(next))
  if (!node) return []
  if (!errors.some((error) => blocking.has(error.type))) return evaluateRules(node, { next, previous })
  const why =
    'some validation rules were not checked because the object was invalid; correct the existing errors to complete validation'
  return [invalid('', null, why)]
}
