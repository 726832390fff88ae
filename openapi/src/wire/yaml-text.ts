/**
 * How a text is written in YAML: which style, and where its lines are cut. The original's encoder is a libyaml, of which
 * these are the rules: lines are cut at the first blank past column 80, and nothing beyond the first plane is left as it
 * is.
 */
export type TextStyle = 'plain' | 'single' | 'double' | 'literal'

const bestWidth = 80
const isBlank = (text: string | undefined): boolean => text === ' ' || text === '\t'
const isBreak = (text: string | undefined): boolean =>
  text === '\n' || text === '\r' || text === '\u0085' || text === '\u2028' || text === '\u2029'
const endsWord = (text: string | undefined): boolean => text === undefined || isBlank(text) || isBreak(text)
const isPrintable = (text: string): boolean => /^[\n\x20-\x7e\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd]$/.test(text)

interface Findings {
  plain: boolean
  single: boolean
  literal: boolean
}

/** At the beginning, and elsewhere, what makes YAML of a text. */
const startIndicators = new Set('#,[]{}&*!|>\'"%@`')

function indicates(all: readonly string[], i: number): boolean {
  const text = all[i]
  const beforeBlank = endsWord(all[i + 1])
  if (i === 0) return startIndicators.has(text ?? '') || (beforeBlank && (text === '?' || text === ':' || text === '-'))
  return (text === ':' && beforeBlank) || (text === '#' && endsWord(all[i - 1]))
}

/** Which styles can hold a text. */
export function stylesFor(text: string): Findings {
  const all = [...text]
  let [special, breaks, breakBlank, blankBreak] = [false, false, false, false]
  let indicator = text.startsWith('---') || text.startsWith('...')
  for (const [i, one] of all.entries()) {
    indicator ||= indicates(all, i)
    special ||= !isPrintable(one)
    breaks ||= isBreak(one)
    breakBlank ||= one === ' ' && isBreak(all[i - 1])
    blankBreak ||= isBreak(one) && all[i - 1] === ' '
  }
  const [first, last] = [all[0], all.at(-1)]
  const edged = first === ' ' || isBreak(first) || last === ' ' || isBreak(last)
  const torn = blankBreak || special
  return {
    plain: !indicator && !edged && !breaks && !breakBlank && !torn,
    single: !breakBlank && !torn,
    literal: last !== ' ' && !torn,
  }
}

/** A text is written in the style that is wanted, or in the next that can hold it. */
export function styleFor(text: string, wanted: 'plain' | 'double' | 'literal', isKey: boolean): TextStyle {
  const can = stylesFor(text)
  if (wanted === 'plain' && can.plain) return 'plain'
  if (wanted === 'plain' && can.single) return 'single'
  if (wanted === 'literal' && can.literal && !isKey) return 'literal'
  return 'double'
}

interface Place {
  /** Where the text begins in its line. */
  column: number
  /** Of the lines that follow. */
  indent: number
  /** Keys stay on their line. */
  cut: boolean
}

const escapes: Readonly<Record<string, string>> = {
  '\0': '\\0', '\x07': '\\a', '\b': '\\b', '\t': '\\t', '\n': '\\n', '\v': '\\v', '\f': '\\f', '\r': '\\r',
  '\x1b': '\\e', '"': '\\"', '\\': '\\\\', '\u0085': '\\N', '\u2028': '\\L', '\u2029': '\\P',
} // prettier-ignore

function escaped(one: string): string | undefined {
  const known = escapes[one]
  if (known !== undefined) return known
  if (isPrintable(one)) return undefined
  const code = (one.codePointAt(0) ?? 0).toString(16).toUpperCase()
  if (code.length <= 2) return `\\x${code.padStart(2, '0')}`
  return code.length <= 4 ? `\\u${code.padStart(4, '0')}` : `\\U${code.padStart(8, '0')}`
}

/** Writes on one line, or on several: blanks past the width become line ends, where the reader puts them back. */
function cutLines(all: readonly string[], style: 'plain' | 'single' | 'double', place: Place): string {
  let out = style === 'plain' ? '' : style === 'single' ? "'" : '"'
  let column = place.column + out.length
  let [afterBlank, afterBreak] = [false, false]
  const newLine = (): void => {
    out += `\n${' '.repeat(place.indent)}`
    column = place.indent
  }
  for (const [i, one] of all.entries()) {
    const inner = style === 'plain' || (i > 0 && i < all.length - 1)
    if (one === ' ') {
      const isCut =
        place.cut && inner && !afterBlank && column > bestWidth && (style === 'double' || all[i + 1] !== ' ')
      if (isCut) {
        newLine()
        if (style === 'double' && all[i + 1] === ' ') out += '\\'
      } else {
        out += one
        column++
      }
      afterBlank = true
      continue
    }
    if (style === 'single' && isBreak(one)) {
      if (!afterBreak && one === '\n') out += '\n'
      out += one
      ;[afterBreak, column] = [true, 0]
      continue
    }
    if (afterBreak) {
      out += ' '.repeat(place.indent)
      column = place.indent
    }
    const text = style === 'double' ? (escaped(one) ?? one) : style === 'single' && one === "'" ? "''" : one
    out += text
    column += text.length
    ;[afterBlank, afterBreak] = [false, false]
  }
  return out + (style === 'plain' ? '' : style === 'single' ? "'" : '"')
}

/** As it is, line by line; signs behind the bar say what a reader could not see. */
function literal(text: string, indent: number): string {
  const [first, last, before] = [text[0], text.at(-1), text.at(-2)]
  const indentHint = first === ' ' || isBreak(first) ? '2' : ''
  const chomp = !isBreak(last) ? '-' : text.length === 1 || isBreak(before) ? '+' : ''
  const lines = text.split('\n')
  if (lines.at(-1) === '') lines.pop()
  return `|${indentHint}${chomp}\n${lines.map((line) => (line === '' ? '' : ' '.repeat(indent) + line)).join('\n')}`
}

export function writeText(text: string, style: TextStyle, place: Place): string {
  return style === 'literal' ? literal(text, place.indent) : cutLines([...text], style, place)
}
