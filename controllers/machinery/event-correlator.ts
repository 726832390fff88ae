import type { ObjectMeta } from '@kapell/openapi/meta/object'
import { BoundedMap } from './bounded-map.ts'
import type { Clock } from './clock.ts'
import type { ObjectReference } from './event-recorder.ts'
import { createTokenBucket, type TokenBucket } from './rate-limiter.ts'

/** The parts of a core/v1 Event that recorders fill. */
export interface RecordedEvent {
  apiVersion: 'v1'
  kind: 'Event'
  metadata: ObjectMeta & { name: string; namespace: string }
  involvedObject: ObjectReference
  reason: string
  message: string
  type: string
  source: { component?: string; host?: string }
  firstTimestamp: string
  lastTimestamp: string
  count: number
  reportingComponent: string
  reportingInstance: string
}

/** Source of the numbers: client-go's event correlator. */
const cacheSize = 4096
const spamBurst = 25
const spamPerSecond = 1 / 300
const similarLimit = 10
const similarWindowMs = 10 * 60_000
const combinedPrefix = '(combined from similar events): '

export interface Correlated {
  /** For {@link EventCorrelator.stored}. */
  key: string
  event: RecordedEvent
  /** Set when an earlier event is to be counted up instead of a new one made. */
  patch?: object
}

export interface EventCorrelator {
  /** What to write for `event`; undefined when its source floods. */
  correlate(event: RecordedEvent): Correlated | undefined
  /** Remembers what the server made of it, so that the next of its kind counts it up. */
  stored(key: string, event: RecordedEvent): void
}

/**
 * Three steps: a source may tell 25 events about one object at once and one every five minutes after; more than ten
 * different messages of one reason within ten minutes become one; equal events are counted in one object.
 */
export function createEventCorrelator(clock: Clock): EventCorrelator {
  const buckets = new BoundedMap<string, TokenBucket>(cacheSize)
  const similar = new BoundedMap<string, { messages: Set<string>; lastMs: number }>(cacheSize)
  const counted = new BoundedMap<string, RecordedEvent>(cacheSize)

  const combine = (event: RecordedEvent): { event: RecordedEvent; key: string } => {
    const group = groupKey(event)
    const nowMs = clock.now().getTime()
    let record = similar.get(group)
    if (record === undefined || nowMs - record.lastMs > similarWindowMs) record = { messages: new Set(), lastMs: nowMs }
    record.lastMs = nowMs
    // Bounded: past the limit the messages themselves no longer matter.
    if (record.messages.size < similarLimit + 1) record.messages.add(event.message)
    similar.set(group, record)
    if (record.messages.size < similarLimit) return { event, key: `${group} ${event.message}` }
    // As the original's: who reports is told by the source alone.
    const merged = { ...event, message: combinedPrefix + event.message, reportingComponent: '', reportingInstance: '' }
    return { event: merged, key: group }
  }

  return {
    correlate: (given) => {
      const combined = combine(given)
      const source = spamKey(given)
      let bucket = buckets.get(source)
      if (bucket === undefined)
        buckets.set(source, (bucket = createTokenBucket({ clock, perSecond: spamPerSecond, burst: spamBurst })))
      if (!bucket.tryTake()) return undefined
      const { event, key } = combined
      const before = counted.get(key)
      if (before === undefined) return { key, event }
      const next: RecordedEvent = {
        ...event,
        metadata: before.metadata,
        firstTimestamp: before.firstTimestamp,
        count: before.count + 1,
      }
      return {
        key,
        event: next,
        patch: { message: next.message, count: next.count, lastTimestamp: next.lastTimestamp },
      }
    },
    stored: (key, event) => counted.set(key, event),
  }
}

function spamKey({ source, involvedObject: o }: RecordedEvent): string {
  return JSON.stringify([source, o.kind, o.namespace, o.name, o.uid, o.apiVersion])
}

function groupKey(event: RecordedEvent): string {
  const { source, involvedObject: o, type, reason } = event
  return JSON.stringify([source, o.kind, o.namespace, o.name, o.uid, o.apiVersion, o.fieldPath, type, reason])
}
