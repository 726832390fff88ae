import type * as Yaml from 'yaml'
import type { Document, LineCounter, ParsedNode, Scalar, YAMLMap } from 'yaml'
import { badRequest } from '../meta/status.ts'
import { cloneJson, setOwn } from '../patch/json.ts'
import { withExactIntegers } from './exact-integers.ts'
import { maxJsonDepth, parseJson } from './json.ts'
import { resolvePlain, type YamlScalar } from './yaml-scalars.ts'

/**
 * YAML read as sigs.k8s.io/yaml reads it: a document becomes the JSON it stands for. The parser is
 * loaded on first use.
 */
export interface DecodedYaml {
  /** Of the first document; null when it is empty. */
  value: unknown
  /** Keys set twice: `line 5: key "name" already set in map`. The last one counts. */
  problems: string[]
}

export class YamlError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'YamlError'
  }
}

type Library = typeof Yaml
let library: Promise<Library> | undefined
const load = (): Promise<Library> => (library ??= import('yaml'))

/** What aliases may add to a document, in nodes. */
const maxAliased = 100_000
const maxProblems = 100

export interface DecodeYamlOptions {
  /** Whole numbers of 64 bits that a double would round come as BigInts: for custom resources, which keep them. */
  exact?: boolean
}

/** Reads the first document of a text. Throws {@link YamlError}. */
export async function decodeYaml(text: string, { exact = false }: DecodeYamlOptions = {}): Promise<DecodedYaml> {
  const asJson = fromJson(text, exact)
  if (asJson !== undefined) return { value: asJson, problems: [] }
  if (isTooDeep(text)) throw new YamlError('yaml: exceeded max depth')
  const yaml = await load()
  const lines = new yaml.LineCounter()
  const document = parse(yaml, text, lines)
  const error =
    document.errors.find((e) => e.code === 'MULTILINE_IMPLICIT_KEY') ??
    document.errors.find((e) => e.code !== 'MULTIPLE_DOCS')
  if (error !== undefined) throw new YamlError(explain(error.code, error.message, lines.linePos(error.pos[1]).line))
  return new Reader(yaml, document, { lines, exact }).read()
}

/** As {@link decodeYaml}, throwing ApiError 400 with this text before the reason. */
export async function decodeYamlRequest(text: string, prefix = ''): Promise<DecodedYaml> {
  try {
    return await decodeYaml(text)
  } catch (error) {
    throw error instanceof YamlError ? badRequest(`${prefix}${error.message}`) : error
  }
}

/** JSON is YAML, and much faster read as JSON. */
function fromJson(text: string, exact: boolean): unknown {
  if (!/^\s*\{/.test(text)) return undefined
  try {
    const value = parseJson(text)
    return exact ? withExactIntegers(text, value) : value
  } catch {
    return undefined
  }
}

/** Whether brackets or list items on one line nest beyond what readers can bear. */
function isTooDeep(text: string): boolean {
  if (/(?:[-?:] ){1000}/.test(text)) return true
  let depth = 0
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at)
    if (code === 123 || code === 91) {
      depth += 1
      if (depth > maxJsonDepth) return true
    } else if ((code === 125 || code === 93) && depth > 0) depth -= 1
  }
  return false
}

function parse(yaml: Library, text: string, lineCounter: LineCounter): Document.Parsed {
  try {
    return yaml.parseDocument(text, {
      schema: 'failsafe',
      version: '1.1',
      lineCounter,
      uniqueKeys: false,
      // Positions are looked up for the one error that is told of.
      prettyErrors: false,
      keepSourceTokens: false,
      logLevel: 'silent',
    })
  } catch (error) {
    // The stack of the parser: nested deeper than it can follow.
    throw error instanceof RangeError ? new YamlError('yaml: exceeded max depth') : error
  }
}

/** The parser's complaint in the words that clients know, as far as they correspond. `line` is where it ends. */
function explain(code: string, message: string, line: number): string {
  // The stack of the parser: nested deeper than it can follow.
  if (/call stack/.test(message)) return 'yaml: exceeded max depth'
  const at = line > 1 ? `line ${line}: ` : ''
  if (/^Flow /.test(message)) return `yaml: line ${line}: did not find expected node content`
  if (/block-seq-ind/.test(message)) return `yaml: ${at}block sequence entries are not allowed in this context`
  switch (code) {
    case 'BLOCK_AS_IMPLICIT_KEY':
    case 'BAD_INDENT':
    case 'MULTILINE_IMPLICIT_KEY':
      return `yaml: ${at}mapping values are not allowed in this context`
    case 'TAB_AS_INDENT':
    case 'BAD_SCALAR_START':
      return `yaml: ${at}found character that cannot start any token`
    case 'MISSING_CHAR':
      return /quote/.test(message)
        ? `yaml: ${at}found unexpected end of stream`
        : /implicit/i.test(message)
          ? `yaml: ${at}could not find expected ':'`
          : `yaml: line ${line}: did not find expected node content`
    case 'BAD_ALIAS':
      return `yaml: ${at}unknown anchor ${(/&?(\S+)$/.exec(message)?.[1] ?? '').replace(/^/, "'")}' referenced`
    default:
      return `yaml: ${at}${message.split('\n', 1)[0]?.replace(/ at line \d+, column \d+:?$/, '') ?? ''}`
  }
}

const tagPrefix = 'tag:yaml.org,2002:'

/** Turns the parsed nodes into plain JSON. */
class Reader {
  readonly #yaml: Library
  readonly #root: ParsedNode | null
  readonly #lines: LineCounter
  readonly #exact: boolean
  readonly #problems: string[] = []
  /** What each anchor stands for and its size in nodes; undefined while it is being read. */
  readonly #anchors = new Map<string, { value: unknown; size: number } | undefined>()
  #depth = 0
  /** Nodes read so far, and those of them that aliases repeat. */
  #nodes = 0
  #aliased = 0

  constructor(yaml: Library, document: Document.Parsed, { lines, exact }: { lines: LineCounter; exact: boolean }) {
    this.#yaml = yaml
    this.#root = document.contents as ParsedNode | null
    this.#lines = lines
    this.#exact = exact
  }

  read(): DecodedYaml {
    return { value: this.#root === null ? null : this.#value(this.#root), problems: this.#problems }
  }

  #value(node: unknown): unknown {
    const yaml = this.#yaml
    if (++this.#depth > maxJsonDepth) throw new YamlError('yaml: exceeded max depth')
    this.#nodes += 1
    const before = this.#nodes
    const anchor = yaml.isNode(node) && !yaml.isAlias(node) ? (node as { anchor?: string }).anchor : undefined
    if (anchor !== undefined) this.#anchors.set(anchor, undefined)
    let value: unknown = null
    if (yaml.isAlias(node)) value = this.#alias(node.source)
    else if (yaml.isScalar(node)) value = this.#exact ? exactOf(node, finite(scalarOf(node))) : finite(scalarOf(node))
    else if (yaml.isSeq(node)) value = node.items.map((item) => this.#value(item))
    else if (yaml.isMap(node)) value = this.#map(node)
    if (anchor !== undefined) this.#anchors.set(anchor, { value, size: this.#nodes - before + 1 })
    this.#depth -= 1
    return value
  }

  /** A copy, so that nobody changes two places at once. */
  #alias(name: string): unknown {
    const found = this.#anchors.get(name)
    if (found === undefined) {
      if (this.#anchors.has(name)) throw new YamlError(`yaml: anchor '${name}' value contains itself`)
      throw new YamlError(`yaml: unknown anchor '${name}' referenced`)
    }
    this.#nodes += found.size
    this.#aliased += found.size
    if (this.#aliased > maxAliased) throw new YamlError('yaml: document contains excessive aliasing')
    return cloneJson(found.value)
  }

  #map(node: YAMLMap): Record<string, unknown> {
    const result: Record<string, unknown> = {}
    const merged: unknown[] = []
    for (const { key, value } of node.items) {
      if (this.#isMerge(key)) {
        const source = this.#value(value)
        merged.push(...(Array.isArray(source) ? (source as unknown[]) : [source]))
        continue
      }
      const name = this.#key(key, value)
      if (Object.hasOwn(result, name) && this.#problems.length < maxProblems) {
        const offset = (key as { range?: [number, number, number] }).range?.[0] ?? 0
        this.#problems.push(`line ${this.#lines.linePos(offset).line}: key ${JSON.stringify(name)} already set in map`)
      }
      setOwn(result, name, value === null ? null : this.#value(value))
    }
    for (const source of merged) {
      if (typeof source !== 'object' || source === null || Array.isArray(source))
        throw new YamlError('yaml: map merge requires map or sequence of maps as the value')
      for (const [name, value] of Object.entries(source)) if (!Object.hasOwn(result, name)) setOwn(result, name, value)
    }
    return result
  }

  #isMerge(key: unknown): boolean {
    return this.#yaml.isScalar(key) && key.type === 'PLAIN' && key.value === '<<'
  }

  #key(key: unknown, value: unknown): string {
    const read = key === null ? null : this.#value(key)
    if (typeof read === 'string') return read
    if (typeof read === 'number' || typeof read === 'boolean') return String(read)
    if (read !== null) throw new YamlError(`yaml: invalid map key: ${JSON.stringify(read)}`)
    const shown = value === null ? null : this.#value(value)
    throw new YamlError(
      `unsupported map key of type: %!s(<nil>), key: <nil>, value: ${shown === null ? '<nil>' : JSON.stringify(shown)}`,
    )
  }
}

/** The number that is written, where a double holds another. */
function exactOf(node: Scalar, value: YamlScalar): YamlScalar | bigint {
  if (typeof value !== 'number' || Number.isSafeInteger(value) || typeof node.value !== 'string') return value
  const text = node.value.replaceAll('_', '').replace(/^\+/, '')
  if (!/^-?[1-9]\d*$/.test(text)) return value
  const whole = BigInt(text)
  return BigInt.asIntN(64, whole) === whole ? whole : value
}

function finite(value: YamlScalar): YamlScalar {
  if (typeof value !== 'number' || Number.isFinite(value)) return value
  const name = Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf'
  throw new YamlError(`json: unsupported value: ${name}`)
}

function scalarOf(node: Scalar): YamlScalar {
  const text = typeof node.value === 'string' ? node.value : ''
  const tag = node.tag?.startsWith(tagPrefix) === true ? node.tag.slice(tagPrefix.length) : node.tag
  if (tag === undefined || tag === '?') return node.type === 'PLAIN' || node.type == null ? resolvePlain(text) : text
  switch (tag) {
    case 'binary':
      return fromBase64(text)
    case 'int':
    case 'float':
    case 'bool':
    case 'null': {
      const value = resolvePlain(text)
      const found =
        value === null ? 'null' : typeof value === 'boolean' ? 'bool' : typeof value === 'string' ? 'str' : tag
      if (found !== tag) throw new YamlError(`yaml: cannot decode !!str \`${text}\` as a !!${tag}`)
      return value
    }
    default:
      return text
  }
}

function fromBase64(text: string): string {
  try {
    const bytes = Uint8Array.from(atob(text.replace(/\s/g, '')), (c) => c.charCodeAt(0))
    return new TextDecoder().decode(bytes)
  } catch {
    throw new YamlError('yaml: !!binary value contains invalid base64 data')
  }
}
