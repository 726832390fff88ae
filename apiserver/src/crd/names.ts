import type { Crd, CrdNames } from './types.ts'

/** Names and kinds that a definition may not take. */
export interface TakenNames {
  /** Plurals, singulars and short names. */
  names: ReadonlySet<string>
  /** Kinds and kinds of lists. */
  kinds: ReadonlySet<string>
}

export interface AcceptedNames {
  accepted: Partial<CrdNames>
  /** The last of the clashes, in the order of the names. */
  clash?: { reason: string; message: string }
}

/** What the other definitions of a group have been granted. */
export function namesTaken(others: readonly Crd[]): TakenNames {
  const names = new Set<string>()
  const kinds = new Set<string>()
  const add = (to: Set<string>, text: string | undefined): void => {
    if (text !== undefined && text !== '') to.add(text)
  }
  for (const { status } of others) {
    const { acceptedNames } = status ?? {}
    add(names, acceptedNames?.plural)
    add(names, acceptedNames?.singular)
    for (const short of acceptedNames?.shortNames ?? []) names.add(short)
    add(kinds, acceptedNames?.kind)
    add(kinds, acceptedNames?.listKind)
  }
  return { names, kinds }
}

/** Which names a definition gets: those that nobody else has. What clashes stays as it was accepted before. */
export function acceptNames(crd: Crd, taken: TakenNames): AcceptedNames {
  const { names } = crd.spec
  const before = crd.status?.acceptedNames ?? {}
  const accepted: Partial<CrdNames> = {}
  let clash: AcceptedNames['clash']
  const isFree = (text: string, among: ReadonlySet<string>, reason: string): boolean => {
    if (!among.has(text)) return true
    clash = { reason, message: `${JSON.stringify(text)} is already in use` }
    return false
  }
  const one = (
    field: 'plural' | 'singular' | 'kind' | 'listKind',
    among: ReadonlySet<string>,
    reason: string,
  ): void => {
    const wanted = names[field]
    const isGranted = wanted === undefined || wanted === '' || isFree(wanted, among, reason)
    const value = isGranted ? wanted : before[field]
    if (value !== undefined && value !== '') accepted[field] = value
    else if (field === 'plural' || field === 'kind') accepted[field] = ''
  }
  one('plural', taken.names, 'PluralConflict')
  one('singular', taken.names, 'SingularConflict')
  const wanted = names.shortNames ?? []
  const free = wanted.filter((text) => isFree(text, taken.names, 'ShortNamesConflict'))
  const shortNames = free.length === wanted.length ? wanted : (before.shortNames ?? [])
  if (shortNames.length > 0) accepted.shortNames = shortNames
  one('kind', taken.kinds, 'KindConflict')
  one('listKind', taken.kinds, 'ListKindConflict')
  if ((names.categories?.length ?? 0) > 0) accepted.categories = names.categories ?? []
  return clash === undefined ? { accepted } : { accepted, clash }
}
