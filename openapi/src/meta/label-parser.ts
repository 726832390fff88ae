import {
  LabelSelectorError,
  checkLabelKey,
  requirement,
  type LabelOperator,
  type LabelRequirement,
} from './label-requirement.ts'

/**
 * The grammar of label selectors in text:
 *   selector    = [ requirement { "," requirement } ]
 *   requirement = [ "!" ] key | key ( "=" | "==" | "!=" | ">" | "<" ) [ value ] | key ( "in" | "notin" ) "(" values ")"
 */
type Kind = 'end' | 'identifier' | 'bad' | '(' | ')' | ',' | '!' | '=' | '==' | '!=' | '>' | '<' | 'in' | 'notin'

interface Token {
  kind: Kind
  text: string
}

const symbols = new Set<string>(['(', ')', ',', '!', '=', '==', '!=', '>', '<'])
const isSpace = (c: string): boolean => c === ' ' || c === '\t' || c === '\r' || c === '\n'
const isSpecial = (c: string): boolean => '=!(),><'.includes(c)
/** More than any real selector; longer ones are an attack. */
const maxLength = 1 << 20

function scan(text: string): Token[] {
  if (text.length > maxLength) throw new LabelSelectorError('selector is too long')
  const tokens: Token[] = []
  let at = 0
  while (at < text.length) {
    const char = text[at] ?? ''
    if (isSpace(char)) {
      at += 1
    } else if (isSpecial(char)) {
      // The longest symbol wins: "==" over "=".
      const two = text.slice(at, at + 2)
      const symbol = symbols.has(two) ? two : char
      tokens.push({ kind: symbol as Kind, text: symbol })
      at += symbol.length
    } else {
      const start = at
      while (at < text.length && !isSpace(text[at] ?? '') && !isSpecial(text[at] ?? '')) at += 1
      const word = text.slice(start, at)
      tokens.push({ kind: word === 'in' || word === 'notin' ? word : 'identifier', text: word })
    }
  }
  return tokens
}

const fail = (message: string): never => {
  throw new LabelSelectorError(message)
}

class Parser {
  readonly #tokens: Token[]
  #at = 0
  constructor(text: string) {
    this.#tokens = scan(text)
  }

  /** In the place of a key or value, "in" and "notin" are plain words. */
  #peek(words = true): Token {
    const token = this.#tokens[this.#at] ?? { kind: 'end', text: '' }
    return words && (token.kind === 'in' || token.kind === 'notin') ? { kind: 'identifier', text: token.text } : token
  }
  #next(words = true): Token {
    const token = this.#peek(words)
    this.#at += 1
    return token
  }

  all(): LabelRequirement[] {
    const found: LabelRequirement[] = []
    for (;;) {
      const first = this.#peek()
      if (first.kind === 'end') return found
      if (first.kind !== 'identifier' && first.kind !== '!')
        fail(`found '${first.text}', expected: !, identifier, or 'end of string'`)
      found.push(this.#wrapped())
      const after = this.#next()
      if (after.kind === 'end') return found
      if (after.kind !== ',') fail(`found '${after.text}', expected: ',' or 'end of string'`)
      const following = this.#peek()
      if (following.kind !== 'identifier' && following.kind !== '!')
        fail(`found '${following.text}', expected: identifier after ','`)
    }
  }

  #wrapped(): LabelRequirement {
    try {
      return this.#requirement()
    } catch (error) {
      if (error instanceof LabelSelectorError)
        throw new LabelSelectorError(`unable to parse requirement: ${error.message}`)
      throw error
    }
  }

  #requirement(): LabelRequirement {
    let token = this.#next()
    const negated = token.kind === '!'
    if (negated) token = this.#next()
    if (token.kind !== 'identifier') fail(`found '${token.text}', expected: identifier`)
    const key = token.text
    checkLabelKey(key)
    if (negated) return requirement(key, '!', [])
    const after = this.#peek()
    if (after.kind === 'end' || after.kind === ',') return requirement(key, 'exists', [])
    const operator = this.#operator()
    const values = operator === 'in' || operator === 'notin' ? this.#values() : [this.#value()]
    return requirement(key, operator, values)
  }

  #operator(): LabelOperator {
    const token = this.#next(false)
    switch (token.kind) {
      case 'in':
      case 'notin':
      case '=':
      case '==':
      case '!=':
        return token.kind
      case '>':
        return 'gt'
      case '<':
        return 'lt'
      default:
        return fail(`found '${token.text}', expected: in, notin, =, ==, !=, gt, lt`)
    }
  }

  #value(): string {
    const token = this.#peek()
    if (token.kind === 'end' || token.kind === ',') return ''
    this.#next()
    return token.kind === 'identifier' ? token.text : fail(`found '${token.text}', expected: identifier`)
  }

  /** "(a,,b)" holds the empty value too; "()" is one empty value. */
  #values(): string[] {
    const open = this.#next()
    if (open.kind !== '(') fail(`found '${open.text}' expected: '('`)
    const first = this.#peek()
    if (first.kind === ')') {
      this.#next()
      return ['']
    }
    if (first.kind !== 'identifier' && first.kind !== ',')
      fail(`found '${first.text}', expected: ',', ')' or identifier`)
    const values: string[] = []
    for (;;) {
      const token = this.#next()
      if (token.kind === 'identifier') {
        values.push(token.text)
        const after = this.#peek()
        if (after.kind === ')') break
        if (after.kind !== ',') fail(`found '${after.text}', expected: ',' or ')'`)
      } else if (token.kind === ',') {
        if (values.length === 0) values.push('')
        const after = this.#peek()
        if (after.kind === ')') {
          values.push('')
          break
        }
        if (after.kind === ',') {
          this.#next()
          values.push('')
        }
      } else fail(`found '${token.text}', expected: ',', or identifier`)
    }
    this.#next()
    return values
  }
}

export function parseRequirements(text: string): LabelRequirement[] {
  return new Parser(text).all()
}
