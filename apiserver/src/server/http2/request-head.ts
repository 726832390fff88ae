import type { IncomingHttpHeaders } from 'node:http'
import { errorCode, StreamError } from './protocol.ts'

/** All names and values of a request together, as HTTP/2 counts them: more is answered with 431. */
export const maxHeadBytes = 64 * 1024
/** Separate headers of a request. */
const maxHeaders = 1000

const pseudoHeaders = new Set([':method', ':scheme', ':authority', ':path'])
/** Of a connection, which HTTP/2 does not have. Source: RFC 9113, section 8.2.2. */
const connectionHeaders = new Set(['connection', 'keep-alive', 'proxy-connection', 'transfer-encoding', 'upgrade'])
/** The first one counts, as node has it for HTTP/1.1. */
const single = new Set([
  ...['age', 'authorization', 'content-length', 'content-type', 'etag', 'expires', 'from', 'host'],
  ...['if-modified-since', 'if-unmodified-since', 'last-modified', 'location', 'max-forwards'],
  ...['proxy-authorization', 'referer', 'retry-after', 'server', 'user-agent'],
])

const malformed = (why: string): StreamError => new StreamError(errorCode.protocol, why)

const nameRule = /^:?[!#$%&'*+\-.^_`|~0-9a-z]+$/
/** Names met before need no second look; bounded. */
const goodNames = new Set<string>()

function checkName(name: string): void {
  if (goodNames.has(name)) return
  if (!nameRule.test(name)) throw malformed(`a header's name`)
  if (goodNames.size < 256) goodNames.add(name)
}

function checkValue(value: string): void {
  for (let i = 0; i < value.length; i++) {
    const code = value.charCodeAt(i)
    if (code < 0x20 && code !== 0x09) throw malformed(`a header's value`)
  }
}

/** Gathers the headers of a request one by one, and judges them. */
export class RequestHead {
  readonly headers: IncomingHttpHeaders = Object.create(null) as IncomingHttpHeaders
  /** More than anybody needs: nothing more is kept. */
  tooLarge = false
  /** What is wrong with it; told when the whole block was read, for later blocks build on it. */
  error: StreamError | undefined
  #bytes = 0
  #count = 0
  #regular = false

  readonly add = (name: string, value: string): void => {
    this.#bytes += name.length + value.length + 32
    this.#count += 1
    if (this.#bytes > maxHeadBytes || this.#count > maxHeaders) this.tooLarge = true
    if (this.tooLarge || this.error !== undefined) return
    try {
      this.#take(name, value)
    } catch (error) {
      if (!(error instanceof StreamError)) throw error
      this.error = error
    }
  }

  #take(name: string, value: string): void {
    const { headers } = this
    checkName(name)
    checkValue(value)
    const before = headers[name] as string | undefined
    if (name.startsWith(':')) {
      if (this.#regular || before !== undefined || !pseudoHeaders.has(name)) throw malformed('a pseudo header')
      headers[name] = value
      return
    }
    this.#regular = true
    if (connectionHeaders.has(name) || (name === 'te' && value !== 'trailers')) throw malformed('a connection header')
    if (before === undefined) headers[name] = value
    else if (name === 'content-length' && before !== value) throw malformed('two lengths')
    else if (!single.has(name)) headers[name] = `${before}${name === 'cookie' ? '; ' : ', '}${value}`
  }

  /** The length that the client announces of its body. @throws StreamError when this is no request */
  check(): number | undefined {
    if (this.error !== undefined) throw this.error
    if (this.tooLarge) return undefined
    const { [':method']: method, [':path']: path, [':scheme']: scheme } = this.headers
    if (method === undefined || (method !== 'CONNECT' && (scheme === undefined || path === undefined || path === '')))
      throw malformed('a request without method, scheme or path')
    const length = this.headers['content-length']
    if (length === undefined) return undefined
    if (!/^\d{1,15}$/.test(length)) throw malformed('a length')
    return Number(length)
  }
}
