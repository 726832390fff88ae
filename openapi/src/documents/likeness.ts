import { optionalVersions } from '../facts/optional-versions.ts'

/**
 * Where a definition of an optional version is a form of one that the fact tables know: the other's name for
 * "definition.property", step by step towards the stable version, itself first.
 */
export function namesAlike(at: string): string[] {
  const names = [at]
  for (let next = alike(at); next !== undefined; next = alike(next)) names.push(next)
  return names
}

function alike(at: string): string | undefined {
  const version = optionalVersions.find((one) => at.startsWith(`${one.package}.`))
  if (version?.like === undefined) return undefined
  const [definition = '', property] = at.slice(version.package.length + 1).split('.')
  const other = version.alias?.[`${definition}.${property ?? ''}`] ?? version.alias?.[definition] ?? definition
  return [version.like, other, ...(property === undefined ? [] : [property])].join('.')
}

/** The value of a table by "definition.property", there or where what it is like is. */
export const valueAlike = <V>(table: ReadonlyMap<string, V>, at: string): V | undefined =>
  namesAlike(at)
    .map((name) => table.get(name))
    .find((value) => value !== undefined)

export const isAlike = (table: ReadonlySet<string>, at: string): boolean =>
  namesAlike(at).some((name) => table.has(name))
