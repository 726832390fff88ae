/** The tokens under a cursor, and the complaints about what stands where something else should. */
import { IssueError, type Issue } from './issues.ts'
import type { Token, TokenType } from './lexer.ts'

/** How complaints list tokens: in the grammar's order. */
const order: readonly string[] = [
  '==', '!=', 'in', '<', '<=', '>=', '>', '&&', '||', '[', ']', '{', '}', '(', ')', '.', ',', '-', '!', '?', ':', '+',
  '*', '/', '%', 'true', 'false', 'null', 'NUM_FLOAT', 'NUM_INT', 'NUM_UINT', 'STRING', 'BYTES', 'IDENTIFIER',
  'ESC_IDENTIFIER',
] // prettier-ignore

const named = new Set(['NUM_FLOAT', 'NUM_INT', 'NUM_UINT', 'STRING', 'BYTES', 'IDENTIFIER', 'ESC_IDENTIFIER', '<EOF>'])
const display = (type: TokenType): string => (named.has(type) ? type : `'${type}'`)

/** What an expression may begin with. */
export const expressionStart: readonly TokenType[] = [
  '[', '{', '(', '.', '-', '!', 'true', 'false', 'null', 'NUM_FLOAT', 'NUM_INT', 'NUM_UINT', 'STRING', 'BYTES',
  'IDENTIFIER',
] // prettier-ignore

const closers = new Set([')', ']'])

function expectation(types: readonly TokenType[]): string {
  const sorted = [...new Set(types)].sort((a, b) => order.indexOf(a) - order.indexOf(b)).map(display)
  return sorted.length === 1 ? (sorted[0] ?? '') : `{${sorted.join(', ')}}`
}

export class TokenStream {
  readonly #tokens: readonly Token[]
  /** Complaints that did not stop the parser. */
  readonly issues: Issue[] = []
  #at = 0

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens
  }
  peek(ahead = 0): Token {
    const token = this.#tokens[Math.min(this.#at + ahead, this.#tokens.length - 1)]
    if (!token) throw new Error('a token stream ends with <EOF>')
    return token
  }
  is(...types: TokenType[]): boolean {
    return types.includes(this.peek().type)
  }
  take(): Token {
    const token = this.peek()
    if (this.#at < this.#tokens.length - 1) this.#at++
    return token
  }
  accept(type: TokenType): Token | undefined {
    return this.is(type) ? this.take() : undefined
  }
  expect(type: TokenType, also: readonly TokenType[] = []): Token {
    const { offset, text } = this.peek()
    // A single missing token is taken as read when what stands there could follow it.
    const couldFollow =
      type === ':' ? expressionStart.includes(this.peek().type) : closers.has(type) && text === '<EOF>'
    if (also.length === 0 && couldFollow) {
      this.issues.push({ offset, message: `Syntax error: missing ${display(type)} at '${text}'` })
      return { type, text: type, offset }
    }
    this.require([type, ...also])
    if (this.is(type)) return this.take()
    throw this.mismatch([type, ...also])
  }
  /** Passes when one of the types is next; one token too many is reported and skipped. */
  require(types: readonly TokenType[]): void {
    if (types.includes(this.peek().type)) return
    if (!types.includes(this.peek(1).type) || this.is('<EOF>')) throw this.mismatch(types)
    const extra = this.take()
    this.issues.push({
      offset: extra.offset,
      message: `Syntax error: extraneous input '${extra.text}' expecting ${expectation(types)}`,
    })
  }
  mismatch(types: readonly TokenType[]): IssueError {
    const { offset, text } = this.peek()
    return new IssueError({
      offset,
      message: `Syntax error: mismatched input '${text}' expecting ${expectation(types)}`,
    })
  }
  /** What follows `begun` fits nothing that begins so. */
  noAlternative(begun: string): IssueError {
    const { offset, text, type } = this.peek()
    return new IssueError({
      offset,
      message: `Syntax error: no viable alternative at input '${begun}${type === '<EOF>' ? '' : text}'`,
    })
  }
}
