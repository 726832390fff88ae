import type { KubeObject, WatchEvent } from '@kapell/openapi/meta/object'
import { expired } from '@kapell/openapi/meta/status'
import type { ListOptions, ResourceClient, WatchOptions } from '../client.ts'

/** A resource whose server is played by the test: it sets the state, emits events, cuts watches, refuses. */
export interface ScriptedResource<T extends KubeObject> extends Pick<ResourceClient<T>, 'list' | 'watch'> {
  readonly lists: ListOptions[]
  readonly watches: WatchOptions[]
  /** What the next lists answer. */
  setState(items: T[], resourceVersion: string): void
  /** Sends to the open watch. */
  emit(event: WatchEvent<T>): void
  /** Ends the open watch as a server does. */
  close(): void
  /** Ends the open watch with an error, or refuses the next one. */
  fail(error: unknown): void
  /** Throws from the next list. */
  failList(error: unknown): void
  readonly watching: boolean
}

export function scriptedResource<T extends KubeObject>(): ScriptedResource<T> {
  let state: { items: T[]; resourceVersion: string } = { items: [], resourceVersion: '1' }
  let open: { push: (next: WatchEvent<T> | 'end' | { error: unknown }) => void } | undefined
  const refusals: unknown[] = []
  const listRefusals: unknown[] = []
  const lists: ListOptions[] = []
  const watches: WatchOptions[] = []
  return {
    lists,
    watches,
    get watching() {
      return open !== undefined
    },
    setState: (items, resourceVersion) => {
      state = { items, resourceVersion }
    },
    emit: (event) => open?.push(event),
    close: () => open?.push('end'),
    fail: (error) => (open === undefined ? void refusals.push(error) : open.push({ error })),
    failList: (error) => void listRefusals.push(error),
    list: (options = {}) => {
      lists.push(options)
      if (listRefusals.length > 0) return Promise.reject(listRefusals.shift() as Error)
      return Promise.resolve({
        metadata: { resourceVersion: state.resourceVersion },
        items: structuredClone(state.items),
      })
    },
    watch: async function* (options = {}) {
      watches.push(options)
      if (refusals.length > 0) throw refusals.shift()
      const queue: (WatchEvent<T> | 'end' | { error: unknown })[] = []
      let wake = (): void => {}
      const mine = {
        push: (next: WatchEvent<T> | 'end' | { error: unknown }): void => {
          queue.push(next)
          wake()
        },
      }
      open = mine
      options.signal?.addEventListener('abort', () => mine.push('end'), { once: true })
      try {
        for (;;) {
          const next = queue.shift()
          if (next === undefined) await new Promise<void>((resolve) => (wake = resolve))
          else if (next === 'end') return
          else if ('error' in next) throw next.error
          else yield next
        }
      } finally {
        if (open === mine) open = undefined
      }
    },
  }
}

export const goneError = (): Error => expired('too old resource version: 1 (5)')
