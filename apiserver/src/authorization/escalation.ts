import type { V1PolicyRule } from '@kapell/openapi/types'
import type { UserInfo } from '../authentication/user.ts'
import { urlMatches } from './rules.ts'

/** Nobody may grant what they do not hold. Source: "Privilege escalation prevention and bootstrapping". */

const list = (values: readonly string[] | undefined): readonly string[] => values ?? []

/** One permission: a rule with one verb on one thing. */
interface Atom {
  verb: string
  group?: string
  resource?: string
  name?: string
  url?: string
}

function atomsOf(rule: V1PolicyRule): Atom[] {
  const atoms: Atom[] = []
  for (const verb of rule.verbs) {
    for (const url of list(rule.nonResourceURLs)) atoms.push({ verb, url })
    for (const group of list(rule.apiGroups)) {
      for (const resource of list(rule.resources)) {
        const names = list(rule.resourceNames)
        if (names.length === 0) atoms.push({ verb, group, resource })
        for (const name of names) atoms.push({ verb, group, resource, name })
      }
    }
  }
  return atoms
}

const within = (values: readonly string[] | undefined, value: string): boolean =>
  list(values).includes('*') || list(values).includes(value)

function resourceWithin(values: readonly string[] | undefined, resource: string): boolean {
  const slash = resource.indexOf('/')
  return within(values, resource) || (slash >= 0 && list(values).includes(`*${resource.slice(slash)}`))
}

function covers(rule: V1PolicyRule, atom: Atom): boolean {
  if (!within(rule.verbs, atom.verb)) return false
  if (atom.url !== undefined) {
    const url = atom.url
    return list(rule.nonResourceURLs).some((pattern) => urlMatches(pattern, url))
  }
  if (!within(rule.apiGroups, atom.group ?? '') || !resourceWithin(rule.resources, atom.resource ?? '')) return false
  const names = list(rule.resourceNames)
  return names.length === 0 || (atom.name !== undefined && names.includes(atom.name))
}

const quoted = (values: readonly string[]): string => `[${values.map((v) => JSON.stringify(v)).join(' ')}]`

/** `{APIGroups:[""], Resources:["secrets"], Verbs:["get" "list"]}`, one line for each thing, verbs together. */
function describe(atoms: readonly Atom[]): string[] {
  const byThing = new Map<string, string[]>()
  for (const { verb, group, resource, name, url } of atoms) {
    const parts =
      url === undefined
        ? [
            `APIGroups:${quoted([group ?? ''])}`,
            `Resources:${quoted([resource ?? ''])}`,
            ...(name === undefined ? [] : [`ResourceNames:${quoted([name])}`]),
          ]
        : [`NonResourceURLs:${quoted([url])}`]
    const thing = parts.join(', ')
    const verbs = byThing.get(thing)
    if (verbs === undefined) byThing.set(thing, [verb])
    else if (!verbs.includes(verb)) verbs.push(verb)
  }
  return [...byThing].map(([thing, verbs]) => `{${thing}, Verbs:${quoted(verbs.sort())}}`).sort()
}

/** Why this user may not hand out `wanted`, holding `held`; undefined when they may. */
export function escalation(
  user: UserInfo,
  held: readonly V1PolicyRule[],
  wanted: readonly V1PolicyRule[],
): string | undefined {
  const missing = wanted.flatMap(atomsOf).filter((atom) => !held.some((rule) => covers(rule, atom)))
  if (missing.length === 0) return undefined
  const who = `user ${JSON.stringify(user.username)} (groups=${quoted(user.groups)})`
  return `${who} is attempting to grant RBAC permissions not currently held:\n${describe(missing).join('\n')}`
}

/** The rules among `wanted` that `held` does not wholly cover. */
export function missingPermissions(held: readonly V1PolicyRule[], wanted: readonly V1PolicyRule[]): V1PolicyRule[] {
  return wanted.filter((rule) => !atomsOf(rule).every((atom) => held.some((have) => covers(have, atom))))
}
