import { forbidden, invalid, type FieldError } from '@kapell/openapi/meta/field-errors'
import { badRequest, invalidObject } from '@kapell/openapi/meta/status'
import { DecodeError } from '@kapell/openapi/schema/problems'
import { normalTime } from '@kapell/openapi/schema/times'
import { queryFlag } from '../../pipeline/request-info.ts'

/** What is asked of a log: PodLogOptions v1 core, as a query. */
const flags = ['follow', 'previous', 'timestamps']
const numbers = ['tailLines', 'limitBytes', 'sinceSeconds']

/**
 * The options as the node's agent takes them. Throws 400 for what is no number or time, 422 for what cannot be asked:
 * both before anybody looks for the pod.
 */
export function logOptions(query: URLSearchParams, pod: string): URLSearchParams {
  for (const name of numbers) checkInteger(query.get(name))
  checkTime(query.get('sinceTime') ?? '')
  const errors = optionErrors(query)
  if (errors.length > 0) throw invalidObject({ group: '', kind: 'PodLogOptions' }, pod, errors)
  const passed = new URLSearchParams()
  for (const flag of flags) if (queryFlag(query.get(flag))) passed.set(flag, 'true')
  for (const name of [...numbers, 'sinceTime']) {
    const text = query.get(name) ?? ''
    if (text !== '') passed.set(name, text)
  }
  return passed
}

function checkInteger(text: string | null): void {
  if (text === null || text === '' || /^[+-]?\d+$/.test(text)) return
  throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`)
}

function checkTime(text: string): void {
  if (text === '') return
  try {
    normalTime(text)
  } catch (error) {
    throw error instanceof DecodeError ? badRequest(error.message) : error
  }
}

function optionErrors(query: URLSearchParams): FieldError[] {
  const number = (name: string): number | undefined =>
    (query.get(name) ?? '') === '' ? undefined : Number(query.get(name))
  const [tail, limit, seconds] = numbers.map(number)
  const errors: FieldError[] = []
  if (tail !== undefined && tail < 0) errors.push(invalid('tailLines', tail, 'must be greater than or equal to 0'))
  if (limit !== undefined && limit < 1) errors.push(invalid('limitBytes', limit, 'must be greater than 0'))
  if (seconds !== undefined && (query.get('sinceTime') ?? '') !== '') {
    errors.push(forbidden('[]', 'at most one of `sinceTime` or `sinceSeconds` may be specified'))
  } else if (seconds !== undefined && seconds < 1) {
    errors.push(invalid('sinceSeconds', seconds, 'must be greater than 0'))
  }
  // Streams apart are a feature that is off.
  if ((query.get('stream') ?? '') !== '') errors.push(forbidden('stream', 'may not be specified'))
  return errors
}
