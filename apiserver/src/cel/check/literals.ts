/** Constant arguments that no run could ever take: bad patterns, durations and timestamps are told at once. */
import { patternError } from '../library/patterns.ts'
import { children, type Call, type Expr } from '../syntax/ast.ts'
import type { Issue } from '../syntax/issues.ts'
import { parseDuration, parseTimestamp } from '../values/time.ts'

const throws = (parse: (text: string) => unknown, text: string): boolean => {
  try {
    parse(text)
    return false
  } catch {
    return true
  }
}

const tests: Readonly<Record<string, (text: string) => boolean>> = {
  matches: (text) => patternError(text) !== undefined,
  duration: (text) => throws(parseDuration, text),
  timestamp: (text) => throws(parseTimestamp, text),
}

function callIssue(call: Call): Issue | undefined {
  const isBad = Object.hasOwn(tests, call.fn) ? tests[call.fn] : undefined
  const arg = call.args[call.args.length - 1]
  if (!isBad || arg?.kind !== 'literal' || typeof arg.value !== 'string' || !isBad(arg.value)) return undefined
  return { offset: arg.offset, message: `invalid ${call.fn} argument` }
}

export function literalIssues(expr: Expr): Issue[] {
  const issues: Issue[] = []
  const pending = [expr]
  for (let next = pending.pop(); next; next = pending.pop()) {
    const issue = next.kind === 'call' ? callIssue(next) : undefined
    if (issue) issues.push(issue)
    pending.push(...children(next))
  }
  return issues
}
