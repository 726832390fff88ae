/**
 * The JSONPath that printer columns and selectable fields are written in. Source: "JSONPath Support", what columns use
 * of it; slices, unions and recursion as the original reads them.
 */
type Step =
  | { type: 'field'; name: string }
  | { type: 'index'; from: number; to: number | undefined; step: number; single: boolean }
  | { type: 'union'; steps: Step[] }
  | { type: 'all' }
  | { type: 'recursive' }
  | { type: 'filter'; path: Step[]; operator: string; value: unknown }

export class JsonPathError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'JsonPathError'
  }
}

const maxLength = 1000
const maxResults = 1000

function readName(text: string, from: number): { name: string; next: number } {
  let name = ''
  let at = from
  for (; at < text.length; at++) {
    const char = text[at] ?? ''
    if (char === '\\' && at + 1 < text.length) {
      name += text[++at] ?? ''
      continue
    }
    if (char === '.' || char === '[' || char === ']' || char === ')' || /[\s=!<>]/.test(char)) break
    name += char
  }
  return { name, next: at }
}

function literal(text: string): unknown {
  const quoted = /^(['"])(.*)\1$/s.exec(text)
  if (quoted !== null) return quoted[2]
  if (text === 'true' || text === 'false') return text === 'true'
  const number = Number(text)
  return Number.isNaN(number) ? text : number
}

function bracket(inner: string): Step {
  if (inner === '*') return { type: 'all' }
  // Nothing between the brackets is the first item, to the original's reader.
  if (inner === '') return bracket('0')
  const filter = /^\?\(\s*@((?:[^=!<>]|\\.)*?)\s*(?:(==|!=|<=|>=|<|>)\s*(.+?)\s*)?\)$/s.exec(inner)
  if (filter !== null) {
    return {
      type: 'filter',
      path: parseSteps(filter[1] ?? ''),
      operator: filter[2] ?? 'exists',
      value: filter[3] === undefined ? undefined : literal(filter[3]),
    }
  }
  const quoted = /^'([^']*)'$/s.exec(inner)
  if (quoted !== null) return { type: 'field', name: quoted[1] ?? '' }
  const slice = /^(-?\d*)(?:(:)(-?\d*)(?::(-?\d+))?)?$/.exec(inner)
  if (slice !== null) {
    const [, from = '', colon, to = '', step = '1'] = slice
    if (colon === undefined) {
      return { type: 'index', from: Number(from), to: undefined, step: 1, single: true }
    }
    if (Number(step) < 1) throw new JsonPathError('step must be > 0')
    return {
      type: 'index',
      from: Number(from === '' ? 0 : from),
      to: to === '' ? undefined : Number(to),
      step: Number(step),
      single: false,
    }
  }
  if (inner.includes(',')) return { type: 'union', steps: inner.split(',').map((part) => bracket(part.trim())) }
  throw new JsonPathError(`invalid array index ${inner}`)
}

function closingBracket(text: string, from: number): number {
  let depth = 0
  let quote = ''
  for (let at = from; at < text.length; at++) {
    const char = text[at] ?? ''
    if (quote !== '') {
      if (char === quote) quote = ''
    } else if (char === '"' || char === "'") quote = char
    else if (char === '[') depth++
    else if (char === ']' && --depth === 0) return at
  }
  throw new JsonPathError('unterminated array')
}

function parseSteps(text: string): Step[] {
  const steps: Step[] = []
  let at = 0
  while (at < text.length) {
    const char = text[at]
    if (char === '[') {
      const end = closingBracket(text, at)
      steps.push(bracket(text.slice(at + 1, end).trim()))
      at = end + 1
    } else if (char === '.') {
      at++
      if (text[at] === '.') {
        steps.push({ type: 'recursive' })
        at++
      }
      if (at === text.length) break
      if (text[at] === '[') continue
      const { name, next } = readName(text, at)
      if (name === '') throw new JsonPathError(`unexpected character at ${at} in ${text}`)
      steps.push(name === '*' ? { type: 'all' } : { type: 'field', name })
      at = next
    } else throw new JsonPathError(`unexpected character at ${at} in ${text}`)
  }
  return steps
}

function compares(operator: string, a: unknown, b: unknown): boolean {
  switch (operator) {
    case '==':
      return a === b
    case '!=':
      return a !== b
    case '<':
      return (a as number) < (b as number)
    case '>':
      return (a as number) > (b as number)
    case '<=':
      return (a as number) <= (b as number)
    default:
      return (a as number) >= (b as number)
  }
}

/** A value and everything in it, outermost first. */
function* within(value: unknown): Iterable<unknown> {
  yield value
  if (typeof value !== 'object' || value === null) return
  for (const inner of Object.values(value)) yield* within(inner)
}

function slice(list: readonly unknown[], step: Extract<Step, { type: 'index' }>): unknown[] {
  const place = (index: number): number => (index < 0 ? index + list.length : index)
  if (step.single) {
    const at = place(step.from)
    return at >= 0 && at < list.length ? [list[at]] : []
  }
  const found: unknown[] = []
  const end = Math.min(step.to === undefined ? list.length : place(step.to), list.length)
  for (let at = Math.max(place(step.from), 0); at < end; at += step.step) found.push(list[at])
  return found
}

function* apply(step: Step, value: unknown): Iterable<unknown> {
  if (typeof value !== 'object' || value === null) return
  switch (step.type) {
    case 'field':
      if (!Array.isArray(value) && Object.hasOwn(value, step.name)) yield (value as Record<string, unknown>)[step.name]
      return
    case 'index':
      if (Array.isArray(value)) yield* slice(value, step)
      return
    case 'union':
      for (const one of step.steps) yield* apply(one, value)
      return
    case 'all':
      yield* Object.values(value) as unknown[]
      return
    case 'recursive':
      yield* within(value)
      return
    default:
      for (const item of Object.values(value) as unknown[]) {
        const found = evaluate(step.path, item)
        const fits =
          step.operator === 'exists' ? found.length > 0 : found.some((one) => compares(step.operator, one, step.value))
        if (fits) yield item
      }
  }
}

function evaluate(steps: readonly Step[], start: unknown): unknown[] {
  let values = [start]
  for (const step of steps) {
    const next: unknown[] = []
    for (const value of values) {
      for (const found of apply(step, value)) {
        if (next.push(found) >= maxResults) break
      }
      if (next.length >= maxResults) break
    }
    values = next
  }
  return values
}

/** What a path finds in a value, in order. Throws {@link JsonPathError} for a path that cannot be read. */
export function compileJsonPath(path: string): (value: unknown) => unknown[] {
  if (path.length > maxLength) throw new JsonPathError('path is too long')
  const bare = path.replace(/^\{(.*)\}$/s, '$1').replace(/^\$/, '')
  const steps = parseSteps(bare.startsWith('.') || bare.startsWith('[') ? bare : `.${bare}`)
  return (value) => evaluate(steps, value)
}
