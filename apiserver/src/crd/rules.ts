import { invalid, notSupported, required, type FieldError, type FieldPath } from '@kapell/openapi/meta/field-errors'
import type { JsonSchema } from '@kapell/openapi/schema/structural/json-schema'

/**
 * x-kubernetes-validations. Their form is checked here; to evaluate them is {@link checkRules}' to come.
 * Source: "Custom Resources", "Validation rules"; recorded answers.
 */
interface Rule {
  rule?: string
  message?: string
  messageExpression?: string
  reason?: string
  fieldPath?: string
}

/** Every schema inside a schema, with its place; bounded by the depth that the structural check allows. */
export function* schemasIn(
  schema: JsonSchema,
  at: FieldPath,
  depth = 0,
): Iterable<{ schema: JsonSchema; at: FieldPath }> {
  yield { schema, at }
  if (depth > 100) return
  for (const [name, inner] of Object.entries(schema.properties ?? {})) {
    yield* schemasIn(inner, at.child('properties').key(name), depth + 1)
  }
  if (typeof schema.additionalProperties === 'object') {
    yield* schemasIn(schema.additionalProperties, at.child('additionalProperties'), depth + 1)
  }
  if (schema.items !== undefined && !Array.isArray(schema.items)) {
    yield* schemasIn(schema.items, at.child('items'), depth + 1)
  }
}

export function hasRules(schema: JsonSchema, depth = 0): boolean {
  if ((schema['x-kubernetes-validations']?.length ?? 0) > 0) return true
  if (depth > 100) return false
  const inner = [...Object.values(schema.properties ?? {})]
  if (typeof schema.additionalProperties === 'object') inner.push(schema.additionalProperties)
  if (schema.items !== undefined && !Array.isArray(schema.items)) inner.push(schema.items)
  return inner.some((one) => hasRules(one, depth + 1))
}

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

/** Whether the rules of a schema are well-formed; that they compile and stay within their cost is not checked here. */
export function checkRuleForms(schema: JsonSchema, at: FieldPath): FieldError[] {
  const errors: FieldError[] = []
  for (const one of schemasIn(schema, at)) {
    one.schema['x-kubernetes-validations']?.forEach((rule, i) => {
      errors.push(...ruleErrors(rule as Rule, one.at.child('x-kubernetes-validations').index(i)))
    })
  }
  return errors
}

const blocking = new Set(['FieldValueRequired', 'FieldValueTooLong', 'FieldValueTooMany', 'FieldValueTypeInvalid'])

/**
 * The one place where rules are to be evaluated: called with what the other keywords found wrong. Objects that these
 * make unfit for evaluation are told so, as rules of any kind may have more to say.
 */
export function checkRules(options: {
  schema: JsonSchema
  next: unknown
  previous: unknown
  errors: readonly FieldError[]
}): FieldError[] {
  const { schema, errors } = options
  if (!errors.some((error) => blocking.has(error.type)) || !hasRules(schema)) return []
  const why =
    'some validation rules were not checked because the object was invalid; correct the existing errors to complete validation'
  return [invalid('', null, why)]
}
