import type { KubeObject } from '@kapell/openapi/meta/object'
import { alreadyExists, conflict, notFound } from '@kapell/openapi/meta/status'
import type { StrategyContext } from '../../registry/definition.ts'
import type { ObjectAccess, ResourceName, ServerConfig, Services } from '../../registry/services.ts'

/** Services over a map, for tables of decisions: no store, no cache, no lag. */

export const testNow = new Date('2026-01-02T03:04:05Z')

const config: ServerConfig = {
  serviceClusterIpRanges: ['10.96.0.0/24'],
  serviceNodePortRange: { from: 30_000, to: 30_009 },
  gitVersion: 'v1.36.3+kapell.0',
  eventTtlSeconds: 3600,
  clusterDomain: 'cluster.local',
}

interface At {
  namespace?: string
  name: string
}

export class FakeObjects implements ObjectAccess {
  readonly #objects = new Map<string, KubeObject>()
  readonly #followers: { prefix: string; apply: (key: string, object: KubeObject | undefined) => void }[] = []

  put(resource: ResourceName, ...objects: KubeObject[]): this {
    for (const object of objects) this.#set(resource, atOf(object), object)
    return this
  }
  get<T extends KubeObject>(resource: ResourceName, at: At): T | undefined {
    return this.#objects.get(keyOf(resource, at)) as T | undefined
  }
  getLatest<T extends KubeObject>(resource: ResourceName, at: At): Promise<T | undefined> {
    return Promise.resolve(this.get<T>(resource, at))
  }
  list<T extends KubeObject>(resource: ResourceName, at: { namespace?: string } = {}): T[] {
    const prefix = prefixOf(resource)
    return [...this.#objects]
      .filter(([key]) => key.startsWith(prefix))
      .map(([, object]) => object as T)
      .filter((object) => at.namespace === undefined || object.metadata?.namespace === at.namespace)
  }
  follow<T extends KubeObject>(resource: ResourceName, apply: (key: string, object: T | undefined) => void): void {
    this.#followers.push({
      prefix: prefixOf(resource),
      apply: apply as (key: string, object: KubeObject | undefined) => void,
    })
  }
  create<T extends KubeObject>(resource: ResourceName, object: T, options: { dryRun?: boolean } = {}): Promise<T> {
    const at = atOf(object)
    if (this.get(resource, at) !== undefined) return Promise.reject(alreadyExists(resource, at.name))
    const copy = structuredClone(object)
    if (options.dryRun !== true) this.#set(resource, at, copy)
    return Promise.resolve(copy)
  }
  update<T extends KubeObject>(
    resource: ResourceName,
    at: At & { subresource?: string },
    change: (object: T) => void,
    options: { dryRun?: boolean; raw?: boolean; uid?: string } = {},
  ): Promise<T> {
    const found = this.get<T>(resource, at)
    if (found === undefined) return Promise.reject(notFound(resource, at.name))
    if (options.uid !== undefined && options.uid !== found.metadata?.uid) {
      return Promise.reject(conflict(resource, at.name, 'another object'))
    }
    const copy = structuredClone(found)
    try {
      change(copy)
    } catch (error) {
      return Promise.reject(error instanceof Error ? error : new Error(String(error)))
    }
    if (options.dryRun !== true) this.#set(resource, at, copy)
    return Promise.resolve(copy)
  }
  delete(resource: ResourceName, at: At): Promise<void> {
    if (this.get(resource, at) === undefined) return Promise.reject(notFound(resource, at.name))
    this.#set(resource, at, undefined)
    return Promise.resolve()
  }
  #set(resource: ResourceName, at: At, object: KubeObject | undefined): void {
    const key = keyOf(resource, at)
    if (object === undefined) this.#objects.delete(key)
    else this.#objects.set(key, object)
    const name = at.namespace === undefined ? at.name : `${at.namespace}/${at.name}`
    for (const { prefix, apply } of this.#followers) if (key.startsWith(prefix)) apply(name, object)
  }
}

const prefixOf = (resource: ResourceName): string => `${resource.group} ${resource.plural} `
const keyOf = (resource: ResourceName, at: At): string => `${prefixOf(resource)}${at.namespace ?? ''}/${at.name}`

function atOf(object: KubeObject): At {
  const { namespace, name = '' } = object.metadata ?? {}
  return { name, ...(namespace === undefined ? {} : { namespace }) }
}

export function fakeServices(objects: FakeObjects = new FakeObjects(), more: Partial<ServerConfig> = {}): Services {
  return {
    objects,
    authorize: () => Promise.resolve({ allowed: false, reason: '' }),
    tokens: {
      issuer: 'https://kubernetes.default.svc.cluster.local',
      defaultAudiences: ['https://kubernetes.default.svc.cluster.local'],
      issue: ({ expirationSeconds }) =>
        Promise.resolve({
          token: 'a.b.c',
          expirationTimestamp: new Date(testNow.getTime() + expirationSeconds * 1000).toISOString(),
        }),
      review: () => Promise.resolve({ error: 'invalid bearer token' }),
    },
    config: { ...config, ...more },
    webhooks: {
      call: () => Promise.reject(new Error('nobody listens')),
      equivalents: () => [],
      ofKind: () => undefined,
    },
  }
}

export function fakeContext(services: Services = fakeServices(), dryRun = false): StrategyContext {
  return { user: { username: 'bob', groups: ['system:authenticated'] }, now: testNow, dryRun, services }
}
