import type { CoreV1Event, EventsV1Event } from '@kapell/openapi/types'
import type { KubeObject } from '@kapell/openapi/meta/object'
import { column, type Column } from '../../registry/definition.ts'
import { nameColumn, timeSince } from '../common/columns.ts'

/** The two faces of one stored kind: core/v1 Event and events.k8s.io/v1 Event. Stored in the core form. */

const orLater = (time: string | undefined, later: string | undefined): string | undefined =>
  time === undefined || time === null ? later : time

function sourceCell(e: CoreV1Event): string {
  const component = e.source?.component
  if (component === undefined || component === '') {
    const instance = e.reportingInstance ?? ''
    return instance === '' ? (e.reportingComponent ?? '') : `${e.reportingComponent ?? ''}, ${instance}`
  }
  return e.source?.host === undefined || e.source.host === '' ? component : `${component}, ${e.source.host}`
}

function objectCell(e: CoreV1Event): string {
  const { kind = '', name = '' } = e.involvedObject
  return name === '' ? kind.toLowerCase() : `${kind.toLowerCase()}/${name}`
}

const firstSeen = (e: CoreV1Event, now: Date): string => timeSince(orLater(e.firstTimestamp, e.eventTime), now)
const lastSeen = (e: CoreV1Event, now: Date): string =>
  e.series?.lastObservedTime !== undefined
    ? timeSince(e.series.lastObservedTime, now)
    : timeSince(orLater(e.lastTimestamp, e.eventTime), now)
const countOf = (e: CoreV1Event): number => {
  const count = e.series?.count ?? e.count ?? 0
  return count === 0 ? 1 : count
}

export const coreEventColumns: Column<CoreV1Event>[] = [
  column('Last Seen', 'string', lastSeen),
  column('Type', 'string', (e) => e.type ?? ''),
  column('Reason', 'string', (e) => e.reason ?? ''),
  column('Object', 'string', objectCell),
  column('Subobject', 'string', (e) => e.involvedObject.fieldPath ?? '', { priority: 1 }),
  column('Source', 'string', sourceCell, { priority: 1 }),
  column('Message', 'string', (e) => (e.message ?? '').trim()),
  column('First Seen', 'string', firstSeen, { priority: 1 }),
  column('Count', 'string', countOf, { priority: 1 }),
  { ...nameColumn, priority: 1 },
]

export const newEventColumns: Column<EventsV1Event>[] = coreEventColumns.map(({ since: _since, ...c }) => ({
  ...c,
  cell: (e, now) => c.cell(toCoreEvent(e), now),
}))

/** Which field of one form holds what the other calls differently. */
const renamed: readonly (readonly [core: string, events: string])[] = [
  ['involvedObject', 'regarding'],
  ['message', 'note'],
  ['reportingComponent', 'reportingController'],
  ['source', 'deprecatedSource'],
  ['firstTimestamp', 'deprecatedFirstTimestamp'],
  ['lastTimestamp', 'deprecatedLastTimestamp'],
  ['count', 'deprecatedCount'],
]
const toEvents = new Map(renamed.map(([core, events]) => [core, events]))
const toCore = new Map(renamed.map(([core, events]) => [events, core]))

function rename(object: KubeObject, names: ReadonlyMap<string, string>, apiVersion: string): Record<string, unknown> {
  const out: Record<string, unknown> = {}
  for (const [field, value] of Object.entries(object)) out[names.get(field) ?? field] = value
  out['apiVersion'] = apiVersion
  return out
}

export function toCoreEvent(event: KubeObject): CoreV1Event {
  return rename(event, toCore, 'v1') as unknown as CoreV1Event
}

export function toNewEvent(event: KubeObject): EventsV1Event {
  return rename(event, toEvents, 'events.k8s.io/v1') as unknown as EventsV1Event
}
