import { pathText } from './problems.ts'

/** How many members all objects of a valid JSON text have, those included that JSON.parse drops as duplicates. */
export function countTextMembers(text: string): number {
  let count = 0
  let at = text.indexOf('"')
  while (at >= 0) {
    const end = endOfString(text, at)
    let next = end + 1
    let code = text.charCodeAt(next)
    while (code === 32 || code === 10 || code === 13 || code === 9) code = text.charCodeAt(++next)
    if (code === 58) count++
    at = text.indexOf('"', next)
  }
  return count
}

/** The index of the closing quote of the string that opens at `start`. */
function endOfString(text: string, start: number): number {
  let end = text.indexOf('"', start + 1)
  while (end >= 0) {
    let slashes = 0
    while (text.charCodeAt(end - 1 - slashes) === 92) slashes++
    if (slashes % 2 === 0) return end
    end = text.indexOf('"', end + 1)
  }
  return text.length
}

const maxProblems = 100

/**
 * What is wrong with the members of a valid JSON text, in document order: `duplicate field "data.a"` for those that
 * stand twice in one object, `unknown field "nope"` for those at one of the `unknown` paths. Each is told of once.
 * Walks the whole text: meant for texts that are known to have duplicates (see `countTextMembers`).
 */
export function memberProblems(text: string, unknown: readonly string[] = []): string[] {
  const unknownPaths = new Set(unknown)
  const found = new Set<string>()
  const path: (string | number)[] = []
  /** One entry a nesting level: the keys seen of an object, or the index in a list. */
  const levels: (Set<string> | number)[] = []
  for (let at = 0; at < text.length && found.size < maxProblems; at++) {
    const char = text[at]
    const level = levels.at(-1)
    if (char === '{' || char === '[') {
      levels.push(char === '{' ? new Set() : 0)
      path.push(char === '{' ? '' : 0)
    } else if (char === '}' || char === ']') {
      levels.pop()
      path.pop()
    } else if (char === ',' && typeof level === 'number') {
      levels[levels.length - 1] = level + 1
      path[path.length - 1] = level + 1
    } else if (char === '"') {
      const end = endOfString(text, at)
      if (level instanceof Set && /^\s*:/.test(text.slice(end + 1, end + 64))) {
        const key = JSON.parse(text.slice(at, end + 1)) as string
        path[path.length - 1] = key
        const place = pathText(path)
        if (level.has(key)) found.add(`duplicate field ${JSON.stringify(place)}`)
        else if (unknownPaths.has(place)) found.add(`unknown field ${JSON.stringify(place)}`)
        level.add(key)
      }
      at = end
    }
  }
  return [...found]
}
