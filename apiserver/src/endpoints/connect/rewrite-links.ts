import { pipeline, Readable } from 'node:stream'
import { createDeflate, createGunzip, createGzip, createInflate } from 'node:zlib'
import type { Answer } from '../../server/answer.ts'

/** Where a proxied page comes from, and where its reader finds what it links to. */
export interface LinkRewrite {
  /** "host:port" of the target: links that name it are meant for the proxy too. */
  host: string
  /** Path of the proxy's root, without a slash at its end: "/api/v1/namespaces/n/services/s/proxy". */
  prefix: string
}

/** Attributes that hold an address, by element. Source: HTML's index of attributes; the original rewrites the same. */
const attributes: Record<string, readonly string[]> = {
  a: ['href'],
  applet: ['codebase'],
  area: ['href'],
  audio: ['src'],
  base: ['href'],
  blockquote: ['cite'],
  body: ['background'],
  button: ['formaction'],
  command: ['icon'],
  del: ['cite'],
  embed: ['src'],
  form: ['action'],
  frame: ['longdesc', 'src'],
  head: ['profile'],
  html: ['manifest'],
  iframe: ['longdesc', 'src'],
  img: ['longdesc', 'src', 'usemap'],
  input: ['src', 'usemap', 'formaction'],
  ins: ['cite'],
  link: ['href'],
  object: ['classid', 'codebase', 'data', 'usemap'],
  q: ['cite'],
  script: ['src'],
  source: ['src'],
  video: ['poster', 'src'],
}

/** Headers by which a target would let strange pages read what the proxy serves. */
const dropped = [
  'access-control-allow-credentials',
  'access-control-allow-headers',
  'access-control-allow-methods',
  'access-control-allow-origin',
]

/** A tag is held back until its end has come, up to this size. */
const maxTagBytes = 64 * 1024

const codecs = {
  gzip: { unpack: createGunzip, pack: createGzip },
  deflate: { unpack: createInflate, pack: createDeflate },
}

/** An answer through the proxy whose redirects and, in HTML, links lead through the proxy again. */
export function rewriteAnswer(answer: Answer, rewrite: LinkRewrite): Answer {
  const headers = { ...answer.headers }
  for (const name of dropped) delete headers[name]
  const location = headers['location']
  if (typeof location === 'string')
    return { ...answer, headers: { ...headers, location: rewriteLink(location, rewrite) } }
  const encoding = String(headers['content-encoding'] ?? '')
  const { body } = answer
  const html = /^text\/html\s*(;|$)/i.test(String(headers['content-type'] ?? ''))
  if (!html || body === undefined || (encoding !== '' && encoding !== 'gzip' && encoding !== 'deflate'))
    return { ...answer, headers }
  delete headers['content-length']
  const chunks = body instanceof Uint8Array ? [body] : body
  if (encoding === '') return { ...answer, headers, body: rewritePage(chunks, rewrite) }
  const { unpack, pack } = codecs[encoding]
  // An error on the way ends both ends of it; the reader of the last one is told.
  const plain = pipeline(Readable.from(chunks), unpack(), () => {})
  const packed = pipeline(Readable.from(rewritePage(plain, rewrite)), pack(), () => {})
  return { ...answer, headers, body: packed as AsyncIterable<Uint8Array> }
}

/** One address: absolute paths get the prefix, relative ones and those to elsewhere stay. */
export function rewriteLink(link: string, { host, prefix }: LinkRewrite): string {
  const [, authority, rest = ''] = /^(?:[a-z][a-z0-9+.-]*:)?\/\/([^/?#]*)(.*)$/is.exec(link) ?? []
  if (authority !== undefined && authority !== host) return link
  const path = authority === undefined ? link : rest === '' ? '/' : rest
  if (!path.startsWith('/') || path === prefix || path.startsWith(`${prefix}/`)) return link
  return prefix + path
}

/** The page with its links rewritten; bytes that are no such links stay as they are, whatever their character set. */
export async function* rewritePage(
  chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
  rewrite: LinkRewrite,
): AsyncGenerator<Uint8Array> {
  let rest = ''
  for await (const chunk of chunks) {
    const text = rest + Buffer.from(chunk).toString('latin1')
    const open = text.lastIndexOf('<')
    const cut = open >= 0 && !text.includes('>', open) && text.length - open < maxTagBytes ? open : text.length
    rest = text.slice(cut)
    if (cut > 0) yield Buffer.from(rewriteTags(text.slice(0, cut), rewrite), 'latin1')
  }
  if (rest !== '') yield Buffer.from(rewriteTags(rest, rewrite), 'latin1')
}

function rewriteTags(text: string, rewrite: LinkRewrite): string {
  return text.replace(/<([a-z]+)(\s[^<>]*)>/gi, (tag, element: string, inside: string) => {
    const names = attributes[element.toLowerCase()]
    if (names === undefined) return tag
    const changed = inside.replace(
      /(\s)([a-z]+)(\s*=\s*)(?:"([^"]*)"|'([^']*)')/gi,
      (whole, space: string, name: string, equals: string, double?: string, single?: string) => {
        if (!names.includes(name.toLowerCase())) return whole
        const quote = double === undefined ? "'" : '"'
        return `${space}${name}${equals}${quote}${rewriteLink(double ?? single ?? '', rewrite)}${quote}`
      },
    )
    return `<${element}${changed}>`
  })
}
