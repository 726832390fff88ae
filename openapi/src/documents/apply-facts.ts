import { enumValues, itemEnumValues } from '../facts/enums.ts'
import { kinds, sharedKindGroupVersions, sharedKinds } from '../facts/kinds.ts'
import { atomicLists, atomicStructs, mapLists, mapTypes, setLists } from '../facts/lists-and-maps.ts'
import { patchRules } from '../facts/patches.ts'
import { unions } from '../facts/unions.ts'
import { parseApiVersion } from '../meta/object.ts'
import type { Definitions, Schema } from './definition.ts'
import { namesIn, valuesIn } from './fact-tables.ts'

/** Adds to the definitions what our tables know. Throws when a table names what does not exist. */
export function applyFacts(definitions: Definitions): void {
  const struct = (name: string): Schema => {
    const found = definitions[name]
    if (found === undefined) throw new Error(`a fact table names ${name}, which does not exist`)
    return found
  }
  const property = (at: string): Schema => {
    const dot = at.lastIndexOf('.')
    const found = struct(at.slice(0, dot)).properties?.[at.slice(dot + 1)]
    if (found === undefined) throw new Error(`a fact table names ${at}, which does not exist`)
    return found
  }
  for (const at of namesIn(atomicLists)) property(at)['x-kubernetes-list-type'] = 'atomic'
  for (const at of namesIn(setLists)) property(at)['x-kubernetes-list-type'] = 'set'
  for (const [at, keys] of valuesIn(mapLists)) {
    property(at)['x-kubernetes-list-type'] = 'map'
    property(at)['x-kubernetes-list-map-keys'] = keys.split(' ')
  }
  for (const [at, type] of valuesIn(mapTypes)) property(at)['x-kubernetes-map-type'] = type
  for (const name of namesIn(atomicStructs)) struct(name)['x-kubernetes-map-type'] = 'atomic'
  for (const [at, rule] of valuesIn(patchRules)) {
    const [strategy = '', key] = rule.split(' ')
    if (strategy !== '') property(at)['x-kubernetes-patch-strategy'] = strategy
    if (key !== undefined) property(at)['x-kubernetes-patch-merge-key'] = key
  }
  for (const [at, values] of valuesIn(enumValues)) property(at).enum = values.split('|')
  for (const [at, values] of valuesIn(itemEnumValues)) {
    const leaf = property(at).items ?? property(at).additionalProperties
    if (leaf !== undefined) leaf.enum = values.split('|')
  }
  for (const [name, list] of Object.entries(unions)) {
    struct(name)['x-kubernetes-unions'] = list.map(({ discriminator, members }) => ({
      ...(discriminator === '' ? {} : { discriminator }),
      'fields-to-discriminateBy': members,
    }))
  }
  for (const { package: pkg, group, version, kinds: list } of kinds) {
    for (const kind of list.trim().split(/\s+/)) {
      struct(`${pkg}.${kind}`)['x-kubernetes-group-version-kind'] = [{ group, kind, version }]
    }
  }
  for (const name of sharedKinds) {
    const kind = name.slice(name.lastIndexOf('.') + 1)
    struct(name)['x-kubernetes-group-version-kind'] = sharedKindGroupVersions
      .trim()
      .split(/\s+/)
      .map((text) => {
        const { group, version } = parseApiVersion(text)
        return { group, kind, version }
      })
  }
}
