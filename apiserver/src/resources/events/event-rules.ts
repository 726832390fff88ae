import type { CoreV1Event, EventsV1Event } from '@kapell/openapi/types'
import { invalid, required, type FieldError, type FieldPath } from '@kapell/openapi/meta/field-errors'
import { qualifiedName } from '@kapell/openapi/meta/names'
import { internalView } from '../common/internal-view.ts'
import { nameErrors, sameJson } from '../common/validation.ts'

/** Events tell what happened, for a while. Source: Event v1 events. */

export const eventTtlSeconds = 3600

type Loose = Record<string, unknown>

/** Times that were never set are null, not absent. */
function fill(event: object, defaults: Readonly<Record<string, unknown>>): void {
  const fields = event as Loose
  for (const [field, value] of Object.entries(defaults)) {
    if (fields[field] === undefined) fields[field] = structuredClone(value)
  }
}

export function defaultCoreEvent(event: CoreV1Event): void {
  fill(event, {
    involvedObject: {},
    source: {},
    firstTimestamp: null,
    lastTimestamp: null,
    eventTime: null,
    reportingComponent: '',
    reportingInstance: '',
  })
}

export function defaultNewEvent(event: EventsV1Event): void {
  fill(event, {
    regarding: {},
    deprecatedSource: {},
    deprecatedFirstTimestamp: null,
    deprecatedLastTimestamp: null,
    eventTime: null,
  })
}

/** A cluster-scoped object's events live in the default namespace. */
function validateNamespace(eventNamespace: string, involved: string | undefined, at: FieldPath): FieldError[] {
  const wanted = involved ?? ''
  if (wanted === eventNamespace || (wanted === '' && eventNamespace === 'default')) return []
  return [invalid(at, wanted, 'does not match event.namespace')]
}

/** One with a time is of the new form, and owes who reports it. */
export function validateCoreEvent(event: CoreV1Event, at: FieldPath): FieldError[] {
  if (event.eventTime != null) {
    const { reportingComponent, message, series: _series, ...rest } = event
    return validateReport(
      { ...rest, reportingController: reportingComponent, note: message } as Report,
      at,
      'reportingComponent',
    )
  }
  return validateNamespace(
    event.metadata?.namespace ?? '',
    event.involvedObject?.namespace,
    at.child('involvedObject', 'namespace'),
  )
}

const deprecated = [
  ['deprecatedFirstTimestamp', 'firstTimestamp'],
  ['deprecatedLastTimestamp', 'lastTimestamp'],
  ['deprecatedCount', 'count'],
  ['deprecatedSource', 'source'],
] as const

const maxLengths = { action: 128, reason: 128, reportingInstance: 128, note: 1024 } as const

export function validateNewEvent(event: EventsV1Event, at: FieldPath): FieldError[] {
  const errors: FieldError[] = []
  // One of another namespace is let through; one of none is not.
  if ((event.regarding?.namespace ?? '') === '')
    errors.push(
      ...validateNamespace(event.metadata?.namespace ?? '', undefined, at.child('involvedObject', 'namespace')),
    )
  if (event.eventTime === undefined || event.eventTime === null) errors.push(required(at.child('eventTime')))
  else errors.push(...validateReport(event, at))
  // What the old form alone has.
  for (const [field, reported] of deprecated) {
    const given = event[field]
    const isSet =
      field === 'deprecatedSource'
        ? Object.values(given ?? {}).some((text) => text !== '')
        : given != null && given !== 0
    if (isSet) errors.push(invalid(at.child(reported), '', 'needs to be unset'))
  }
  const type = event.type ?? ''
  if (type !== 'Normal' && type !== 'Warning') errors.push(invalid(at.child('type'), '', `has invalid value: ${type}`))
  return errors
}

type Report = Pick<EventsV1Event, 'reportingController' | 'reportingInstance' | 'action' | 'reason' | 'note' | 'series'>

/** Who reports what; an event without a time is one of the old form and owes none of it. */
function validateReport(event: Report, at: FieldPath, reporter = 'reportingController'): FieldError[] {
  const errors: FieldError[] = []
  const controller = event.reportingController ?? ''
  if (controller === '') errors.push(required(at.child(reporter)))
  errors.push(...nameErrors(at.child(reporter), controller, qualifiedName))
  for (const field of ['reportingInstance', 'action', 'reason'] as const) {
    const text = event[field] ?? ''
    if (text === '') errors.push(required(at.child(field)))
    errors.push(...tooLongText(at.child(field), text, maxLengths[field]))
  }
  const series = event.series
  if (series !== undefined) {
    const here = at.child('series')
    if ((series.count ?? 0) < 2) errors.push(invalid(here.child('count'), '', 'should be at least 2'))
    if (series.lastObservedTime == null) errors.push(required(here.child('lastObservedTime')))
  }
  errors.push(...tooLongText(at.child('message'), event.note ?? '', maxLengths.note))
  return errors
}

function tooLongText(at: FieldPath, text: string, max: number): FieldError[] {
  return Buffer.byteLength(text) > max ? [invalid(at, '', `can have at most ${max} characters`)] : []
}

/** Of an event only its series goes on. Names are those of the core form, as the original reports them. */
const fixed: readonly (readonly [field: keyof EventsV1Event & string, reported: string])[] = [
  ['regarding', 'involvedObject'],
  ['reason', 'reason'],
  // Told of twice.
  ['reason', 'reason'],
  ['note', 'message'],
  ['deprecatedSource', 'source'],
  ['deprecatedFirstTimestamp', 'firstTimestamp'],
  ['deprecatedLastTimestamp', 'lastTimestamp'],
  ['deprecatedCount', 'count'],
  ['type', 'type'],
  ['eventTime', 'eventTime'],
  ['action', 'action'],
  ['related', 'related'],
  ['reportingController', 'reportingController'],
  ['reportingInstance', 'reportingInstance'],
]

const texts = new Set(['reason', 'note', 'type', 'action', 'reportingController', 'reportingInstance'])

function shown(field: string, value: unknown): unknown {
  if (texts.has(field)) return value ?? ''
  return field === 'regarding' ? internalView('core.v1.ObjectReference', (value ?? {}) as object) : (value ?? null)
}

export function validateNewEventUpdate(next: EventsV1Event, previous: EventsV1Event, at: FieldPath): FieldError[] {
  const errors: FieldError[] = []
  for (const [field, reported] of fixed) {
    if (!sameJson(next[field], previous[field]))
      errors.push(invalid(at.child(reported), shown(field, next[field]), 'field is immutable'))
  }
  if ((next.regarding?.namespace ?? '') === '')
    errors.push(
      ...validateNamespace(next.metadata?.namespace ?? '', undefined, at.child('involvedObject', 'namespace')),
    )
  return next.eventTime == null ? errors : [...errors, ...validateReport(next, at)]
}
