import type { ApiClient } from '@kapell/controllers/machinery/client'
import {
  adoptionPatch,
  claimObjects,
  controllerOf,
  controllerReference,
} from '@kapell/controllers/machinery/owner-refs'
import type { Lister } from '@kapell/controllers/machinery/store'
import type { Selector } from '@kapell/openapi/meta/labels'
import type { KubeObject } from '@kapell/openapi/meta/object'
import { controllerRevisions } from '@kapell/openapi/meta/refs'
import type { ResourceRef } from '@kapell/openapi/meta/resource-ref'
import { isReason } from '@kapell/openapi/meta/status'
import type { V1ControllerRevision, V1PodTemplateSpec } from '@kapell/openapi/types'
import { sameMeaning } from './equal.ts'
import { templateHash } from './template-hash.ts'

/**
 * The history of a template, kept in ControllerRevisions. Each holds a patch that sets the template:
 * `kubectl rollout undo` applies it. Source: concepts pages "StatefulSets" and "DaemonSet" on rolling back.
 */
export interface RevisionOwner extends KubeObject {
  spec?: { template?: V1PodTemplateSpec; revisionHistoryLimit?: number }
}

export const revisionHashLabel = 'controller-revision-hash'

export interface RevisionHistory {
  /** Oldest first; the last is that of the current template. */
  revisions: V1ControllerRevision[]
  update: V1ControllerRevision
  collisionCount: number
}

/** Index for the informer of revisions: by the uid of their owner, and orphans by namespace. */
export const revisionsByOwner = {
  owner: (revision: V1ControllerRevision) => [controllerOf(revision)?.uid ?? orphansOf(revision.metadata?.namespace)],
}

const orphansOf = (namespace = ''): string => `orphans/${namespace}`

interface Patch {
  spec?: { template?: V1PodTemplateSpec & { $patch?: string } }
}

/** What a revision holds, its keys in the original's order: clients compare the very bytes to find the current one. */
export function revisionData(template: V1PodTemplateSpec | undefined): Record<string, unknown> {
  return sorted({ spec: { template: { ...template, $patch: 'replace' } } }) as Record<string, unknown>
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).filter(([, one]) => one !== undefined)
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, one]) => [key, sorted(one)]))
}

/** The template that a revision holds. */
export function templateOf(revision: V1ControllerRevision): V1PodTemplateSpec {
  const { $patch: _, ...template } = (revision.data as Patch | undefined)?.spec?.template ?? {}
  return template
}

export interface SyncOptions<T extends RevisionOwner> {
  owner: T
  ref: ResourceRef<T>
  lister: Lister<V1ControllerRevision>
  client: ApiClient
  collisionCount: number
  /** Orphaned revisions that it matches are the owner's again. */
  selector: Selector
  /** The label that says which revision it is. */
  hashLabel: string
}

/** Finds or makes the revision of the owner's template, and makes it the newest. */
export async function syncRevisions<T extends RevisionOwner>(options: SyncOptions<T>): Promise<RevisionHistory> {
  const { owner, client } = options
  const { namespace } = owner.metadata ?? {}
  const resource = client.resource(controllerRevisions, namespace)
  const revisions = (await claimRevisions(options)).sort((a, b) => a.revision - b.revision)
  const next = (revisions.at(-1)?.revision ?? 0) + 1
  const same = revisions.filter((revision) => sameMeaning(templateOf(revision), owner.spec?.template))
  const latest = same.at(-1)
  if (latest !== undefined) {
    if (latest === revisions.at(-1)) return { revisions, update: latest, collisionCount: options.collisionCount }
    // Gone back to an earlier template: its revision becomes the newest.
    const update = await resource.update({ ...latest, revision: next })
    return {
      revisions: [...revisions.filter((revision) => revision !== latest), update],
      update,
      collisionCount: options.collisionCount,
    }
  }
  const { update, collisionCount } = await createRevision(options, next)
  return { revisions: [...revisions, update], update, collisionCount }
}

/** Its own revisions, and orphans of an owner that was deleted without them. */
function claimRevisions<T extends RevisionOwner>(options: SyncOptions<T>): Promise<V1ControllerRevision[]> {
  const { owner, ref, client, lister, selector } = options
  const { uid = '', name = '', namespace } = owner.metadata ?? {}
  const resource = client.resource(controllerRevisions, namespace)
  return claimObjects<V1ControllerRevision>({
    owner,
    objects: [...lister.byIndex('owner', uid), ...lister.byIndex('owner', orphansOf(namespace))],
    matches: (revision) => controllerOf(revision)?.uid === uid || selector.matches(revision.metadata?.labels),
    mayAdopt: async () => {
      const fresh = await client.resource(ref, namespace).get(name)
      return fresh.metadata?.uid === uid && fresh.metadata.deletionTimestamp === undefined
    },
    adopt: (revision) =>
      resource.patch(
        revision.metadata?.name ?? '',
        'strategic',
        adoptionPatch(revision, controllerReference(owner, ref)),
      ),
    release: () => Promise.resolve(),
  })
}

async function createRevision<T extends RevisionOwner>(
  { owner, ref, client, collisionCount: known, hashLabel }: SyncOptions<T>,
  revision: number,
): Promise<{ update: V1ControllerRevision; collisionCount: number }> {
  const { name = '', namespace, annotations } = owner.metadata ?? {}
  const resource = client.resource(controllerRevisions, namespace)
  for (let collisionCount = known; ; collisionCount++) {
    const hash = templateHash(owner.spec?.template, collisionCount)
    const wanted: V1ControllerRevision = {
      metadata: {
        name: `${name.slice(0, 223)}-${hash}`,
        ...(namespace === undefined ? {} : { namespace }),
        labels: { ...owner.spec?.template?.metadata?.labels, [hashLabel]: hash },
        ...(annotations === undefined ? {} : { annotations }),
        ownerReferences: [controllerReference(owner, ref)],
      },
      data: revisionData(owner.spec?.template),
      revision,
    }
    try {
      return { update: await resource.create(wanted), collisionCount }
    } catch (error) {
      if (!isReason(error, 'AlreadyExists')) throw error
      const existing = await resource.get(wanted.metadata?.name ?? '')
      if (
        controllerOf(existing)?.uid === owner.metadata?.uid &&
        sameMeaning(templateOf(existing), owner.spec?.template)
      )
        return { update: existing, collisionCount }
    }
  }
}

/** Deletes the oldest revisions beyond the limit, except those in use. */
export async function truncateRevisions(options: {
  owner: RevisionOwner
  revisions: readonly V1ControllerRevision[]
  inUse: (revision: V1ControllerRevision) => boolean
  client: ApiClient
}): Promise<void> {
  const { owner, revisions, inUse, client } = options
  const idle = revisions.filter((revision) => !inUse(revision))
  const extra = idle.length - (owner.spec?.revisionHistoryLimit ?? 10)
  for (const { metadata } of idle.slice(0, Math.max(extra, 0))) {
    try {
      await client.resource(controllerRevisions, metadata?.namespace).delete(metadata?.name ?? '')
    } catch (error) {
      if (!isReason(error, 'NotFound')) throw error
    }
  }
}
