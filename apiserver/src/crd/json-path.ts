/** The JSONPath that printer columns and selectable fields are written in. Source: "JSONPath Support", what columns use of it. */
type Step =
  | { type: 'field'; name: string }
  | { type: 'index'; index: number }
  | { type: 'all' }
  | { type: 'filter'; path: Step[]; operator: string; value: unknown }

export class JsonPathError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'JsonPathError'
  }
}

const maxLength = 1000
const maxResults = 100

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
  if (/^-?\d+$/.test(inner)) return { type: 'index', index: Number(inner) }
  const quoted = /^(['"])(.*)\1$/s.exec(inner)
  if (quoted !== null) return { type: 'field', name: quoted[2] ?? '' }
  const filter = /^\?\(\s*@((?:[^=!<>]|\\.)*?)\s*(?:(==|!=|<=|>=|<|>)\s*(.+?)\s*)?\)$/s.exec(inner)
  if (filter === null) throw new JsonPathError(`unrecognized selector [${inner}]`)
  return {
    type: 'filter',
    path: parseSteps(filter[1] ?? ''),
    operator: filter[2] ?? 'exists',
    value: filter[3] === undefined ? undefined : literal(filter[3]),
  }
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

function evaluate(steps: readonly Step[], start: unknown): unknown[] {
  let values = [start]
  for (const step of steps) {
    const next: unknown[] = []
    for (const value of values) {
      if (typeof value !== 'object' || value === null) continue
      if (step.type === 'field') {
        if (!Array.isArray(value) && Object.hasOwn(value, step.name))
          next.push((value as Record<string, unknown>)[step.name])
      } else if (step.type === 'index') {
        if (Array.isArray(value)) {
          const found: unknown = value.at(step.index)
          if (found !== undefined) next.push(found)
        }
      } else if (step.type === 'all') next.push(...(Object.values(value) as unknown[]))
      else {
        for (const item of Object.values(value) as unknown[]) {
          const found = evaluate(step.path, item)
          const fits =
            step.operator === 'exists'
              ? found.length > 0
              : found.some((one) => compares(step.operator, one, step.value))
          if (fits) next.push(item)
        }
      }
      if (next.length > maxResults) break
    }
    values = next.slice(0, maxResults)
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
