import { badRequest } from '@kapell/openapi/meta/status'

/** Continue tokens: the revision a paged list is taken at, and where the next page starts. */
export interface ContinueToken {
  /** -1: take the rest from the newest state. */
  revision: number
  /** The first key of the page, below the list's prefix. */
  start: string
  /** When the token was given out, milliseconds since 1970; tokens of others may not say. */
  issuedMs?: number
}

/**
 * How long a token is good. The store may keep history for longer, but clients are written for servers that forget
 * after some minutes, and find out here whether they cope.
 */
export const tokenLifeMs = 5 * 60_000

const version = 'meta.k8s.io/v1'

export function encodeContinue(token: ContinueToken): string {
  return Buffer.from(
    JSON.stringify({ v: version, rv: token.revision, start: token.start, at: token.issuedMs }),
  ).toString('base64url')
}

/** The parser's complaint about text that is no JSON. */
function notJson(text: string): string {
  const first = text.trimStart()[0]
  if (first === undefined) return 'unexpected end of JSON input'
  const code = first.codePointAt(0) ?? 0
  const shown = code > 0x7e ? first : JSON.stringify(first).slice(1, -1)
  return first === '{' ? 'unexpected end of JSON input' : `invalid character '${shown}' looking for beginning of value`
}

/** The first byte that unpadded base64url cannot hold: a foreign letter, or a last letter on its own. */
function illegalBase64At(text: string): number | undefined {
  const foreign = /[^A-Za-z0-9_-]/.exec(text)?.index
  if (foreign !== undefined) return foreign
  return text.length % 4 === 1 ? text.length - 1 : undefined
}

const typeName = (value: unknown): string =>
  Array.isArray(value) ? 'array' : typeof value === 'boolean' ? 'bool' : typeof value

/** What a decoder of structs says of JSON that is no token; undefined when it could be one. */
function mistypedAs(parsed: unknown): string | undefined {
  if (parsed === null) return undefined
  if (typeof parsed !== 'object' || Array.isArray(parsed))
    return `json: cannot unmarshal ${typeName(parsed)} into Go value of type storage.continueToken`
  for (const [field, type, go] of [
    ['v', 'string', 'string'],
    ['rv', 'number', 'int64'],
    ['start', 'string', 'string'],
  ] as const) {
    const value = (parsed as Record<string, unknown>)[field] ?? null
    if (value === null) continue
    if (typeof value !== type)
      return `json: cannot unmarshal ${typeName(value)} into Go struct field continueToken.${field} of type ${go}`
    if (go === 'int64' && !Number.isInteger(value))
      return `json: cannot unmarshal number ${String(value)} into Go struct field continueToken.${field} of type ${go}`
  }
  return undefined
}

/** Throws 400. */
export function decodeContinue(text: string): ContinueToken {
  const bad = (why: string): Error => badRequest(`invalid continue token: continue key is not valid: ${why}`)
  const illegal = illegalBase64At(text)
  if (illegal !== undefined) throw bad(`illegal base64 data at input byte ${illegal}`)
  const plain = Buffer.from(text, 'base64url').toString('latin1')
  let parsed: { v?: unknown; rv?: unknown; start?: unknown; at?: unknown }
  try {
    parsed = JSON.parse(Buffer.from(text, 'base64url').toString()) as typeof parsed
  } catch {
    throw bad(notJson(plain))
  }
  const mistyped = mistypedAs(parsed)
  if (mistyped !== undefined) throw bad(mistyped)
  const v = (parsed?.v ?? '') as string
  if (v !== version) throw bad(`server does not recognize this encoded version ${v}`)
  const revision = (parsed.rv ?? 0) as number
  if (revision === 0) throw bad(`incorrect encoded start resourceVersion (version ${version})`)
  const start = (parsed.start ?? '') as string
  if (start === '') throw bad(`encoded start key empty (version ${version})`)
  const path = `/${start.replace(/^\//, '')}`
  if (path.split('/').some((part) => part === '..' || part === '.')) throw bad(start)
  return { revision, start, ...(typeof parsed.at === 'number' ? { issuedMs: parsed.at } : {}) }
}
