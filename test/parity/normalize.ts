import type { ParityAnswer } from './case.ts'

/**
 * Replaces what differs from run to run (identities, versions, times, addresses, generated suffixes) by placeholders
 * numbered in order of first appearance within a case: the same placeholder twice means the same value.
 */
export class Normalizer {
  readonly #names = new Map<string, string>()
  readonly #counts = new Map<string, number>()
  readonly #literal: [string, string][]
  readonly #keepManagedFields: boolean
  readonly #keepHashes: boolean
  readonly #generated = ['kube-api-access-']
  readonly #asked = new Set<string>()

  constructor(options: { namespace: string; id: string; keep?: readonly string[] }) {
    this.#literal = [
      [options.namespace, '{{ns}}'],
      [options.id, '{{id}}'],
    ]
    this.#keepManagedFields = options.keep?.includes('managedFields') ?? false
    this.#keepHashes = options.keep?.includes('storageVersionHash') ?? false
  }

  /** Names that the server makes from this prefix end in five letters of its own choice. */
  generates(prefix: string): void {
    this.#generated.push(prefix)
  }

  /** Identities, addresses and ports that a request itself names stay as they are. */
  asks(requestText: string): void {
    for (const [value] of requestText.matchAll(identities)) this.#asked.add(value)
  }

  answer(code: number, headers: Record<string, string>, bytes: Uint8Array, isWatch: boolean): ParityAnswer {
    const text = new TextDecoder().decode(bytes)
    const contentType = (headers['content-type'] ?? '').split(';')[0] ?? ''
    const warnings = parseWarnings(headers['warning'])
    const more = warnings.length === 0 ? {} : { warnings: warnings.map((w) => this.#text(w)) }
    if (contentType !== 'application/json' && contentType !== '')
      return { code, contentType, text: this.#freeText(text), ...more }
    if (isWatch && code === 200)
      return { code, body: { events: parseLines(text).map((e) => this.#value(e, [])) }, ...more }
    if (text === '') return { code, ...more }
    const body = JSON.parse(text) as Record<string, unknown>
    if (body['kind'] === 'Status' && body['status'] === 'Failure') return { code, ...this.#failure(body), ...more }
    return { code, body: this.#value(body, []), ...more }
  }

  #failure(body: Record<string, unknown>): Partial<ParityAnswer> {
    // Details first: a stable order of first appearance, whatever the order of keys in the answer.
    const out: Partial<ParityAnswer> = {}
    if (typeof body['reason'] === 'string') out.reason = body['reason']
    if (typeof body['message'] === 'string') out.message = this.#text(body['message'])
    if (body['details'] !== undefined && Object.keys(body['details'] as object).length > 0)
      out.details = this.#value(body['details'], ['details'])
    return out
  }

  #value(value: unknown, path: readonly string[]): unknown {
    if (Array.isArray(value)) return value.map((item) => this.#value(item, path))
    if (typeof value === 'string') return this.#string(value, path)
    if (typeof value === 'number') return this.#number(value, path)
    if (typeof value !== 'object' || value === null) return value
    const out: Record<string, unknown> = {}
    const keys = Object.keys(value).sort()
    const isList = path.length === 0 && (keys.includes('items') || keys.includes('rows'))
    const isBookmark = (value as { type?: unknown }).type === 'BOOKMARK'
    for (const key of keys) {
      if (key === 'managedFields') {
        if (this.#keepManagedFields) out[key] = this.#managedFields((value as Record<string, unknown>)[key])
        continue
      }
      const place = isList && key === 'metadata' ? ['$list'] : isBookmark && key === 'object' ? ['$bookmark'] : [key]
      out[this.#text(key)] = this.#value((value as Record<string, unknown>)[key], [...path, ...place])
    }
    return out
  }

  #managedFields(value: unknown): unknown {
    const entries = (Array.isArray(value) ? value : []) as Record<string, unknown>[]
    const rank = (e: Record<string, unknown>): string =>
      [e['operation'], e['manager'], e['subresource'] ?? ''].map(String).join(' ')
    return [...entries]
      .sort((a, b) => (rank(a) < rank(b) ? -1 : 1))
      .map((entry) => this.#value(entry, ['managedFields']))
  }

  #string(text: string, path: readonly string[]): string {
    const key = path.at(-1) ?? ''
    if (key === 'resourceVersion' && (path.at(-2) === '$list' || path.includes('$bookmark'))) return '<rv>'
    if (key === 'cells' && isAge(text)) return '<age>'
    if (key === 'storageVersionHash' && !this.#keepHashes) return '<hash>'
    if (key === 'continue' && text !== '') return '<continue>'
    if (key === 'resourceVersion' && text !== '') return this.#name('rv', text)
    if (key === 'token' && /^ey[\w-]+\.[\w-]+\.[\w-]+$/.test(text)) return '<jwt>'
    if (isNow(text)) return '<time>'
    return this.#text(text)
  }

  #number(value: number, path: readonly string[]): unknown {
    const key = path.at(-1) ?? ''
    const isNodePort = (key === 'nodePort' || key === 'healthCheckNodePort') && value >= 30000 && value <= 32767
    return isNodePort && !this.#asked.has(String(value)) ? this.#name('port', String(value)) : value
  }

  #text(text: string): string {
    let out = text
    for (const [value, placeholder] of this.#literal) out = out.replaceAll(value, placeholder)
    for (const [value, placeholder] of this.#names)
      if (value.length > 6) out = out.replaceAll(value, placeholder)
      else out = out.replace(new RegExp(`(?<=[("' ])${value}(?=[)"'\\\\ ])`, 'g'), placeholder)
    for (const prefix of this.#generated)
      out = out.replace(new RegExp(`${prefix}[a-z0-9]{5}\\b`, 'g'), `${prefix}<rand5>`)
    return out
      .replace(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, (uid) => this.#unasked('uid', uid))
      .replace(/\b10\.96\.\d+\.\d+\b/g, (ip) => this.#unasked('ip', ip))
      .replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/g, (time) => (isNow(time) ? '<time>' : time))
      .replace(/(?<=resource version: \d+(, current: | \())\d+/g, '<rv>')
  }

  #freeText(text: string): string {
    return this.#text(text)
      .replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g, '<time>')
      .replace(/(resourceVersion: ")(\d+)"/g, (_, head: string, rv: string) => `${head}${this.#name('rv', rv)}"`)
  }

  #unasked(kind: string, value: string): string {
    return this.#asked.has(value) ? value : this.#name(kind, value)
  }

  #name(kind: string, value: string): string {
    const key = kind === 'rv' || kind === 'port' ? `${kind}:${value}` : value
    const known = this.#names.get(value) ?? this.#names.get(key)
    if (known !== undefined) return known
    const count = (this.#counts.get(kind) ?? 0) + 1
    this.#counts.set(kind, count)
    const name = `<${kind}${count}>`
    this.#names.set(value, name)
    return name
  }
}

const identities = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|\b10\.96\.\d+\.\d+\b|\b3[0-2]\d{3}\b/g

/** The time since something that this run has made. */
const isAge = (cell: string): boolean => /^\d{1,3}s$/.test(cell)

const dayMs = 86_400_000

/** A time of this run; those that a request brought along are its own affair. */
function isNow(text: string): boolean {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/.test(text)) return false
  return Math.abs(Date.parse(text) - Date.now()) < 7 * dayMs
}

function parseLines(text: string): unknown[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as unknown)
}

/** `299 - "text", 299 - "text"`: the texts. */
function parseWarnings(header: string | undefined): string[] {
  const matches = (header ?? '').matchAll(/299 \S+ "((?:[^"\\]|\\.)*)"/g)
  return [...matches].map((match) => (match[1] ?? '').replace(/\\(.)/g, '$1'))
}
