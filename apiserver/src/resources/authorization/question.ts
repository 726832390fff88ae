import type { V1NonResourceAttributes, V1ObjectMeta, V1ResourceAttributes } from '@kapell/openapi/types'
import { forbidden, invalid, required, FieldPath, type FieldError } from '@kapell/openapi/meta/field-errors'
import { parseSelector } from '@kapell/openapi/meta/labels'
import { parseFieldSelector } from '@kapell/openapi/meta/fields'
import { validateLabelSelector } from '../common/validation.ts'

/** What a review asks about. Source: API reference, "SubjectAccessReview". */
export interface Question {
  resourceAttributes?: V1ResourceAttributes
  nonResourceAttributes?: V1NonResourceAttributes
}

export const pathField = 'spec.nonResourceAttributes'
const resourceField = 'spec.resourceAttributes'

/** As messages show a path and its verb. */
export const shownPath = ({ nonResourceAttributes: asked }: Question): object => ({
  Path: asked?.path ?? '',
  Verb: asked?.verb ?? '',
})

export function validateQuestion(spec: Question): FieldError[] {
  const { resourceAttributes: asked } = spec
  const errors: FieldError[] = []
  if (asked !== undefined && spec.nonResourceAttributes !== undefined)
    errors.push(invalid(pathField, shownPath(spec), 'cannot be specified in combination with resourceAttributes'))
  if (asked === undefined && spec.nonResourceAttributes === undefined) {
    const why = 'exactly one of nonResourceAttributes or resourceAttributes must be specified'
    errors.push(invalid(resourceField, null, why))
  }
  return [...errors, ...validateSelector(asked, 'fieldSelector'), ...validateSelector(asked, 'labelSelector')]
}

interface Requirement {
  key?: string
  operator?: string
  values?: string[]
}

/** A selector is given as text or in parts. */
function validateSelector(
  asked: V1ResourceAttributes | undefined,
  field: 'fieldSelector' | 'labelSelector',
): FieldError[] {
  const selector = asked?.[field] as { rawSelector?: string; requirements?: Requirement[] } | undefined
  if (selector === undefined) return []
  const at = new FieldPath(resourceField).child(field)
  const { rawSelector: raw = '', requirements = [] } = selector
  if (raw !== '' && requirements.length > 0)
    return [invalid(at.child('rawSelector'), raw, 'may not specified at the same time as requirements')]
  if (raw === '' && requirements.length === 0) {
    const why = `when ${at.text} is specified, requirements or rawSelector is required`
    return [required(at.child('requirements'), why)]
  }
  return requirements.flatMap((one, i) => validateRequirement(one, field, at.child('requirements').index(i)))
}

const known = ['In', 'NotIn', 'Exists', 'DoesNotExist']

/** Operators of later versions are let through: what is not known is not looked at. */
function validateRequirement(one: Requirement, field: string, at: FieldPath): FieldError[] {
  const { key = '', operator = '', values = [] } = one
  if (field === 'labelSelector') {
    const errors = validateLabelSelector({ matchExpressions: [{ key, operator, values }] }, at)
    const place = `${at.text}.matchExpressions[0]`
    const own = errors.map((error) => ({ ...error, field: error.field.replace(place, at.text) }))
    return own.filter((error) => error.field !== at.child('operator').text)
  }
  const errors = key === '' ? [required(at.child('key'), 'must be specified')] : []
  const here = at.child('values')
  if (!known.includes(operator)) return errors
  if (operator === 'In' || operator === 'NotIn') {
    if (values.length === 0) errors.push(required(here, "must be specified when `operator` is 'In' or 'NotIn'"))
  } else if (values.length > 0) {
    errors.push(forbidden(here, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"))
  }
  return errors
}

/** A selector that cannot be read takes no part in the answer, which says so. */
export function selectorProblem({ resourceAttributes: asked }: Question): string | undefined {
  const problems = [
    ...problemOf(asked?.labelSelector, 'labelSelector', parseSelector),
    ...problemOf(asked?.fieldSelector, 'fieldSelector', parseFieldSelector),
  ]
  return problems.length === 0 ? undefined : problems.length === 1 ? problems[0] : `[${problems.join(', ')}]`
}

function problemOf(
  selector: { rawSelector?: string; requirements?: Requirement[] } | undefined,
  field: string,
  parse: (text: string) => unknown,
): string[] {
  const told = [`${resourceField}.${field} ignored due to parse error`]
  const { rawSelector = '', requirements = [] } = selector ?? {}
  const understood = requirements.filter(({ operator = '' }) => known.includes(operator))
  if (requirements.length > understood.length)
    return understood.length === 0 ? told : [`${resourceField}.${field} partially ignored due to parse error`]
  try {
    parse(rawSelector)
    return []
  } catch {
    return told
  }
}

/** A question has no name: it is answered, not kept. */
export function validateMetadata(metadata: V1ObjectMeta | undefined, more: { namespace?: string } = {}): FieldError[] {
  const { managedFields: _managedFields, namespace: _namespace, ...given } = metadata ?? {}
  const isEmpty = Object.values(given).every((value) => value == null || value === '')
  if (isEmpty) return []
  const why = more.namespace === undefined ? 'must be empty' : 'must be empty except for namespace'
  return [invalid('metadata', { ...given, ...more }, why)]
}
