import type { KubeObject } from '@kapell/openapi/meta/object'
import { isReason } from '@kapell/openapi/meta/status'
import { rfc3339 } from '@kapell/openapi/meta/time'
import type { ObjectAccess } from '../registry/services.ts'
import { storagePrefixOf, type ResourceTable } from '../registry/resource-table.ts'
import type { ServerLogger } from '../server/log.ts'
import { defineCustomResource } from './define.ts'
import { cleanupFinalizer, conditionIs, crds, type Crd, type CrdCondition } from './types.ts'

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
    const conflict = nameConflict(crd)
    const wanted = settledStatus(crd, conflict, options.now())
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

  /** Another resource of the group that has this one's plural or kind. */
  function nameConflict(crd: Crd): string | undefined {
    const { group, names } = crd.spec
    const own = served.get(crd.metadata?.name ?? '')
    for (const resource of table.all()) {
      if (resource.group !== group || resource.plural === own?.plural) continue
      if (resource.plural === names.plural) return `${JSON.stringify(names.plural)} is already in use`
      if (resource.kind === names.kind) return `${JSON.stringify(names.kind)} is already in use`
    }
    return undefined
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
  conflict: string | undefined,
  now: Date,
): ((stored: Crd) => NonNullable<Crd['status']>) | undefined {
  const accepted = JSON.stringify(crd.status?.acceptedNames) === JSON.stringify(crd.spec.names)
  const storage = crd.spec.versions.find((version) => version.storage)?.name ?? ''
  const known = crd.status?.storedVersions?.includes(storage) ?? false
  const settled =
    conflict === undefined ? conditionIs(crd, 'NamesAccepted', 'True') : conditionIs(crd, 'NamesAccepted', 'False')
  const established = conflict !== undefined || conditionIs(crd, 'Established', 'True')
  if ((accepted || conflict !== undefined) && known && settled && established) return undefined
  return (stored) => {
    const conditions = (stored.status?.conditions ?? []).filter(
      (one) => one.type !== 'NamesAccepted' && one.type !== 'Established',
    )
    const make = (type: string, status: string, reason: string, message: string): CrdCondition => {
      const before = stored.status?.conditions?.find((one) => one.type === type && one.status === status)
      return { type, status, lastTransitionTime: before?.lastTransitionTime ?? rfc3339(now), reason, message }
    }
    const wasEstablished = conditionIs(stored, 'Established', 'True')
    conditions.push(
      conflict === undefined
        ? make('NamesAccepted', 'True', 'NoConflicts', 'no conflicts found')
        : make('NamesAccepted', 'False', 'NameConflict', conflict),
      conflict === undefined || wasEstablished
        ? make('Established', 'True', 'InitialNamesAccepted', 'the initial names have been accepted')
        : make('Established', 'False', 'NotAccepted', 'not all names are accepted'),
    )
    return {
      ...stored.status,
      conditions,
      acceptedNames:
        conflict === undefined ? stored.spec.names : (stored.status?.acceptedNames ?? { plural: '', kind: '' }),
      storedVersions: [...new Set([...(stored.status?.storedVersions ?? []), storage])],
    }
  }
}
