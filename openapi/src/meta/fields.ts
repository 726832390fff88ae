/** Field selectors ("metadata.name=a,spec.nodeName!=b"). Source: the API concepts, "Field selectors". */
export interface FieldRequirement {
  field: string
  operator: '=' | '!='
  value: string
}

export interface FieldSelector {
  readonly requirements: readonly FieldRequirement[]
  readonly empty: boolean
  /** `get` yields the text of a field, '' for what is absent. */
  matches(get: (field: string) => string | undefined): boolean
  /** The value a field must have, when the selector pins it. */
  exact(field: string): string | undefined
  toString(): string
}

/** The message is what clients see. */
export class FieldSelectorError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'FieldSelectorError'
  }
}

/** Reads a selector; '' matches everything. Throws {@link FieldSelectorError}. */
export function parseFieldSelector(text: string): FieldSelector {
  const requirements: FieldRequirement[] = []
  for (const term of splitTerms(text)) {
    if (term === '') continue
    const match = /!=|==|=/.exec(term)
    if (match === null) throw new FieldSelectorError(`invalid selector: '${text}'; can't understand '${term}'`)
    requirements.push({
      field: term.slice(0, match.index),
      operator: match[0] === '!=' ? '!=' : '=',
      value: unescape(term.slice(match.index + match[0].length)),
    })
  }
  return fieldSelector(requirements)
}

export function fieldSelector(requirements: readonly FieldRequirement[]): FieldSelector {
  return {
    requirements,
    empty: requirements.length === 0,
    matches: (get) => requirements.every((r) => ((get(r.field) ?? '') === r.value) === (r.operator === '=')),
    exact: (field) => requirements.find((r) => r.field === field && r.operator === '=')?.value,
    toString: () => requirements.map((r) => `${r.field}${r.operator}${escape(r.value)}`).join(','),
  }
}

/** Splits at commas that no backslash escapes. */
function splitTerms(text: string): string[] {
  const terms: string[] = []
  let start = 0
  for (let i = 0; i < text.length; i += 1) {
    if (text[i] === '\\') i += 1
    else if (text[i] === ',') {
      terms.push(text.slice(start, i))
      start = i + 1
    }
  }
  terms.push(text.slice(start))
  return terms
}

const escape = (value: string): string => value.replace(/[\\,=]/g, '\\$&')

function unescape(value: string): string {
  let out = ''
  for (let i = 0; i < value.length; i += 1) {
    const char = value[i] ?? ''
    if (char === '\\') {
      const next = value[i + 1] ?? ''
      if (next === '' || !'\\,='.includes(next))
        throw new FieldSelectorError(`invalid field selector: invalid escape sequence: \\${next}`)
      out += next
      i += 1
    } else if (char === ',' || char === '=') {
      throw new FieldSelectorError(`invalid field selector: unescaped character in value: ${char.charCodeAt(0)}`)
    } else out += char
  }
  return out
}
