import { badRequest } from '../meta/status.ts'

/**
 * JSON in and out: bounded, with the error texts that clients of the original see. Duplicate members are found by
 * schema/duplicates.ts, from the text.
 */

/** Deeper texts are refused: what walks them later is recursive. */
export const maxJsonDepth = 1000

/** Reads JSON. What fails is thrown as `problem` makes it from the reason, by default an ApiError 400. */
export function parseJson(text: string, problem: (why: string) => Error = badRequest): unknown {
  if (mayBeDeep(text)) {
    const bracket = tooDeepAt(text)
    if (bracket !== undefined) throw problem(`invalid character '${bracket}' exceeded max depth`)
  }
  try {
    return JSON.parse(text) as unknown
  } catch {
    throw problem(whyNotJson(text))
  }
}

/** UTF-8 as text; broken sequences become U+FFFD. A byte order mark is content, as it is for the original. */
const decoder = new TextDecoder('utf-8', { ignoreBOM: true })
export const decodeText = (bytes: Uint8Array): string => decoder.decode(bytes)
const encoder = new TextEncoder()
export const encodeText = (text: string): Uint8Array => encoder.encode(text)
export const encodeJson = (value: unknown): Uint8Array => encoder.encode(JSON.stringify(value))

/** A text has at least as many brackets as its depth: most need no closer look. */
function mayBeDeep(text: string): boolean {
  if (text.length <= 2 * maxJsonDepth) return false
  let count = 0
  for (const bracket of '[{')
    for (let at = text.indexOf(bracket); at >= 0; at = text.indexOf(bracket, at + 1)) {
      count += 1
      if (count > maxJsonDepth) return true
    }
  return false
}

/** The first bracket outside strings that nests too deep. */
function tooDeepAt(text: string): string | undefined {
  let depth = 0
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at)
    if (code === 34) {
      at = endOfString(text, at)
    } else if (code === 123 || code === 91) {
      depth += 1
      if (depth > maxJsonDepth) return text[at]
    } else if (code === 125 || code === 93) depth -= 1
  }
  return undefined
}

function endOfString(text: string, start: number): number {
  let end = text.indexOf('"', start + 1)
  while (end >= 0) {
    let slashes = 0
    while (text.charCodeAt(end - 1 - slashes) === 92) slashes += 1
    if (slashes % 2 === 0) return end
    end = text.indexOf('"', end + 1)
  }
  return text.length
}

const quoteChar = (char: string): string => (char === "'" ? `'\\''` : char === '"' ? `'"'` : goQuote(char))
function goQuote(char: string): string {
  const code = char.codePointAt(0) ?? 0
  const named: Record<string, string> = {
    '\n': '\\n',
    '\r': '\\r',
    '\t': '\\t',
    '\\': '\\\\',
    '\b': '\\b',
    '\f': '\\f',
  }
  const known = named[char]
  if (known !== undefined) return `'${known}'`
  return code < 32 || code === 127 ? `'\\x${code.toString(16).padStart(2, '0')}'` : `'${char}'`
}

const ended = 'unexpected end of JSON input'

/** Walks a text that is not JSON to the first character that cannot be. */
export function whyNotJson(text: string): string {
  let at = 0
  const bad = (context: string): string =>
    at >= text.length
      ? ended
      : `invalid character ${quoteChar(String.fromCodePoint(text.codePointAt(at) ?? 0))} ${context}`
  const space = (): void => {
    while (at < text.length && ' \t\r\n'.includes(text[at] ?? '')) at += 1
  }
  const literal = (word: string): string | undefined => {
    for (let i = 1; i < word.length; i += 1) {
      at += 1
      if (text[at] !== word[i]) return bad(`in literal ${word} (expecting ${quoteChar(word[i] ?? '')})`)
    }
    at += 1
    return undefined
  }
  const string = (): string | undefined => {
    for (at += 1; at < text.length; at += 1) {
      const char = text[at] ?? ''
      if (char === '"') {
        at += 1
        return undefined
      }
      if (char < ' ') return bad('in string literal')
      if (char !== '\\') continue
      at += 1
      if (text[at] === 'u') {
        for (let i = 0; i < 4; i += 1) {
          at += 1
          if (!/[0-9a-fA-F]/.test(text[at] ?? '')) return bad('in \\u hexadecimal character escape')
        }
      } else if (at >= text.length || !'"\\/bfnrt'.includes(text[at] ?? '')) return bad('in string escape code')
    }
    return ended
  }
  const digits = (): boolean => {
    const start = at
    while (/[0-9]/.test(text[at] ?? '')) at += 1
    return at > start
  }
  const number = (): string | undefined => {
    if (text[at] === '-') {
      at += 1
      if (!/[0-9]/.test(text[at] ?? '')) return bad('in numeric literal')
    }
    if (text[at] === '0') at += 1
    else digits()
    if (text[at] === '.') {
      at += 1
      if (!digits()) return bad('after decimal point in numeric literal')
    }
    if (text[at] === 'e' || text[at] === 'E') {
      at += 1
      if (text[at] === '+' || text[at] === '-') at += 1
      if (!digits()) return bad('in exponent of numeric literal')
    }
    return undefined
  }
  // Open brackets; within an object, 'key' awaits a name and 'value' what follows one.
  const open: ('[' | '{')[] = []
  const closing = (): string | undefined => {
    for (;;) {
      space()
      const top = open.at(-1)
      if (top === undefined) return at < text.length ? bad('after top-level value') : 'invalid JSON'
      const close = top === '[' ? ']' : '}'
      if (text[at] === close) {
        at += 1
        open.pop()
        continue
      }
      if (text[at] !== ',') return bad(top === '[' ? 'after array element' : 'after object key:value pair')
      at += 1
      if (top === '[') return undefined
      space()
      if (text[at] !== '"') return bad('looking for beginning of object key string')
      return key()
    }
  }
  const key = (): string | undefined => {
    const problem = string()
    if (problem !== undefined) return problem
    space()
    if (text[at] !== ':') return bad('after object key')
    at += 1
    return undefined
  }
  for (;;) {
    space()
    const char = text[at] ?? ''
    let problem: string | undefined
    if (char === '{' || char === '[') {
      open.push(char)
      at += 1
      space()
      if (char === '[' && text[at] !== ']') continue
      if (char === '{' && text[at] !== '}') {
        problem = text[at] === '"' ? key() : bad('looking for beginning of object key string')
        if (problem !== undefined) return problem
        continue
      }
    } else if (char === '"') problem = string()
    else if (char === 't') problem = literal('true')
    else if (char === 'f') problem = literal('false')
    else if (char === 'n') problem = literal('null')
    else if (/[-0-9]/.test(char)) problem = number()
    else return bad('looking for beginning of value')
    problem ??= closing()
    if (problem !== undefined) return problem
  }
}
