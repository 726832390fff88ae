import type { KubeObject, WatchEvent } from '@kapell/openapi/meta/object'
import { ApiError } from '@kapell/openapi/meta/status'
import { createBackoff } from './backoff.ts'
import type { ResourceClient } from './client.ts'
import type { Clock } from './clock.ts'
import { errorText, type Logger } from './log.ts'

/** Where a reflector puts what it sees. Calls come in the order of the server's events. */
export interface ReflectorSink<T extends KubeObject> {
  /** The whole state: what is not in it is gone. */
  replace(objects: T[]): void
  change(type: 'ADDED' | 'MODIFIED' | 'DELETED', object: T): void
}

export interface ReflectorOptions<T extends KubeObject> {
  /** For messages: "pods". */
  name: string
  resource: Pick<ResourceClient<T>, 'list' | 'watch'>
  sink: ReflectorSink<T>
  clock: Clock
  log: Logger
  signal: AbortSignal
  labelSelector?: string
  fieldSelector?: string
  /** Get the first state through the watch itself, where the server can; falls back to lists where it cannot. */
  streamingList?: boolean
  /** Objects a page of a list. */
  pageSize?: number
  random?: () => number
}

/** Source of the numbers: client-go's reflector as its documentation and behaviour show them. */
const firstBackoffMs = 800
const maxBackoffMs = 30_000
const minWatchSeconds = 5 * 60
/** A watch whose server fell silent past its own timeout is dead: cut it and resume. */
const watchGraceMs = 30_000
const initialEventsEnd = 'k8s.io/initial-events-end'

/**
 * Keeps `sink` equal to the server's state until `signal` aborts: list, then watch with bookmarks; resumes a broken
 * watch from the last version seen, lists again when that version is gone, backs off with jitter. Never rejects.
 */
export async function runReflector<T extends KubeObject>(options: ReflectorOptions<T>): Promise<void> {
  const { signal, clock, log, name } = options
  const random = options.random ?? Math.random
  const backoff = createBackoff({ firstMs: firstBackoffMs, maxMs: maxBackoffMs, random })
  const state: State = { version: '', streaming: options.streamingList ?? true, exact: false }

  while (!signal.aborted) {
    const startedMs = clock.now().getTime()
    try {
      const seen = await step(options, state, random)
      // A server that ends every watch at once must not be asked in a tight loop.
      if (seen || clock.now().getTime() - startedMs >= 1000) {
        backoff.reset()
        continue
      }
    } catch (error) {
      if (signal.aborted) return
      if (isGone(error)) {
        log.debug(`${name}: version ${state.version} is gone, listing again`)
        state.exact = state.version === ''
        state.version = ''
      } else log.warn(`${name}: ${errorText(error)}; trying again`)
    }
    await clock.sleep(backoff.next(), signal)
  }
}

interface State {
  /** The last resourceVersion seen; '' asks for the state anew. */
  version: string
  streaming: boolean
  /** A list from the cache was refused: ask for the latest instead. */
  exact: boolean
}

function isGone(error: unknown): boolean {
  return error instanceof ApiError && (error.code === 410 || error.reason === 'Expired' || error.reason === 'Gone')
}

/** A server that does not know streaming lists refuses them as a bad request. */
function refusesStreaming(error: unknown): boolean {
  return error instanceof ApiError && [400, 404, 405, 406, 415, 422].includes(error.code)
}

/** One list when the state is unknown, then one watch to its end. True when the watch brought anything. */
async function step<T extends KubeObject>(
  options: ReflectorOptions<T>,
  state: State,
  random: () => number,
): Promise<boolean> {
  if (state.version === '' && state.streaming) {
    try {
      return await watchOnce(options, state, random, true)
    } catch (error) {
      if (!refusesStreaming(error)) throw error
      state.streaming = false
    }
  }
  if (state.version === '') await listAll(options, state)
  return watchOnce(options, state, random, false)
}

function selectors(options: { labelSelector?: string; fieldSelector?: string }): {
  labelSelector?: string
  fieldSelector?: string
} {
  return {
    ...(options.labelSelector === undefined ? {} : { labelSelector: options.labelSelector }),
    ...(options.fieldSelector === undefined ? {} : { fieldSelector: options.fieldSelector }),
  }
}

async function listAll<T extends KubeObject>(options: ReflectorOptions<T>, state: State): Promise<void> {
  const { resource, signal } = options
  const objects: T[] = []
  let next: string | undefined
  let version = ''
  do {
    const page = await resource.list({
      ...selectors(options),
      signal,
      // Any state of the server's cache will do to start from; the watch brings it up to date.
      ...(next === undefined ? (state.exact ? {} : { resourceVersion: '0' }) : { continue: next }),
      ...(state.exact ? { limit: options.pageSize ?? 500 } : {}),
    })
    for (const item of page.items) objects.push(item)
    version = page.metadata?.resourceVersion ?? ''
    next = page.metadata?.continue === '' ? undefined : page.metadata?.continue
  } while (next !== undefined)
  if (signal.aborted) return
  options.sink.replace(objects)
  state.version = version
}

async function watchOnce<T extends KubeObject>(
  options: ReflectorOptions<T>,
  state: State,
  random: () => number,
  initial: boolean,
): Promise<boolean> {
  const { resource, sink, signal, clock } = options
  const timeoutSeconds = Math.floor(minWatchSeconds * (1 + random()))
  const stop = new AbortController()
  const abort = (): void => stop.abort()
  signal.addEventListener('abort', abort, { once: true })
  const cancelDeadline = clock.after(timeoutSeconds * 1000 + watchGraceMs, abort)
  let collected: T[] | undefined = initial ? [] : undefined
  let seen = false
  try {
    const events = resource.watch({
      ...selectors(options),
      allowWatchBookmarks: true,
      timeoutSeconds,
      signal: stop.signal,
      ...(initial ? { sendInitialEvents: true } : { resourceVersion: state.version }),
    })
    for await (const event of events) {
      if (signal.aborted) return seen
      seen = true
      if (collected !== undefined) {
        if (!isInitialEnd(event)) {
          if (event.type !== 'BOOKMARK') collected.push(event.object)
          continue
        }
        sink.replace(collected)
        collected = undefined
      } else if (event.type !== 'BOOKMARK' && event.type !== 'ERROR') sink.change(event.type, event.object)
      state.version = event.object.metadata?.resourceVersion ?? state.version
    }
    return seen && collected === undefined
  } catch (error) {
    // Our own deadline: an ended watch like any other.
    if (stop.signal.aborted && !signal.aborted) return seen
    throw error
  } finally {
    cancelDeadline()
    signal.removeEventListener('abort', abort)
  }
}

function isInitialEnd(event: WatchEvent): boolean {
  return event.type === 'BOOKMARK' && event.object.metadata?.annotations?.[initialEventsEnd] === 'true'
}
