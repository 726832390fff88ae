/** The values of literal tokens. Source: cel-spec's language definition, "String and Bytes Values". */
import { CelUint, maxInt, maxUint, minInt } from '../values/scalars.ts'
import { IssueError } from './issues.ts'
import type { LiteralValue } from './ast.ts'
import type { Token } from './lexer.ts'

const simpleEscapes: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
}

/** What a literal token stands for; `negative` when a minus stands before it. */
export function literalValue(token: Token, negative: boolean): LiteralValue {
  const fail = (kind: string): never => {
    throw new IssueError({ offset: token.offset, message: `invalid ${kind} literal` })
  }
  switch (token.type) {
    case 'NUM_INT': {
      const value = negative ? -BigInt(token.text) : BigInt(token.text)
      return value < minInt || value > maxInt ? fail('int') : value
    }
    case 'NUM_UINT': {
      const value = BigInt(token.text.slice(0, -1))
      return value > maxUint ? fail('uint') : new CelUint(value)
    }
    case 'NUM_FLOAT': {
      const value = Number(token.text)
      return Number.isFinite(value) ? (negative ? -value : value) : fail('double')
    }
    case 'STRING':
      return unquote(token, false).text
    case 'BYTES':
      return unquote(token, true).bytes
    case 'true':
      return true
    case 'false':
      return false
    default:
      return null
  }
}

function unquote(token: Token, asBytes: boolean): { text: string; bytes: Uint8Array } {
  const prefix = /^[rRbB]*/.exec(token.text)?.[0] ?? ''
  const quoted = token.text.slice(prefix.length)
  const width = /^("""|''')/.test(quoted) && quoted.length >= 6 ? 3 : 1
  const body = quoted.slice(width, -width).replaceAll(/\r\n?/g, '\n')
  const raw = /[rR]/.test(prefix)
  const parts: (string | number)[] = raw ? [body] : unescape(body, token.offset, asBytes)
  if (!asBytes) return { text: parts.join(''), bytes: new Uint8Array() }
  return {
    text: '',
    bytes: new Uint8Array(
      parts.flatMap((part) => (typeof part === 'number' ? [part] : [...new TextEncoder().encode(part)])),
    ),
  }
}

/** Text pieces, and single bytes where a byte literal names one. */
function unescape(body: string, offset: number, asBytes: boolean): (string | number)[] {
  const parts: (string | number)[] = []
  let from = 0
  for (let at = body.indexOf('\\'); at >= 0; at = body.indexOf('\\', from)) {
    parts.push(body.slice(from, at))
    const kind = body[at + 1] ?? ''
    const digits = kind === 'x' || kind === 'X' ? 2 : kind === 'u' ? 4 : kind === 'U' ? 8 : 0
    if (digits > 0) {
      const code = Number.parseInt(body.slice(at + 2, at + 2 + digits), 16)
      if (asBytes && digits > 2) throw new IssueError({ offset, message: 'unable to unescape string' })
      parts.push(asBytes ? code : codePoint(code, offset))
      from = at + 2 + digits
    } else if (/[0-7]/.test(kind)) {
      const code = Number.parseInt(body.slice(at + 1, at + 4), 8)
      parts.push(asBytes ? code : codePoint(code, offset))
      from = at + 4
    } else {
      parts.push(simpleEscapes[kind] ?? kind)
      from = at + 2
    }
  }
  parts.push(body.slice(from))
  return parts
}

function codePoint(code: number, offset: number): string {
  if (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) {
    throw new IssueError({ offset, message: 'invalid unicode code point' })
  }
  return String.fromCodePoint(code)
}
