/** Text to tokens. Source: the grammar in cel-spec's language definition, "Syntax". */
import type { Issue } from './issues.ts'

export type TokenType =
  'NUM_FLOAT' | 'NUM_INT' | 'NUM_UINT' | 'STRING' | 'BYTES' | 'IDENTIFIER' | 'ESC_IDENTIFIER' | '<EOF>' | (string & {})

export interface Token {
  /** A class of literals, or the operator or keyword itself. */
  readonly type: TokenType
  readonly text: string
  readonly offset: number
}

const symbol = /==|!=|<=|>=|&&|\|\||[<>[\]{}().,\-!?:+*/%]/y
const skipped = /[ \t\r\n\f]+|\/\/[^\n]*/y
const number = /0x[0-9a-fA-F]+[uU]?|\d+\.\d+(?:[eE][+-]?\d+)?|\d+[eE][+-]?\d+|\.\d+(?:[eE][+-]?\d+)?|\d+[uU]?/y
const identifier = /[_a-zA-Z][_a-zA-Z0-9]*/y
const escapedIdentifier = /`[a-zA-Z0-9_.\-/ ]+`/y
const keywords = new Set(['in', 'true', 'false', 'null'])

const escape = String.raw`\\(?:[abfnrtv"'\\?${'`'}]|[xX][0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[0-3][0-7][0-7])`
const bodies = (quote: string): string[] => [
  // Three quotes: anything up to the next three, one character or escape at a time.
  `[rR](?:[bB])?${quote.repeat(3)}[\\s\\S]*?${quote.repeat(3)}`,
  `[bB][rR]${quote.repeat(3)}[\\s\\S]*?${quote.repeat(3)}`,
  `[bB]?${quote.repeat(3)}(?:[^\\\\]|${escape})*?${quote.repeat(3)}`,
  `(?:[rR][bB]?|[bB][rR])${quote}[^${quote}\\n\\r]*${quote}`,
  `[bB]?${quote}(?:[^\\\\${quote}\\n\\r]|${escape})*${quote}`,
]
const text = new RegExp([...bodies('"'), ...bodies("'")].join('|'), 'y')
/** A string that never ends, or has a bad escape: named up to there. */
const brokenText = new RegExp(`(?:["'])(?:[^\\\\"'\\n\\r]|${escape})*(?:\\\\.?)?`, 'y')

function matchAt(pattern: RegExp, source: string, offset: number): string | undefined {
  pattern.lastIndex = offset
  return pattern.exec(source)?.[0]
}

function numberType(token: string): TokenType {
  if (/[uU]$/.test(token)) return 'NUM_UINT'
  return !token.startsWith('0x') && /[.eE]/.test(token) ? 'NUM_FLOAT' : 'NUM_INT'
}

function next(source: string, offset: number): Token | undefined {
  const literal = matchAt(text, source, offset)
  if (literal !== undefined) return { type: /^[rR]?[bB]/.test(literal) ? 'BYTES' : 'STRING', text: literal, offset }
  const digits = matchAt(number, source, offset)
  if (digits !== undefined) return { type: numberType(digits), text: digits, offset }
  const word = matchAt(identifier, source, offset)
  if (word !== undefined) return { type: keywords.has(word) ? word : 'IDENTIFIER', text: word, offset }
  const quoted = matchAt(escapedIdentifier, source, offset)
  if (quoted !== undefined) return { type: 'ESC_IDENTIFIER', text: quoted, offset }
  const operator = matchAt(symbol, source, offset)
  return operator === undefined ? undefined : { type: operator, text: operator, offset }
}

/** All tokens, ended by `<EOF>`, and an issue for each run of characters that is none. */
export function tokenize(source: string): { tokens: Token[]; issues: Issue[] } {
  const tokens: Token[] = []
  const issues: Issue[] = []
  let offset = 0
  while (offset < source.length) {
    const space = matchAt(skipped, source, offset)
    if (space !== undefined) {
      offset += space.length
      continue
    }
    const token = next(source, offset)
    if (token) {
      tokens.push(token)
      offset += token.text.length
      continue
    }
    let bad = matchAt(brokenText, source, offset) ?? String.fromCodePoint(source.codePointAt(offset) ?? 0)
    // A lone `|` or `&` swallows the character after it: the operator had begun.
    if (bad === '|' || bad === '&' || bad === '=') bad += source[offset + 1] ?? ''
    issues.push({ offset, message: `Syntax error: token recognition error at: '${bad}'` })
    offset += bad.length
  }
  tokens.push({ type: '<EOF>', text: '<EOF>', offset: source.length })
  return { tokens, issues }
}
