import {
  duplicate,
  forbidden,
  invalid,
  notSupported,
  required,
  type FieldError,
  type FieldPath,
} from '@kapell/openapi/meta/field-errors'
import { validateConditions as validateStatusConditions } from '../common/conditions.ts'
import { dns1035Label, dns1123Subdomain, pathSegmentName, qualifiedName } from '@kapell/openapi/meta/names'
import { PolicyExpressions, type Variable } from '../../cel/admission/composition.ts'
import type { ExpressionCheck } from '../../cel/admission/environment.ts'
import { escapeFieldName } from '../../cel/schema/escape.ts'
import { validateLabelSelector } from '../common/validation.ts'
import { validateRule, type Rule } from './rule-validation.ts'
import { validateConditions, type Condition } from './webhook-validation.ts'

/** What admission policies and their bindings must be. Source: API reference, and answers to wrong ones. */

interface Selector {
  matchLabels?: Record<string, string>
}
export interface Match {
  matchPolicy?: string
  namespaceSelector?: Selector
  objectSelector?: Selector
  resourceRules?: (Rule & { resourceNames?: string[] })[]
  excludeResourceRules?: (Rule & { resourceNames?: string[] })[]
}
interface ParamKind {
  apiVersion?: string
  kind?: string
}
export interface PolicySpec {
  failurePolicy?: string
  paramKind?: ParamKind
  matchConstraints?: Match
  matchConditions?: Condition[]
  variables?: Partial<Variable>[]
}
export interface ValidatingSpec extends PolicySpec {
  validations?: { expression?: string; message?: string; messageExpression?: string; reason?: string }[]
  auditAnnotations?: { key?: string; valueExpression?: string }[]
}
export interface MutatingSpec extends PolicySpec {
  reinvocationPolicy?: string
  mutations?: {
    patchType?: string
    applyConfiguration?: { expression?: string }
    jsonPatch?: { expression?: string }
  }[]
}
interface ParamRef {
  name?: string
  namespace?: string
  selector?: Selector
  parameterNotFoundAction?: string
}
export interface BindingSpec {
  policyName?: string
  paramRef?: ParamRef
  matchResources?: Match
  validationActions?: string[]
}

const maxAnnotations = 20
const isBlank = (text: string | undefined): boolean => (text ?? '').trim() === ''
const oneOf = (at: FieldPath, value: string | undefined, valid: readonly string[]): FieldError[] =>
  value === undefined || valid.includes(value) ? [] : [notSupported(at, value, valid)]

/** An expression that must be there and compile. */
function validateExpression(
  expression: string | undefined,
  at: FieldPath,
  how: { missing?: string; compile: (source: string) => ExpressionCheck },
): FieldError[] {
  if (isBlank(expression)) return [required(at, how.missing)]
  const source = expression ?? ''
  const { problem } = how.compile(source)
  return problem === undefined ? [] : [invalid(at, source.trim(), problem)]
}

export function validateMatch(match: Match | undefined, at: FieldPath): FieldError[] {
  if (match === undefined) return []
  const rules = (field: 'resourceRules' | 'excludeResourceRules'): FieldError[] =>
    (match[field] ?? []).flatMap((rule, i) => {
      const here = at.child(field).index(i)
      const names = rule.resourceNames ?? []
      const twice = names.flatMap((name, j) =>
        names.indexOf(name) < j ? [duplicate(here.child('resourceNames').index(j), name)] : [],
      )
      const bad = names.flatMap((name, j) =>
        pathSegmentName(name).map((text) => invalid(here.child('resourceNames').index(j), name, text)),
      )
      return [...twice, ...bad, ...validateRule(rule, here)]
    })
  return [
    ...oneOf(at.child('matchPolicy'), match.matchPolicy, ['Equivalent', 'Exact']),
    ...validateLabelSelector(match.namespaceSelector, at.child('namespaceSelector')),
    ...validateLabelSelector(match.objectSelector, at.child('objectSelector')),
    ...rules('resourceRules'),
    ...rules('excludeResourceRules'),
  ]
}

function validateConstraints(match: Match | undefined, at: FieldPath): FieldError[] {
  if (match === undefined) return [required(at)]
  const errors = validateMatch(match, at)
  if ((match.resourceRules ?? []).length === 0) errors.push(required(at.child('resourceRules')))
  return errors
}

function validateParamKind({ apiVersion = '', kind = '' }: ParamKind, at: FieldPath): FieldError[] {
  const errors: FieldError[] = []
  const here = at.child('apiVersion')
  const parts = apiVersion.split('/')
  if (apiVersion === '') errors.push(required(here))
  else if (parts.length > 2) errors.push(invalid(here, apiVersion, `unexpected GroupVersion string: ${apiVersion}`))
  else {
    const [group, version] = parts.length === 2 ? parts : ['', parts[0]]
    if (group) errors.push(...dns1123Subdomain(group).map((text) => invalid(here, group, text)))
    if (!version) errors.push(invalid(here, apiVersion, 'version must be specified'))
    else errors.push(...dns1035Label(version).map((text) => invalid(here, version, text)))
  }
  if (kind === '') errors.push(required(at.child('kind')))
  for (const text of kind === '' ? [] : dns1035Label(kind.toLowerCase())) {
    errors.push(invalid(at.child('kind'), kind, `may have mixed case, but should otherwise match: ${text}`))
  }
  return errors
}

const isIdentifier = (name: string): boolean =>
  /^[a-zA-Z_][a-zA-Z0-9_]*$/.test(name) && escapeFieldName(name) !== `__${name}__`

/** What both kinds of policies have; its expressions are added to `expressions`. */
function validateCommon(spec: PolicySpec, expressions: PolicyExpressions, at: FieldPath): FieldError[] {
  const variables = (spec.variables ?? []).flatMap(({ name = '', expression }, i) => {
    const here = at.child('variables').index(i)
    const errors: FieldError[] = []
    if (isBlank(name)) errors.push(required(here.child('name'), 'name is not specified'))
    else if (!isIdentifier(name)) errors.push(invalid(here.child('name'), name, 'must be a valid CEL identifier'))
    const how = { missing: 'expression is not specified', compile: (s: string) => expressions.variable(name, s) }
    return [...errors, ...validateExpression(expression, here.child('expression'), how)]
  })
  return [
    ...oneOf(at.child('failurePolicy'), spec.failurePolicy, ['Fail', 'Ignore']),
    ...(spec.paramKind === undefined ? [] : validateParamKind(spec.paramKind, at.child('paramKind'))),
    ...validateConstraints(spec.matchConstraints, at.child('matchConstraints')),
    ...validateConditions(spec.matchConditions, at.child('matchConditions'), { params: spec.paramKind !== undefined }),
    ...variables,
  ]
}

/** Mutations may ask for variables where there are none: what is not known then is the variable. */
const expressionsOf = (spec: PolicySpec, mutating = false): PolicyExpressions =>
  new PolicyExpressions({
    params: spec.paramKind !== undefined,
    variables: mutating || (spec.variables ?? []).length > 0,
  })

export function validateValidatingPolicy(
  spec: ValidatingSpec,
  { at, name }: { at: FieldPath; name: string },
): FieldError[] {
  const expressions = expressionsOf(spec)
  const errors = validateCommon(spec, expressions, at)
  const { validations = [], auditAnnotations = [] } = spec
  if (validations.length + auditAnnotations.length === 0) {
    const text = 'validations or auditAnnotations must contain at least one item'
    return [...errors, required(at.child('validations'), text), required(at.child('auditAnnotations'), text)]
  }
  for (const [i, one] of validations.entries()) {
    errors.push(...validateValidation(one, expressions, at.child('validations').index(i)))
  }
  const notes = at.child('auditAnnotations')
  if (auditAnnotations.length > maxAnnotations) {
    const shown = auditAnnotations.map(({ key, valueExpression }) => ({ Key: key, ValueExpression: valueExpression }))
    errors.push(invalid(notes, shown, `must not have more than ${maxAnnotations} auditAnnotations`))
  }
  const seen = new Set<string>()
  for (const [i, { key = '', valueExpression }] of auditAnnotations.entries()) {
    const here = notes.index(i)
    const whole = `${name}/${key}`
    errors.push(...qualifiedName(whole).map((text) => invalid(here.child('key'), whole, text)))
    const how = { missing: 'valueExpression is not specified', compile: (s: string) => expressions.annotation(s) }
    errors.push(...validateExpression(valueExpression, here.child('valueExpression'), how))
    if (key !== '' && seen.has(key)) errors.push(duplicate(here.child('key'), key))
    seen.add(key)
  }
  return errors
}

function validateValidation(
  one: NonNullable<ValidatingSpec['validations']>[number],
  expressions: PolicyExpressions,
  at: FieldPath,
): FieldError[] {
  const errors: FieldError[] = []
  const { expression, message, messageExpression, reason } = one
  const how = { missing: 'expression is not specified', compile: (source: string) => expressions.validation(source) }
  errors.push(...validateExpression(expression, at.child('expression'), how))
  if (messageExpression !== undefined) {
    const here = at.child('messageExpression')
    if (isBlank(messageExpression)) errors.push(invalid(here, messageExpression, 'must be non-empty if specified'))
    else errors.push(...validateExpression(messageExpression, here, { compile: (s) => expressions.message(s) }))
  }
  if (message !== undefined) {
    const here = at.child('message')
    if (isBlank(message)) errors.push(invalid(here, message, 'must be non-empty if specified'))
    else if (/[\n\r]/.test(message.trim())) errors.push(invalid(here, message, 'must not contain line breaks'))
  }
  return [...errors, ...oneOf(at.child('reason'), reason, ['Forbidden', 'Invalid', 'RequestEntityTooLarge'])]
}

const mutable = ['*', 'CONNECT', 'CREATE', 'UPDATE']

/** What is deleted cannot be changed. */
function validateMutable(match: Match | undefined, at: FieldPath): FieldError[] {
  const here = at.child('resourceRules').child('operations')
  return (match?.resourceRules ?? []).flatMap(({ operations = [] }) =>
    operations.filter((one) => !mutable.includes(one)).map((one) => notSupported(here, one, mutable)),
  )
}

export function validateMutatingPolicy(spec: MutatingSpec, at: FieldPath): FieldError[] {
  const expressions = expressionsOf(spec, true)
  const errors = validateCommon(spec, expressions, at)
  errors.push(...validateMutable(spec.matchConstraints, at.child('matchConstraints')))
  const { mutations = [], reinvocationPolicy = '' } = spec
  if (mutations.length === 0) {
    errors.push(required(at.child('mutations'), 'mutations must contain at least one item'))
  }
  for (const [i, one] of mutations.entries()) {
    errors.push(...validateMutation(one, expressions, at.child('mutations').index(i)))
  }
  if (reinvocationPolicy === '') errors.push(required(at.child('reinvocationPolicy')))
  else errors.push(...oneOf(at.child('reinvocationPolicy'), reinvocationPolicy, ['IfNeeded', 'Never']))
  return errors
}

function validateMutation(
  one: NonNullable<MutatingSpec['mutations']>[number],
  expressions: PolicyExpressions,
  at: FieldPath,
): FieldError[] {
  const { patchType = '' } = one
  if (patchType === '') return [required(at.child('patchType'))]
  const unknown = oneOf(at.child('patchType'), patchType, ['ApplyConfiguration', 'JSONPatch'])
  if (unknown.length > 0) return unknown
  const [own, other] =
    patchType === 'JSONPatch'
      ? (['jsonPatch', 'applyConfiguration'] as const)
      : (['applyConfiguration', 'jsonPatch'] as const)
  const errors: FieldError[] = []
  const given = one[own]
  if (given === undefined) errors.push(required(at.child(own), `must be specified when patchType is ${patchType}`))
  else {
    const how = { compile: (source: string) => expressions[own](source) }
    errors.push(...validateExpression(given.expression, at.child(own).child('expression'), how))
  }
  if (one[other] !== undefined) {
    errors.push(invalid(at.child(other), `{${other}}`, `must not be specified when patchType is ${patchType}`))
  }
  return errors
}

const actions = ['Audit', 'Deny', 'Warn']

export function validatePolicyBinding(
  spec: BindingSpec,
  { at, needsActions }: { at: FieldPath; needsActions: boolean },
): FieldError[] {
  const errors: FieldError[] = []
  const { policyName = '', paramRef, validationActions = [] } = spec
  if (policyName === '') errors.push(required(at.child('policyName')))
  else for (const text of dns1123Subdomain(policyName)) errors.push(invalid(at.child('policyName'), policyName, text))
  if (paramRef !== undefined) errors.push(...validateParamRef(paramRef, at.child('paramRef')))
  errors.push(...validateMatch(spec.matchResources, at.child('matchResources')))
  if (!needsActions) return [...errors, ...validateMutable(spec.matchResources, at.child('matchResources'))]
  const here = at.child('validationActions')
  if (validationActions.length === 0) errors.push(required(here, 'at least one validation action is required'))
  for (const [i, action] of validationActions.entries()) {
    if (!actions.includes(action)) errors.push(notSupported(here.index(i), action, actions))
    if (validationActions.indexOf(action) < i) errors.push(duplicate(here.index(i), action))
  }
  if (validationActions.includes('Deny') && validationActions.includes('Warn')) {
    const why =
      'must not contain both Deny and Warn (repeating the same validation failure information in the API response and headers serves no purpose)'
    errors.push(invalid(here, validationActions, why))
  }
  return errors
}

function validateParamRef(ref: ParamRef, at: FieldPath): FieldError[] {
  const errors: FieldError[] = []
  const { name = '', selector, parameterNotFoundAction = '' } = ref
  for (const text of pathSegmentName(name)) errors.push(invalid(at.child('name'), name, text))
  if (name !== '' && selector !== undefined) {
    const why = 'name and selector are mutually exclusive'
    errors.push(forbidden(at.child('name'), why), forbidden(at.child('selector'), why))
  } else if (name === '' && selector === undefined) {
    errors.push(required(at, 'one of name or selector must be specified'))
  }
  errors.push(...validateLabelSelector(selector, at.child('selector')))
  const here = at.child('parameterNotFoundAction')
  if (parameterNotFoundAction === '') errors.push(required(here))
  else if (!['Allow', 'Deny'].includes(parameterNotFoundAction)) {
    // The one list of values that the original does not tell in order.
    const unordered = {
      ...notSupported(here, parameterNotFoundAction, []),
      detail: 'supported values: "Deny", "Allow"',
    }
    errors.push(unordered)
  }
  return errors
}

interface Status {
  typeChecking?: { expressionWarnings?: { fieldRef?: string; warning?: string }[] }
  conditions?: { type?: string; status?: string; reason?: string }[]
}

export function validatePolicyStatus(status: Status | undefined, at: FieldPath): FieldError[] {
  const errors: FieldError[] = []
  for (const [i, one] of (status?.typeChecking?.expressionWarnings ?? []).entries()) {
    const here = at.child('typeChecking').child('expressionWarnings').index(i)
    if ((one.warning ?? '') === '') errors.push(required(here.child('warning')))
    if ((one.fieldRef ?? '') === '') errors.push(required(here.child('fieldRef')))
  }
  return [...errors, ...validateStatusConditions(status?.conditions ?? [], at.child('conditions'))]
}
