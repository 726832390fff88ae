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

function ruleErrors(rule: Rule, at: FieldPath): FieldError[] {
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
    errors.push(required(at.child('messageExpression'), 'must be non-empty if specified'))
  }
  if (reason !== undefined && !reasons.includes(reason)) errors.push(notSupported(at.child('reason'), reason, reasons))
  if (fieldPath !== undefined && fieldPath !== '' && !/^[.[]/.test(fieldPath)) {
    errors.push(invalid(at.child('fieldPath'), fieldPath, 'must be a valid path'))
  }
  return errors
}

/** Whether the rules of a schema are well-formed, compile, and stay within what they may cost. */
export function checkRuleForms(schema: JsonSchema, at: FieldPath): FieldError[] {
  const errors: FieldError[] = []
  const compiled = checkRuleExpressions(schema, at, (rule, place) => {
    const found = ruleErrors(rule, place)
    errors.push(...found)
    return found.length === 0
  })
  return [...errors, ...compiled]
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
