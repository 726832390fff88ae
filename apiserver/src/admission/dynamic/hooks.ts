import type { KubeObject } from '@kapell/openapi/meta/object'
import type { Services } from '../../registry/services.ts'
import { compileConditions, type CompiledConditions } from './match-conditions.ts'
import { compileCriteria, type MatchCriteria } from './request-matcher.ts'
import type { WebhookShape } from './types.ts'

/** A webhook ready to be matched and called. */
export interface CompiledHook {
  /** Tells the webhooks of all configurations apart: configuration, place, name. */
  id: string
  webhook: WebhookShape
  criteria: MatchCriteria
  conditions: CompiledConditions
  failurePolicy: 'Fail' | 'Ignore'
  timeoutMs: number
}

interface Configuration extends KubeObject {
  webhooks?: WebhookShape[]
}

export function compileConfiguration(name: string, configuration: Configuration): CompiledHook[] {
  return (configuration.webhooks ?? []).map((webhook, i) => ({
    id: `${name}/${i}/${webhook.name}`,
    webhook,
    criteria: compileCriteria({ ...webhook, resourceRules: webhook.rules ?? [] }, { emptyMatches: false }),
    conditions: compileConditions(webhook.matchConditions ?? []),
    failurePolicy: webhook.failurePolicy === 'Ignore' ? 'Ignore' : 'Fail',
    timeoutMs: (webhook.timeoutSeconds ?? 10) * 1000,
  }))
}

const group = 'admissionregistration.k8s.io'

/** All webhooks of one kind of configuration, in order of the configurations' names, kept current. */
export class HookIndex {
  readonly #configurations = new Map<string, CompiledHook[]>()
  #hooks: readonly CompiledHook[] = []

  constructor(services: Services, plural: string) {
    const resource = { group, plural }
    // What is cached counts from the first request on; what follows comes as it is stored.
    for (const one of services.objects.list<Configuration>(resource)) this.#put(one.metadata?.name ?? '', one)
    services.objects.follow<Configuration>(resource, (name, one) => this.#put(name, one))
  }

  get hooks(): readonly CompiledHook[] {
    return this.#hooks
  }

  #put(name: string, configuration: Configuration | undefined): void {
    if (configuration === undefined) this.#configurations.delete(name)
    else this.#configurations.set(name, compileConfiguration(name, configuration))
    this.#hooks = [...this.#configurations].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)).flatMap(([, all]) => all)
  }
}

/** An index for each server in this process, made when it is first needed. */
export function hookIndexes(plural: string): (services: Services) => HookIndex {
  const indexes = new WeakMap<Services, HookIndex>()
  return (services) => {
    let index = indexes.get(services)
    if (index === undefined) indexes.set(services, (index = new HookIndex(services, plural)))
    return index
  }
}
