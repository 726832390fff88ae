import { causeMessage, fieldErrorMessage, type FieldError } from './field-errors.ts'
import { groupResource } from './resource-ref.ts'

/**
 * Every failure the API answers is a `Status`; these factories are the only place that makes one.
 * Source: API conventions, "Response Status Kind". Texts are those clients match on.
 */
export interface StatusCause {
  reason?: string
  message?: string
  field?: string
}

export interface StatusDetails {
  name?: string
  group?: string
  kind?: string
  uid?: string
  causes?: StatusCause[]
  retryAfterSeconds?: number
}

export interface Status {
  kind: 'Status'
  apiVersion: 'v1'
  metadata: Record<string, unknown>
  status: 'Success' | 'Failure'
  message?: string
  reason?: string
  details?: StatusDetails
  code?: number
}

export class ApiError extends Error {
  readonly status: Status
  constructor(status: Status) {
    super(status.message)
    this.name = 'ApiError'
    this.status = status
  }
  get code(): number {
    return this.status.code ?? 500
  }
  get reason(): string {
    return this.status.reason ?? ''
  }
  /** Any thrown value as the Status to answer with; what is not an ApiError is an internal error. */
  static from(error: unknown): ApiError {
    return error instanceof ApiError ? error : internalError(error instanceof Error ? error.message : String(error))
  }
}

/** True when `error` is an API failure with this reason, such as 'NotFound'. */
export function isReason(error: unknown, ...reasons: string[]): error is ApiError {
  return error instanceof ApiError && reasons.includes(error.reason)
}

interface Resource {
  group: string
  plural: string
}

function failure(code: number, reason: string, message: string, details?: StatusDetails): ApiError {
  return new ApiError({
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message,
    reason,
    ...(details === undefined ? {} : { details }),
    code,
  })
}

function about(resource: Resource, name?: string, more: StatusDetails = {}): StatusDetails {
  return {
    ...(name === undefined || name === '' ? {} : { name }),
    ...(resource.group === '' ? {} : { group: resource.group }),
    kind: resource.plural,
    ...more,
  }
}

/** As Go quotes it: control characters by their number of two digits. */
const quoted = (text: string): string => JSON.stringify(text).replace(/\\u00([01][0-9a-f])/g, '\\x$1')

export const badRequest = (message: string): ApiError => failure(400, 'BadRequest', message)
export const unauthorized = (message = 'Unauthorized'): ApiError => failure(401, 'Unauthorized', message)

/** `pods "a" is forbidden: <why>`. */
export const forbiddenError = (resource: Resource, name: string | undefined, why: string): ApiError =>
  failure(
    403,
    'Forbidden',
    `${groupResource(resource)}${name === undefined || name === '' ? '' : ` ${quoted(name)}`} is forbidden: ${why}`,
    about(resource, name),
  )
/** A denied request outside any resource: `forbidden: User "x" cannot get path "/y"`. */
export const forbiddenPath = (message: string): ApiError => failure(403, 'Forbidden', message, {})

export const notFound = (resource: Resource, name: string): ApiError =>
  failure(404, 'NotFound', `${groupResource(resource)} ${quoted(name)} not found`, about(resource, name))
/** No such path: what a client with a wrong group or version sees. */
export const pathNotFound = (): ApiError =>
  failure(404, 'NotFound', 'the server could not find the requested resource', {})
export const methodNotAllowed = (resource: Resource, verb: string): ApiError =>
  failure(
    405,
    'MethodNotAllowed',
    `${verb} is not supported on resources of kind "${groupResource(resource)}"`,
    about(resource),
  )

export const notAcceptable = (accepted: readonly string[]): ApiError =>
  failure(406, 'NotAcceptable', `only the following media types are accepted: ${accepted.join(', ')}`)
export const alreadyExists = (resource: Resource, name: string): ApiError =>
  failure(409, 'AlreadyExists', `${groupResource(resource)} ${quoted(name)} already exists`, about(resource, name))
/** `Operation cannot be fulfilled on pods "a": <why>`. */
export const conflict = (resource: Resource, name: string, why: string): ApiError =>
  failure(
    409,
    'Conflict',
    `Operation cannot be fulfilled on ${groupResource(resource)} ${quoted(name)}: ${why}`,
    about(resource, name),
  )
export const staleResourceVersion = (resource: Resource, name: string): ApiError =>
  conflict(
    resource,
    name,
    'the object has been modified; please apply your changes to the latest version and try again',
  )
/** Server-side apply met fields that others own; `causes` name them. */
export const applyConflict = (message: string, causes: StatusCause[]): ApiError =>
  failure(409, 'Conflict', message, { causes })
/** Too old to serve: the client must list again. */
export const expired = (message: string): ApiError => failure(410, 'Expired', message)
export const gone = (message: string): ApiError => failure(410, 'Gone', message)
export const requestEntityTooLarge = (message: string): ApiError => failure(413, 'RequestEntityTooLarge', message)
export const unsupportedMediaType = (message: string): ApiError => failure(415, 'UnsupportedMediaType', message)

/** One 422 carries every field error of the object. */
export function invalidObject(
  kind: { group: string; kind: string },
  name: string | undefined,
  errors: readonly FieldError[],
): ApiError {
  const texts = [...new Set(errors.map(fieldErrorMessage))]
  const all = texts.length === 1 ? texts[0] : `[${texts.join(', ')}]`
  const label = kind.group === '' ? kind.kind : `${kind.kind}.${kind.group}`
  return failure(422, 'Invalid', `${label} ${quoted(name ?? '')} is invalid: ${all}`, {
    ...(name === undefined || name === '' ? {} : { name }),
    ...(kind.group === '' ? {} : { group: kind.group }),
    ...(kind.kind === '' ? {} : { kind: kind.kind }),
    causes: errors.map((e) => ({
      reason: e.type,
      message: causeMessage(e),
      field: e.field === '' ? '<nil>' : e.field,
    })),
  })
}

export const tooManyRequests = (message: string, retryAfterSeconds: number): ApiError =>
  failure(429, 'TooManyRequests', message, { retryAfterSeconds })
export const internalError = (message: string): ApiError =>
  failure(500, 'InternalError', `Internal error occurred: ${message}`, { causes: [{ message }] })
export const serviceUnavailable = (message: string): ApiError => failure(503, 'ServiceUnavailable', message)
export const serverTimeout = (resource: Resource, operation: string, retryAfterSeconds: number): ApiError =>
  failure(
    500,
    'ServerTimeout',
    `The ${operation} operation against ${groupResource(resource)} could not be completed at this time, please try again.`,
    about(resource, operation, { retryAfterSeconds }),
  )
export const timeoutError = (message: string, retryAfterSeconds = 0): ApiError =>
  failure(504, 'Timeout', message, retryAfterSeconds === 0 ? {} : { retryAfterSeconds })
/** A list or get asked for a version the store has not reached. */
export const resourceVersionTooLarge = (wanted: string, current: string): ApiError =>
  failure(504, 'Timeout', `Timeout: Too large resource version: ${wanted}, current: ${current}`, {
    causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
    retryAfterSeconds: 1,
  })

/** The answer to a DELETE that removed the object at once. */
export const deleted = (resource: Resource, name: string, uid: string): Status => ({
  kind: 'Status',
  apiVersion: 'v1',
  metadata: {},
  status: 'Success',
  details: about(resource, name, { uid }),
})
export const success = (code = 200): Status => ({
  kind: 'Status',
  apiVersion: 'v1',
  metadata: {},
  status: 'Success',
  code,
})
