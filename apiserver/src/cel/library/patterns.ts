/** Regular expressions: RE2's syntax and linear time, whatever the pattern. */
import { RE2JS } from 're2js'
import { CelError } from '../runtime/errors.ts'
import { ArrayList, type ListValue } from '../values/collections.ts'
import { matchText } from './costs.ts'
import { declare } from './declare.ts'

const cached = new Map<string, RE2JS>()
const maxCached = 500

/** Compiled once; the cache forgets the oldest. */
export function pattern(text: string): RE2JS {
  let compiled = cached.get(text)
  if (compiled) return compiled
  try {
    compiled = RE2JS.compile(text)
  } catch (error) {
    throw new CelError(
      `error parsing regexp: ${error instanceof Error ? error.message.replace(/^error parsing regexp: /, '') : text}`,
    )
  }
  if (cached.size >= maxCached) {
    const oldest = cached.keys().next()
    if (!oldest.done) cached.delete(oldest.value)
  }
  cached.set(text, compiled)
  return compiled
}

export const matches = (text: string, regex: string): boolean => pattern(regex).matcher(text).find()

/** As upstream's own functions, which say so in their own words. */
function legal(regex: string): RE2JS {
  try {
    return pattern(regex)
  } catch (error) {
    throw error instanceof CelError ? new CelError(`Illegal regex: ${error.message}`) : error
  }
}

function find(text: string, regex: string): string {
  const matcher = legal(regex).matcher(text)
  return matcher.find() ? (matcher.group() ?? '') : ''
}

function findAll(text: string, regex: string, limit = -1n): ListValue {
  const matcher = legal(regex).matcher(text)
  const found: string[] = []
  while ((limit < 0n || BigInt(found.length) < limit) && matcher.find()) found.push(matcher.group() ?? '')
  return new ArrayList(found)
}

/** Source: the Kubernetes documentation, "Kubernetes regex library". */
export const regexLibrary = declare({
  'string.find(string): string': { call: find, cost: matchText, resultSize: ([text = 1]) => text },
  'string.findAll(string): list<string>': { call: findAll, cost: matchText, resultSize: ([text = 1]) => text },
  'string.findAll(string, int): list<string>': { call: findAll, cost: matchText, resultSize: ([text = 1]) => text },
})

/** Refuses a pattern before it runs: what the checker does with constant patterns. */
export function patternError(text: string): string | undefined {
  try {
    pattern(text)
    return undefined
  } catch (error) {
    return error instanceof Error ? error.message : 'error parsing regexp'
  }
}
