import type { KubeObject } from '@kapell/openapi/meta/object'
import { isReason } from '@kapell/openapi/meta/status'
import { rfc3339 } from '@kapell/openapi/meta/time'
import { deepEqual } from '../registry/deep-equal.ts'
import type { ObjectAccess } from '../registry/services.ts'
import { storagePrefixOf, type ResourceTable } from '../registry/resource-table.ts'
import type { ServerLogger } from '../server/log.ts'
import { defineCustomResource } from './define.ts'
import { cleanupFinalizer, conditionIs, crds, type Crd, type CrdCondition, type CrdNames } from './types.ts'

export interface CustomResourcesOptions {
  table: ResourceTable
  objects: ObjectAccess
  now: () => Date
  log: ServerLogger
}

export interface CustomResources {
  /** Serves every definition there is; then follows what comes. */
  start(): Promise<void>
}

interface Served {
  group: string
  plural: string
  versions: string[]
  prefix: string
}

const retryAfterMs = 1000

/**
 * Makes custom resources of their definitions: accepts names, serves versions, and takes everything away again when a
 * definition is deleted. One definition is worked on at a time; whatever fails is tried again.
 */
export function createCustomResources(options: CustomResourcesOptions): CustomResources {
  const { table, objects, log } = options
  const served = new Map<string, Served>()
  const working = new Map<string, Promise<void>>()

  const enqueue = (name: string): void => {
    const before = working.get(name) ?? Promise.resolve()
    const next = before
      .then(() => reconcile(name))
      .catch((error: unknown) => {
        log.warn('a custom resource definition could not be brought up to date', { name, error: String(error) })
        setTimeout(() => enqueue(name), retryAfterMs).unref()
      })
    working.set(name, next)
    void next.then(() => {
      if (working.get(name) === next) working.delete(name)
    })
  }

  const stopServing = (name: string, stores: boolean): void => {
    const known = served.get(name)
    if (known === undefined) return
    for (const version of known.versions) table.remove({ group: known.group, version, plural: known.plural })
    if (stores) table.dropStore(known.prefix)
    served.delete(name)
  }

  const serve = (crd: Crd): void => {
    const name = crd.metadata?.name ?? ''
    const definitions = defineCustomResource(crd)
    stopServing(name, false)
    const [first] = definitions
    if (first?.type !== 'stored') return
    table.addAll(definitions, { custom: true })
    served.set(name, {
      group: crd.spec.group,
      plural: first.definition.plural,
      versions: definitions.map((one) => one.definition.version),
      prefix: storagePrefixOf(first.definition),
    })
  }

  async function reconcile(name: string): Promise<void> {
    const crd = await objects.getLatest<Crd>(crds, { name })
    if (crd === undefined) {
      stopServing(name, true)
      return
    }
    if (crd.metadata?.deletionTimestamp !== undefined) {
      await takeDown(name, crd)
      return
    }
    const wanted = settledStatus(crd, acceptNames(crd), options.now())
    if (wanted !== undefined) {
      await objects.update<Crd>(
        crds,
        { name },
        (stored) => {
          stored.status = wanted(stored)
        },
        { raw: true },
      )
      const fresh = await objects.getLatest<Crd>(crds, { name })
      if (fresh !== undefined && conditionIs(fresh, 'Established', 'True')) serve(fresh)
      return
    }
    if (conditionIs(crd, 'Established', 'True')) serve(crd)
  }

  /** The names of the definition that no other resource of its group has; the last clash, if there is one. */
  function acceptNames(crd: Crd): { accepted: Partial<CrdNames>; clash?: { reason: string; message: string } } {
    const { group, names } = crd.spec
    const own = served.get(crd.metadata?.name ?? '')
    const others = table.all().filter((one) => one.group === group && one.plural !== own?.plural)
    const taken = {
      names: new Set(
        others.flatMap(({ plural, definition, kind }) => [
          plural,
          definition.singular ?? kind.toLowerCase(),
          ...(definition.shortNames ?? []),
        ]),
      ),
      kinds: new Set(others.flatMap(({ kind, listKind }) => [kind, listKind])),
    }
    const accepted: Partial<CrdNames> = { plural: '', kind: '' }
    let clash: { reason: string; message: string } | undefined
    const fits = (text: string, among: ReadonlySet<string>, reason: string): boolean => {
      if (!among.has(text)) return true
      clash = { reason, message: `${JSON.stringify(text)} is already in use` }
      return false
    }
    if (fits(names.plural, taken.names, 'PluralConflict')) accepted.plural = names.plural
    if (names.singular !== undefined && fits(names.singular, taken.names, 'SingularConflict'))
      accepted.singular = names.singular
    const shortNames = (names.shortNames ?? []).filter((text) => fits(text, taken.names, 'ShortNamesConflict'))
    if (shortNames.length > 0) accepted.shortNames = shortNames
    if (fits(names.kind, taken.kinds, 'KindConflict')) accepted.kind = names.kind
    if (names.listKind !== undefined && fits(names.listKind, taken.kinds, 'ListKindConflict'))
      accepted.listKind = names.listKind
    if (names.categories !== undefined) accepted.categories = names.categories
    return clash === undefined ? { accepted } : { accepted, clash }
  }

  /** Deletes every object of a kind; rejects while finalizers keep some. */
  async function removeAll(name: { group: string; plural: string }): Promise<void> {
    const resource = table.named(name)
    if (resource?.type !== 'stored') return
    const { store } = resource
    const newest = async (): Promise<KubeObject[]> => {
      await store.cache().waitFor(await store.storage.revision())
      return objects.list(name)
    }
    const gone = async ({ metadata }: KubeObject): Promise<void> => {
      try {
        await objects.delete(name, { name: metadata?.name ?? '', namespace: metadata?.namespace ?? '' })
      } catch (error) {
        if (!isReason(error, 'NotFound')) throw error
      }
    }
    await Promise.all((await newest()).map(gone))
    const left = (await newest()).length
    if (left > 0) throw new Error(`${left} objects are still being deleted`)
  }

  async function takeDown(name: string, crd: Crd): Promise<void> {
    if (!(crd.metadata?.finalizers ?? []).includes(cleanupFinalizer)) return
    const known = served.get(name)
    if (known !== undefined) await removeAll({ group: known.group, plural: known.plural })
    stopServing(name, true)
    await objects.update<Crd>(
      crds,
      { name },
      (stored) => {
        const metadata = (stored.metadata ??= {})
        metadata.finalizers = (metadata.finalizers ?? []).filter((one) => one !== cleanupFinalizer)
      },
      { raw: true },
    )
  }

  return {
    async start() {
      for (const crd of objects.list<Crd>(crds)) await reconcile(crd.metadata?.name ?? '')
      objects.follow<Crd>(crds, (name) => enqueue(name))
    },
  }
}

/** How the status has to change, or undefined when it says already what is. */
function settledStatus(
  crd: Crd,
  names: { accepted: Partial<CrdNames>; clash?: { reason: string; message: string } },
  now: Date,
): ((stored: Crd) => NonNullable<Crd['status']>) | undefined {
  const { accepted, clash } = names
  const storage = crd.spec.versions.find((version) => version.storage)?.name ?? ''
  const same = deepEqual(crd.status?.acceptedNames, accepted)
  const known = crd.status?.storedVersions?.includes(storage) ?? false
  const told = conditionIs(crd, 'NamesAccepted', clash === undefined ? 'True' : 'False')
  const established =
    conditionIs(crd, 'Established', 'True') || (clash !== undefined && conditionIs(crd, 'Established', 'False'))
  if (same && known && told && established) return undefined
  return (stored) => {
    const before = stored.status?.conditions ?? []
    const make = (type: string, status: string, reason: string, message: string): CrdCondition => {
      const old = before.find((one) => one.type === type && one.status === status)
      return { type, status, lastTransitionTime: old?.lastTransitionTime ?? rfc3339(now), reason, message }
    }
    const good = clash === undefined || conditionIs(stored, 'Established', 'True')
    return {
      ...stored.status,
      conditions: [
        ...before.filter((one) => one.type !== 'NamesAccepted' && one.type !== 'Established'),
        clash === undefined
          ? make('NamesAccepted', 'True', 'NoConflicts', 'no conflicts found')
          : make('NamesAccepted', 'False', clash.reason, clash.message),
        good
          ? make('Established', 'True', 'InitialNamesAccepted', 'the initial names have been accepted')
          : make('Established', 'False', 'NotAccepted', 'not all names are accepted'),
      ],
      acceptedNames: accepted,
      storedVersions: [...new Set([...(stored.status?.storedVersions ?? []), storage])],
    }
  }
}
