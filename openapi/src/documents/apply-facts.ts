import { enumValues, itemEnumValues } from '../facts/enums.ts'
import { kinds, sharedKindGroupVersions, sharedKinds } from '../facts/kinds.ts'
import { atomicLists, atomicStructs, mapLists, mapTypes, setLists } from '../facts/lists-and-maps.ts'
import { optionalVersions, type OptionalVersion } from '../facts/optional-versions.ts'
import { patchRules } from '../facts/patches.ts'
import { unions } from '../facts/unions.ts'
import { parseApiVersion } from '../meta/object.ts'
import type { Definitions, Schema } from './definition.ts'
import { namesIn, valuesIn } from './fact-tables.ts'
import { namesAlike } from './likeness.ts'

/** The kinds of optional versions: every resource has one, and a list of them. */
const optionalKinds = optionalVersions.map(({ package: pkg, group, version, definitions, resources }) => {
  const names = new Set(definitions.trim().split(/\s+/))
  const own = [...resources.matchAll(/^\s*\w+ (\w+)/gm)].map(([, kind = '']) => kind)
  return {
    package: pkg,
    group,
    version,
    kinds: own
      .flatMap((kind) => [kind, `${kind}List`])
      .filter((k) => names.has(k))
      .join(' '),
  }
})

/** What a definition is like has the same markers, but for those that the table excepts. */
function takeMarkersOver(
  { package: pkg, definitions: names, unlike = '' }: OptionalVersion,
  definitions: Definitions,
): void {
  const excepted = namesIn({ [pkg]: unlike })
  const markersOf = ({ enum: values, ...schema }: Schema): Partial<Schema> => ({
    ...Object.fromEntries(Object.entries(schema).filter(([key]) => key.startsWith('x-kubernetes-'))),
    ...(values === undefined ? {} : { enum: values }),
  })
  for (const name of namesIn({ [pkg]: names })) {
    const definition = definitions[name]
    const [, other = ''] = namesAlike(name)
    if (definition === undefined || definitions[other] === undefined) continue
    if (!excepted.has(name)) Object.assign(definition, markersOf(definitions[other]))
    for (const [field, schema] of Object.entries(definition.properties ?? {})) {
      const at = `${name}.${field}`
      const [, otherField = ''] = namesAlike(at)
      const dot = otherField.lastIndexOf('.')
      const found = definitions[otherField.slice(0, dot)]?.properties?.[otherField.slice(dot + 1)]
      if (found === undefined || excepted.has(at)) continue
      Object.assign(schema, markersOf(found))
      if (schema.items !== undefined && found.items !== undefined) Object.assign(schema.items, markersOf(found.items))
    }
  }
}

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
  for (const version of optionalVersions) takeMarkersOver(version, definitions)
  for (const { package: pkg, group, version, kinds: list } of [...kinds, ...optionalKinds]) {
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
