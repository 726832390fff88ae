import type { Clock } from '@kapell/controllers/machinery/clock'
import type { Lister } from '@kapell/controllers/machinery/store'
import type { V1EndpointSlice } from '@kapell/openapi/types'

/** After this long a slice that never showed is taken for gone again. */
const expiryMs = 30_000

/** Remembers what was written until the cache shows it: deciding before would write it twice. */
export interface SliceTracker {
  written(serviceKey: string, slice: V1EndpointSlice): void
  deleted(serviceKey: string, sliceName: string): void
  /** True while the cache is behind. */
  isStale(serviceKey: string, namespace: string): boolean
  forget(serviceKey: string): void
}

export function createSliceTracker(slices: Lister<V1EndpointSlice>, clock: Clock): SliceTracker {
  const expected = new Map<string, Map<string, { generation: number | 'gone'; sinceMs: number }>>()
  const note = (key: string, name: string, generation: number | 'gone'): void => {
    let entries = expected.get(key)
    if (entries === undefined) expected.set(key, (entries = new Map()))
    entries.set(name, { generation, sinceMs: clock.now().getTime() })
  }
  return {
    written: (key, slice) => note(key, slice.metadata?.name ?? '', slice.metadata?.generation ?? 0),
    deleted: (key, name) => note(key, name, 'gone'),
    isStale: (key, namespace) => {
      const entries = expected.get(key)
      if (entries === undefined) return false
      for (const [name, { generation, sinceMs }] of entries) {
        const cached = slices.get(`${namespace}/${name}`)
        const shown = generation === 'gone' ? cached === undefined : (cached?.metadata?.generation ?? -1) >= generation
        if (shown || clock.now().getTime() - sinceMs > expiryMs) entries.delete(name)
      }
      if (entries.size === 0) expected.delete(key)
      return entries.size > 0
    },
    forget: (key) => void expected.delete(key),
  }
}
