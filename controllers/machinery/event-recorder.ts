import type { KubeObject } from '@kapell/openapi/meta/object'
import { ApiError } from '@kapell/openapi/meta/status'
import type { ResourceRef } from '@kapell/openapi/meta/resource-ref'
import type { ApiClient } from './client.ts'
import type { Clock } from './clock.ts'
import { createEventCorrelator, type RecordedEvent } from './event-correlator.ts'
import { errorText, silentLogger, type Logger } from './log.ts'

export type EventType = 'Normal' | 'Warning'

export interface ObjectReference {
  apiVersion?: string
  kind?: string
  namespace?: string
  name?: string
  uid?: string
  resourceVersion?: string
  fieldPath?: string
}

export interface EventRecorder {
  /** Tells the cluster's users what happened to `object`. Returns at once; what cannot be written is dropped. */
  event(object: KubeObject | { reference: ObjectReference }, type: EventType, reason: string, message: string): void
  /** Once all events told so far are written or dropped. */
  flushed(): Promise<void>
}

export interface EventRecorderOptions {
  client: ApiClient
  /** "deployment-controller". */
  component: string
  /** The node's name, for agents. */
  host?: string
  clock: Clock
  log?: Logger
  /** Nothing more is written once it aborts. */
  signal?: AbortSignal
}

const eventsRef: ResourceRef<RecordedEvent> = {
  group: '',
  version: 'v1',
  kind: 'Event',
  plural: 'events',
  namespaced: true,
}
/** More than this waiting: the newest are dropped, as the API server is not keeping up. */
const maxWaiting = 1000
const maxTries = 12
const retryMs = 10_000

/** Records core/v1 events: equal ones are counted in one object, floods are folded and then dropped. */
export function createEventRecorder(options: EventRecorderOptions): EventRecorder {
  const { client, clock, component, host = '', log = silentLogger, signal } = options
  const correlator = createEventCorrelator(clock)
  const waiting: RecordedEvent[] = []
  let running: Promise<void> | undefined

  const write = async (event: RecordedEvent): Promise<void> => {
    const result = correlator.correlate(event)
    if (result === undefined) return
    const resource = client.resource(eventsRef, event.metadata.namespace)
    for (let tries = 1; ; tries++) {
      try {
        const patchable = result.patch !== undefined
        let stored: RecordedEvent | undefined
        if (patchable) {
          try {
            stored = await resource.patch(result.event.metadata.name, 'strategic', result.patch)
          } catch (error) {
            // It has expired: begin a new one.
            if (!(error instanceof ApiError) || error.reason !== 'NotFound') throw error
          }
        }
        const { resourceVersion: _, ...metadata } = result.event.metadata
        stored ??= await resource.create({ ...result.event, metadata })
        correlator.stored(result.key, stored)
        return
      } catch (error) {
        const hopeless = error instanceof ApiError && error.code < 500 && error.code !== 429
        if (hopeless || tries >= maxTries) {
          log.debug(`event ${event.reason} dropped: ${errorText(error)}`)
          return
        }
        await clock.sleep(retryMs, signal)
        if (signal?.aborted === true) return
      }
    }
  }
  const drain = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) await write(next)
    running = undefined
  }

  return {
    event: (object, type, reason, message) => {
      if (waiting.length >= maxWaiting || signal?.aborted === true) return
      const involvedObject = 'reference' in object ? object.reference : referenceTo(object)
      const time = clock.now()
      const at = `${time.toISOString().slice(0, 19)}Z`
      waiting.push({
        apiVersion: 'v1',
        kind: 'Event',
        metadata: {
          name: eventName(involvedObject.name ?? '', time),
          namespace: involvedObject.namespace || 'default',
        },
        involvedObject,
        reason,
        message: message.slice(0, 1024),
        type,
        source: { component, ...(host === '' ? {} : { host }) },
        firstTimestamp: at,
        lastTimestamp: at,
        count: 1,
        reportingComponent: component,
        reportingInstance: host,
      })
      running ??= drain()
    },
    flushed: async () => {
      while (running !== undefined) await running
    },
  }
}

let sequence = 0

/** Unique: the time in hexadecimal nanoseconds, the last of them counted. */
export function eventName(about: string, time: Date): string {
  sequence = (sequence + 1) % 1_000_000
  const stamp = (BigInt(time.getTime()) * 1_000_000n + BigInt(sequence)).toString(16)
  return `${about.slice(0, 200)}.${stamp}`
}

export function referenceTo(object: KubeObject): ObjectReference {
  const { namespace, name, uid, resourceVersion } = object.metadata ?? {}
  return {
    ...(object.kind === undefined ? {} : { kind: object.kind }),
    ...(namespace === undefined ? {} : { namespace }),
    ...(name === undefined ? {} : { name }),
    ...(uid === undefined ? {} : { uid }),
    ...(object.apiVersion === undefined ? {} : { apiVersion: object.apiVersion }),
    ...(resourceVersion === undefined ? {} : { resourceVersion }),
  }
}
