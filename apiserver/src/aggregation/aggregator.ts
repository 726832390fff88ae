import type { V1APIService, V1EndpointSlice, V1Service } from '@kapell/openapi/types'
import { isReason } from '@kapell/openapi/meta/status'
import type { KeyPair } from '../certificates/issue.ts'
import type { MetricsRegistry } from '../metrics/metrics.ts'
import type { RequestContext } from '../pipeline/context.ts'
import type { Handler } from '../pipeline/pipeline.ts'
import { decodePart } from '../pipeline/request-info.ts'
import { trackUpdate } from '../registry/managed-fields.ts'
import type { ResourceTable } from '../registry/resource-table.ts'
import type { ObjectAccess } from '../registry/services.ts'
import type { Answer } from '../server/answer.ts'
import type { ServerLogger } from '../server/log.ts'
import { createAvailabilityMetrics } from './availability-metrics.ts'
import { judge, localVerdict, withVerdict, type Verdict } from './availability.ts'
import { backingOf, endpointSlices, locate, serviceLabel, services, type Place } from './locate.ts'
import { proxyRequest, proxyUpgrade, unavailable } from './proxy.ts'
import { createRemoteClient } from './remote-client.ts'
import { discoverRemote } from './remote-discovery.ts'
import { fetchDocuments, type RemoteDocuments } from './remote-documents.ts'
import type { RemoteGroups, RemoteVersion } from './remote-groups.ts'
import { remoteOf, type RemoteService } from './remote-service.ts'

export interface AggregatorOptions {
  table: ResourceTable
  objects: ObjectAccess
  /** How this server shows itself to those behind it. */
  identity: KeyPair
  metrics: MetricsRegistry
  now: () => Date
  log: ServerLogger
  closing: AbortSignal
}

/** The groups that other API servers answer for, in this one's name. Source: "Kubernetes API Aggregation Layer". */
export interface Aggregator extends RemoteGroups {
  /** Follows the APIServices; resolves when those there are at the start are known, though not yet asked. */
  start(): Promise<void>
  /** Passes on what belongs to another server; everything else goes to `next`. */
  around(next: Handler): Handler
  /** The documents of the remote servers, by the name of the OpenAPI 3 document ("apis/GROUP/VERSION"). */
  documents(): ReadonlyMap<string, RemoteDocuments>
  close(): void
}

const apiServices = { group: 'apiregistration.k8s.io', plural: 'apiservices' }
/** How often one that is well is asked whether it still is. */
const recheckMs = 30_000
const firstRetryMs = 500
/** Descriptions are asked for again even when nothing seems to have changed. */
const refreshMs = 60_000
/** Whom the conditions are put down to. */
const manager = 'kube-apiserver'

interface Known {
  remote: RemoteService
  available: boolean
  failures: number
  timer: NodeJS.Timeout | undefined
  isChecking: boolean
  isDirty: boolean
  resources: unknown[] | undefined
  documents: RemoteDocuments | undefined
  describedAtMs: number
}

export function createAggregator(options: AggregatorOptions): Aggregator {
  const { objects, table, log, closing } = options
  const client = createRemoteClient(options.identity)
  const known = new Map<string, Known>()
  /** By "group/version": what every request is looked up in. */
  let byVersion = new Map<string, Known>()
  let generation = 0
  let followsBackings = false
  const countUnavailable = createAvailabilityMetrics(options.metrics, () => objects.list<V1APIService>(apiServices))

  const reindex = (): void => {
    byVersion = new Map([...known.values()].map((one) => [`${one.remote.group}/${one.remote.version}`, one]))
    generation++
  }

  function check(entry: Known): void {
    clearTimeout(entry.timer)
    entry.timer = undefined
    if (closing.aborted) return
    entry.isDirty = true
    if (!entry.isChecking) void work(entry)
  }
  async function work(entry: Known): Promise<void> {
    entry.isChecking = true
    while (entry.isDirty && isCurrent(entry)) {
      entry.isDirty = false
      try {
        await settle(entry)
      } catch (error) {
        entry.failures++
        if (!closing.aborted) {
          log.warn('an APIService could not be brought up to date', { name: entry.remote.name, error: String(error) })
        }
      }
    }
    entry.isChecking = false
    if (!isCurrent(entry)) return
    const wait = entry.failures === 0 ? recheckMs : Math.min(recheckMs, firstRetryMs * 2 ** (entry.failures - 1))
    entry.timer = setTimeout(() => check(entry), wait)
    entry.timer.unref()
  }
  const isCurrent = (entry: Known): boolean => !closing.aborted && known.get(entry.remote.name) === entry

  async function settle(entry: Known): Promise<void> {
    const { remote } = entry
    const located = locate(remote, backingOf(objects, remote))
    const verdict = await judge(remote, located, client)
    if (!isCurrent(entry)) return
    const isWell = verdict.status === 'True'
    entry.failures = isWell ? 0 : entry.failures + 1
    const isChanged = entry.available !== isWell
    if (!isWell) countUnavailable(remote.name, verdict.reason)
    entry.available = isWell
    if (!isWell && (entry.resources !== undefined || isChanged)) {
      entry.resources = undefined
      generation++
    }
    if (isWell && 'places' in located) {
      const place = located.places[0]
      const isDue = entry.resources === undefined || performance.now() - entry.describedAtMs >= refreshMs
      if (place !== undefined && (isDue || isChanged)) await describe(entry, place)
    }
    // Said last: who waits for the condition finds the group in discovery.
    await tell(remote.name, verdict)
  }

  async function describe(entry: Known, place: Place): Promise<void> {
    const { remote } = entry
    const [resources, documents] = await Promise.allSettled([
      discoverRemote(remote, place, client),
      fetchDocuments(remote, place, client),
    ])
    if (!isCurrent(entry)) return
    entry.describedAtMs = performance.now()
    if (resources.status === 'fulfilled') entry.resources = resources.value
    if (documents.status === 'fulfilled') entry.documents = documents.value
    generation++
  }

  async function tell(name: string, verdict: Verdict): Promise<void> {
    const resource = table.named(apiServices)
    const stored = objects.get<V1APIService>(apiServices, { name })
    if (resource?.type !== 'stored' || stored === undefined) return
    if (withVerdict(stored, verdict, options.now()) === undefined) return
    try {
      await objects.update<V1APIService>(
        apiServices,
        { name },
        (object) => {
          const live = structuredClone(object)
          const conditions = withVerdict(object, verdict, options.now())
          if (conditions === undefined) return
          object.status = { ...object.status, conditions }
          trackUpdate({ live, object, resource, manager, now: options.now(), subresource: 'status' })
        },
        { raw: true },
      )
    } catch (error) {
      if (!isReason(error, 'NotFound')) throw error
    }
  }

  function put(name: string, object: V1APIService | undefined): void {
    const old = known.get(name)
    const remote = object === undefined ? undefined : remoteOf(object)
    if (remote !== undefined && old !== undefined && JSON.stringify(remote) === JSON.stringify(old.remote)) return
    if (old !== undefined) {
      clearTimeout(old.timer)
      client.forget(name)
      known.delete(name)
      reindex()
    }
    if (remote === undefined) {
      if (object !== undefined && withVerdict(object, localVerdict, options.now()) !== undefined) {
        tell(name, localVerdict).catch((error: unknown) =>
          log.warn('an APIService could not be brought up to date', { name, error: String(error) }),
        )
      }
      return
    }
    const entry: Known = {
      remote,
      available: false,
      failures: 0,
      timer: undefined,
      isChecking: false,
      isDirty: false,
      resources: undefined,
      documents: undefined,
      describedAtMs: 0,
    }
    known.set(name, entry)
    reindex()
    followBackings()
    check(entry)
  }

  /** Services and their endpoints are of interest only once something is aggregated. */
  function followBackings(): void {
    if (followsBackings) return
    followsBackings = true
    const wake = (namespace: string, name: string): void => {
      for (const entry of known.values()) {
        const { service } = entry.remote
        if (service.namespace === namespace && service.name === name) check(entry)
      }
    }
    const placeOf = (key: string): [string, string] => {
      const at = key.indexOf('/')
      return [key.slice(0, at), key.slice(at + 1)]
    }
    const owners = new Map<string, string>()
    objects.follow<V1Service>(services, (key) => wake(...placeOf(key)))
    objects.follow<V1EndpointSlice>(endpointSlices, (key, slice) => {
      const [namespace] = placeOf(key)
      const owner = slice?.metadata?.labels?.[serviceLabel] ?? owners.get(key)
      if (owner === undefined) return
      if (slice === undefined) owners.delete(key)
      else owners.set(key, owner)
      wake(namespace, owner)
    })
  }

  /** Which server a path belongs to: of a group's version, or of its OpenAPI document. */
  function find(path: string): Known | undefined {
    const isDocument = path.startsWith('/openapi/v3/apis/')
    if (!isDocument && !path.startsWith('/apis/')) return undefined
    const start = isDocument ? '/openapi/v3/apis/'.length : '/apis/'.length
    const [group = '', version = ''] = path.slice(start).split('/', 2)
    const entry = byVersion.get(`${decodePart(group)}/${decodePart(version)}`)
    return isDocument && entry?.documents?.v3 === undefined ? undefined : entry
  }

  function passOn(context: RequestContext, { remote, available }: Known): Promise<Answer> {
    const located = available ? locate(remote, backingOf(objects, remote)) : undefined
    if (located === undefined || !('places' in located)) return Promise.resolve(unavailable())
    const place = located.places[Math.floor(Math.random() * located.places.length)]
    if (place === undefined) return Promise.resolve(unavailable())
    const target = { remote, place, client }
    return context.upgrade ? proxyUpgrade(context, target) : proxyRequest(context, target)
  }

  return {
    get generation() {
      return generation
    },
    list: (): RemoteVersion[] =>
      [...known.values()].map(({ remote, resources }) => ({
        group: remote.group,
        version: remote.version,
        groupPriority: remote.groupPriority,
        versionPriority: remote.versionPriority,
        resources,
      })),
    documents: () =>
      new Map(
        [...known.values()].flatMap(({ remote, documents }) =>
          documents === undefined ? [] : [[`apis/${remote.group}/${remote.version}`, documents] as const],
        ),
      ),
    start() {
      for (const object of objects.list<V1APIService>(apiServices)) put(object.metadata?.name ?? '', object)
      objects.follow<V1APIService>(apiServices, put)
      return Promise.resolve()
    },
    around: (next) => (context) => {
      if (byVersion.size === 0) return next(context)
      const entry = find(context.path)
      return entry === undefined ? next(context) : passOn(context, entry)
    },
    close: () => {
      for (const { timer } of known.values()) clearTimeout(timer)
      client.close()
    },
  }
}
