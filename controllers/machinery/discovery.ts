import type { ResourceRef } from '@kapell/openapi/meta/resource-ref'
import type { ApiClient } from './client.ts'
import type { Clock } from './clock.ts'
import { errorText } from './log.ts'

/** A kind the server serves, in its preferred version, with what can be done to it. */
export interface DiscoveredResource extends ResourceRef {
  verbs: readonly string[]
}

export interface Discovered {
  resources: DiscoveredResource[]
  /** Groups that did not answer: an aggregated server that is down, say. */
  failures: { groupVersion: string; message: string }[]
}

interface ResourceListBody {
  resources?: { name: string; kind: string; namespaced: boolean; verbs: string[]; group?: string; version?: string }[]
}
interface GroupListBody {
  groups?: {
    name: string
    versions: { version: string }[]
    preferredVersion?: { version: string }
  }[]
}

/** Everything served now, each kind once. Throws when the server does not answer at all. */
export async function discover(client: ApiClient, signal?: AbortSignal): Promise<Discovered> {
  const options = signal === undefined ? {} : { signal }
  const groups = ((await client.raw('GET', '/apis', undefined, options)) as GroupListBody).groups ?? []
  const wanted: { group: string; version: string }[] = [{ group: '', version: 'v1' }]
  for (const { name, versions, preferredVersion } of groups) {
    const first = preferredVersion?.version ?? versions[0]?.version
    // Kinds that only another version has follow after the preferred one.
    const order = [...new Set([...(first === undefined ? [] : [first]), ...versions.map(({ version }) => version)])]
    wanted.push(...order.map((version) => ({ group: name, version })))
  }
  const found = new Map<string, DiscoveredResource>()
  const failures: Discovered['failures'] = []
  const answers = await Promise.all(
    wanted.map(async ({ group, version }) => {
      const path = group === '' ? `/api/${version}` : `/apis/${group}/${version}`
      try {
        return (await client.raw('GET', path, undefined, options)) as ResourceListBody
      } catch (error) {
        failures.push({ groupVersion: group === '' ? version : `${group}/${version}`, message: errorText(error) })
        return {}
      }
    }),
  )
  for (const [i, { resources = [] }] of answers.entries()) {
    const { group, version } = wanted[i]!
    for (const { name, kind, namespaced, verbs } of resources) {
      const id = `${name}.${group}`
      if (name.includes('/') || found.has(id)) continue
      found.set(id, { group, version, kind, plural: name, namespaced, verbs })
    }
  }
  return { resources: [...found.values()], failures }
}

export const can = (resource: DiscoveredResource, ...verbs: string[]): boolean =>
  verbs.every((verb) => resource.verbs.includes(verb))

/** Discovery that is at most `ttlMs` old: for those that ask often and can wait for a new kind. */
export function cachedDiscovery(options: {
  client: ApiClient
  clock: Clock
  signal?: AbortSignal
  ttlMs?: number
}): () => Promise<Discovered> {
  const { client, clock, signal, ttlMs = 60_000 } = options
  let known: { atMs: number; found: Promise<Discovered> } | undefined
  return () => {
    const nowMs = clock.now().getTime()
    if (known === undefined || nowMs - known.atMs > ttlMs) {
      const fresh = { atMs: nowMs, found: discover(client, signal) }
      known = fresh
      fresh.found.catch(() => {
        if (known === fresh) known = undefined
      })
    }
    return known.found
  }
}
