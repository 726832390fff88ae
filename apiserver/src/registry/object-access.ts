import type { KubeObject } from '@kapell/openapi/meta/object'
import { internalError } from '@kapell/openapi/meta/status'
import type { UserInfo } from '../authentication/user.ts'
import { createObject } from './create.ts'
import { readCurrent } from './current.ts'
import { deleteObject } from './delete.ts'
import { createFollow } from './follow.ts'
import { trackUpdate } from './managed-fields.ts'
import { keyOf, keyPrefixOf } from './object-key.ts'
import type { ResourceTable, StoredResource } from './resource-table.ts'
import type { ObjectAccess, ResourceName, Services } from './services.ts'
import type { ServerLogger } from '../server/log.ts'
import { updateObject } from './update.ts'
import type { WriteScope } from './write-scope.ts'

const self: UserInfo = { username: 'system:apiserver', groups: ['system:masters', 'system:authenticated'] }

/** The server's own way to its objects: reads from the caches, writes through the strategies, no admission. */
export function createObjectAccess(options: {
  table: ResourceTable
  now: () => Date
  services: () => Services
  closing: AbortSignal
  log: ServerLogger
}): ObjectAccess {
  const find = (name: ResourceName): StoredResource => {
    const found = findServed(name)
    if (found === undefined) throw internalError(`${name.plural}.${name.group} is not a stored resource`)
    return found
  }
  const findServed = (name: ResourceName): StoredResource | undefined => {
    const found = options.table.named(name)
    return found?.type === 'stored' ? found : undefined
  }
  const served = (resource: StoredResource, object: KubeObject): KubeObject =>
    resource.definition.conversion?.fromStored(object) ?? object
  const scopeOf = (
    resource: StoredResource,
    at: { namespace?: string; name: string; subresource?: string },
    dryRun: boolean | undefined,
  ): WriteScope => ({
    resource,
    namespace: resource.namespaced ? (at.namespace ?? '') : '',
    name: at.name,
    subresource: at.subresource ?? '',
    user: self,
    now: options.now(),
    dryRun: dryRun ?? false,
    services: options.services(),
    options: {},
    warn: () => {},
  })
  const follow = createFollow({ find: findServed, served, closing: options.closing, log: options.log })
  return {
    follow,
    get<T extends KubeObject>(name: ResourceName, at: { namespace?: string; name: string }): T | undefined {
      const resource = find(name)
      const key = keyOf(resource.store, { namespace: at.namespace ?? '', name: at.name })
      const found = resource.store.cache().get(key)
      return found === undefined ? undefined : (served(resource, found.object) as T)
    },
    async getLatest<T extends KubeObject>(name: ResourceName, at: { namespace?: string; name: string }) {
      const current = await readCurrent(find(name), { namespace: at.namespace ?? '', name: at.name })
      return current?.object as T | undefined
    },
    list<T extends KubeObject>(name: ResourceName, at: { namespace?: string } = {}): T[] {
      const resource = find(name)
      const items: T[] = []
      const prefix = keyPrefixOf(resource.store, at.namespace ?? '')
      for (const entry of resource.store.cache().snapshot().entries(prefix))
        items.push(served(resource, entry.object) as T)
      return items
    },
    async create<T extends KubeObject>(name: ResourceName, object: T, more?: { dryRun?: boolean }) {
      const scope = scopeOf(find(name), { ...object.metadata, name: object.metadata?.name ?? '' }, more?.dryRun)
      const copy = structuredClone(object)
      scope.resource.definition.default?.(copy)
      return (await createObject(scope, copy)).object as T
    },
    async update<T extends KubeObject>(
      name: ResourceName,
      at: { namespace?: string; name: string; subresource?: string },
      change: (object: T) => void,
      more?: { dryRun?: boolean; raw?: boolean; uid?: string; manager?: string },
    ) {
      const scope = scopeOf(find(name), at, more?.dryRun)
      const outcome = await updateObject(scope, {
        next: (live, copy) => {
          const object = copy()
          change(object as KubeObject as T)
          const { resource, now, subresource } = scope
          if (more?.manager !== undefined)
            trackUpdate({ live, object, resource, manager: more.manager, now, subresource })
          return object
        },
        patch: true,
        ...(more?.raw === undefined ? {} : { raw: more.raw }),
        ...(more?.uid === undefined ? {} : { uid: more.uid }),
      })
      return outcome.object as T
    },
    async delete(name, at, more) {
      await deleteObject(scopeOf(find(name), at, more?.dryRun), more ?? {})
    },
  }
}
