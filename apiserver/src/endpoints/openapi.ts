import { createHash } from 'node:crypto'
import { encodeOpenApiV3 } from '@kapell/openapi/documents/openapi-v3-protobuf'
import { openApiV2ProtobufType, openApiV3Document, openApiV3Hashes, openApiV3Index } from '@kapell/openapi/documents'
import type { RequestContext } from '../pipeline/context.ts'
import { decodePart } from '../pipeline/request-info.ts'
import type { ResourceTable } from '../registry/resource-table.ts'
import { bytesAnswer, jsonBytes, noCache, type Answer } from '../server/answer.ts'
import { gzipDocument } from './gzip.ts'
import { parseAccept } from './negotiate.ts'

const yearMs = 31_536_000_000

/** Whether an If-None-Match names the tag, or any. */
export function isKnownTag(header: string | undefined, tag: string): boolean {
  if (header === undefined) return false
  return header.split(',').some((one) => one.trim() === tag || one.trim() === '*')
}

/** The best of the offered types by an Accept; undefined when it names none of them. */
export function documentType(accept: string, offered: readonly string[]): string | undefined {
  if (accept === '') return offered[0]
  for (const { type } of parseAccept(accept)) {
    if (type === '*/*' || type === 'application/*') return offered[0]
    // The at sign is how the type is really called; no media type may have one.
    const found = offered.find((one) => one === type || one === type.replace('@', '.'))
    if (found !== undefined) return found
  }
  return undefined
}

function tagged(
  context: RequestContext,
  type: string,
  bytes: Uint8Array,
  hash: string,
  more: Record<string, string> = {},
): Answer | Promise<Answer> {
  const headers = { etag: `"${hash}"`, vary: 'Accept', ...more }
  if (isKnownTag(context.header('if-none-match'), headers.etag))
    return { status: 304, headers: { 'cache-control': noCache, ...headers } }
  const answer = bytesAnswer(200, type, bytes)
  return gzipDocument(context, { ...answer, headers: { ...answer.headers, ...headers }, body: bytes })
}

interface Tagged {
  bytes: Uint8Array
  hash: string
}

/** The documents as custom resources make them; each is made when it is asked for. */
export interface CustomDocuments {
  /** Everything, built-in resources included. */
  v2: { json: () => Tagged; protobuf: () => Tagged }
  /** Those of custom resources only, by name. */
  v3: ReadonlyMap<string, { hash: string; bytes: () => Uint8Array }>
}

const hashOf = (bytes: Uint8Array): string => createHash('sha512').update(bytes).digest('hex').toUpperCase()

const jsonType = 'application/json'
const v2ProtobufType = openApiV2ProtobufType.replace('@', '.')

const v3ProtobufType = 'application/com.github.proto-openapi.spec.v3.v1.0+protobuf'

/** By the JSON that they were made of, for as long as somebody holds on to it. */
const inProtobuf = new WeakMap<Uint8Array, Uint8Array>()

function protobufOf(json: Uint8Array): Uint8Array {
  let known = inProtobuf.get(json)
  if (known === undefined) {
    known = encodeOpenApiV3(JSON.parse(new TextDecoder().decode(json)) as Record<string, unknown>)
    inProtobuf.set(json, known)
  }
  return known
}

const empty = new Uint8Array()
const notAcceptable = (): Answer => ({
  status: 406,
  headers: { vary: 'Accept', 'cache-control': noCache },
  body: empty,
})

/** Serves /openapi/v2 and /openapi/v3; undefined for other paths. Source: "The Kubernetes API", "OpenAPI interface definition". */
export function createOpenApi(options: {
  table: ResourceTable
  custom: () => CustomDocuments
}): (context: RequestContext) => Promise<Answer | undefined> {
  const { custom } = options
  const serves = (name: string): boolean => {
    const [, group, version] = /^apis\/([^/]+)(?:\/([^/]+))?$/.exec(name) ?? []
    if (group === undefined) return true
    const versions = options.table.versionsOf(group)
    return version === undefined ? versions.length > 0 : versions.includes(version)
  }
  let made: { of: CustomDocuments; generation: number; index: Tagged } | undefined
  const index = (): Tagged => {
    const documents = custom()
    const { generation } = options.table
    if (made?.of !== documents || made.generation !== generation) {
      const more = Object.fromEntries([...documents.v3].map(([name, { hash }]) => [name, hash]))
      const isServed = (name: string): boolean => Object.hasOwn(more, name) || serves(name)
      const bytes = jsonBytes(openApiV3Index({ serves: isServed, more }))
      made = { of: documents, generation, index: { bytes, hash: hashOf(bytes) } }
    }
    return made.index
  }
  return async (context) => {
    const { path } = context
    const accept = context.header('accept') ?? ''
    if (path === '/openapi/v2') {
      const type = documentType(accept, [jsonType, v2ProtobufType])
      if (type === undefined) return notAcceptable()
      const { bytes, hash } = type === jsonType ? custom().v2.json() : custom().v2.protobuf()
      return tagged(context, type, bytes, hash)
    }
    // The original says what it finds the bytes to look like, and gives no tag.
    if (path === '/openapi/v3') {
      const answer = bytesAnswer(200, 'text/plain; charset=utf-8', index().bytes)
      return gzipDocument(context, { ...answer, body: index().bytes })
    }
    if (!path.startsWith('/openapi/v3/')) return undefined
    const name = decodePart(path.slice('/openapi/v3/'.length))
    const made = custom().v3.get(name)
    const bytes = made?.bytes() ?? (serves(name) ? openApiV3Document(name) : undefined)
    if (bytes === undefined) return { status: 404, headers: { 'cache-control': noCache }, body: empty }
    const type = documentType(accept, [jsonType, v3ProtobufType])
    if (type === undefined) return notAcceptable()
    const hash = made?.hash ?? openApiV3Hashes()[name] ?? hashOf(bytes)
    const asked = context.query.get('hash')
    if (asked !== null && asked !== '' && asked !== hash) {
      return { status: 301, headers: { location: `/openapi/v3/${name}?hash=${hash}`, 'cache-control': 'no-cache' } }
    }
    const forever = {
      'cache-control': 'public, immutable',
      expires: new Date(context.now.getTime() + yearMs).toUTCString(),
    }
    const written = type === jsonType ? bytes : protobufOf(bytes)
    return tagged(context, type, written, hash, asked === null || asked === '' ? {} : forever)
  }
}
