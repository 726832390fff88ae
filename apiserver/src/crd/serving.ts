import { storagePrefixOf, type ResourceTable } from '../registry/resource-table.ts'
import type { WebhookCaller } from '../server/webhook-client.ts'
import { defineCustomResource, shownAs } from './define.ts'
import type { Crd } from './types.ts'

interface Served {
  /** What the definitions were made of: nothing changes while this does not. */
  made: string
  group: string
  plural: string
  prefix: string
  /** Per served version, how it shows objects, and what ends the watches that show them so. */
  versions: Map<string, { shown: string; retire: AbortController }>
}

export interface Serving {
  /** Serves the definition's versions as they are now; the versions whose being served may have changed. */
  serve(crd: Crd): string[]
  /** Serves it no more: watches end, the cache is dropped. Undefined when it was not served. */
  stop(name: string): { group: string; versions: string[] } | undefined
}

/** Puts custom resources into the table of what is served, and takes them out. Each change is seen whole or not at all. */
export function createServing(options: { table: ResourceTable; callWebhook: WebhookCaller }): Serving {
  const { table } = options
  const served = new Map<string, Served>()

  const takeOut = (known: Served): void => {
    for (const version of known.versions.keys()) {
      const found = table.find(known.group, version, known.plural)
      if (found?.type === 'stored' && found.definition.custom !== undefined) {
        table.remove({ group: known.group, version, plural: known.plural })
      }
    }
  }

  return {
    serve(crd) {
      const name = crd.metadata?.name ?? ''
      const before = served.get(name)
      const isLeaving = crd.metadata?.deletionTimestamp !== undefined
      const made = JSON.stringify([crd.spec, crd.status?.acceptedNames, isLeaving, crd.metadata?.uid])
      if (before?.made === made) return [...before.versions.keys()]
      const versions: Served['versions'] = new Map()
      for (const version of crd.spec.versions.filter((one) => one.served)) {
        const shown = shownAs(crd, version)
        const old = before?.versions.get(version.name)
        versions.set(version.name, old?.shown === shown ? old : { shown, retire: new AbortController() })
      }
      const definitions = defineCustomResource(crd, {
        callWebhook: options.callWebhook,
        retired: (version) => versions.get(version)?.retire.signal ?? new AbortController().signal,
      })
      if (before !== undefined) takeOut(before)
      // What is built in comes first; a definition may name it, but does not get it.
      const free = definitions.filter(
        ({ definition: one }) => table.find(one.group, one.version, one.plural) === undefined,
      )
      table.addAll(free, { custom: true })
      const { group, names } = crd.spec
      const prefix = storagePrefixOf({ group, plural: names.plural, storagePrefix: `${group}/${names.plural}` })
      served.set(name, { made, group, plural: names.plural, prefix, versions })
      for (const [version, old] of before?.versions ?? []) {
        if (versions.get(version) !== old) old.retire.abort()
      }
      return [...new Set([...(before?.versions.keys() ?? []), ...versions.keys()])]
    },
    stop(name) {
      const known = served.get(name)
      if (known === undefined) return undefined
      served.delete(name)
      takeOut(known)
      table.dropStore(known.prefix)
      for (const { retire } of known.versions.values()) retire.abort()
      return { group: known.group, versions: [...known.versions.keys()] }
    },
  }
}
