/** What is wrong with an expression, told as clients know it: a line with the place, the source line, and a caret. */
export interface Issue {
  /** In UTF-16 units; -1: about the expression as a whole. */
  readonly offset: number
  readonly message: string
}

/** Thrown while parsing; caught by `parse`. */
export class IssueError extends Error {
  readonly issue: Issue
  constructor(issue: Issue) {
    super(issue.message)
    this.issue = issue
  }
}

/** More are of no help to anyone and make the answer long. */
const maxIssues = 100

const codePoints = (text: string): number => {
  let count = 0
  for (const _ of text) count++
  return count
}

/** The text of all issues in order of place, as `ERROR: <input>:1:8: …` with caret lines. */
export function formatIssues(source: string, issues: readonly Issue[]): string {
  return [...issues]
    .sort((a, b) => a.offset - b.offset)
    .slice(0, maxIssues)
    .map((issue) => formatIssue(source, issue))
    .join('\n')
}

function formatIssue(source: string, { offset, message }: Issue): string {
  if (offset < 0) return `ERROR: <input>:-1:0: ${message}`
  const before = source.slice(0, offset)
  const lineStart = before.lastIndexOf('\n') + 1
  const lineEnd = source.indexOf('\n', offset)
  const line = before.split('\n').length
  const column = codePoints(before.slice(lineStart))
  const text = source.slice(lineStart, lineEnd < 0 ? undefined : lineEnd).replaceAll('\t', ' ')
  return `ERROR: <input>:${line}:${column + 1}: ${message}\n | ${text}\n | ${'.'.repeat(column)}^`
}
