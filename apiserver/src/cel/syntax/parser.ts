/**
 * Recursive-descent parser of the Common Expression Language, bounded in length and depth.
 * Source: the grammar in cel-spec's language definition, with the optional syntax.
 */
import type { Expr, Ident } from './ast.ts'
import { NodeFactory } from './ast.ts'
import { IssueError, type Issue } from './issues.ts'
import { tokenize, type Token, type TokenType } from './lexer.ts'
import { literalValue } from './literals.ts'
import { macroFor } from './macros.ts'
import { expressionStart, TokenStream } from './token-stream.ts'

export interface ParseLimits {
  /** Code units of source. */
  readonly maxLength: number
  /** How deep parentheses, literals and calls may nest. */
  readonly maxRecursion: number
  /** How deep the tree may become by chains of operators and selections. */
  readonly maxDepth: number
  /** Macros that stay calls, by name. */
  readonly withoutMacros: ReadonlySet<string>
  /** No names in backticks. */
  readonly plainNames: boolean
}
const defaultLimits: ParseLimits = {
  maxLength: 100_000,
  maxRecursion: 250,
  maxDepth: 1000,
  withoutMacros: new Set(),
  plainNames: false,
}

export type ParseResult = { expr: Expr; issues: [] } | { expr?: undefined; issues: Issue[] }

export function parse(source: string, limits: Partial<ParseLimits> = {}): ParseResult {
  const bounds = { ...defaultLimits, ...limits }
  if (source.length > bounds.maxLength) {
    const message = `expression code point size exceeds limit: size: ${source.length}, limit ${bounds.maxLength}`
    return { issues: [{ offset: -1, message }] }
  }
  const { tokens, issues } = tokenize(source)
  const stream = new TokenStream(tokens)
  try {
    const expr = new Parser(stream, bounds).whole()
    issues.push(...stream.issues)
    return issues.length === 0 ? { expr, issues: [] } : { issues }
  } catch (error) {
    if (!(error instanceof IssueError)) throw error
    return { issues: [...issues, ...stream.issues, error.issue] }
  }
}

const relations = new Set<string>(['<', '<=', '>=', '>', '==', '!=', 'in'])
const binaryNames: Readonly<Record<string, string>> = { in: '@in' }
const operatorName = (operator: string): string => binaryNames[operator] ?? `_${operator}_`
/** Words no variable or function may be named after. */
const reserved = new Set(
  'as break const continue else for function if import let loop package namespace return var void while'.split(' '),
)
const literalTypes: TokenType[] = ['NUM_INT', 'NUM_UINT', 'NUM_FLOAT', 'STRING', 'BYTES', 'true', 'false', 'null']

class Parser {
  readonly #tokens: TokenStream
  readonly #limits: ParseLimits
  readonly #make = new NodeFactory()
  readonly #depths = new WeakMap<Expr, number>()
  #recursion = 0

  constructor(tokens: TokenStream, limits: ParseLimits) {
    this.#tokens = tokens
    this.#limits = limits
  }

  whole(): Expr {
    const expr = this.#expression()
    this.#tokens.require(['<EOF>'])
    return expr
  }

  #expression(also: readonly TokenType[] = []): Expr {
    if (++this.#recursion > this.#limits.maxRecursion) {
      const message = `expression recursion limit exceeded: ${this.#limits.maxRecursion}`
      throw new IssueError({ offset: -1, message })
    }
    this.#tokens.require([...expressionStart, ...also])
    const condition = this.#logical('||', () => this.#logical('&&', () => this.#relation()))
    const question = this.#tokens.accept('?')
    let expr = condition
    if (question) {
      const whenTrue = this.#logical('||', () => this.#logical('&&', () => this.#relation()))
      this.#tokens.expect(':')
      const whenFalse = this.#expression()
      expr = this.#chain(this.#make.call(question.offset, '_?_:_', condition, whenTrue, whenFalse), condition)
    }
    this.#recursion--
    return expr
  }

  /** Bounds trees that grow by chains, which no recursion here sees. */
  #chain<T extends Expr>(expr: T, ...parts: Expr[]): T {
    const depth = 1 + Math.max(...parts.map((part) => this.#depths.get(part) ?? 0))
    if (depth > this.#limits.maxDepth) {
      throw new IssueError({ offset: -1, message: `expression recursion limit exceeded: ${this.#limits.maxRecursion}` })
    }
    this.#depths.set(expr, depth)
    return expr
  }

  /** `a && b && c …` as a balanced tree, so that long chains stay shallow. */
  #logical(operator: '&&' | '||', operand: () => Expr): Expr {
    const terms = [operand()]
    const offsets: number[] = []
    for (let token = this.#tokens.accept(operator); token; token = this.#tokens.accept(operator)) {
      offsets.push(token.offset)
      terms.push(operand())
    }
    const balance = (from: number, to: number): Expr => {
      const term = terms[from]
      if (!term) throw new Error('a balanced chain has terms')
      if (from === to) return term
      const middle = Math.floor((from + to + 1) / 2)
      return this.#make.call(offsets[middle - 1] ?? 0, `_${operator}_`, balance(from, middle - 1), balance(middle, to))
    }
    return balance(0, terms.length - 1)
  }

  #relation(): Expr {
    let left = this.#sum()
    while (relations.has(this.#tokens.peek().type)) left = this.#binary(left, () => this.#sum())
    return left
  }
  #sum(): Expr {
    let left = this.#product()
    while (this.#tokens.is('+', '-')) left = this.#binary(left, () => this.#product())
    return left
  }
  #product(): Expr {
    let left = this.#unary()
    while (this.#tokens.is('*', '/', '%')) left = this.#binary(left, () => this.#unary())
    return left
  }
  #binary(left: Expr, operand: () => Expr): Expr {
    const { type, offset } = this.#tokens.take()
    const right = operand()
    return this.#chain(this.#make.call(offset, operatorName(type), left, right), left, right)
  }

  #unary(): Expr {
    this.#tokens.require(expressionStart)
    const token = this.#tokens.peek()
    if (token.type !== '!' && token.type !== '-') return this.#member()
    let count = 0
    const isNumber = (): boolean => /^NUM_(INT|FLOAT)$/.test(this.#tokens.peek(1).type)
    while (this.#tokens.is(token.type) && !(token.type === '-' && isNumber())) {
      this.#tokens.take()
      count++
    }
    // Neither may follow the other bare: `!-a` is no expression.
    if (count > 0 && this.#tokens.is('!')) throw this.#tokens.mismatch(expressionStart)
    const operand = this.#member()
    return count % 2 === 0 ? operand : this.#make.call(token.offset, `${token.type}_`, operand)
  }

  #member(): Expr {
    let expr = this.#primary()
    // No call and no literal of a message may follow another bare.
    for (;;) {
      const token = this.#tokens.peek()
      if (token.type === '.') expr = this.#chain(this.#selection(expr), expr)
      else if (token.type === '[') expr = this.#chain(this.#index(expr), expr)
      else return expr
    }
  }

  #selection(operand: Expr): Expr {
    const dot = this.#tokens.take()
    const optional = this.#tokens.accept('?')
    if (!this.#tokens.is('IDENTIFIER', 'ESC_IDENTIFIER')) {
      const chained = operand.kind === 'ident' || operand.kind === 'select'
      if (optional) throw this.#tokens.mismatch(['IDENTIFIER', 'ESC_IDENTIFIER'])
      if (chained && this.#tokens.is('true', 'false', 'null', 'in')) throw this.#tokens.mismatch(['IDENTIFIER'])
      throw this.#tokens.noAlternative('.')
    }
    const name = this.#tokens.take()
    const field = name.type === 'ESC_IDENTIFIER' ? this.#quoted(name) : name.text
    if (optional) {
      return this.#make.call(dot.offset, '_?._', operand, this.#make.literal(name.offset, field))
    }
    const open = name.type === 'IDENTIFIER' ? this.#tokens.accept('(') : undefined
    if (open) return this.#call(open.offset, field, this.#arguments(), operand)
    return this.#make.node(dot.offset, { kind: 'select', operand, field, testOnly: false })
  }

  /** A name in backticks, where these are known at all. */
  #quoted({ text, offset }: Token): string {
    if (this.#limits.plainNames) this.#tokens.issues.push({ offset, message: "unsupported syntax: '`'" })
    return text.slice(1, -1)
  }

  #index(operand: Expr): Expr {
    const open = this.#tokens.take()
    const optional = this.#tokens.accept('?')
    const index = this.#expression(optional ? [] : ['?'])
    this.#tokens.expect(']')
    return this.#make.call(open.offset, optional ? '_[?_]' : '_[_]', operand, index)
  }

  #arguments(): Expr[] {
    const args: Expr[] = []
    this.#tokens.require([...expressionStart, ')'])
    if (this.#tokens.accept(')')) return args
    do args.push(this.#expression(args.length === 0 ? [')'] : []))
    while (this.#tokens.accept(','))
    this.#tokens.expect(')')
    return args
  }

  #call(offset: number, fn: string, args: Expr[], target?: Expr): Expr {
    const macro = this.#limits.withoutMacros.has(fn) ? undefined : macroFor(fn, args.length, target)
    const expanded = macro?.({ make: this.#make, offset, target, args })
    if (expanded) return expanded
    return this.#make.node(offset, { kind: 'call', fn, args, ...(target && { target }) })
  }

  #primary(): Expr {
    const token = this.#tokens.peek()
    if (literalTypes.includes(token.type)) {
      return this.#make.literal(token.offset, literalValue(this.#tokens.take(), false))
    }
    switch (token.type) {
      case '-': {
        this.#tokens.take()
        return this.#make.literal(token.offset, literalValue({ ...this.#tokens.take(), offset: token.offset }, true))
      }
      case '(': {
        this.#tokens.take()
        const expr = this.#expression()
        this.#tokens.expect(')')
        return expr
      }
      case '[':
        return this.#list()
      case '{':
        return this.#map()
      case '.':
      case 'IDENTIFIER':
        return this.#named()
      default:
        throw this.#tokens.mismatch(expressionStart)
    }
  }

  /** A variable, a call of a global function, or a message literal. */
  #named(): Expr {
    const dot = this.#tokens.accept('.')
    const first = this.#tokens.expect('IDENTIFIER')
    if (reserved.has(first.text) && !dot) {
      this.#tokens.issues.push({ offset: first.offset, message: `reserved identifier: ${first.text}` })
    }
    const prefix = dot ? '.' : ''
    const open = this.#tokens.accept('(')
    if (open) return this.#call(open.offset, prefix + first.text, this.#arguments())
    const type = this.#messageName()
    if (type !== undefined) return this.#struct(prefix + first.text + type)
    return this.#make.ident(dot?.offset ?? first.offset, prefix + first.text)
  }

  /** The rest of `a.b.C` when a `{` follows it, consumed; else nothing is consumed. */
  #messageName(): string | undefined {
    let ahead = 0
    while (this.#tokens.peek(ahead).type === '.' && this.#tokens.peek(ahead + 1).type === 'IDENTIFIER') ahead += 2
    if (this.#tokens.peek(ahead).type !== '{') return undefined
    let name = ''
    for (let i = 0; i < ahead; i++) name += this.#tokens.take().text
    return name
  }

  /** `item, item,` up to the closing token, which is consumed. */
  #items(close: TokenType, item: (optional: boolean, first: boolean) => void): void {
    let first = true
    while (!this.#tokens.accept(close)) {
      if (first && this.#tokens.is(',') && this.#tokens.peek(1).type === close) {
        this.#tokens.take()
        continue
      }
      if (!first && this.#tokens.is(',')) throw this.#tokens.mismatch([close])
      item(this.#tokens.accept('?') !== undefined, first)
      first = false
      if (!this.#tokens.accept(',')) {
        this.#tokens.expect(close, [','])
        return
      }
    }
  }

  #list(): Expr {
    const { offset } = this.#tokens.take()
    const elements: { value: Expr; optional: boolean }[] = []
    this.#items(']', (optional, first) => {
      elements.push({ optional, value: this.#expression(optional ? [] : first ? [']', ',', '?'] : [']', '?']) })
    })
    return this.#make.node(offset, { kind: 'list', elements })
  }

  #map(): Expr {
    const { offset } = this.#tokens.take()
    const entries: { key: Expr; value: Expr; optional: boolean; offset: number }[] = []
    this.#items('}', (optional, first) => {
      const key = this.#expression(optional ? [] : first ? ['}', ',', '?'] : ['}', '?'])
      const colon = this.#tokens.expect(':')
      entries.push({ optional, key, offset: colon.offset, value: this.#expression() })
    })
    return this.#make.node(offset, { kind: 'map', entries })
  }

  #struct(name: string): Expr {
    const { offset } = this.#tokens.take()
    const fields: { name: string; value: Expr; optional: boolean; offset: number }[] = []
    this.#items('}', (optional, first) => {
      if (!this.#tokens.is('IDENTIFIER', 'ESC_IDENTIFIER')) {
        const also: TokenType[] = optional ? [] : first ? ['}', ',', '?'] : ['}', '?']
        throw this.#tokens.mismatch(['IDENTIFIER', 'ESC_IDENTIFIER', ...also])
      }
      const field = this.#tokens.take()
      const colon = this.#tokens.expect(':')
      const bare = field.type === 'ESC_IDENTIFIER' ? field.text.slice(1, -1) : field.text
      fields.push({ name: bare, optional, offset: colon.offset, value: this.#expression() })
    })
    return this.#make.node(offset, { kind: 'struct', name, fields })
  }
}

/** `a.b.c` as one name, when the expression is nothing but names. */
export function qualifiedName(expr: Expr): string | undefined {
  if (expr.kind === 'ident') return (expr as Ident).name
  if (expr.kind !== 'select' || expr.testOnly) return undefined
  const prefix = qualifiedName(expr.operand)
  return prefix === undefined ? undefined : `${prefix}.${expr.field}`
}
