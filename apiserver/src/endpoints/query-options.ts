import { forbidden, invalid, noValue, type FieldError } from '@kapell/openapi/meta/field-errors'
import { badRequest, invalidObject } from '@kapell/openapi/meta/status'
import { queryFlag } from '../pipeline/request-info.ts'
import { plainFailure } from '../registry/storage-errors.ts'

/** Options that requests carry in their query: read, checked, refused in the original's words. */

function parseInteger(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name)
  if (text === null || text === '') return undefined
  if (!/^[+-]?\d+$/.test(text)) throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`)
  const number = BigInt(text)
  if (number !== BigInt.asIntN(64, number))
    throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: value out of range`)
  return Number(text)
}

function optionsError(kind: string, errors: FieldError[]): Error {
  return invalidObject({ group: 'meta.k8s.io', kind }, '', errors)
}

export interface ListOptions {
  labelSelector: string
  fieldSelector: string
  limit: number
  continue: string
  resourceVersion: string
  resourceVersionMatch: string
  timeoutSeconds: number | undefined
  allowWatchBookmarks: boolean
  sendInitialEvents: boolean | undefined
}

const notSupported = (field: string, badValue: string, supported: readonly string[]): FieldError => ({
  type: 'FieldValueNotSupported',
  field,
  badValue,
  detail: `supported values: ${supported.map((one) => JSON.stringify(one)).join(', ')}`,
})

const matches = ['Exact', 'NotOlderThan', '']

function checkListOptions(options: ListOptions, watch: boolean): FieldError[] {
  const { resourceVersion: rv, resourceVersionMatch: match, sendInitialEvents } = options
  const at = 'resourceVersionMatch'
  const errors: FieldError[] = []
  if (watch) {
    if (sendInitialEvents === undefined) {
      if (match !== '') errors.push(forbidden(at, `${at} is forbidden for watch unless sendInitialEvents is provided`))
    } else if (match !== 'NotOlderThan') {
      errors.push(forbidden(at, 'sendInitialEvents requires setting resourceVersionMatch to NotOlderThan'))
    }
    if (match !== '' && match !== 'NotOlderThan') errors.push(notSupported(at, match, ['NotOlderThan']))
    // A watch that begins with the state is taken for one that asks for a match.
    const beginsWithState = sendInitialEvents === undefined && (rv === '' || rv === '0')
    if (options.continue !== '' && (match !== '' || beginsWithState))
      errors.push(forbidden(at, `${at} is forbidden when continue is provided`))
    return errors
  }
  if (match !== '') {
    if (rv === '') errors.push(forbidden(at, `${at} is forbidden unless resourceVersion is provided`))
    if (options.continue !== '') errors.push(forbidden(at, `${at} is forbidden when continue is provided`))
    if (!matches.includes(match)) errors.push(notSupported(at, match, matches))
    if (match === 'Exact' && rv === '0')
      errors.push(forbidden(at, `${at} "exact" is forbidden for resourceVersion "0"`))
  }
  if (sendInitialEvents !== undefined)
    errors.push(forbidden('sendInitialEvents', 'sendInitialEvents is forbidden for list'))
  return errors
}

/** Throws 400 and 422. */
export function parseListOptions(query: URLSearchParams, watch: boolean): ListOptions {
  const text = (name: string): string => query.get(name) ?? ''
  const initial = query.get('sendInitialEvents')
  const options: ListOptions = {
    labelSelector: text('labelSelector'),
    fieldSelector: text('fieldSelector'),
    limit: Math.max(0, parseInteger(query, 'limit') ?? 0),
    continue: text('continue'),
    resourceVersion: text('resourceVersion'),
    resourceVersionMatch: text('resourceVersionMatch'),
    timeoutSeconds: parseInteger(query, 'timeoutSeconds'),
    allowWatchBookmarks: queryFlag(query.get('allowWatchBookmarks')),
    sendInitialEvents: initial === null ? undefined : queryFlag(initial),
  }
  const errors = checkListOptions(options, watch)
  if (errors.length > 0) throw optionsError('ListOptions', errors)
  return options
}

/** A resourceVersion as the store's revision; undefined for ''. */
export function parseRevision(text: string): number | undefined {
  if (text === '') return undefined
  const problem = notARevision(text)
  if (problem !== undefined) throw plainFailure(problem)
  return Number(text)
}

/** The same for a list, which calls the fault the client's where other reads do not. */
export function parseListRevision(text: string): number | undefined {
  const problem = text === '' ? undefined : notARevision(text)
  if (problem !== undefined) throw badRequest(`invalid resource version: ${problem}`)
  return parseRevision(text)
}

/** Why a text is no number of 64 bits; undefined when it is one. */
function notARevision(text: string): string | undefined {
  const isNumber = /^\d+$/.test(text)
  if (isNumber && (text.length < 20 || BigInt.asUintN(64, BigInt(text)) === BigInt(text))) return undefined
  const quoted = JSON.stringify(text)
  const why = isNumber ? 'value out of range' : 'invalid syntax'
  return `resourceVersion: Invalid value: ${quoted}: strconv.ParseUint: parsing ${quoted}: ${why}`
}

export type FieldValidation = 'Ignore' | 'Warn' | 'Strict'

export interface WriteOptions {
  dryRun: boolean
  fieldManager: string
  fieldValidation: FieldValidation
  force: boolean | undefined
}

function checkFieldManager(manager: string): FieldError[] {
  if (Buffer.byteLength(manager) > 128) {
    return [
      { type: 'FieldValueTooLong', field: 'fieldManager', badValue: '', detail: 'may not be more than 128 bytes' },
    ]
  }
  for (const [i, char] of [...manager].entries()) {
    if (!/[\p{L}\p{M}\p{N}\p{P}\p{S} ]/u.test(char)) {
      const point = (char.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')
      // The value as Go quotes it: control characters by their number of two digits.
      const quoted = JSON.stringify(manager).replace(/\\u00([01][0-9a-f])/g, '\\x$1')
      return [invalid('fieldManager', noValue, `${quoted}: invalid character U+${point} (at position ${i})`)]
    }
  }
  return []
}

export function dryRunErrors(values: readonly string[]): FieldError[] {
  return values.some((value) => value !== 'All')
    ? [
        {
          type: 'FieldValueNotSupported',
          field: 'dryRun',
          badValue: [...new Set(values)],
          detail: 'supported values: "All"',
        },
      ]
    : []
}

const validations = ['', 'Ignore', 'Strict', 'Warn']

/** `kind` names the options in errors: CreateOptions, UpdateOptions, PatchOptions. */
export function parseWriteOptions(
  query: URLSearchParams,
  kind: 'CreateOptions' | 'UpdateOptions' | 'PatchOptions',
  apply?: boolean,
): WriteOptions {
  const fieldManager = query.get('fieldManager') ?? ''
  const validation = query.get('fieldValidation') ?? ''
  const force = query.get('force')
  const errors: FieldError[] = []
  if (kind === 'PatchOptions') {
    if (apply === true) {
      if (fieldManager === '') {
        errors.push({ type: 'FieldValueRequired', field: 'fieldManager', detail: 'is required for apply patch' })
      }
    } else if (force !== null) errors.push(forbidden('force', 'may not be specified for non-apply patch'))
  }
  errors.push(...checkFieldManager(fieldManager), ...dryRunErrors(query.getAll('dryRun')))
  if (!validations.includes(validation)) {
    errors.push({
      type: 'FieldValueNotSupported',
      field: 'fieldValidation',
      badValue: validation,
      detail: `supported values: ${validations.map((v) => JSON.stringify(v)).join(', ')}`,
    })
  }
  if (errors.length > 0) throw optionsError(kind, errors)
  return {
    dryRun: query.has('dryRun'),
    fieldManager,
    fieldValidation: validation === '' ? 'Warn' : (validation as FieldValidation),
    force: force === null ? undefined : queryFlag(force),
  }
}

export interface DeleteOptions {
  dryRun: boolean
  gracePeriodSeconds?: number
  orphanDependents?: boolean
  propagationPolicy?: string
  preconditions?: { uid?: string; resourceVersion?: string }
}

interface DeleteOptionsBody {
  dryRun?: string[]
  gracePeriodSeconds?: number
  orphanDependents?: boolean
  propagationPolicy?: string
  preconditions?: { uid?: string; resourceVersion?: string }
}

const policies = ['Foreground', 'Background', 'Orphan']

export function checkDeleteOptions(options: DeleteOptionsBody): DeleteOptions {
  const { propagationPolicy: policy, orphanDependents, dryRun = [] } = options
  const errors: FieldError[] = []
  if (policy !== undefined && orphanDependents !== undefined) {
    errors.push(invalid('propagationPolicy', policy, 'orphanDependents and deletionPropagation cannot be both set'))
  }
  if (policy !== undefined && !policies.includes(policy)) {
    const list = [...policies, 'nil'].map((p) => JSON.stringify(p)).join(', ')
    errors.push({
      type: 'FieldValueNotSupported',
      field: 'propagationPolicy',
      badValue: policy,
      detail: `supported values: ${list}`,
    })
  }
  errors.push(...dryRunErrors(dryRun))
  if (errors.length > 0) throw optionsError('DeleteOptions', errors)
  const { gracePeriodSeconds, preconditions } = options
  return {
    dryRun: dryRun.length > 0,
    ...(gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds }),
    ...(orphanDependents === undefined ? {} : { orphanDependents }),
    ...(policy === undefined ? {} : { propagationPolicy: policy }),
    ...(preconditions === undefined ? {} : { preconditions }),
  }
}

/** The options of a DELETE that has no body. */
export function deleteOptionsOfQuery(query: URLSearchParams): DeleteOptionsBody {
  const grace = parseInteger(query, 'gracePeriodSeconds')
  const orphan = query.get('orphanDependents')
  const policy = query.get('propagationPolicy')
  return {
    dryRun: query.getAll('dryRun'),
    ...(grace === undefined ? {} : { gracePeriodSeconds: grace }),
    ...(orphan === null ? {} : { orphanDependents: queryFlag(orphan) }),
    ...(policy === null ? {} : { propagationPolicy: policy }),
  }
}
