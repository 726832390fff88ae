import {
  duplicate,
  invalid,
  required,
  tooMany,
  type FieldError,
  type FieldPath,
} from '@kapell/openapi/meta/field-errors'
import { dns1123Label, dns1123Subdomain, labelValue, qualifiedName } from '@kapell/openapi/meta/names'
import { nameErrors, unsupported } from '../common/validation.ts'
import { fullyQualifiedName } from './names.ts'
import { validateConfigs, validateSelectors, type Config, type Selector } from './selectors.ts'

/** What a claim asks for. Source: "Dynamic Resource Allocation", ResourceClaim v1. */

export interface ClaimSpec {
  devices?: {
    requests?: Request[]
    constraints?: { requests?: string[]; matchAttribute?: string; distinctAttribute?: string }[]
    config?: (Config & { requests?: string[] })[]
  }
}

export interface Request {
  name?: string
  exactly?: Exact
  firstAvailable?: Exact[]
}

interface Exact {
  name?: string
  deviceClassName?: string
  selectors?: Selector[]
  allocationMode?: string
  count?: number
  adminAccess?: boolean
  tolerations?: Toleration[]
}

interface Toleration {
  key?: string
  operator?: string
  value?: string
  effect?: string
}

const maxRequests = 32
const maxAlternatives = 8

/** One device of the class, unless the request says otherwise. */
export function defaultClaimSpec(spec: ClaimSpec | undefined): void {
  for (const request of spec?.devices?.requests ?? []) {
    for (const exact of [request.exactly, ...(request.firstAvailable ?? [])]) {
      if (exact === undefined) continue
      if ((exact.allocationMode ?? '') === '') exact.allocationMode = 'ExactCount'
      if (exact.allocationMode === 'ExactCount' && (exact.count ?? 0) === 0) exact.count = 1
      for (const toleration of exact.tolerations ?? [])
        if ((toleration.operator ?? '') === '') toleration.operator = 'Equal'
    }
  }
}

export function validateClaimSpec(spec: ClaimSpec | undefined, at: FieldPath): FieldError[] {
  const requests = spec?.devices?.requests ?? []
  const constraints = spec?.devices?.constraints ?? []
  const config = spec?.devices?.config ?? []
  const here = at.child('devices')
  const known = namesOf(requests)
  const errors = listed(requests, here.child('requests'), (request) => request.name, validateRequest)
  if (constraints.length > maxRequests) errors.push(tooMany(here.child('constraints'), constraints.length, maxRequests))
  else {
    for (const [i, constraint] of constraints.entries()) {
      const place = here.child('constraints').index(i)
      errors.push(...validateReferences(constraint.requests ?? [], known, place.child('requests')))
      const { matchAttribute, distinctAttribute } = constraint
      if (matchAttribute !== undefined)
        errors.push(...fullyQualifiedName(matchAttribute, place.child('matchAttribute')))
      else if (distinctAttribute !== undefined)
        errors.push(...fullyQualifiedName(distinctAttribute, place.child('distinctAttribute')))
      if (matchAttribute === undefined && distinctAttribute === undefined) {
        errors.push(
          required(
            place,
            'exactly one of "matchAttribute" or "distinctAttribute" is required, but multiple fields are set',
          ),
        )
      }
    }
  }
  if (config.length > maxRequests) return [...errors, tooMany(here.child('config'), config.length, maxRequests)]
  for (const [i, one] of config.entries())
    errors.push(...validateReferences(one.requests ?? [], known, here.child('config').index(i).child('requests')))
  return [...errors, ...validateConfigs(config, here.child('config'))]
}

/** Requests by name, and alternatives as "request/alternative". */
export function namesOf(requests: readonly Request[]): ReadonlySet<string> {
  return new Set(
    requests.flatMap(({ name = '', firstAvailable }) => [
      name,
      ...(firstAvailable ?? []).map((one) => `${name}/${one.name ?? ''}`),
    ]),
  )
}

export const unknownRequest =
  "must be the name of a request in the claim or the name of a request and a subrequest separated by '/'"

export function validateReferences(names: readonly string[], known: ReadonlySet<string>, at: FieldPath): FieldError[] {
  if (names.length > maxRequests) return [tooMany(at, names.length, maxRequests)]
  const seen = new Set<string>()
  return names.flatMap((name, i) => {
    const here = at.index(i)
    const errors = name.split('/').flatMap((part) => dns1123Label(part).map((text) => invalid(here, part, text)))
    if (!known.has(name)) errors.push(invalid(here, name, unknownRequest))
    if (seen.has(name)) errors.push(duplicate(here, name))
    seen.add(name)
    return errors
  })
}

/** A bounded list whose items differ by name. */
export function listed<T>(
  items: readonly T[],
  at: FieldPath,
  nameOf: (item: T) => string | undefined,
  validate: (item: T, at: FieldPath) => FieldError[],
  max = maxRequests,
): FieldError[] {
  if (items.length > max) return [tooMany(at, items.length, max)]
  const seen = new Set<string>()
  return items.flatMap((item, i) => {
    const name = nameOf(item) ?? ''
    const errors = validate(item, at.index(i))
    if (seen.has(name)) errors.push(duplicate(at.index(i), name))
    seen.add(name)
    return errors
  })
}

const oneOfTwo = 'exactly one of `exactly` or `firstAvailable` is required'

function validateRequest(request: Request, at: FieldPath): FieldError[] {
  const errors = nameErrors(at.child('name'), request.name ?? '', dns1123Label)
  const { exactly } = request
  const firstAvailable = request.firstAvailable ?? []
  if (exactly === undefined && firstAvailable.length === 0) return [...errors, required(at, oneOfTwo)]
  if (exactly !== undefined && firstAvailable.length > 0)
    return [...errors, invalid(at, null, `${oneOfTwo}, but multiple fields are set`)]
  if (exactly !== undefined) return [...errors, ...validateExact(exactly, at.child('exactly'))]
  const alternative = (one: Exact, here: FieldPath): FieldError[] => [
    ...nameErrors(here.child('name'), one.name ?? '', dns1123Label),
    ...validateExact(one, here),
  ]
  return [
    ...errors,
    ...listed(firstAvailable, at.child('firstAvailable'), (one) => one.name, alternative, maxAlternatives),
  ]
}

function validateExact(exact: Exact, at: FieldPath): FieldError[] {
  const { deviceClassName = '', allocationMode = '', count = 0 } = exact
  const errors =
    deviceClassName === ''
      ? [required(at.child('deviceClassName'))]
      : nameErrors(at.child('deviceClassName'), deviceClassName, dns1123Subdomain)
  errors.push(...validateSelectors(exact.selectors, at.child('selectors')))
  if (allocationMode === 'ExactCount') {
    if (count <= 0) errors.push(invalid(at.child('count'), count, 'must be greater than zero'))
  } else if (allocationMode === 'All') {
    if (count !== 0)
      errors.push(invalid(at.child('count'), count, "must not be specified when allocationMode is 'All'"))
  } else errors.push(unsupported(at.child('allocationMode'), allocationMode, ['All', 'ExactCount']))
  for (const [i, toleration] of (exact.tolerations ?? []).entries())
    errors.push(...validateToleration(toleration, at.child('tolerations').index(i)))
  return errors
}

export const effects = ['NoExecute', 'NoSchedule', 'None']

function validateToleration({ key = '', operator, value = '', effect }: Toleration, at: FieldPath): FieldError[] {
  const errors = key === '' ? [] : nameErrors(at.child('key'), key, qualifiedName)
  if (operator === 'Exists') {
    if (value !== '') errors.push(invalid(at.child('value'), value, 'must be empty for operator `Exists`'))
  } else if (operator === 'Equal') errors.push(...nameErrors(at.child('value'), value, labelValue))
  else errors.push(unsupported(at.child('operator'), operator, ['Equal', 'Exists']))
  if (effect !== undefined && effect !== '' && !effects.includes(effect))
    errors.push(unsupported(at.child('effect'), effect, effects))
  return errors
}
