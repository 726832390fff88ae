import type { KubeObject, ObjectMeta } from '@kapell/openapi/meta/object'
import type { ResourceRef } from '@kapell/openapi/meta/resource-ref'
import { ApiError } from '@kapell/openapi/meta/status'
import { microTime } from '@kapell/openapi/meta/time'
import { BoundedMap } from './bounded-map.ts'
import type { ApiClient } from './client.ts'
import type { Clock } from './clock.ts'
import { eventName, referenceTo, type EventType, type ObjectReference } from './event-recorder.ts'
import { errorText, silentLogger, type Logger } from './log.ts'

export interface SeriesEvent {
  type: EventType
  reason: string
  /** What was being done: "Binding". */
  action: string
  note: string
  /** Another object that has to do with it. */
  related?: KubeObject
}

export interface SeriesRecorder {
  /** Tells the cluster's users what happened to `object`. Returns at once; what cannot be written is dropped. */
  event(object: KubeObject, event: SeriesEvent): void
  /** Once all events told so far are written or dropped. */
  flushed(): Promise<void>
}

export interface SeriesRecorderOptions {
  client: ApiClient
  /** "default-scheduler". */
  controller: string
  /** Of several processes of that controller, which. */
  instance: string
  clock: Clock
  log?: Logger
  /** Nothing more is written once it aborts. */
  signal: AbortSignal
}

interface WrittenEvent {
  apiVersion: string
  kind: string
  metadata: ObjectMeta & { name: string; namespace: string }
  eventTime: string
  reportingController: string
  reportingInstance: string
  action: string
  reason: string
  regarding: ObjectReference
  related?: ObjectReference
  note: string
  type: string
  series?: { count: number; lastObservedTime: string }
}

/** An event that was told, and how often since. */
interface Series {
  event: WrittenEvent
  created: Promise<void>
  count: number
  lastMs: number
  /** What the server knows. */
  written: number
}

const eventsRef: ResourceRef<WrittenEvent> = {
  group: 'events.k8s.io',
  version: 'v1',
  kind: 'Event',
  plural: 'events',
  namespaced: true,
}
/** More than this waiting: the newest are dropped, as the API server is not keeping up. */
const maxWaiting = 10_000
/** One at a time is kind to others' requests; where events come faster than that, several. */
const writers = { least: 1, most: 8, waitingForMost: 500 }
const maxSeries = 4096
/** Without another of its kind for so long a series has ended; only then, or once in a while, is its count written. */
const seriesEndsMs = 6 * 60_000
const maxTries = 12
const retryMs = 10_000

/**
 * Records events.k8s.io events: the second of a kind about the same state of the same object makes the first a series,
 * and the others are only counted. Source: "Kubernetes API", Event v1 events.k8s.io.
 */
export function createSeriesRecorder(options: SeriesRecorderOptions): SeriesRecorder {
  const { client, controller, instance, clock, log = silentLogger, signal } = options
  const series = new BoundedMap<string, Series>(maxSeries)
  const counting = new Set<string>()
  const waiting: (() => Promise<void>)[] = []
  const running = new Set<Promise<void>>()

  const attempt = async (write: () => Promise<unknown>): Promise<void> => {
    for (let tries = 1; !signal.aborted; tries++) {
      try {
        await write()
        return
      } catch (error) {
        const hopeless = error instanceof ApiError && error.code < 500 && error.code !== 429
        if (hopeless || tries >= maxTries) {
          log.debug(`an event is dropped: ${errorText(error)}`)
          return
        }
        await clock.sleep(retryMs, signal)
      }
    }
  }
  let writing = 0
  const drain = async (): Promise<void> => {
    writing++
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) await next()
    // At once: what is told before this promise is seen to be over needs another writer.
    writing--
  }
  const enqueue = (write: () => Promise<void>): void => {
    if (waiting.length >= maxWaiting) return
    waiting.push(write)
    if (writing >= (waiting.length > writers.waitingForMost ? writers.most : writers.least)) return
    const draining = drain()
    running.add(draining)
    void draining.finally(() => running.delete(draining))
  }
  const writeCount = (one: Series): void => {
    one.written = one.count
    const lastObservedTime = microTime(new Date(one.lastMs))
    const { name, namespace } = one.event.metadata
    const patch = { series: { count: one.count, lastObservedTime } }
    enqueue(async () => {
      await one.created
      await attempt(() => client.resource(eventsRef, namespace).patch(name, 'strategic', patch))
    })
  }
  const endSeries = (): void => {
    for (const key of counting) {
      const one = series.get(key)
      if (one !== undefined && one.count > one.written) writeCount(one)
      if (one !== undefined && clock.now().getTime() - one.lastMs < seriesEndsMs) continue
      counting.delete(key)
      series.delete(key)
    }
  }
  clock.every(seriesEndsMs, endSeries, signal)

  return {
    event: (object, { type, reason, action, note, related }) => {
      if (signal.aborted) return
      const regarding = referenceTo(object)
      const now = clock.now()
      const text = note.slice(0, 1024)
      const about = related === undefined ? undefined : referenceTo(related)
      const key = JSON.stringify([type, action, reason, regarding, about, text])
      const known = series.get(key)
      if (known !== undefined && now.getTime() - known.lastMs < seriesEndsMs) {
        known.count++
        known.lastMs = now.getTime()
        counting.add(key)
        if (known.count === 2) writeCount(known)
        return
      }
      const event: WrittenEvent = {
        apiVersion: 'events.k8s.io/v1',
        kind: 'Event',
        metadata: { name: eventName(regarding.name ?? '', now), namespace: regarding.namespace || 'default' },
        eventTime: microTime(now),
        reportingController: controller,
        reportingInstance: instance,
        action,
        reason,
        regarding,
        ...(about === undefined ? {} : { related: about }),
        note: text,
        type,
      }
      const { promise: created, resolve } = Promise.withResolvers<void>()
      series.set(key, { event, created, count: 1, lastMs: now.getTime(), written: 1 })
      enqueue(() =>
        attempt(() => client.resource(eventsRef, event.metadata.namespace).create(event)).finally(() => resolve()),
      )
    },
    flushed: async () => {
      while (running.size > 0) await Promise.all(running)
    },
  }
}
